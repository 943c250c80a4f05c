"""Runs the real Slidev over a project folder: a static site, PDF, PPTX, PNGs, or notes; with a page for each click."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from talkgen.assets import asset_dir
from talkgen.errors import ToolError
from talkgen.export.browser import find_browser
from talkgen.export.faults import FaultyDeckError, slidev_faults
from talkgen.export.node import ProgramError, Report, preloaded, run_node
from talkgen.export.packages import pins_of, slidev_packages
from talkgen.export.pages import Page, write_document
from talkgen.export.pdf import finish_pdf
from talkgen.files import new_folder
from talkgen.words import read_words

_SECONDS = 600
_OFFERS_PDF = re.compile(r"---\n(?:(?!---\n).*\n)*?download: *[\"']?(?:true|auto)\b")  # in the settings of a deck
_SMALLEST_PAGE = 2000  # bytes a slide; an export on a cold cache can come out empty with exit code 0


def export_slidev(folder: Path, format: str, report: Report) -> list[Path]:  # noqa: ARG001 – as the printer's
    """Builds the Slidev project in `folder`; the page to open.

    Raises:
        ToolError: Slidev is missing or failed.
    """
    with _node_modules(folder, report):
        return [_build_site(folder, report)]


def print_slidev(folder: Path, format: str, report: Report) -> list[Path]:
    """The slides as "pdf", "pptx", "png" or "notes"; with "-clicks" behind it, a page for each click. The files made.

    Raises:
        ToolError: Slidev or the browser is missing or failed.
    """
    kind, _, clicks = format.partition("-")
    name = f"slides{'.notes' if kind == 'notes' else ''}{'.clicks' if clicks else ''}"
    report(f"Slidev: writing {name}.{'pdf' if kind == 'notes' else kind} with {find_browser().name}")
    flags = ["--with-clicks"] if clicks else []
    with _node_modules(folder, report), tempfile.TemporaryDirectory(prefix="talkgen-pictures-") as scratch:
        if kind == "pdf":
            return [_print_pdf(folder, name, flags)]
        pages = list(_photograph(folder, Path(scratch, "pages"), flags))
        if kind == "png":
            return _keep_pictures(pages, folder / name)
        file = folder / f"{name}.{'pdf' if kind == 'notes' else kind}"
        write_document(kind, file, pages, folder)
        return [file]


@contextmanager
def _node_modules(folder: Path, report: Report) -> Iterator[None]:
    """Slidev's packages in the project, as long as it is exported."""
    made = link_packages(folder, report)
    try:
        yield
    finally:
        for each in made:
            each.unlink()


def link_packages(folder: Path, report: Report) -> list[Path]:
    """Slidev finds its packages in the project; 600 MB stay in the cache behind a link, which is made anew.

    The plugin that lets Vite's server read behind it goes where the project has none of its own. Both of them.
    """
    link, plugin = folder / "node_modules", folder / "setup" / "vite-plugins.ts"
    link.unlink(missing_ok=True)
    _link(link, slidev_packages(pins_of(folder), report) / "node_modules")
    if plugin.exists():
        return [link]
    plugin.parent.mkdir(exist_ok=True)
    shutil.copyfile(asset_dir("templates") / "slidev" / plugin.name, plugin)
    return [link, plugin]


def _link(link: Path, target: Path) -> None:
    """A link to a folder; on Windows a junction, which every user may make."""
    if os.name == "nt":
        subprocess.run(["cmd", "/c", "mklink", "/J", str(link), str(target)], capture_output=True, check=True)  # noqa: S607
    else:
        link.symlink_to(target, target_is_directory=True)


def _slidev(folder: Path, arguments: list[str]) -> None:
    """Runs Slidev's command over the project.

    Raises:
        FaultyDeckError: it cannot show some of it.
        ToolError: it failed for another reason.
    """
    cli = folder / "node_modules" / "@slidev" / "cli" / "bin" / "slidev.mjs"
    options = preloaded(asset_dir("templates") / "slidev" / "tags.mjs")
    with suppress(ToolError):  # only a deck that offers itself as a PDF needs one
        options["TALKGEN_BROWSER"] = str(find_browser())
    try:
        said = run_node([str(cli), *arguments], cwd=folder, timeout=_SECONDS, env=options)
    except ProgramError as error:
        _complain(error.output)
        raise
    _complain(said)  # an export goes on past a slide that cannot be shown


def _complain(said: str) -> None:
    if faults := list(slidev_faults(said)):
        raise FaultyDeckError("Slidev", faults)


def _build_site(folder: Path, report: Report) -> Path:
    """The page of the site.

    Its addresses are relative, so that it can lie in any folder of a host; but of a deck that offers itself as a PDF,
    which Slidev prints from the root of a server of its own.
    """
    report("Slidev: building site/")
    base = "/" if _OFFERS_PDF.match((folder / "slides.md").read_text(encoding="utf-8")) else "./"
    _slidev(folder, ["build", "slides.md", "--out", "site", "--router-mode", "hash", "--base", base])
    page = folder / "site" / "index.html"
    if not page.is_file():
        raise ToolError("Slidev built no site/index.html")
    _preload_modules(page)
    return page


def _preload_modules(page: Path) -> None:
    """Lets the page fetch every slide's module when it opens, so that a talk goes on when its server is gone."""
    text = page.read_text(encoding="utf-8")
    names = (file.relative_to(page.parent).as_posix() for file in sorted((page.parent / "assets").rglob("*.js")))
    links = [f'<link rel="modulepreload" crossorigin href="./{name}">' for name in names if name not in text]
    page.write_text(text.replace("</head>", "\n".join([*links, "</head>"]), 1), encoding="utf-8")


def _export(folder: Path, output: Path, flags: list[str]) -> list[Path]:
    """What Slidev writes to `output`, a PDF or a folder of pictures.

    Its first start, with Vite's cache cold and a machine that is busy, can come out empty: then it is asked once more.

    Raises:
        ToolError: it came out empty again.
    """
    browser = ["--executable-path", str(find_browser())]
    # Waiting for the network to fall silent also waits for Vite's first optimization of a cold cache.
    wait = ["--wait", "1000", "--timeout", "120000", "--wait-until", "networkidle"]
    kind = output.suffix.removeprefix(".") or "png"
    for _ in range(2):
        _slidev(folder, ["export", "slides.md", "--format", kind, "--output", str(output), *browser, *wait, *flags])
        made = [output] if output.is_file() else [*output.glob("*.png")]
        if made and all(file.stat().st_size >= _SMALLEST_PAGE for file in made):
            return made
    raise ToolError(f"Slidev wrote no usable pages of {folder}", "talkgen doctor checks the browser")


def _print_pdf(folder: Path, name: str, flags: list[str]) -> Path:
    """One PDF; of one with a page for each click Slidev knows which slides they belong to, and names them itself."""
    (file,) = _export(folder, folder / f"{name}.pdf", [*flags, "--with-toc"] if flags else [])
    finish_pdf(file, read_words(folder), page_a_slide=not flags)
    return file


def _photograph(folder: Path, out: Path, flags: list[str]) -> Iterator[Page]:
    """A picture of each slide, all of one size; Slidev names them by slide, or by slide and click."""
    made = _export(folder, out, flags)
    for file in sorted(made, key=lambda file: [int(number) for number in file.stem.split("-")]):
        yield Page(int(file.stem.split("-")[0]) - 1, file)


def _keep_pictures(pages: list[Page], folder: Path) -> list[Path]:
    """The pictures in a folder, under names that sort."""
    with new_folder(folder, flush=False) as stage:
        for page in pages:
            slide, *click = page.picture.stem.split("-")
            shutil.copyfile(page.picture, stage / f"{'-'.join([slide.zfill(3), *click])}.png")
    return sorted(folder.glob("*.png"))
