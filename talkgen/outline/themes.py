"""The themes and addons of the tools' own that an outline names: Marp's, style sheets, npm packages, local folders.

Knows their names and where their files are; asks no registry and runs no tool.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from talkgen.assets import project_dir, theme_file
from talkgen.errors import Problem, TalkgenError, did_you_mean
from talkgen.outline.addresses import css_addresses
from talkgen.outline.files import FileError, find_address, find_file
from talkgen.outline.schema import Outline, ThemeNames
from talkgen.outline.wanted import Wanted, is_path, split_package
from talkgen.style import style_names
from talkgen.yamlfile import Document, PathInData

MARP_THEMES = ("default", "gaia", "uncover")
NO_PACKAGE = ("default", "none")  # Slidev's own that come with it
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_NAMED = re.compile(r"@theme\s+([\w-]+)")
_IMPORTS = re.compile(r"@import(?:-theme)?\s+[\"']([\w-]+)[\"']")
_LEFT_OUT = {"node_modules", "dist", ".git"}
_MOST_FILES = 1_000  # of a local theme


def wanted_for_slidev(outline: Outline) -> tuple[Wanted, ...]:
    """What an outline asks for beside what comes with Slidev; a native talk has its folders where its deck had them."""
    found = []
    if isinstance(outline.theme, ThemeNames) and (outline.theme.slidev or "default") not in NO_PACKAGE:
        found.append(Wanted("theme", str(outline.theme.slidev), ("theme", "slidev")))
    addons = outline.frontmatter.get("addons")
    for index, name in enumerate(addons if isinstance(addons, list) else []):
        if isinstance(name, str):
            found.append(Wanted("addon", name, ("frontmatter", "addons", index)))
    return tuple(each for each in found if not (outline.native and each.is_local))


def check_themes(outline: Outline, document: Document) -> Iterator[Problem]:
    """A problem for each theme and addon that is not there, as far as can be seen here."""
    theme = outline.theme
    if isinstance(theme, str):
        yield from _check_style(theme, document, ("theme",))
    else:
        yield from _check_style(outline.drawn_in, document, ("theme", "figures"))
        if not outline.native:  # Marp takes any name, and says so where it knows none
            yield from _check_marp(theme.marp or "default", document)
    for number, slide in enumerate(outline.slides):
        if slide.theme is not None:
            yield from _check_slide_theme(slide.theme, outline, document, ("slides", number, "theme"))
    for wanted in wanted_for_slidev(outline):
        try:
            if wanted.is_local:
                theme_files(wanted.name, document.path)
            else:
                split_package(wanted.name)
        except TalkgenError as error:
            for problem in error.problems:
                yield document.problem(problem.message, problem.hint, wanted.path)


def _check_style(name: str, document: Document, path: PathInData) -> Iterator[Problem]:
    project = project_dir(document.path)
    if theme_file(name, project) is None:
        own = [tool for tool, names in {"marp": MARP_THEMES, "slidev": ("seriph",)}.items() if name in names]
        hint = f"'{name}' is {own[0].capitalize()}'s own: 'theme: {{{own[0]}: {name}}}'" if own else ""
        yield document.problem(f"there is no theme '{name}'", hint or did_you_mean(name, style_names(project)), path)


def _check_slide_theme(name: str, outline: Outline, document: Document, path: PathInData) -> Iterator[Problem]:
    if isinstance(outline.theme, str):
        yield from _check_style(name, document, path)
    else:
        yield document.problem("a tool's own theme is that of all slides", "give the talk a theme of ours", path)


def _check_marp(name: str, document: Document) -> Iterator[Problem]:
    try:
        if is_path(name):
            for file in marp_sheets(name, document.path).values():
                _check_sheet(file)
        elif name not in MARP_THEMES:
            near = did_you_mean(name, MARP_THEMES)
            raise TalkgenError(f"Marp has no theme '{name}'", f"{near}; a style sheet of your own goes by its path")
    except TalkgenError as error:
        for problem in error.problems:
            yield document.problem(problem.message, problem.hint, ("theme", "marp"))


def _check_sheet(file: Path) -> None:
    for address in css_addresses(_read(file)):
        try:
            find_address(address.to, file)
        except FileError as error:
            raise TalkgenError(f"{file.name}: {error.message}", "it is looked for beside the style sheet") from None


def marp_sheets(name: str, outline: Path) -> dict[str, Path]:
    """The style sheet `name` and those of its folder that it imports: files by the names that Marp knows them by.

    Raises:
        TalkgenError: it is not there, or says no name.
    """
    file = _found(name, outline)
    first = theme_name(file)
    sheets, waiting = {first: file}, [file]
    beside = {name: each for each in sorted(file.parent.glob("*.css")) if (name := name_in(_read(each)))}
    while waiting:
        for other in _IMPORTS.findall(_read(waiting.pop())):
            if other in beside and other not in sheets:
                sheets[other] = beside[other]
                waiting.append(beside[other])
            elif other not in sheets and other not in MARP_THEMES:
                raise TalkgenError(f"the theme '{first}' imports '{other}', and no style sheet beside it is called so")
    return sheets


def theme_name(file: Path) -> str:
    """What a style sheet for Marp calls itself.

    Raises:
        TalkgenError: it does not.
    """
    name = name_in(_read(file))
    if not name:
        raise TalkgenError(f"{file.name} says no name as a theme", "Marp wants a comment in it: /* @theme NAME */")
    return name


def name_in(css: str) -> str:
    """What one of a style sheet's comments calls it; empty where none does."""
    return next((named[1] for comment in _COMMENT.findall(css) if (named := _NAMED.search(comment))), "")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except ValueError:
        raise TalkgenError(f"{file.name} is no text in UTF-8") from None


def _found(name: str, outline: Path) -> Path:
    try:
        return find_file(name, outline)
    except FileError as error:
        raise TalkgenError(error.message, error.hint) from None


def theme_files(name: str, outline: Path) -> dict[str, Path]:
    """The files of a theme or an addon for Slidev in the folder `name` beside the outline, by their path in it.

    Raises:
        TalkgenError: it is not there, outside the project, or no such folder.
    """
    folder = (outline.parent / name).resolve()
    if not folder.is_relative_to(project_dir(outline)):
        raise TalkgenError(f"'{name}' is outside the project", "copy it beside the outline")
    if not folder.is_dir():
        raise TalkgenError(f"there is no folder '{name}'", "names are relative to the outline's folder")
    if outline.resolve().is_relative_to(folder):
        raise TalkgenError(f"the folder '{name}' holds the talk itself", "give the theme a folder of its own")
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    files = {inner: path for inner, path in files.items() if not _LEFT_OUT & set(Path(inner).parts)}
    if not files or len(files) > _MOST_FILES:
        raise TalkgenError(f"the folder '{name}' holds {len(files)} files", f"a theme has 1 to {_MOST_FILES}")
    return files
