"""What Marp's engine and Slidev's parser make of a deck and of the deck that its outline becomes, side by side.

`python tests/importers/same_deck.py DECKS` imports every deck below a folder (`index.tsv` in `folders/` names the
decks with files around them), compares, and writes `docs/imported-decks.md`.
"""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from dropped import unnamed, unshown
from markdown_it import MarkdownIt
from real_tools import parse_slidev, render_marp_core

from talkgen.importers.deck import import_deck, read_deck
from talkgen.importers.files import copy_files
from talkgen.outline.addresses import css_addresses, html_addresses, markdown_addresses, replace_addresses
from talkgen.outline.load import load_outline
from talkgen.outline.walk import find_texts
from talkgen.render.deck import Deck
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev
from talkgen.style import load_style

ROOT = Path(__file__).resolve().parents[2]
EXISTING = {"bullets", "code", "mermaid", "math", "table", "quote", "image", "columns", "toc", "html"}


@dataclass
class Comparison:
    """A deck and what became of it."""

    name: str
    tool: str
    slides: int
    different: list[int] = field(default_factory=list)  # slides, counted from 1
    blocks: Counter[str] = field(default_factory=Counter)
    files: int = 0
    missing: int = 0
    shown: int = 0  # slides in the other tool
    whole: int = 0  # of which lose nothing
    bare: int = 0  # of these, which have the name of what the project does not have
    untold: list[str] = field(default_factory=list)  # words that are gone in the other tool without a word about it

    @property
    def share(self) -> float:
        """The share of elements for which there is a block that are one."""
        made = sum(self.blocks[key] for key in (*EXISTING, "title"))
        return made / max(1, made + self.blocks["not a block"])


def decks_in(folder: Path) -> list[tuple[Path, Path]]:
    """Every deck below a folder of decks, with the root of its project."""
    single = [(deck, deck.parent) for tool in ("marp", "slidev") for deck in sorted((folder / tool).glob("*.md"))]
    index = folder / "folders" / "index.tsv"
    with index.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [*single, *((index.parent / row["folder"] / row["deck"], index.parent / row["folder"]) for row in rows)]


def compare(deck: Path, root: Path, talk: Path) -> Comparison:
    """Imports a deck into the folder `talk` and compares what its own tool makes of both."""
    imported = import_deck(deck, print, root=root)
    talk.mkdir(parents=True, exist_ok=True)
    copy_files(imported.files, talk, force=True)
    (talk / "outline.yaml").write_text(imported.yaml, encoding="utf-8")
    source = load_outline(talk / "outline.yaml")
    resolved = Deck(source.outline, talk, {}, load_style("plain", talk))
    text, _ = read_deck(deck)
    if imported.tool == "marp":
        written = str(render_marp(resolved).files["deck.md"])
        before, after = (_marp_slides(each) for each in ((text, deck.parent), (written, talk)))
    else:
        written = str(render_slidev(resolved).files["slides.md"])
        before, after = _loaded_slides(deck, root, text), _slidev_slides(written, talk)
    longest = max(len(before), len(after))
    different = [i + 1 for i in range(longest) if before[i : i + 1] != after[i : i + 1]]
    blocks = count_blocks(source.document.data, imported.tool)
    missing = sum(reason == "not there" for reason in imported.files.left.values())
    row = Comparison(deck.stem, imported.tool, len(before), different, blocks, len(imported.files.copies), missing)
    _look_across(row, resolved)
    return row


def _look_across(row: Comparison, deck: Deck) -> None:
    """What the other tool shows of each slide, and whether all that it does not show is told."""
    slides = [(number, slide) for number, slide in enumerate(deck.outline.slides, 1) if not slide.hide]
    rendering = (render_marp if row.tool == "slidev" else render_slidev)(deck)
    notes: dict[str, list[str]] = {}
    for each in rendering.degraded:
        notes.setdefault(each.where, []).append(each.message)
    lossy = {where for where, messages in notes.items() if any(map(is_lost, messages))}
    nowhere = {where for where, messages in notes.items() if any("the project has no" in each for each in messages)}
    row.shown, row.whole = len(slides), sum(f"slide {number}" not in lossy for number, _ in slides)
    row.bare = sum(f"slide {number}" in nowhere - lossy for number, _ in slides)
    if row.tool == "slidev":
        pages = [(page, {}) for page in cut_marp(str(rendering.files["deck.md"]))]
    else:
        read = parse_slidev([str(rendering.files["slides.md"])])[0]
        pages = [(each["content"], each["frontmatter"]) for each in read]
    if len(pages) != len(slides):
        row.untold.append(f"{len(pages)} slides instead of {len(slides)}")
        return
    sheet = str(rendering.files.get("style.css", ""))
    for (number, slide), (page, settings) in zip(slides, pages, strict=True):
        told = notes.get(f"slide {number}", [])
        is_last = any("listings that follow each other" in each for each in told)
        gone = (
            words_of(source_of_slide(slide, code=not is_last))
            - words_of(page)
            - words_of(" ".join(told).replace("{", " "))
        )
        row.untold += [f"slide {number}: the word {each}" for each in sorted(gone)]
        row.untold += [f"slide {number}: {each}" for each in unnamed(slide, row.tool, page, settings, sheet, told)]
        row.untold += [f"slide {number}: {each}" for each in unshown(slide, page, told)]


def cut_marp(text: str) -> list[str]:
    """The source of each slide of a Marp deck, below its front matter."""
    body = re.sub(r"\A---\n.*?\n---\n", "", text, count=1, flags=re.DOTALL)
    lines, starts = body.split("\n"), [0]
    starts += [
        each.map[1]
        for each in MarkdownIt("commonmark", {"html": True}).parse(body)
        if each.type == "hr" and not each.level
    ]
    return ["\n".join(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def is_lost(message: str) -> bool:
    """Whether a note says that something is not there which the deck's own tool shows."""
    return " alone has " in message and message.endswith(("shown without", "its name is shown"))


def source_of_slide(slide: Any, *, code: bool = True) -> str:
    """All texts of a slide that the audience sees."""
    settings = {
        "options",
        "language",
        "side",
        "size",
        "kind",
        "steps",
        "align",
        "image",
        "video",
        "poster",
        "embed",
        "alt",
    }
    texts = [
        text.text
        for text in find_texts(slide)
        if text.path[0] in ("title", "subtitle", "body")
        and not settings & {*map(str, text.path[-2:])}
        and (code or text.path[-1] != "code")
    ]
    return "\n\n".join(texts)


def words_of(text: str) -> set[str]:
    """The words that a reader sees: none of tags, comments, styles, addresses and settings."""
    text = re.sub(
        r"<!--.*?-->|<(style|script|svg)\b.*?</\1>|^ *`{3,}[^\n]*|^::[\w-]+::|\{\{.*?\}\}|"
        r"^:{2,}[\w-]+(?:\{[^{}\n]*\})?[ \t]*$|"  # MDC, which is told as the tags that it is
        r"(?:(?<=[\]*`)_])|(?<![\w:]):[a-z][\w-]*)\{[^{}\n]*\}",
        " ",
        text,
        flags=re.DOTALL | re.MULTILINE,
    )
    text = re.sub(r"^ {0,3}\[[^\]]+\]: .*", " ", text, flags=re.MULTILINE)
    for find in (markdown_addresses, html_addresses):
        text = replace_addresses(text, find(text), lambda _: "-")
    text = re.sub(r"\]\([^()\n]*\)", "] ", text)
    text = re.sub(r"!\[[^\]]*\]|\]\([^)]*\)|</?[A-Za-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|&#?\w+;|<\S+>", " ", text)
    return set(re.findall(r"[^\W\d_]{4,}", text.replace("\\", " ")))


def _marp_slides(deck: tuple[str, Path]) -> list[Any]:
    text, folder = deck
    names: dict[str, str] = {}
    slides = render_marp_core([text])[0]

    def plainly(page: str) -> str:
        page = re.sub(r"data-marpit-scope-\w+", lambda found: names.setdefault(found[0], f"scope-{len(names)}"), page)
        return _with_contents(_with_contents(page, folder, html_addresses), folder, css_addresses)

    return [(plainly(slide["html"]), plainly(slide.get("css", "")), "\n\n".join(slide["notes"])) for slide in slides]


def _slidev_slides(text: str, folder: Path) -> list[Any]:
    return [
        (
            _settings(slide["frontmatter"], folder, first=index == 0),
            _with_contents(slide["content"], folder, markdown_addresses),
            slide["note"],
        )
        for index, slide in enumerate(parse_slidev([text])[0])
    ]


def _loaded_slides(deck: Path, root: Path, text: str) -> list[Any]:
    """The slides of a deck with those of the files that it imports."""
    from talkgen.importers.reader import deck_reader

    with deck_reader("slidev", print) as reader:
        slides = reader.ask("read", path=str(deck), root=str(root), text=text)["slides"]
    return [
        (
            _settings(slide["frontmatter"], Path(slide["file"]).parent, first=index == 0),
            _with_contents(slide["content"], Path(slide["file"]).parent, markdown_addresses),
            slide["note"],
        )
        for index, slide in enumerate(slides)
    ]


def _settings(frontmatter: dict[str, Any], folder: Path, *, first: bool) -> dict[str, Any]:
    """Settings with files by their contents; a theme or an addon in a folder moves with it."""
    moved = {"theme", "addons"} if first else set()
    return {
        key: _digest(value, folder) or value if isinstance(value, str) else value
        for key, value in frontmatter.items()
        if key not in moved or not str(value).startswith(("./", "../", "['./", "['../"))
    }


def _with_contents(text: str, folder: Path, find: Any) -> str:
    """A text with the digest of each file that it names in place of the name."""
    return replace_addresses(text, find(text), lambda to: _digest(to, folder))


def _digest(name: str, folder: Path) -> str | None:
    from urllib.parse import unquote

    for way in (name, unquote(name)):
        try:
            file = folder / way.removeprefix("./")
            if way and not way.startswith("/") and file.is_file():
                return hashlib.sha256(file.read_bytes()).hexdigest()
        except (OSError, ValueError):
            return None
    return None


def count_blocks(data: dict[str, Any], tool: str) -> Counter[str]:
    """The blocks of an outline by their kind; `not a block` are elements in Markdown or raw that could be one."""
    count: Counter[str] = Counter()
    for slide in data["slides"]:
        count["title"] += "title" in slide
        _count(slide.get("body", []), count, tool, titled="title" in slide)
    return count


def _count(body: list[Any], count: Counter[str], tool: str, *, titled: bool) -> None:
    from talkgen.importers.pieces import markdown_pieces
    from talkgen.render.grammar import LONGEST

    for block in body:
        if isinstance(block, str) or "markdown" in block or "raw" in block:
            count["raw" if "raw" in block and not isinstance(block, str) else "markdown"] += 1
            text = block if isinstance(block, str) else block.get("markdown") or (block["raw"][tool])
            for piece in markdown_pieces(text) if len(text) < LONGEST and "> > > > > > > >" not in text else ():
                could = piece.kind in ("list", "fence", "table", "quote", "math")
                could |= piece.kind == "heading" and not titled and piece.source.startswith("# ")
                could |= bool(re.fullmatch(r"!\[[^\]]*\]\([^)]*\)", piece.source)) or "<Toc" in piece.source
                count["not a block"] += could
        else:
            count[next(key for key in block if key in EXISTING)] += 1
            for column in block.get("columns", []) if isinstance(block.get("columns"), list) else []:
                _count(column, count, tool, titled=True)


def _summary(rows: list[Comparison]) -> list[str]:
    lines = []
    for tool, other in (("marp", "Slidev"), ("slidev", "Marp")):
        of = [row for row in rows if row.tool == tool]
        slides, same = sum(row.slides for row in of), sum(row.slides - len(row.different) for row in of)
        shown, whole, bare = (sum(getattr(row, name) for row in of) for name in ("shown", "whole", "bare"))
        lines.append(
            f"- {tool.capitalize()}: {same} of {slides} slides of {len(of)} decks are the same; in {other} {whole} of "
            f"{shown} are whole ({whole / shown:.1%}; without those that name what the project does not have "
            f"{(whole - bare) / shown:.1%})"
        )
    return lines


def main(folder: Path, page: Path) -> None:
    """Writes the table of all decks."""
    import tempfile

    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, (deck, root) in enumerate(decks_in(folder)):
            rows.append(compare(deck, root, Path(scratch, str(number))))
            print(rows[-1].name, rows[-1].different, f"{rows[-1].share:.0%}", flush=True)
    lines = [
        "# Imported decks",
        "",
        "Real decks, each imported and written for its own tool again. Marp's engine and Slidev's parser read both: a",
        "slide is the same if its HTML, or its settings and content, and its note are equal, files compared by their",
        "contents; with a Marp deck's first slide its CSS is compared, too. Blocks are the share of elements that are",
        "blocks of an outline, of all for which there is one. A slide is whole in the other tool if nothing of it is",
        "lost there: each loss is told by the build. Components and slides of other files that the project does not",
        "have are lost in both tools, their names shown and told. Made by",
        "`python tests/importers/same_deck.py DECKS`.",
        "",
        *_summary(rows),
        "",
        "| deck | tool | slides | the same | blocks | files | whole in the other tool |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {row.name} | {row.tool} | {row.slides} | {row.slides - len(row.different)} | {row.share:.0%} "
            f"| {row.files} | {row.whole} of {row.shown} |"
            for row in rows
        ),
        "",
    ]
    page.write_text("\n".join(lines), encoding="utf-8")
    made = sum(sum(row.blocks[key] for key in (*EXISTING, "title")) for row in rows)
    left = sum(row.blocks["not a block"] for row in rows)
    for row in rows:
        for each in row.untold:
            print(f"not told: {row.name}: {each}")
    print(f"{len(rows)} decks, {sum(not row.different for row in rows)} the same, {made / (made + left):.1%} blocks")


if __name__ == "__main__":
    main(Path(sys.argv[1]), ROOT / "docs" / "imported-decks.md")
