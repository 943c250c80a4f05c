"""The files a deck names come along with it: those of its project, replacing nothing."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.errors import TalkgenError
from talkgen.importers import files as limits
from talkgen.importers.deck import import_deck
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
    "img/html.avif", "img/style.bmp", "img/font.ttf",
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


def _import(deck: Path, out: Path, *more: str):
    return CliRunner().invoke(app, ["import", str(deck), "-o", str(out), *more])


def found(deck: Path):
    """The files that belong to a deck."""
    return import_deck(deck, print).files


def test_every_way_to_name_a_picture_is_seen(tmp_path):
    """Markdown, HTML, CSS and settings; fonts too, but not what is code, on the web, or in the text itself."""
    deck = _deck(tmp_path / "deck", MARP, *NAMED, "img/example.png", "unnamed.png")
    done = _import(deck, tmp_path / "talk")

    assert done.exit_code == 0, done.output
    made = _files(tmp_path / "talk")
    made.pop("outline.yaml")
    assert made == {name: name.encode() * 10 for name in NAMED}
    assert "9 files copied (0.0 MB)" in done.stdout
    assert "2 addresses on the web kept" in done.stdout
    assert "not copied" not in done.output
    assert load_outline(tmp_path / "talk" / "outline.yaml").outline.slides


def test_slidev_has_its_pictures_in_public(tmp_path):
    """A name that begins with a slash is one of `public`, which comes along whole; others are beside the deck."""
    names = {"public/backgrounds/one.jpg", "public/logo.png", "img/dot.png", "img/side.png", "public/unnamed.txt"}
    deck = _deck(tmp_path / "deck", SLIDEV, *names)
    assert _import(deck, tmp_path / "talk").exit_code == 0
    assert _files(tmp_path / "talk").keys() == names | {"outline.yaml"}


def test_a_picture_that_its_own_tool_does_not_find_stays_missing(tmp_path):
    """A name that leads up from the deck does not lead up from `public`."""
    (tmp_path / "project").mkdir()
    deck = _deck(tmp_path / "project" / "deck", "# One\n\n![](../img/dot.png)\n", "img/dot.png")
    files = import_deck(deck, print, root=tmp_path / "project").files
    assert (files.copies, files.left) == ({}, {"../img/dot.png": "not there"})


def test_what_is_missing_has_a_file_in_its_place(tmp_path):
    """Slidev builds nothing without it: pictures are empty, a listing says that it is not there, each is told."""
    text = (
        "---\nmdc: true\nbackground: /cover.png\n---\n\n# One\n\n![](/pictures/a%20b.png)\n\n<img src='./c.svg' />\n\n"
        "![](../../up.png)\n\n<<< @/code/d.ts#part {1}\n\n---\nlayout: image-right\nimage: /side.png\n---\n"
    )
    assert _import(_deck(tmp_path / "deck", text), tmp_path / "talk").exit_code == 0
    done = CliRunner().invoke(app, ["build", str(tmp_path / "talk"), "-t", "slidev", "-f", "md"])
    assert done.exit_code == 0, done.output
    made = tmp_path / "talk" / "dist" / "slidev"
    names = ("public/pictures/a b.png", "c.svg", "code/d.ts")
    assert [(made / name).read_text() for name in names] == ["", "", "// there is no file 'code/d.ts'\n"]
    assert not (tmp_path / "talk" / "dist" / "up.png").exists()
    for name in ("/cover.png", "/pictures/a b.png", "./c.svg", "../../up.png", "code/d.ts", "/side.png"):
        assert f"'{name}'" in done.stderr


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
    left = found(deck).left
    outside = "outside the project; --root DIR names a larger one"
    assert [left[name] for name in names[:2]] == [outside] * 2
    assert [left[name] for name in names[3:5]] == [outside] * 2
    assert [left[name] for name in names[6:8]] == ["a hidden file"] * 2
    assert [left[name] for name in (names[2], "loop.png", "no\0name.png", names[-1])] == ["not there"] * 4
    for line, name in enumerate(names[:5], 3):
        assert f"deck.md:{line}: not copied: {name} ({left[name]})" in done.stderr


def test_a_larger_project_is_named(tmp_path):
    """With `--root` files from other folders come along; the texts follow, and so do names that are taken."""
    names = ("shared/a.png", "shared/b c.png", "week1/own/d.png", "own/d.png")
    text = "![](../shared/a.png)\n\nx ![](<../shared/b c.png>)\n\n![](own/d.png) ![](../own/d.png)\n"
    deck = _deck(tmp_path / "course", "", *names).parent / "week1" / "deck.md"
    deck.write_text(text)
    done = _import(deck, tmp_path / "talk", "--root", str(tmp_path / "course"))

    assert done.exit_code == 0, done.output
    assert "not copied" not in done.output
    placed = ("shared/a.png", "shared/b c.png", "own/d.png", "project/own/d.png")
    made = _files(tmp_path / "talk")
    yaml = made.pop("outline.yaml").decode()
    assert made == {place: name.encode() * 10 for place, name in zip(placed, names, strict=True)}
    for address in ("image: shared/a.png", "<shared/b%20c.png>", "![](own/d.png) ![](project/own/d.png)"):
        assert address in yaml
    assert CliRunner().invoke(app, ["build", str(tmp_path / "talk"), "-f", "md"]).exit_code == 0
    assert (tmp_path / "talk" / "dist" / "marp" / "project" / "own" / "d.png").is_file()


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
    assert "1 file copied" in _import(deck, talk).stdout
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
        done = _import(deck, talk)
        assert isinstance(done.exception, TalkgenError)
        assert "nothing was written" in str(done.exception)
        assert [file.name for file in talk.iterdir()] == [link]
    assert not list(outside.iterdir())


def test_large_pictures_are_left_out(tmp_path, monkeypatch):
    """One over the limit of a picture, and those over the limit of a deck."""
    monkeypatch.setattr(limits, "SIZE_LIMIT", 100)
    monkeypatch.setattr(limits, "TOTAL_LIMIT", 150)
    deck = _deck(tmp_path / "deck", "![](a.png) ![](b.png) ![](c.png)")
    for name, size in (("a.png", 101), ("b.png", 90), ("c.png", 90)):
        (deck.parent / name).write_bytes(b"x" * size)
    files = found(deck)
    assert list(files.copies) == ["b.png"]
    assert sorted(files.left) == ["a.png", "c.png"]


@pytest.mark.parametrize(
    "text",
    [
        "a ` b\n\n---\n\n![](a.png)\n\n---\n\nc ` d",  # a code span ends with its paragraph
        "```a``` and ```b```\n\n![](a.png)\n\n```\nc\n```",  # three ticks in a text begin no listing
    ],
)
def test_backticks_on_two_slides_hide_no_picture(tmp_path, text):
    """What is code is told as Markdown tells it."""
    assert list(found(_deck(tmp_path / "deck", text, "a.png")).copies) == ["a.png"]


def test_force_replaces_what_is_there(tmp_path):
    """An outline and files that are there are replaced where it is asked for, and not without."""
    deck = _deck(tmp_path / "deck", "![](a.png)", "a.png")
    talk = tmp_path / "talk"
    assert _import(deck, talk).exit_code == 0
    (talk / "outline.yaml").write_text("mine")
    (talk / "a.png").write_text("mine")
    assert isinstance(_import(deck, talk).exception, TalkgenError)
    assert (talk / "outline.yaml").read_text() == "mine"
    assert _import(deck, talk, "--force").exit_code == 0
    assert (talk / "a.png").read_bytes() == b"a.png" * 10
    assert load_outline(talk / "outline.yaml").outline.native == "marp"


def test_slides_of_a_pipe_are_told(tmp_path):
    """Nobody waits for what will be written into it, nor for a folder's text."""
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "slides.md").write_text("---\nsrc: pipe.md\n---\n\n---\nsrc: ./\n---\n")
    assert [said.message for said in import_deck(tmp_path / "slides.md", print).said] == [
        "pipe.md: it is no file",
        "./: it is no file",
    ]


@pytest.mark.parametrize(
    ("tool", "depth"), [("marp: true", 60), ("theme: none", 60), ("theme: none", 400), ("theme: none", 3000)]
)
def test_settings_nested_deeper_than_an_outline_are_told(tool, depth, tmp_path):
    """In words, of either tool."""
    (tmp_path / "slides.md").write_text(
        f"---\n{tool}\na: {'[' * depth}{']' * depth}\n---\n\n# One\n\n<v-click>a</v-click>\n"
    )
    with pytest.raises(TalkgenError, match="nested too deep"):
        import_deck(tmp_path / "slides.md", print)


def test_addons_in_folders_and_what_programs_import_come_along(tmp_path):
    """A package that `package.json` links to is a folder of the talk; an import brings its file, and that one's."""
    project = tmp_path / "project"
    needs = {"slidev-addon-lance": "file:../lance", "slidev-theme-mine": "link:look"}
    for name, text in {
        "talk/slides.md": "---\ntheme: mine\naddons: [lance]\nmdc: true\n---\n\n# One\n",
        "talk/package.json": json.dumps({"dependencies": needs}),
        "talk/look/package.json": "{}",
        "lance/components/Lance.vue": "<script setup>import x from './helper'</script>",
        "lance/components/helper.ts": "export default 1",
        "talk/setup/main.ts": "import '../lib/one'\nimport { y } from '@/lib/gone'\n",
        "talk/lib/one.ts": "export * from './two'",
        "talk/lib/two/index.ts": "export const z = 1",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    imported = import_deck(project / "talk" / "slides.md", print, root=project)
    assert "slidev: ./look" in imported.yaml
    assert "- ./lance" in imported.yaml
    assert {*imported.files.copies} == {
        "package.json", "look/package.json", "lance/components/Lance.vue", "lance/components/helper.ts",
        "setup/main.ts", "lib/one.ts", "lib/two/index.ts",
    }  # fmt: skip
    assert imported.files.left == {"@/lib/gone": "not there; main.ts imports it"}
    assert imported.packages == []
