"""What is fresh is true: a change of anything that a deck is made of is seen, named, and mended by the next build."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from talkgen import assets
from talkgen.errors import OutlineError
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.plan import make_plan
from talkgen.pipeline.status import status
from talkgen.pipeline.talk import Talk

OUTLINE = """\
title: A deck of everything
theme: night
model: small
vars: {used: 1, unused: 2}
footer: "![h:20](footer.png)"
slides:
  - title: "Loss {{ run.val_loss }}, {{ runs['small'].step }} steps, {{ model.label }}"
    body:
      - "{{ vars.used }} of {{ figures.parameter_counts.models | length }}"
      - figure: parameter_counts
      - include: part.md
    notes: Say this.
  - title: Words
    body:
      - tokens: Hello
"""
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


def quiet(line: str) -> None:
    """Progress nobody reads."""


@pytest.fixture
def project(tmp_path, own_cache) -> Path:
    """A project with a run of its own and a talk that names values, a picture and another file."""
    shutil.copytree(assets.pretrained_dir() / "small", tmp_path / "runs" / "small")
    folder = tmp_path / "slides" / "talk"
    folder.mkdir(parents=True)
    (folder / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    (folder / "part.md").write_text("A part of it.\n", encoding="utf-8")
    (folder / "footer.png").write_bytes(PIXEL)
    return tmp_path


@pytest.fixture
def request_(project) -> Request:
    return Request(project / "slides" / "talk", format="md")


def stale(request: Request) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What is not fresh, with its state and the reasons."""
    return {change.name: (change.state, change.why) for change in status(request) if change.state != "fresh"}


def replace_in(file: Path, old: str, new: str) -> None:
    """Changes a text."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def in_outline(old: str, new: str) -> Callable[[Path], None]:
    """A change of the outline."""
    return lambda project: replace_in(project / "slides" / "talk" / "outline.yaml", old, new)


def in_summary(**values: object) -> Callable[[Path], None]:
    """A change of what training measured."""

    def change(project: Path) -> None:
        file = project / "runs" / "small" / "summary.json"
        file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | values), encoding="utf-8")

    return change


def append(name: str, content: bytes) -> Callable[[Path], None]:
    """A change of any file's end."""

    def change(project: Path) -> None:
        with (project / name).open("ab") as file:
            file.write(content)

    return change


RENDERING = "rendering marp"
CHANGES: dict[str, tuple[Callable[[Path], None], dict[str, str]]] = {
    "a loss": (in_summary(val_loss=9.99), {"values run": "run.val_loss: 3.718290987881747 → 9.99"}),
    "a run's step": (in_summary(step=7), {"values runs": "runs.small.step: 1000 → 7"}),
    "notes": (in_outline("Say this", "Say that"), {RENDERING: "notes of slide 1 changed"}),
    "a title": (in_outline("title: Words", "title: Word"), {RENDERING: "title of slide 2: Words → Word"}),
    "a setting": (in_outline("title: A deck", "title: The deck"), {RENDERING: "the deck's title: A deck of"}),
    "a variable": (in_outline("used: 1, un", "used: 3, un"), {"values vars": "vars.used: 1 → 3"}),
    "what is included": (append("slides/talk/part.md", b"More."), {RENDERING: "body of slide 1 changed"}),
    "a picture": (append("slides/talk/footer.png", b"\0"), {RENDERING: "file footer.png changed"}),
    "a theme": (in_outline("theme: night", "theme: paper"), {"figure parameter_counts": "theme.colors.ink: "}),
    "a text to split": (in_outline("tokens: Hello", "tokens: Hi"), {"tokens slide 2": "the text: Hello → Hi"}),
}
NO_CHANGES: dict[str, Callable[[Path], None]] = {
    "a variable that no text names": in_outline("unused: 2", "unused: 5"),
    "a number that no text names": in_summary(val_accuracy=0.5),
    "a comment": in_outline("title: Words", "title: Words  # of which"),
    "the log of a run": append("runs/small/metrics.jsonl", b"\n"),
    "the time of a file": lambda project: (project / "slides" / "talk" / "part.md").touch(),
    "a file beside the talk": lambda project: (project / "slides" / "talk" / "diary.md").write_text("Dear", "utf-8"),
}


def test_every_change_is_seen_named_and_mended(project, request_):
    """Each change makes stale what it should, with a reason; building makes all fresh, and a build back is a hit."""
    build(request_, quiet)
    assert stale(request_) == {}
    for what, (change, expected) in CHANGES.items():
        change(project)
        found = stale(request_)
        for name, reason in expected.items():
            assert found[name][0] == "stale", what
            assert any(why.startswith(reason) for why in found[name][1]), (what, found[name])
        assert RENDERING in found, what
        build(request_, quiet)
        assert stale(request_) == {}, what


def test_what_does_not_count_makes_nothing_stale(project, request_):
    """Neither what no text names nor what no figure reads."""
    build(request_, quiet)
    for what, change in NO_CHANGES.items():
        change(project)
        assert stale(request_) == {}, what


def test_a_changed_loss_reaches_the_slide(project, request_):
    """The number in prose is the run's own, also when nothing but the summary changed."""
    build(request_, quiet)
    in_summary(val_loss=9.99)(project)
    done = build(request_, quiet)
    assert done.computed == ()
    assert "Loss 9.99, 1000 steps" in done.outputs[0].read_text(encoding="utf-8")


def test_a_template_of_either_target_is_in_its_rendering(project, request_, monkeypatch):
    """The live elements' scripts, the style sheets, fonts: the part that changed is named, for the target it is of."""
    (project / "installed").mkdir()
    shutil.copytree(assets.asset_dir("templates"), project / "installed" / "templates")
    (project / "installed" / "talkgen").symlink_to(assets.pretrained_dir().parent)
    monkeypatch.setattr(assets, "_PACKAGE", project / "installed" / "talkgen")
    build(request_, quiet)
    for name in ("web/live.js", "themes/deck.css.j2", "marp/theme.css.j2", "fonts/fonts.css"):
        append(f"installed/templates/{name}", b"\n/* */")(project)
        assert stale(request_) == {RENDERING: ("stale", (f"templates/{name} changed",))}
        build(request_, quiet)
    append("installed/templates/slidev/style.css.j2", b"\n")(project)
    assert stale(request_) == {}


def test_an_outline_that_changes_while_it_is_built_is_said(project, request_):
    """What is rendered is what was planned, or nothing."""
    build(request_, quiet)
    talk = Talk(request_.outline / "outline.yaml")
    make_plan(talk)
    in_outline("title: Words", "title: Others")(project)
    with pytest.raises(OutlineError, match=r"outline\.yaml changed while it was being built"):
        assert talk.source


# --------------------------------------------------------------------------------------------------- what is on disk


def only(folder: Path, pattern: str) -> Path:
    """The one file that a pattern stands for."""
    (file,) = folder.glob(pattern)
    return file


DAMAGES: dict[str, Callable[[Path], None]] = {
    "figures/*.svg": lambda file: file.unlink(),
    "figures/*.png": lambda file: file.write_bytes(b""),
    "deck.md": lambda file: file.write_bytes(file.read_bytes()[:100]),
    "images/footer*.png": lambda file: file.write_bytes(file.read_bytes()[:-1] + b"x"),
    "fonts/fonts.css": lambda file: file.unlink(),
}


def test_damage_on_disk_is_seen_and_mended(project, request_):
    """A file that is gone, cut, or changed without a change of size: the deck is damaged until it is built again."""
    folder = build(request_, quiet).deck.path
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for pattern, damage in DAMAGES.items():
        file = only(folder, pattern)
        damage(file)
        ((name, (state, why)),) = stale(request_).items()
        assert (name, state) == (RENDERING, "damaged")
        assert [reason.split()[0] for reason in why] == [file.relative_to(folder).as_posix()]
        build(request_, quiet)
        assert stale(request_) == {}
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_an_export_cut_short_is_seen_and_mended(project, request_):
    """A page of 1,000 bytes is no deck; what Marp made is made again, and the same bytes come out."""
    request = Request(request_.outline)
    page = build(request, quiet).outputs[0]
    whole = page.read_bytes()
    page.write_bytes(whole[:1000])
    assert stale(request) == {"export html": ("damaged", ("deck.html is not as it was built (1,000 bytes)",))}
    assert build(request, quiet).exported
    assert page.read_bytes() == whole
    assert stale(request) == {}
    assert not build(request, quiet).exported


def test_a_result_that_left_the_store_is_stale(project, request_, own_cache):
    """A deck whose picture cannot be had again says so, and the next build makes it again."""
    build(request_, quiet)
    svg = only(request_.outline / "dist" / "marp", "figures/*.svg").read_bytes()
    for file in (own_cache / "store" / "cas").iterdir():
        if file.read_bytes() == svg:
            file.unlink()
    assert stale(request_) == {"figure parameter_counts": ("stale", ("its result is gone from the store",))}
    assert build(request_, quiet).computed == ("figure parameter_counts",)
    assert stale(request_) == {}


# ------------------------------------------------------------------------------------------- what is used of a run

FIGURES = """\
title: Runs
model: small
slides:
  - body:
      - figure: training_curve
        params: {run: small, beside: small}
      - figure: checkpoint_film
        params: {run: small}
      - figure: next_token
        params: {prompt: The}
      - figure: gradient_flow
"""


def keys(outline: Path) -> dict[str, str]:
    """The key of each thing to compute."""
    return {artifact.name: artifact.key.hexdigest for artifact in make_plan(Talk(outline)).computed}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("metrics.jsonl", {"training_curve"}),
        ("config.yaml", {"training_curve", "checkpoint_film"}),
        ("summary.json", set()),
        ("checkpoints/step-000010/model.safetensors", {"checkpoint_film"}),
        ("checkpoints/step-001000/model.safetensors", {"checkpoint_film", "next_token"}),
        ("checkpoints/step-001000/tokenizer.json", {"checkpoint_film", "next_token"}),
    ],
)
def test_only_what_a_figure_uses_of_a_run_is_in_its_key(name, expected, project):
    """A line of the log, a byte of the weights: each makes stale those that read it."""
    outline = project / "slides" / "talk" / "outline.yaml"
    outline.write_text(FIGURES, encoding="utf-8")
    before = keys(outline)
    append(f"runs/small/{name}", b"\n")(project)
    after = keys(outline)
    assert {name for name in before if before[name] != after[name]} == {f"figure {name}" for name in expected}


def test_the_runs_of_a_sweep_are_in_a_figures_key_as_it_uses_them(project):
    """`gradient_flow` reads the weights and the recipe of each run, and what the summary says; no log."""
    outline = project / "slides" / "talk" / "outline.yaml"
    outline.write_text(FIGURES, encoding="utf-8")
    flow = project / "runs" / "flow"
    shutil.copytree(assets.sweeps_dir() / "flow", flow)
    run = next(path for path in sorted(flow.iterdir()) if path.is_dir())
    log, config = run / "metrics.jsonl", run / "config.yaml"
    weights = next(run.glob("checkpoints/*/model.safetensors"))
    seen = []
    for file in (log, config, weights, flow / "sweep.json"):
        before = keys(outline)["figure gradient_flow"]
        file.write_bytes(file.read_bytes().replace(b'"held_out": 0.1', b'"held_out": 0.2') + b"\n")
        seen.append(keys(outline)["figure gradient_flow"] != before)
    assert seen == [False, True, True, True]


def test_a_text_that_a_run_was_trained_on_counts_where_it_is_read(project):
    """Of a run trained on a file the film measures losses on that file."""
    outline = project / "slides" / "talk" / "outline.yaml"
    outline.write_text(FIGURES, encoding="utf-8")
    text = project / "text.txt"
    text.write_text("to be or not to be\n", encoding="utf-8")
    replace_in(project / "runs" / "small" / "config.yaml", "data: python", f"data: text:{text}")
    before = keys(outline)
    text.write_text("to be or to be\n", encoding="utf-8")
    after = keys(outline)
    assert {name for name in before if before[name] != after[name]} == {"figure checkpoint_film"}


def test_names_of_runs_and_models_count_in_their_order(project):
    """Two runs drawn the other way round are another figure, and two models another recording."""
    outline = project / "slides" / "talk" / "outline.yaml"
    drawn = "title: T\nslides:\n  - body:\n    - figure: training_curve\n      params: {run: %s, beside: %s}\n"
    drawn += "    - live: next_token\n      prompt: A\n      model: %s\n      beside: %s\n"
    both = []
    for pair in (("small", "small-lstm"), ("small-lstm", "small")):
        outline.write_text(drawn % (pair * 2), encoding="utf-8")
        both.append(keys(outline))
    assert both[0].keys() == both[1].keys()
    same = {name for name, key in both[0].items() if both[1][name] == key}
    assert same == {"model in the page small", "model in the page small-lstm"}


def test_a_recording_holds_every_model_that_it_asked(project):
    """A byte of the second model's weights makes it stale."""
    shutil.copytree(assets.pretrained_dir() / "small-lstm", project / "runs" / "small-lstm")
    outline = project / "slides" / "talk" / "outline.yaml"
    outline.write_text(
        "title: T\nslides:\n  - body:\n    - live: rnn_vs_attention\n      prompt: A\n"
        "      model: small\n      beside: small-lstm\n",
        encoding="utf-8",
    )
    before = keys(outline)["recording slide 1"]
    append("runs/small-lstm/checkpoints/step-001000/model.safetensors", b"\n")(project)
    assert keys(outline)["recording slide 1"] != before
