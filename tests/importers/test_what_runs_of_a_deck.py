"""Scripts in an imported Marp deck are as dead as they are in Marp, but where the deck is trusted."""

import pytest
from typer.testing import CliRunner

from talkgen.cli.app import app

DECK = '# One\n\n<script>ran(1)</script>\n\n<img src="x" onerror="ran(2)">\n\n<b onclick="ran(3)">bold</b>\n'


@pytest.mark.slow
@pytest.mark.parametrize(("more", "runs"), [((), False), (("--trust",), True)], ids=["as in Marp", "trusted"])
def test_scripts_run_only_in_a_trusted_deck(tmp_path, more, runs):
    """Marp's own list of elements and attributes holds for the page that is built."""
    (tmp_path / "deck.md").write_text(DECK)
    talk = str(tmp_path / "talk")
    assert CliRunner().invoke(app, ["import", str(tmp_path / "deck.md"), "-o", talk, *more]).exit_code == 0
    assert CliRunner().invoke(app, ["build", talk, "-t", "marp"]).exit_code == 0
    page = (tmp_path / "talk" / "dist" / "marp" / "deck.html").read_text(encoding="utf-8")
    assert ("<script>ran(1)</script>" in page) == runs
    assert ('onerror="ran(2)"' in page) == runs
    assert ('onclick="ran(3)"' in page) == runs
    assert ("&lt;script&gt;ran(1)" in page) != runs
