"""Code listings as Slidev reads them: it gives up on unknown languages, and runs some or sends them away."""

from __future__ import annotations

import re
from functools import cache

from talkgen.assets import asset_dir
from talkgen.render.escape import fence

_PLAIN = "text"
_INFO = re.compile(r"(?P<language>[^\s{]*)(?:.*?(?P<steps>\{(?:[\d\s,|*-]|all)+\}))?")


def known_language(name: str) -> str:
    """The language as Slidev's highlighter calls it; "text" for one that it does not know."""
    return name.lower() if name.lower() in _languages() else _PLAIN


@cache
def _languages() -> frozenset[str]:
    lines = (asset_dir("templates") / "slidev" / "languages.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def slidev_listing(code: str, info: str) -> str:
    """A listing with the language and the steps of what stands behind a fence, and nothing else of it."""
    found = _INFO.match(info)
    language, steps = (found["language"], found["steps"]) if found else ("", None)
    return fence(code, known_language(language) + (f" {steps}" if steps else ""))
