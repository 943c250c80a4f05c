"""Nothing is read that a key does not hold: the files that are opened are watched while things are computed."""

import gc
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import _lru_cache_wrapper
from pathlib import Path

import pytest

from talkgen import assets, digest
from talkgen.figures.registry import load_figure
from talkgen.fonts import CHINESE, DRAWN_EMOJI, EMOJI, JAPANESE, KOREAN, SCRIPTS, SIGNS
from talkgen.pipeline.compute import compute
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.plan import make_plan
from talkgen.pipeline.rendering import copied_files, plan_rendering, render, resolve_plan
from talkgen.pipeline.request import open_store
from talkgen.pipeline.talk import Talk
from talkgen.pipeline.targets import TARGETS

_OPENED: list[Path] = []
_WATCHING: list[bool] = []


def _watch(event: str, arguments: tuple) -> None:
    if _WATCHING and event == "open" and isinstance(arguments[0], str | bytes):
        _OPENED.append(Path(arguments[0] if isinstance(arguments[0], str) else arguments[0].decode()))


@contextmanager
def opened(*roots: Path) -> Iterator[set[Path]]:
    """The files below `roots` that Python opens, code aside."""
    if not hasattr(sys, "_talkgen_watches"):
        sys.addaudithook(_watch)  # there is no way to take one off again
        sys._talkgen_watches = True
    found: set[Path] = set()
    _OPENED.clear()
    _WATCHING.append(True)
    try:
        yield found
    finally:
        _WATCHING.pop()
        files = {path.resolve() for path in _OPENED if path.is_file() and path.suffix not in (".py", ".pyc")}
        found |= {file for file in files if any(file.is_relative_to(root.resolve()) for root in roots)}


def forget_what_was_read() -> None:
    """Clears the package's caches: what another test had read is read again."""
    for kept in gc.get_objects():
        if type(kept) is _lru_cache_wrapper and (kept.__module__ or "").startswith("talkgen."):
            kept.cache_clear()
    digest._known.clear()


OUTLINE = """\
title: A deck
model: small
header: "![](header.png)"
slides:
  - title: "Loss {{ run.val_loss }}"
    background: behind.png
    body:
      - "![](in-text.png) and {{ figures.parameter_counts.models | length }}"
      - figure: parameter_counts
      - {code: "x = 1", language: python}
      - {image: block.png}
      - {include: part.md}
      - {tokens: Hello}
    notes: Say this.
"""
PICTURES = ("header.png", "behind.png", "in-text.png", "block.png", "in-part.png")


@pytest.fixture
def project(tmp_path, own_cache) -> Path:
    """A project with a run of its own, and a talk with pictures wherever one can be."""
    shutil.copytree(assets.pretrained_dir() / "small", tmp_path / "runs" / "small")
    folder = tmp_path / "slides" / "talk"
    folder.mkdir(parents=True)
    (folder / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    (folder / "part.md").write_text("![](in-part.png)\n", encoding="utf-8")
    for name in PICTURES:
        (folder / name).write_bytes(name.encode())
    return tmp_path


@pytest.mark.parametrize("live", ["", "  - {title: Try, body: [{live: next_token, prompt: The, bars: 1}]}\n"])
@pytest.mark.parametrize("theme", ["night", "{marp: gaia, slidev: seriph}"])
@pytest.mark.parametrize("name", TARGETS)
def test_a_rendering_reads_what_is_in_its_key(name, theme, live, project):
    """Every template and every picture that is read or copied is a part of the key, and no template that is not."""
    folder, target = project / "slides" / "talk", TARGETS[name]
    (folder / "outline.yaml").write_text(f"theme: {theme}\n{OUTLINE}{live}", encoding="utf-8")
    plan, store = make_plan(Talk(folder / "outline.yaml")), open_store()
    results = compute(plan, store, [].append)
    templates = assets.asset_dir("templates")
    forget_what_was_read()
    for font in (*SCRIPTS, CHINESE, JAPANESE, KOREAN, SIGNS, EMOJI, DRAWN_EMOJI):
        font.has("a")  # which letters a font has is read once in a process
    with opened(templates, project) as read:
        rendering = render(resolve_plan(plan, results, target), target)
    used = read | {content.resolve() for content in rendering.files.values() if isinstance(content, Path)}
    parts = plan_rendering(plan, target, ()).key.parts
    in_key = {(templates.parent / name).resolve() for name in parts if name.startswith("templates/")}
    assert {file for file in used if file.is_relative_to(templates)} == in_key
    assert copied_files(rendering, plan, target) == sorted(PICTURES)
    own = {file.relative_to(folder).as_posix() for file in used if file.is_relative_to(folder)}
    assert own <= {*PICTURES, "outline.yaml", "part.md"}
    assert not {file for file in used if file.is_relative_to(project / "runs")} - {project / "runs/small/summary.json"}


FIGURES = {
    "training_curve": "{run: small, beside: small-lstm}",
    "next_token": "{prompt: The}",
    "parameter_counts": "{}",
    "scaling_law": "{}",
    "lstm_vs_transformer": "{}",
    "token_loss_by_position": "{}",
    "alignment": "{}",
}
SLOW = {"checkpoint_film": "{run: small, rows: 2, tokens: 2}", "gradient_flow": "{seeds: 1, windows: 1}"}


@pytest.mark.parametrize(
    ("figure", "params"),
    [*FIGURES.items(), *(pytest.param(*item, marks=pytest.mark.slow) for item in SLOW.items())],
)
def test_a_figure_reads_what_was_read_for_its_key(figure, params, project):
    """A run's log, a sweep's summary, a table, a recipe: what computing opens, planning has digested."""
    outline = project / "slides" / "talk" / "outline.yaml"
    outline.write_text(
        f"title: T\nmodel: small\nslides: [{{body: [{{figure: {figure}, params: {params}}}]}}]\n", "utf-8"
    )
    package = assets.pretrained_dir().parent
    forget_what_was_read()
    with opened(project, package) as planned:
        plan = make_plan(Talk(outline))
    (artifact,) = plan.computed
    module = load_figure(figure)
    with opened(project, package) as computed:
        module.compute(module.Params.model_validate(artifact.params), ProjectInputs(project, plan.model))
    assert computed <= planned
