"""A preview that is kept up to date: whatever changes of what a talk is made of, it is the deck that a build makes."""

import shutil

import pytest

from talkgen.assets import asset_dir, pretrained_dir
from talkgen.errors import OutlineError
from talkgen.pipeline.build import build
from talkgen.pipeline.deck_folder import MANIFEST
from talkgen.pipeline.preview import Preview
from talkgen.pipeline.previewed import PAGE
from talkgen.pipeline.request import Request

pytestmark = pytest.mark.slow

TALK = """\
title: A talk in the making
model: ours
theme: mine
vars: {word: here, prompt: The statement}
bibliography: works.bib
slides:
  - title: First
    id: first
    body:
      - |
        One word {{ vars.word }}, as [@a2017] says.[^1]

        [^1]: At the foot.
  - title: "{{ model.step }} steps"
    body:
      - figure: next_token
        params: {prompt: "{{ vars.prompt }}", bars: 3}
      - "{{ figures.next_token.candidates | length }} bars, see [the last](#last)"
  - include: more.yaml#1
  - title: A picture
    body:
      - image: dot.svg
        alt: a dot
      - include: words.md
      - code: {file: listing.py}
  - title: Last
    id: last
    body: [{references: all}]
"""
FILES = {
    "more.yaml": (
        "title: More\nvars: {named: one}\nslides:\n  - title: Included\n    body: ['{{ vars.named }} there']\n"
    ),
    "words.md": "Words from a file.\n",
    "dot.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4" fill="red"/></svg>',
    "listing.py": "print(1)\n",
    "works.bib": "@misc{a2017, title={All you need}, author={Ashish Vaswani}, year={2017}}\n",
}


@pytest.fixture
def making(tmp_path, own_cache):
    """A talk of which everything can be changed: its outline, the files beside it, its theme and its model."""
    folder = tmp_path / "slides" / "making"
    folder.mkdir(parents=True)
    for name, text in {"outline.yaml": TALK, **FILES}.items():
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copytree(pretrained_dir() / "small", tmp_path / "runs" / "ours")
    (tmp_path / "templates" / "themes").mkdir(parents=True)
    theme = (asset_dir("templates") / "themes" / "paper.yaml").read_text(encoding="utf-8")
    (tmp_path / "templates" / "themes" / "mine.yaml").write_text(theme.replace("name: paper", "name: mine"), "utf-8")
    return folder


@pytest.fixture
def preview(making):
    """Its preview, made once."""
    made = Preview(Request(making / "outline.yaml"), lambda _: None)
    made.refresh()
    yield made
    made.close()


def change(file, old, new):
    """Saves a file with some words replaced."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def contents(folder):
    """The files of a deck's source by their names."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: file.read_bytes() for name, file in files.items() if name not in (PAGE, MANIFEST)}


def built(making):
    """Those of the deck that a build makes of the talk as it is now."""
    out = making.parents[1] / "built"
    build(Request(making / "outline.yaml", format="md", out=out), lambda _: None)
    return contents(out)


@pytest.mark.parametrize(
    ("file", "old", "new", "seen"),
    [
        ("outline.yaml", "One word", "A word", "A word"),
        ("outline.yaml", "word: here", "word: there", "One word there"),
        ("outline.yaml", "prompt: The statement", "prompt: The function", "The function"),
        ("outline.yaml", "bars: 3", "bars: 4", "4 bars"),
        ("outline.yaml", "At the foot.", "Far below.", "Far below."),
        ("outline.yaml", "title: First", "title: First\n    hide: true", "#4"),
        ("outline.yaml", "title: A picture", "title: Shown\n  - title: A picture", "#6"),
        ("more.yaml", "named: one", "named: two", "two there"),
        ("words.md", "Words", "Sentences", "Sentences from a file."),
        ("listing.py", "1", "2", "print(2)"),
        ("works.bib", "All you need", "All that is needed", "All that is needed"),
        ("dot.svg", "red", "blue", "dot"),
        ("../../templates/themes/mine.yaml", "#fbfaf6", "#fbfaf7", 'theme: "mine"'),
    ],
)
def test_it_is_the_deck_that_a_build_makes(making, preview, file, old, new, seen):
    """After a change of anything that a slide depends on, and again once that is taken back."""
    before = contents(preview.folder)
    change(making / file, old, new)
    preview.refresh()
    after = contents(preview.folder)
    deck = after["deck.md"].decode()
    assert seen in deck
    assert after == built(making)
    change(making / file, new, old)
    preview.refresh()
    assert contents(preview.folder) == before == built(making)


def test_what_figures_are_made_of_is_looked_at_although_they_are_asked_for_as_before(making, preview):
    """Other weights of the same step: the figure is another one, and pages are told of it at once."""
    before, revision = contents(preview.folder), preview.refresh().news["revision"]
    checkpoints = making.parents[1] / "runs" / "ours" / "checkpoints"
    shutil.copyfile(
        checkpoints / "step-000222" / "model.safetensors", checkpoints / "step-001000" / "model.safetensors"
    )
    news = preview.refresh().news
    assert list(news["slides"]) == [1]
    assert news["from"] == revision
    assert contents(preview.folder) == built(making) != before


def test_a_wrong_outline_leaves_the_preview_until_it_is_mended(making, preview):
    """Then all that changed meanwhile is in the news."""
    revision = preview.refresh().news["revision"]
    change(making / "outline.yaml", "title: Last", "titel: Last")
    with pytest.raises(OutlineError):
        preview.refresh()
    change(making / "dot.svg", "red", "blue")
    change(making / "outline.yaml", "titel: Last", "title: Last")
    news = preview.refresh().news
    assert (news["from"], list(news["slides"])) == (revision, [3])
