"""What a preview begins with: the built deck, in the folder where it is kept up to date."""

import pytest

from talkgen.pipeline.previewed import PAGE, read_request, seed, write_request
from talkgen.pipeline.request import Request


@pytest.fixture
def built(tmp_path):
    """A page with a picture beside it."""
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "a.svg").write_text("<svg/>", encoding="utf-8")
    (folder / "deck.html").write_text("<body>one</body>", encoding="utf-8")
    return folder / "deck.html"


def test_a_preview_begins_with_the_built_deck(built, tmp_path):
    """All of it, its page with the script that knows which revision it is."""
    page = seed(tmp_path / "preview", built, "r1", anew=True)
    assert page.read_text(encoding="utf-8").endswith('data-revision="r1"></script></body>')
    assert (page.parent / "a.svg").is_file()


@pytest.mark.parametrize(
    ("revision", "anew", "shows"), [("r1", False, "one"), ("r2", False, "two"), ("r1", True, "two")]
)
def test_what_is_there_is_not_written_again(built, tmp_path, revision, anew, shows):
    """The same revision stays as it lies there; another one, and a deck that was built just now, come instead."""
    folder = tmp_path / "preview"
    seed(folder, built, "r1", anew=True)
    built.write_text("<body>two</body>", encoding="utf-8")
    assert shows in seed(folder, built, revision, anew=anew).read_text(encoding="utf-8")
    assert (folder / PAGE).is_file()


def test_a_request_is_read_as_it_was_written(tmp_path):
    """Its outline, target, model and variables, of any kind that YAML has."""
    request = Request(tmp_path / "outline.yaml", "slidev", model="small", vars={"course": "A", "years": [1, 2]})
    assert read_request(write_request(request)) == request
