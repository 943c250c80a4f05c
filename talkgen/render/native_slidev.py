"""A talk that is native to Slidev as the Slidev project that it was: settings, Markdown, notes, code."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from talkgen.errors import TalkgenError
from talkgen.outline import blocks
from talkgen.outline.addresses import file_name, prose
from talkgen.outline.node import Holds
from talkgen.outline.remote import FAVICON
from talkgen.outline.schema import Slide, ThemeNames
from talkgen.outline.wanted import is_path
from talkgen.render import letters
from talkgen.render.deck import BlockPath, Deck, Degraded, Rendering
from talkgen.render.elements import elements_script, models_script
from talkgen.render.native import NativeWriter, setting_lines
from talkgen.render.slidev import SlidevWriter
from talkgen.render.slidev_project import imports_first, in_project, package_json, page_head, vite_config
from talkgen.render.themes import style_sheet
from talkgen.render.words import deck_words
from talkgen.words import WORDS

_SLOTS = {"two-cols": ("", "::right::\n\n"), "two-cols-header": ("::left::\n\n", "::right::\n\n")}
# What Slidev reads beside the slides by itself (its guide, "Directory Structure"), and what snippets are kept in.
FOLDERS = ("components", "layouts", "public", "setup", "snippets", "styles")
HOSTS = {"Tweet": "platform.twitter.com", "BlueSky": "embed.bsky.app", "Youtube": "www.youtube.com"}  # by component
_SHOWS = re.compile(r"<(?P<name>Tweet|BlueSky|Youtube)\b")
ADDON = "talkgen-addon"  # the folder of what is added
_ABOUT = '{"name": "talkgen-addon", "private": true}\n'
FILES = (
    "custom-nav-controls.vue", "global-bottom.vue", "global-top.vue", "index.html", "package.json", "slide-bottom.vue",
    "slide-top.vue", "style.css", "styles.css", "uno.config.js", "uno.config.ts", "unocss.config.ts", "vite.config.js",
    "vite.config.ts",
)  # fmt: skip


class NativeSlidevWriter(NativeWriter, SlidevWriter):
    """Blocks as an author of Slidev decks writes them."""

    holds = Holds.SLIDEV
    layout = ""  # of the slide at hand

    def relink(self, source: str, holds: Holds) -> str:
        """As in every deck; what a component shows of another host is told."""
        if holds is Holds.SLIDEV and _SHOWS.search(source):
            for name in dict.fromkeys(found["name"] for found in _SHOWS.finditer(prose(source))):
                self._ask(f"<{name}>", HOSTS[name])
        return super().relink(source, holds)

    def write_code(self, block: blocks.Code, path: BlockPath) -> str:
        """A listing; Slidev has a diagram of PlantUML's drawn elsewhere."""
        if block.language == "plantuml":
            self._ask("the diagram", str(self.deck.outline.frontmatter.get("plantUmlServer", "www.plantuml.com")))
        return super().write_code(block, path)

    def _ask(self, what: str, host: str) -> None:
        self.degraded.append(Degraded(self.where, f"{what} asks {host} when the slide is shown"))

    def revealed(self, text: str) -> str:
        """A block that waits for a click."""
        return f"<v-click>\n\n{text}\n\n</v-click>"

    def write_bullets(self, block: blocks.Bullets, path: BlockPath) -> str:  # noqa: ARG002 – one signature for all
        """A list; `v-clicks` shows its items one by one."""
        text = "\n".join(self.list_items(block.bullets, block.numbered, "-"))
        return f"<v-clicks>\n\n{text}\n\n</v-clicks>" if block.reveal else text

    def write_image(self, block: blocks.Image, path: BlockPath) -> str:
        """A picture of Markdown's where it asks for nothing else."""
        if block.model_fields_set - {"image", "alt", "tight", "reveal", "id"}:
            return super().write_image(block, path)
        return self.text(f"![{block.alt}]({block.image})")

    def write_columns(self, block: blocks.Columns, path: BlockPath) -> str:
        """Columns as the slots of a layout that has them."""
        slots = _SLOTS.get(self.layout)
        if not slots or len(block.columns) != len(slots) or block.widths or block.around or len(path) != 4:
            return super().write_columns(block, path)
        columns = [self.write(column, (*path, "columns", i)) for i, column in enumerate(block.columns)]
        return "\n\n".join(f"{slot}{column}" for slot, column in zip(slots, columns, strict=True) if slot or column)

    def write_toc(self, block: blocks.Toc, path: BlockPath) -> str:  # noqa: ARG002
        """Slidev's own table of contents."""
        columns = f' columns="{block.columns}"' if "columns" in block.model_fields_set else ""
        return f"<Toc{columns} />" if block.toc else ""

    def write_raw(self, block: blocks.Raw, path: BlockPath) -> str:
        """Source for Slidev as it stands."""
        return self.raw(block.raw.slidev, Holds.SLIDEV, path)


def render_native_slidev(deck: Deck) -> Rendering:
    """The files of a Slidev project that is its author's own."""
    writer = NativeSlidevWriter(deck)
    pages = [_page(writer, slide, number) for number, slide in enumerate(deck.outline.slides)]
    text = "\n\n".join(pages) + "\n"
    files: dict[str, str | Path] = {"slides.md": text, **_project_files(deck)}
    files[WORDS] = deck_words(deck).to_json()
    addon = _addon(writer, has_blocks="tg-" in text or "<talkgen-" in text)
    files |= {"package.json": _package_json(deck, is_added_to=bool(addon)), **addon}
    files = {**dict(_stand_ins(writer.missing, text)), **files}
    return Rendering(files | writer.files, tuple(writer.degraded), tuple(writer.missing))


def _stand_ins(missing: Iterable[str], text: str) -> Iterator[tuple[str, str]]:
    """Files in place of those that are not there, without which Slidev builds nothing: listings say so in a comment."""
    for name in missing:
        bare = file_name(name)
        place = posixpath.normpath(f"public{bare}" if bare.startswith("/") else bare)
        if place.startswith((".", "/")):
            continue
        is_listing = re.search(rf"^[ \t]*<<<[ \t]*(?:@/)?{re.escape(name)}", text, re.MULTILINE)
        yield place, f"// there is no file '{name}'\n" if is_listing else ""


def _package_json(deck: Deck, *, is_added_to: bool) -> str:
    """What the author's project says of itself to npm and to Slidev, and what is installed for the talk."""
    own = deck.folder / "package.json"
    about = {**json.loads(package_json(deck)), **_said(own)}
    if is_added_to:
        slidev = about["slidev"] if isinstance(about.get("slidev"), dict) else {}
        addons = slidev["addons"] if isinstance(slidev.get("addons"), list) else []
        about["slidev"] = {**slidev, "addons": [*addons, in_project(ADDON)]}
    return json.dumps(about, indent=1) + "\n"


def _said(package: Path) -> dict[str, Any]:
    """What a `package.json` says.

    Raises:
        TalkgenError: it cannot be read.
    """
    try:
        said = json.loads(package.read_bytes()) if package.is_file() else {}
    except (OSError, ValueError, RecursionError) as error:
        raise TalkgenError(f"{package} is no JSON: {error}") from None
    if not isinstance(said, dict):
        raise TalkgenError(f"{package} is no package of npm's", "as in: {}")
    return said


def _project_files(deck: Deck) -> dict[str, str | Path]:
    """The files beside the outline that Slidev reads by itself; links that lead out of the talk's folder are none."""
    folder = deck.folder
    names, own = [folder / name for name in FILES], folder.resolve()
    named = [*FOLDERS, *filter(is_path, _named(deck))]
    folders = [each for each in named if own in Path(own, each).resolve().parents]
    names += [Path(where, name) for each in folders for where, _, files in os.walk(folder / each) for name in files]
    return {
        Path(os.path.relpath(file, folder)).as_posix(): file
        for file in sorted(names)
        if file.is_file() and file.resolve().is_relative_to(own) and "node_modules" not in file.parts
    }


def _named(deck: Deck) -> list[str]:
    """The theme and the addons that the author named."""
    theme = deck.outline.theme
    addons = deck.outline.frontmatter.get("addons")
    own = [theme.slidev] if isinstance(theme, ThemeNames) and theme.slidev else []
    return [*own, *(str(name) for name in (addons if isinstance(addons, list) else []))]


def _addon(writer: NativeSlidevWriter, *, has_blocks: bool) -> dict[str, str | Path]:
    """What is added to a project that has none of it, as an addon of Slidev's: the author's own files stay theirs.

    It brings talkgen's own blocks, the outline's style, and what was fetched of other hosts.
    """
    deck, own = writer.deck, writer.style()
    if not (has_blocks or own or deck.fetched):
        return {}
    files: dict[str, str | Path] = {"package.json": _ABOUT, "vite.config.ts": vite_config(writer, "..")}
    files["style.css"] = imports_first(own)
    public: dict[str, str | Path] = {}
    if has_blocks:
        files["style.css"] = imports_first(style_sheet("slidev/plain.css.j2", deck, own, letters.NONE))
        public["public/talkgen.js"] = elements_script()
    if has_blocks and deck.models:
        public["public/talkgen-models.js"] = models_script(deck.models)
    if has_blocks or deck.fonts in deck.fetched:
        files["index.html"] = page_head(writer, has_blocks=has_blocks)
    return {f"{ADDON}/{name}": content for name, content in files.items()} | public


def _page(writer: NativeSlidevWriter, slide: Slide, number: int) -> str:
    values = _headmatter(writer) if number == 0 else {}
    writer.turn_to(slide)
    writer.where, writer.layout = f"slide {number + 1}", slide.layout
    values |= _frontmatter(writer, slide)
    body = "\n\n".join(_slide_parts(writer, slide, number))
    if not values:
        return f"---\n\n{body}" if number else body
    return "\n".join(["---", *setting_lines(values), "---", "", body])


def _headmatter(writer: NativeSlidevWriter) -> dict[str, Any]:
    """What the author set for the talk, and no more."""
    outline = writer.deck.outline
    given = outline.given
    theme = outline.theme.slidev if isinstance(outline.theme, ThemeNames) else None
    values: dict[str, Any] = {"theme": theme} if theme else {}
    for key, name in (("title", "title"), ("author", "author"), ("info", "description"), ("transition", "transition")):
        if name in given and getattr(outline, name) != "":
            values[key] = getattr(outline, name)
    values |= writer.relink_settings(outline.frontmatter)
    if isinstance(addons := values.get("addons"), list):
        values["addons"] = [_addon_name(name, writer.deck) for name in addons]
    if FAVICON in writer.deck.fetched:
        values["favicon"] = writer.address(FAVICON)
    if writer.deck.fonts in writer.deck.fetched:
        own = values.get("fonts")
        values["fonts"] = {**(own if isinstance(own, dict) else {}), "provider": "none"}
    return values


def _addon_name(name: JsonValue, deck: Deck) -> JsonValue:
    """An addon that is a folder of the project by the name that Slidev finds it under."""
    is_own = (
        isinstance(name, str) and not name.startswith(("/", "@")) and (deck.folder / name / "package.json").is_file()
    )
    return in_project(str(name)) if is_own else name


def _frontmatter(writer: NativeSlidevWriter, slide: Slide) -> dict[str, Any]:
    """What the author set for a slide, and no more."""
    given = slide.model_fields_set
    names = (("layout", "layout"), ("class", "class_"), ("transition", "transition"), ("routeAlias", "id"))
    values = {key: getattr(slide, name) for key, name in names if name in given}
    if slide.background is not None:
        values["background"] = writer.own(slide.background, Holds.BACKGROUND)
    if slide.hide and not {"hide", "disabled"} & slide.frontmatter.keys():
        values["hide"] = True
    if not slide.toc:
        values["hideInToc"] = True
    return values | writer.relink_settings(slide.frontmatter)


def _slide_parts(writer: NativeSlidevWriter, slide: Slide, number: int) -> Iterator[str]:
    if behind := writer.layers(slide.model_copy(update={"background": None})):
        yield behind
    if content := writer.content(slide, number):
        yield content
    if "notes" in slide.given:
        yield f"<!--\n{slide.notes}\n-->"
