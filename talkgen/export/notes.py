"""Pages for the speaker: each slide as a picture with its notes below, printed by the installed browser."""

from __future__ import annotations

import html
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from talkgen.assets import asset_dir
from talkgen.errors import ToolError
from talkgen.export.browser import apart, find_browser
from talkgen.export.pages import Page
from talkgen.export.pdf import finish_pdf
from talkgen.fonts import faces_of, share_out
from talkgen.words import DeckWords, direction

_SECONDS = 120
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_PRINT = ("--no-pdf-header-footer", "--generate-pdf-document-outline")
_HEADING = re.compile(r"(</?h)([1-5])(?=>)")  # of the notes, which stand below the slides'
_STYLE = """
@page { size: A4; margin: 16mm 18mm 20mm; @bottom-center { content: counter(page); font: 10pt Inter; } }
body { margin: 0; font: 11.5pt/1.45 Inter, FAMILIES sans-serif; color: #1a1a1a; }
section { break-after: page; }
section:last-child { break-after: auto; }
h1 { margin: 0 0 4mm; font-size: 14pt; }
img { display: block; width: 100%; margin-bottom: 7mm; border: 0.3mm solid #999; }
code, pre { font-family: "JetBrains Mono", FAMILIES monospace; font-size: 0.9em; }
"""


def write_notes(file: Path, pages: Sequence[Page], words: DeckWords) -> None:
    """Prints a page a slide, more where its notes are long; bookmarks are the titles, with the slides' numbers.

    Raises:
        ToolError: the browser is missing or failed.
    """
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="talkgen-notes-") as folder:
        page = Path(folder, "notes.html")
        page.write_text(_page(pages, words), encoding="utf-8")
        command = [str(browser), *_FLAGS, *_PRINT, f"--user-data-dir={folder}/settings", f"--print-to-pdf={file}"]
        command.append(page.as_uri())
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_SECONDS, env=os.environ | apart(folder)
            )
        except subprocess.TimeoutExpired:
            raise ToolError(f"{browser.name} did not print {file.name} within {_SECONDS} s", "try again") from None
    if not file.is_file():
        raise ToolError(f"{browser.name} printed no {file.name}: {done.stderr.strip()[-500:]}")
    titles = [_title(page, words) for page in pages]
    finish_pdf(file, words, page_a_slide=False, bookmarks=titles)


def _page(pages: Sequence[Page], words: DeckWords) -> str:
    from markdown_it import MarkdownIt

    # Notes are written for a speaker's eyes: a new line stays one, and tags are shown.
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
    fonts = asset_dir("templates") / "fonts"
    faces = (fonts / "fonts.css").read_text(encoding="utf-8").replace("./", f"{fonts.as_uri()}/")
    more, families = _letters("\n".join(f"{said.title}\n{said.notes}" for said in words.slides), words.lang)
    shown = []
    for page in pages:
        said = words.slides[page.slide]
        number, _, title = map(html.escape, _title(page, words).partition(" · "))
        text = html.escape(said.text or said.title)
        picture = f'<img src="{page.picture.as_uri()}" alt="{text}">'
        spoken = _HEADING.sub(lambda found: f"{found[1]}{int(found[2]) + 1}", markdown.render(said.notes))
        heading = f"<h1>{number} · <bdi>{title}</bdi></h1>"
        shown.append(f'<section>{heading}{picture}<div dir="auto">{spoken}</div></section>')
    style = f"{faces}{more}{_STYLE.replace('FAMILIES', families)}"
    head = f"<meta charset=utf-8><title>{html.escape(words.title)}</title><style>{style}</style>"
    lang = html.escape(words.lang)
    return (
        f'<!doctype html><html lang="{lang}" dir="{direction(words.lang)}">{head}<body>{"".join(shown)}</body></html>'
    )


def _title(page: Page, words: DeckWords) -> str:
    return f"{page.slide + 1} · {words.slides[page.slide].title}"


def _letters(text: str, lang: str) -> tuple[str, str]:
    """The fonts of a text's letters that ours lack: their rules, and their names for a list of families."""
    faces = faces_of(share_out(text, lang)[0])
    names = dict.fromkeys(f'"{face.font.name}",' for face in faces)
    return "".join(face.css(face.file.as_uri()) for face in faces), " ".join(names)
