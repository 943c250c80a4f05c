"""`talkgen themes`: what there is, and a sample talk in each."""

import json

import pytest
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.outline.load import load_outline
from talkgen.pipeline.sample import write_sample


def run(*arguments):
    """What the command prints."""
    return CliRunner().invoke(app, ["themes", *map(str, arguments)])


def test_all_themes_are_listed():
    """Ours with their tokens, and the tools' own."""
    found = json.loads(run("list", "--json").stdout)
    assert {"night", "paper", "rose-pine", "nmt", "plain"} <= set(found["themes"])
    assert "gaia" in found["marp"]
    assert found["slidev"]["seriph"] == "@slidev/theme-seriph 0.25.0"
    assert "night: dark, Inter at 31 px on #0e1420\n" in run("list").stdout


@pytest.mark.parametrize(
    ("theme", "target", "named"),
    [("paper", "slidev", "paper"), ("gaia", "marp", "gaia"), ("seriph", "slidev", "seriph")],
)
def test_the_sample_is_a_talk_in_the_theme(theme, target, named, tmp_path):
    """Of ours for both tools, of a tool's own for that tool."""
    outline = load_outline(write_sample(theme, target, tmp_path / "sample")).outline
    assert outline.theme == named if theme == "paper" else getattr(outline.theme, target) == named
    assert {"cover", "section", "two-cols", "quote", "end"} <= {slide.layout for slide in outline.slides}


def test_what_is_there_is_left_alone(tmp_path):
    """A folder with something in it is refused."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = run("show", "paper", "-o", tmp_path)
    assert done.exit_code != 0
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_theme_that_is_not_there_leaves_no_folder(tmp_path):
    """A name that was mistyped is told with the near one, and the same command can be given again."""
    done = run("show", "nigth", "-o", tmp_path / "sample")
    assert "there is no theme 'nigth'" in str(done.exception)
    assert "did you mean 'night'?" in str(done.exception)
    assert not (tmp_path / "sample").exists()


def test_a_sample_that_was_interrupted_leaves_no_folder(tmp_path, monkeypatch):
    """Half of one would keep the same command from being given again."""

    def interrupt(request, report):
        assert request.outline.is_file()
        raise KeyboardInterrupt

    monkeypatch.setattr("talkgen.pipeline.build.build", interrupt)
    assert run("show", "night", "-o", tmp_path / "sample").exit_code == 130
    assert not (tmp_path / "sample").exists()


@pytest.mark.slow
def test_the_sample_is_built(tmp_path, own_cache):
    """With its figure and its live block, in one file."""
    done = run("show", "nmt", "-o", tmp_path / "sample", "--quiet")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "sample" / "dist" / "marp" / "deck.html").is_file()
