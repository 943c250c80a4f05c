"""The pictures a deck names come along with it: those of its own folder, under their names, replacing nothing."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.errors import TalkgenError
from talkgen.importers import images as limits
from talkgen.importers.deck import read_deck
from talkgen.importers.images import copy_images, find_images
from talkgen.outline.load import load_outline

MARP = """\
---
marp: true
header: '![w:40](logo.svg)'
backgroundImage: url("img/paper.png")
---

# One

![a dot](img/dot.png) ![of [them](http://x.org)](./img/dot.png "title") ![](img/a%20b.jpg?raw=true) ![](img/copy(1).gif)

![bg left:33%](<img/with space.webp>)
<img alt="x" src='img/html.avif'>

![](https://example.org/web.png) ![](data:image/png;base64,AAAA) ![](//cdn.example.org/w.png)

```markdown
![an example](img/example.png)
```

Code: `![an example](img/example.png)`

<style scoped>section { background: url(img/style.bmp) } @font-face { src: url(img/font.ttf) }</style>
"""
NAMED = {
    "logo.svg", "img/paper.png", "img/dot.png", "img/a b.jpg", "img/copy(1).gif", "img/with space.webp",
    "img/html.avif", "img/style.bmp",
}  # fmt: skip

SLIDEV = """\
---
theme: default
mdc: true
background: /backgrounds/one.jpg
---

# One

![](./img/dot.png) <img :src="code" src="/logo.png" />

---
layout: image-right
image: img/side.png
---

# Two
"""


def _deck(folder: Path, text: str, *pictures: str) -> Path:
    """A deck with pictures, each of its own content."""
    folder.mkdir(exist_ok=True)
    for name in pictures:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode() * 10)
    deck = folder / "deck.md"
    deck.write_text(text, encoding="utf-8")
    return deck


def _files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _import(deck: Path, out: Path):
    return CliRunner().invoke(app, ["import", str(deck), "-o", str(out)])


def test_every_way_to_name_a_picture_is_seen(tmp_path):
    """Markdown, HTML, CSS and settings; not what is code, on the web, in the text itself, or a font."""
    deck = _deck(tmp_path / "deck", MARP, *NAMED, "img/example.png", "img/font.ttf", "unnamed.png")
    done = _import(deck, tmp_path / "talk")

    assert done.exit_code == 0, done.output
    made = _files(tmp_path / "talk")
    made.pop("outline.yaml")
    assert made == {name: name.encode() * 10 for name in NAMED}
    assert "8 pictures copied (0.0 MB)" in done.stdout
    assert "2 addresses of pictures on the web kept" in done.stdout
    assert "not copied" not in done.output
    assert load_outline(tmp_path / "talk" / "outline.yaml").outline.slides


def test_slidev_has_its_pictures_in_public(tmp_path):
    """A name that begins with a slash is one of `public`, others are beside the deck."""
    names = {"public/backgrounds/one.jpg", "public/logo.png", "img/dot.png", "img/side.png"}
    deck = _deck(tmp_path / "deck", SLIDEV, *names)
    assert _import(deck, tmp_path / "talk").exit_code == 0
    assert _files(tmp_path / "talk").keys() == names | {"outline.yaml"}


def test_nothing_outside_the_folder_of_the_deck_is_read(tmp_path):
    """Neither through `..`, nor by an absolute path, nor through a link to a file or a folder; each is said."""
    (tmp_path / "secret.png").write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.png").write_text("secret")
    names = ("../secret.png", "a/../../secret.png", f"{tmp_path}/secret.png", "link.png", "linked/secret.png")
    names += ("%2e%2e/secret.png", ".env", "env.png", "loop.png", "no%00name.png", "x" * 400 + ".png")
    deck = _deck(tmp_path / "deck", "# One\n\n" + "\n".join(f"![]({name})" for name in names), ".env")
    (deck.parent / "link.png").symlink_to(tmp_path / "secret.png")
    (deck.parent / "linked").symlink_to(tmp_path / "elsewhere")
    (deck.parent / "env.png").symlink_to(deck.parent / ".env")
    (deck.parent / "loop.png").symlink_to(deck.parent / "loop.png")
    done = _import(deck, tmp_path / "talk")

    assert done.exit_code == 0, done.output
    assert _files(tmp_path / "talk").keys() == {"outline.yaml"}
    left = find_images(deck).left
    assert left == dict.fromkeys(names[:6], "outside the deck's folder") | dict.fromkeys(
        names[6:8], "not a picture's name"
    ) | dict.fromkeys(names[8:], "not there")
    for name, reason in left.items():
        assert f"not copied: {name} ({reason})" in done.stderr


def test_nothing_is_replaced_and_then_nothing_is_written(tmp_path):
    """A different file of the same name ends the import before it begins; the same file is no reason to."""
    deck = _deck(tmp_path / "deck", "![](a.png) ![](b.png)", "a.png", "b.png")
    talk = tmp_path / "talk"
    talk.mkdir()
    (talk / "b.png").write_text("mine")
    done = _import(deck, talk)
    assert isinstance(done.exception, TalkgenError)
    assert "b.png is there already and is another file" in str(done.exception)
    assert _files(talk) == {"b.png": b"mine"}

    (talk / "b.png").write_bytes(b"b.png" * 10)
    assert "1 picture copied" in _import(deck, talk).stdout
    assert _files(talk).keys() == {"a.png", "b.png", "outline.yaml"}


def test_a_deck_is_imported_into_its_own_folder(tmp_path):
    """The pictures are where they belong already."""
    deck = _deck(tmp_path / "deck", "![](a.png)", "a.png")
    done = _import(deck, deck.parent)
    assert done.exit_code == 0, done.output
    assert "copied" not in done.output
    assert _files(deck.parent).keys() == {"a.png", "deck.md", "outline.yaml"}


def test_no_link_in_the_new_folder_leads_the_copies_out_of_it(tmp_path):
    """A folder that is a link elsewhere and a dangling link are both left alone."""
    deck = _deck(tmp_path / "deck", "![](img/a.png) ![](b.png)", "img/a.png", "b.png")
    outside = tmp_path / "outside"
    outside.mkdir()
    for number, (link, target) in enumerate((("img", outside), ("b.png", outside / "new.png"))):
        talk = tmp_path / f"talk{number}"
        talk.mkdir()
        (talk / link).symlink_to(target)
        with pytest.raises(TalkgenError, match="nothing was written"):
            copy_images(find_images(deck), talk)
        assert [file.name for file in talk.iterdir()] == [link]
    assert not list(outside.iterdir())


def test_large_pictures_are_left_out(tmp_path, monkeypatch):
    """One over the limit of a picture, and those over the limit of a deck."""
    monkeypatch.setattr(limits, "SIZE_LIMIT", 100)
    monkeypatch.setattr(limits, "TOTAL_LIMIT", 150)
    deck = _deck(tmp_path / "deck", "![](a.png) ![](b.png) ![](c.png)")
    for name, size in (("a.png", 101), ("b.png", 90), ("c.png", 90)):
        (deck.parent / name).write_bytes(b"x" * size)
    found = find_images(deck)
    assert list(found.files) == ["b.png"]
    assert list(found.left) == ["a.png", "c.png"]


@pytest.mark.parametrize(
    "text",
    [
        "a ` b\n\n---\n\n![](a.png)\n\n---\n\nc ` d",  # a code span ends with its paragraph
        "```a``` and ```b```\n\n![](a.png)\n\n```\nc\n```",  # three ticks in a text begin no listing
    ],
)
def test_backticks_on_two_slides_hide_no_picture(tmp_path, text):
    """What is code is told as Markdown tells it."""
    assert list(find_images(_deck(tmp_path / "deck", text, "a.png")).files) == ["a.png"]


FOREIGN = sorted(Path(os.environ["TALKGEN_DECKS"]).rglob("*.md")) if os.environ.get("TALKGEN_DECKS") else []

if FOREIGN:

    @pytest.mark.parametrize("source", FOREIGN, ids=lambda path: path.stem)
    def test_the_pictures_of_real_decks_come_along(source, tmp_path):
        """With every file there that the deck names inside its folder, all of them are copied and none is missing."""
        deck = _deck(tmp_path / "deck", source.read_text(encoding="utf-8", errors="replace"))
        named = find_images(deck)
        assert _in_markdown(deck) <= {_plain(name) for name in (*named.left, *named.addresses)}
        absent = {name: why for name, why in named.left.items() if why == "not there"}
        for name in absent:
            _touch(deck.parent, _plain(name))
        done = _import(deck, tmp_path / "talk")

        assert done.exit_code == 0, done.output
        assert "(not there)" not in done.stderr
        copied = _files(tmp_path / "talk")
        copied.pop("outline.yaml")
        assert copied == {name: content for name, content in _files(deck.parent).items() if name != "deck.md"}
        assert len(copied) <= len(absent)


def _in_markdown(deck: Path) -> set[str]:
    """The pictures that a Markdown parser finds in a deck."""
    lines = MarkdownIt("commonmark", {"html": True}).enable("table").parse(read_deck(deck))
    sources = {str(token.attrs["src"]) for line in lines for token in line.children or [] if token.type == "image"}
    return {_plain(source) for source in sources if not source.startswith("data:")}


def _plain(name: str) -> str:
    """A name as the file system knows it."""
    return unquote(re.split(r"[?#]", name)[0])


def _touch(folder: Path, name: str) -> None:
    """A picture at `name`, which is in `public` if it begins with a slash."""
    file = folder / f"public{name}" if name.startswith("/") else folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(name.encode())
