"""Runs the real Slidev over a project folder: a static site, PDF, PPTX or PNGs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from talkgen.errors import ToolError
from talkgen.export.browser import find_browser
from talkgen.export.node import Report, run_node
from talkgen.export.packages import pins_of, slidev_packages

_SECONDS = 600
_SMALLEST_PAGE = 2000  # bytes a slide; an export on a cold cache can come out empty with exit code 0


def export_slidev(folder: Path, format: str, report: Report) -> list[Path]:
    """Builds or exports the Slidev project in `folder`; the files made, in order.

    Raises:
        ToolError: Slidev or the browser is missing or failed.
    """
    with _node_modules(folder, report):
        if format == "html":
            return [_build_site(folder, report)]
        return _export_through_browser(folder, format, report)


@contextmanager
def _node_modules(folder: Path, report: Report) -> Iterator[None]:
    """Slidev finds its packages in the project; 600 MB stay in the cache behind a link that goes away again."""
    link = folder / "node_modules"
    _link(link, slidev_packages(pins_of(folder), report) / "node_modules")
    try:
        yield
    finally:
        link.unlink()


def _link(link: Path, target: Path) -> None:
    """A link to a folder; on Windows a junction, which every user may make."""
    if os.name == "nt":
        subprocess.run(["cmd", "/c", "mklink", "/J", str(link), str(target)], capture_output=True, check=True)  # noqa: S607
    else:
        link.symlink_to(target, target_is_directory=True)


def _slidev(folder: Path, arguments: list[str]) -> None:
    cli = folder / "node_modules" / "@slidev" / "cli" / "bin" / "slidev.mjs"
    run_node([str(cli), *arguments], cwd=folder, timeout=_SECONDS)


def _build_site(folder: Path, report: Report) -> Path:
    report("Slidev: building site/")
    _slidev(folder, ["build", "slides.md", "--out", "site", "--router-mode", "hash"])
    page = folder / "site" / "index.html"
    if not page.is_file():
        raise ToolError("Slidev built no site/index.html")
    _preload_modules(page)
    return page


def _preload_modules(page: Path) -> None:
    """Lets the page fetch every slide's module when it opens, so that a talk goes on when its server is gone."""
    text = page.read_text(encoding="utf-8")
    names = (file.relative_to(page.parent).as_posix() for file in sorted((page.parent / "assets").rglob("*.js")))
    links = [f'<link rel="modulepreload" crossorigin href="/{name}">' for name in names if name not in text]
    page.write_text(text.replace("</head>", "\n".join([*links, "</head>"]), 1), encoding="utf-8")


def _export_through_browser(folder: Path, format: str, report: Report) -> list[Path]:
    browser = find_browser()
    report(f"Slidev: writing slides.{format} with {browser.name}")
    output = "slides" if format == "png" else f"slides.{format}"
    arguments = ["export", "slides.md", "--format", format, "--output", output, "--executable-path", str(browser)]
    # Waiting for the network to fall silent also waits for Vite's first optimization of a cold cache.
    _slidev(folder, [*arguments, "--wait", "1000", "--timeout", "120000", "--wait-until", "networkidle"])
    made = sorted((folder / output).glob("*.png")) if format == "png" else [folder / output]
    if not made or not made[0].exists() or any(file.stat().st_size < _SMALLEST_PAGE for file in made):
        for file in made:
            file.unlink(missing_ok=True)
        shutil.rmtree(folder / output, ignore_errors=True)
        raise ToolError(f"Slidev wrote no usable slides.{format}", "try again: its first start can come out empty")
    return made
