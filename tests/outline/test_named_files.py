"""Files wherever an outline names them: a missing one is told with its place, and none outside the project is read."""

import pytest

from talkgen.errors import OutlineError
from talkgen.outline.files import FileError, find_address, find_file
from talkgen.outline.load import load_outline

HEAD = "title: A talk\n"
PLACES = [  # an outline that names the file NAME, and the line and column where it is told
    (HEAD + "footer: '![h:50](NAME)'\nslides: [{title: x}]\n", "2:18: footer"),
    (HEAD + "header: '<img src=\"NAME\">'\nslides: [{title: x}]\n", "2:20: header"),
    (HEAD + "style: |\n  section {\n    background: url(NAME)\n  }\nslides: [{title: x}]\n", "4:21: style"),
    (HEAD + "slides:\n  - background: NAME\n", "3:5: slides[0].background"),
    (HEAD + "slides:\n  - background: url(NAME) center\n", "3:21: slides[0].background"),
    (HEAD + "slides:\n  - body:\n      - image: NAME\n", "4:9: slides[0].body[0].image"),
    (HEAD + "slides:\n  - body:\n      - video: NAME\n", "4:9: slides[0].body[0].video"),
    (HEAD + "slides:\n  - body:\n      - html: <video poster=\"NAME\"></video>\n", "4:30: slides[0].body[0].html"),
    (HEAD + "slides:\n  - body:\n      - |\n        text\n        <audio src=NAME></audio>\n",
     "6:20: slides[0].body[0]"),
    (HEAD + "slides:\n  - title: 'A ![b](NAME)'\n", "3:20: slides[0].title"),
    (HEAD + "slides:\n  - body: [{table: {head: ['![b](NAME)'], rows: []}}]\n",
     "3:34: slides[0].body[0].table.head[0]"),
]  # fmt: skip
SOURCES = [
    "slides:\n  - body: [{raw: {marp: '![bg](NAME)'}}]\n",
    "slides:\n  - body: [{raw: {slidev: '<img src=\"NAME\">'}}]\n",
    "slides:\n  - frontmatter: {layout: image, image: NAME}\n",
    "slides:\n  - directives: {_backgroundImage: 'url(NAME)'}\n",
]


def write(folder, text):
    """An outline in a project's folder `slides/talk`."""
    talk = folder / "slides" / "talk"
    talk.mkdir(parents=True, exist_ok=True)
    (talk / "outline.yaml").write_text(text, encoding="utf-8")
    return talk / "outline.yaml"


@pytest.mark.parametrize(("text", "where"), PLACES, ids=[where for _, where in PLACES])
def test_a_missing_file_is_told_at_its_place(text, where, tmp_path):
    """Wherever a file is named, its being missing is said with line and column, and it loads once it is there."""
    file = write(tmp_path, text.replace("NAME", "pic.svg"))
    with pytest.raises(OutlineError) as caught:
        load_outline(file)
    assert str(caught.value).split("\n")[0] == f"{file}:{where}: there is no file 'pic.svg'"

    (file.parent / "pic.svg").touch()
    load_outline(file)


@pytest.mark.parametrize("name", ["/etc/passwd", "../../../pic.svg"])
@pytest.mark.parametrize("text", [*(text for text, _ in PLACES), *(HEAD + text for text in SOURCES)])
def test_nothing_outside_the_project_is_named(text, name, tmp_path):
    """An absolute path and one that leaves the project are refused everywhere, in source for one target too."""
    (tmp_path / "pic.svg").touch()
    with pytest.raises(OutlineError, match=r"is an absolute path|is outside the project"):
        load_outline(write(tmp_path / "project", text.replace("NAME", name)))


@pytest.mark.parametrize("text", SOURCES)
def test_what_ones_own_source_lacks_stops_no_build(text, tmp_path):
    """Source for one target is that target's: an imported deck without its pictures still becomes a deck."""
    load_outline(write(tmp_path, HEAD + text.replace("NAME", "pic.svg")))


@pytest.mark.parametrize(
    "value", ["red", "#123456", "linear-gradient(90deg, rgb(0 0 0 / .5), red)", "https://example.org/x.png", "var(--a)"]
)
def test_a_background_may_be_no_file(value, tmp_path):
    """Colours, gradients and addresses on the web are taken as they are."""
    load_outline(write(tmp_path, f"{HEAD}slides:\n  - background: '{value}'\n"))


def test_a_link_that_leads_to_itself_is_told(tmp_path):
    """No traceback, but the name and what to do."""
    file = write(tmp_path, HEAD)
    (file.parent / "loop.png").symlink_to("loop.png")
    with pytest.raises(FileError, match=r"'loop.png' is a link that leads to itself"):
        find_file("loop.png", file)


def test_names_are_read_as_they_are_and_as_browsers_do(tmp_path):
    """Percent signs, queries and fragments; `/x.png` is a file of `public/`; the web and our server are no files."""
    file = write(tmp_path, HEAD)
    (file.parent / "public").mkdir()
    for name in ("a b.png", "50%.png", "public/x.png"):
        (file.parent / name).touch()

    found = {name: find_address(name, file) for name in ("a%20b.png", "a b.png?x#y", "50%.png", "/x.png")}
    assert {name: path.name for name, path in found.items()} == {
        "a%20b.png": "a b.png", "a b.png?x#y": "a b.png", "50%.png": "50%.png", "/x.png": "x.png",
    }  # fmt: skip
    elsewhere = ("https://x.org/y.png", "//x.org/y.png", "data:image/png;base64,", "#here", "/demos/next_token", "")
    assert [find_address(address, file) for address in elsewhere] == [None] * 6
