"""What a build says of what it made: on standard output a path a line, for whoever pipes them on."""

from pathlib import Path
from types import SimpleNamespace

from talkgen.cli.build import show_report


def test_many_pictures_are_a_path_each_and_one_summary(capsys):
    """How much was computed is said once, behind the last of them."""
    outputs = tuple(Path(f"deck.{number:03}.png") for number in (1, 2, 3))
    plan = SimpleNamespace(draft=SimpleNamespace(minutes=[]))
    deck = SimpleNamespace(degraded=[])
    done = SimpleNamespace(outputs=outputs, plan=plan, deck=deck, computed=("a",), reused=(), seconds=1.0)
    show_report(done, print)
    said = capsys.readouterr().out.splitlines()
    assert said == ["deck.001.png", "deck.002.png", "deck.003.png  (1 computed, 0 unchanged, 1.0 s)"]
