"""What a deck can be written for: Marp and Slidev, each with its renderer, its exporter and the templates these read.

Renderers and exporters are loaded when a deck has to be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen.assets import asset_dir

if TYPE_CHECKING:
    from talkgen.render.deck import Deck, Rendering

Report = Callable[[str], None]
_EVERY = ("web/*.js", "web/elements/*.js", "fonts/fonts.css")  # for every deck: it says which letters need another font
_OURS = ("themes/*.j2", "fonts/*.woff2")  # for decks in a theme of ours
_ANSWERS = ("web/page/*.js",)  # for those that carry their models
_LOOKS = {"gaia": ("marp/gaia.css", "fonts/gaia/*.woff2")}  # for those in a theme that asks another host
_THEIRS = ("themes/blocks.css.j2",)  # for those in the tool's own


@dataclass(frozen=True)
class Target:
    """A target: the source file that it reads, and the code and the templates that go into a deck for it."""

    name: str
    source: str
    renderer: str
    exporter: str  # makes the page to present
    printer: str  # makes everything else, through a browser
    starter: str | None  # what gets the tool ready beside other work, where that helps
    files: tuple[str, ...]  # of templates/ that the renderer reads or copies, as patterns
    ours: tuple[str, ...]  # and those for decks in a theme of ours
    theirs: tuple[str, ...]  # and those for decks in a theme of the tool's own
    tools: tuple[str, ...]  # of templates/ that the exporter reads, as patterns

    def render(self, deck: Deck) -> Rendering:
        """The files of the deck."""
        rendering: Rendering = _load(self.renderer)(deck)
        return rendering

    def export(self, folder: Path, format: str, report: Report) -> list[Path]:
        """Puts the rendering in `folder` through the real tool; the files to open.

        Raises:
            ToolError: the tool is missing or failed.
        """
        files: list[Path] = _load(self.export_root(format))(folder, format, report)
        return files

    def export_root(self, format: str) -> str:
        """Where the code starts that makes a format."""
        return self.exporter if format == "html" else self.printer

    def get_ready(self, deck: Path, report: Report) -> None:
        """Lets the tool start beside what has to be done before it is needed; in the folder `deck` is one of before."""
        if self.starter:
            _load(self.starter)(deck, report)

    def templates(self, theme: str | None, *, answers: bool) -> Iterator[Path]:
        """The files of templates/ that count for a deck in a `theme` of the tool's own, or in ours where that is None.

        And for one that answers by itself, or not.
        """
        look = self.ours if theme is None else (*self.theirs, *_LOOKS.get(theme, ()))
        patterns = (*self.files, *look, *(_ANSWERS if answers else ()))
        for pattern in patterns:
            yield from sorted(asset_dir("templates").glob(pattern))

    def export_files(self) -> Iterator[Path]:
        """The files of templates/ that the exporter reads: what it runs, and the lock files of the npm packages."""
        for pattern in self.tools:
            yield from sorted(asset_dir("templates").glob(pattern))


TARGETS = {
    "marp": Target(
        name="marp",
        source="deck.md",
        renderer="talkgen.render.marp:render_marp",
        exporter="talkgen.export.marp:export_marp",
        printer="talkgen.export.marp:print_marp",
        starter="talkgen.export.marp_process:start_marp",
        files=_EVERY,
        ours=("marp/theme.css.j2", *_OURS),
        theirs=("marp/plain.css.j2", *_THEIRS),
        tools=("node/marp/package-lock.json", "node/marp.cjs", "marp/*.mjs"),
    ),
    "slidev": Target(
        name="slidev",
        source="slides.md",
        renderer="talkgen.render.slidev:render_slidev",
        exporter="talkgen.export.slidev:export_slidev",
        printer="talkgen.export.slidev:print_slidev",
        starter=None,
        files=(
            *_EVERY,
            "slidev/favicon.svg",
            "slidev/languages.txt",
            "slidev/vite.config.ts",
        ),
        ours=("slidev/style.css.j2", "slidev/shiki.ts.j2", "slidev/unocss.ts", *_OURS),
        tools=("node/slidev/package-lock.json", "slidev/tags.mjs", "slidev/vite-plugins.ts"),
        theirs=("slidev/plain.css.j2", "slidev/own_classes.ts", "slidev/themes.json", *_THEIRS),
    ),
}


def _load(root: str) -> Any:
    module, _, name = root.partition(":")
    return getattr(import_module(module), name)
