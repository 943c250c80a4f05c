"""Code listings as Slidev reads them: it gives up on unknown languages, and runs some or sends them away."""

from __future__ import annotations

import re
from functools import cache

from talkgen.assets import asset_dir
from talkgen.outline.blocks import Code
from talkgen.render.escape import fence

_PLAIN = "text"
_DRAWN = "plantuml"  # is no language of a highlighter, and yet Slidev knows it
_STEPS = re.compile(r"\{(?:[\d\s,|*-]|all)+\}")


def known_language(name: str) -> str:
    """The language as Slidev's highlighter calls it; "text" for one that it does not know."""
    return name.lower() if name.lower() in _languages() else _PLAIN


@cache
def _languages() -> frozenset[str]:
    lines = (asset_dir("templates") / "slidev" / "languages.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _language(info: str) -> str:
    return re.split(r"[\s{]", info, maxsplit=1)[0]


def long_lines(block: Code, listing: str) -> str:
    """A listing whose long lines do what its block asks for; blank lines let Markdown in."""
    return f'<div class="tg-{block.long}">\n\n{listing}\n\n</div>' if block.long else listing


def slidev_listing(code: str, info: str) -> str:
    """A listing with the language and the steps of what stands behind a fence, and nothing else of it."""
    steps = _STEPS.search(info)
    return fence(code, known_language(_language(info)) + (f" {steps[0]}" if steps else ""))


def own_listing(code: str, info: str) -> str:
    """A listing in an author's own source for Slidev: as it is, but for a language that would stop the build."""
    language = _language(info)
    known = language if language in ("", _DRAWN) else known_language(language)
    return fence(code, known + info[len(language) :])
