"""A talk's own figures: found by name, run only where the talk says so, keyed by what they are made of."""

import importlib
import json
import re
import sys

import pytest
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.errors import OutlineError
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.plan import make_plan
from talkgen.pipeline.preview import Preview
from talkgen.pipeline.status import status
from talkgen.pipeline.talk import Talk
from talkgen.pipeline.watch import watched_folders

TALK = """\
title: A talk with figures of its own
model: small
execute: true
slides:
  - title: One
    body:
      - "{{ figures.letters.letters[0][1] }} times"
      - {figure: letters, params: {sentence: banana}}
"""
SCRIPT = '''\
"""Two points and a line."""
import matplotlib.pyplot as plt

rows = [line.split(",") for line in open("points.csv")]
plt.plot([float(x) for x, _ in rows], [float(y) for _, y in rows])
plt.xlabel("x")
'''


def invoke(*words):
    return CliRunner().invoke(app, list(map(str, words)), catch_exceptions=True)


@pytest.fixture
def own(talk):
    """A talk with the figure that `talkgen figures new` writes."""
    (talk / "outline.yaml").write_text(TALK, encoding="utf-8")
    assert invoke("figures", "new", "letters", "--talk", talk).exit_code == 0
    return talk


def make(talk):
    return build(Request(talk, format="md"), lambda _: None)


def keys(talk):
    return {artifact.name: artifact.full_key.hexdigest for artifact in make_plan(Talk(talk / "outline.yaml")).computed}


def test_a_new_figure_works(own, tmp_path):
    """It is drawn with its parameters, its numbers stand in prose, it is fresh, it is listed and drawn by itself."""
    deck = (make(own).deck.path / "deck.md").read_text(encoding="utf-8")
    assert "3 times" in deck
    assert "Letters of “banana”&#58; a 3, n 2, b 1" in deck
    assert {change.state for change in status(Request(own))} == {"fresh"}
    listed = json.loads(invoke("figures", "list", "--talk", own, "--json").stdout)
    assert listed["letters"]["parameters"] == {"sentence": "attention is all you need"}
    assert "qkv" in listed
    done = invoke("figures", "show", "letters", "-t", own, "-p", "sentence=aab", "-o", tmp_path / "a.png")
    assert done.stdout == "Letters of “aab”: a 2, b 1\n"
    assert invoke("figures", "new", "letters", "-t", own).exit_code == 1  # nothing is written over


@pytest.mark.parametrize("figure", ["letters", "plot.py"])
def test_nothing_runs_unless_the_talk_says_so(figure, own):
    """Neither to build, to plan, to list nor to draw; and the message says where."""
    mark = own / "ran"
    for file in (own / "figures" / "letters.py", own / "plot.py"):
        file.write_text(f"open({str(mark)!r}, 'w')\n", encoding="utf-8")
    text = f"title: T\nmodel: small\nslides:\n  - title: A\n    body: [{{figure: {figure}}}]\n"
    (own / "outline.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(OutlineError, match=r"outline.yaml:5:\d+: .*may run\n  hint: add 'execute: true'"):
        make(own)
    for words in (["list"], ["show", figure, "-o", own / "a.svg"]):
        assert "may run" in str(invoke("figures", *words, "-t", own).exception)
    assert not mark.exists()


def test_texts_without_room_are_told_and_the_picture_is_there(own):
    """A talk that was built before is built: its line and what to do is a note, of every build until it is done."""
    file, outline = own / "figures" / "letters.py", own / "outline.yaml"
    there = file.read_text(encoding="utf-8")
    twice = there.replace(
        "    return pen", '    pen.write(20, 20, "Two")\n    pen.write(22, 22, "words")\n    return pen'
    )
    file.write_text(twice, encoding="utf-8")
    for _ in range(2):
        done = invoke("build", outline, "-f", "md")
        assert done.exit_code == 0
        said = "px has no room for its text: give it more `height`, or a wider column"
        assert re.search(rf"note: .*outline.yaml:8:9: slide 1: a picture of \d+ by \d+ {said}", done.stderr)
        assert "Letters of “banana”" in (own / "dist/marp/deck.md").read_text(encoding="utf-8")
    done = invoke("figures", "show", "letters", "-t", own, "-o", own / "a.png")
    assert said in done.stderr
    assert (own / "a.png").is_file()
    file.write_text(there, encoding="utf-8")
    assert "no room" not in invoke("build", outline, "-f", "md").stderr


def test_a_figures_own_comes_first(own):
    """A figure of the talk's goes before one of talkgen's of the same name."""
    (own / "figures" / "letters.py").rename(own / "figures" / "next_token.py")
    text = TALK.replace("letters.letters", "next_token.letters").replace("figure: letters", "figure: next_token")
    (own / "outline.yaml").write_text(text, encoding="utf-8")
    assert "3 times" in (make(own).deck.path / "deck.md").read_text(encoding="utf-8")


def test_it_is_keyed_by_its_source_and_what_stands_beside(own):
    """A change of the file, of a module that it imports, or of a file that it names, makes it stale; others do not."""
    folder = own / "figures"
    source = (folder / "letters.py").read_text(encoding="utf-8")
    source = source.replace("from collections", "from .count import most\nfrom collections")
    source = source.replace("most_common(8)", "most_common(most())")
    (folder / "letters.py").write_text(source, encoding="utf-8")
    count = 'def most():\n    return int((__import__("pathlib").Path(__file__).parent / "most.txt").read_text())\n'
    (folder / "count.py").write_text(count, encoding="utf-8")
    (folder / "most.txt").write_text("1")
    (folder / "other.py").write_text("")
    assert "a 3<" not in (text := (make(own).deck.path / "deck.md").read_text(encoding="utf-8"))
    assert 'banana”&#58; a 3"' in text
    before = keys(own)
    (folder / "other.py").write_text("x = 1\n")
    assert keys(own) == before
    for name, content in {"most.txt": "2", "count.py": f"{count}\n", "letters.py": f"{source}\n"}.items():
        (folder / name).write_text(content, encoding="utf-8")
        after = keys(own)
        assert after["figure letters"] != before["figure letters"]
        before = after
        if name == "most.txt":
            make(own)  # in the same process: what was loaded is not taken for what is there
            assert 'a 3, n 2"' in (own / "dist/marp/deck.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_changed_code_is_drawn_anew_in_an_open_deck(own):
    """A preview watches the figure's folder; what is saved there comes into the page without another process."""
    preview = Preview(Request(own), lambda _: None)
    try:
        before = preview.refresh()
        assert (own / "figures").resolve() in {each.resolve() for each in watched_folders(before.plan, before.copied)}
        file = own / "figures" / "letters.py"
        file.write_text(file.read_text(encoding="utf-8").replace("most_common(8)", "most_common(1)"), encoding="utf-8")
        after = preview.refresh()
    finally:
        preview.close()
    assert "figure letters" in after.changes
    assert list(after.news["slides"]) == [0]
    assert "n 2" not in after.news["slides"][0]


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("letters = Counter", "letters = Count", 20, "NameError: name 'Count' is not defined"),
        ("    pen = sheet(canvas)", "    pen = 1 / 0", 27, "ZeroDivisionError"),
        ("def draw(data: Data, canvas: Canvas):", "def draw(data: Data canvas: Canvas):", 25, "this is no Python"),
        ("from collections import Counter", "from collection import Counter", 3, "No module named 'collection'"),
        ("def describe", "def description", 1, "the figure has no describe"),
        ("def describe", "import count\n\n\ndef describe", 38, "from .NAME import"),
    ],
)
def test_errors_name_file_and_line(before, after, line, message, own):
    """Whatever fails, and wherever: at loading, computing or drawing."""
    file = own / "figures" / "letters.py"
    (own / "figures" / "count.py").write_text("")
    source = file.read_text(encoding="utf-8")
    assert source.count(before) == 1
    file.write_text(source.replace(before, after), encoding="utf-8")
    with pytest.raises(OutlineError) as caught:
        make(own)
    (problem,) = caught.value.problems
    assert message in str(problem)
    assert (problem.place.path, problem.place.line) == (file, line)


def test_a_wrong_parameter_is_told_in_the_outline(own):
    """As of talkgen's own figures; also when it was right before."""
    make(own)
    file = own / "figures" / "letters.py"
    file.write_text(file.read_text(encoding="utf-8").replace("max_length=200", "max_length=3"), encoding="utf-8")
    with pytest.raises(OutlineError, match=r"outline.yaml:8.*may hold at most 3, has 6"):
        make(own)


def test_plain_matplotlib_is_a_figure(own):
    """In the talk's size, colours and font; its docstring is the alt text; the file that it reads makes it stale."""
    (own / "plot.py").write_text(SCRIPT, encoding="utf-8")
    (own / "points.csv").write_text("0,1\n2,3\n")
    text = "title: T\nmodel: small\nexecute: true\nslides:\n  - title: A\n    body: [{figure: plot.py, height: 300}]\n"
    (own / "outline.yaml").write_text(text, encoding="utf-8")
    deck = make(own).deck.path
    assert 'alt="Two points and a line."' in (deck / "deck.md").read_text(encoding="utf-8")
    (svg,) = (deck / "figures").glob("*.svg")
    drawn = svg.read_text(encoding="utf-8")
    assert 'height="225pt"' in drawn  # 300 px
    assert Talk(own / "outline.yaml").style.categories[0] in drawn
    (own / "points.csv").write_text("0,1\n2,4\n")
    assert {each.name for each in status(Request(own)) if each.state != "fresh"} == {"figure plot.py", "rendering marp"}
    for source, message in {'"""W."""\n': "draws no picture", "import this_is_not\n": "no docstring"}.items():
        (own / "plot.py").write_text(source, encoding="utf-8")
        with pytest.raises(OutlineError, match=rf"plot.py:1:1.*{message}"):
            make(own)


@pytest.mark.parametrize(
    ("name", "message"), [("../plot.py", "outside of the talk"), ("plit.py", "did you mean 'plot.py'")]
)
def test_a_script_is_a_file_of_the_talks(name, message, own):
    """One outside of its folder, or that is not there, is told."""
    for file in (own / "plot.py", own.parent / "plot.py"):
        file.write_text(SCRIPT, encoding="utf-8")
    text = f"title: T\nmodel: small\nexecute: true\nslides:\n  - title: A\n    body: [{{figure: {name}}}]\n"
    (own / "outline.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(OutlineError, match=message):
        make(own)


def test_a_package_brings_figures(own, tmp_path, monkeypatch):
    """By an entry point; no talk has to allow what is installed."""
    site = tmp_path / "site"
    (site / "brings-1.0.dist-info").mkdir(parents=True)
    (site / "brings-1.0.dist-info" / "METADATA").write_text("Name: brings\nVersion: 1.0\n")
    (site / "brings-1.0.dist-info" / "entry_points.txt").write_text("[talkgen.figures]\nspelled = brings_letters\n")
    (own / "figures" / "letters.py").rename(site / "brings_letters.py")
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    text = TALK.replace("execute: true\n", "").replace("letters.letters", "spelled.letters")
    (own / "outline.yaml").write_text(text.replace("figure: letters", "figure: spelled"), encoding="utf-8")
    plan = make_plan(Talk(own / "outline.yaml"))
    assert [artifact.origin for artifact in plan.computed] == ["brings_letters"]
    assert "brings_letters" in sys.modules
