"""Which tool a deck was written for, by its settings and its syntax."""

from __future__ import annotations

import re

_FRONT_MATTER = re.compile(r"\s*+-{3,}+[^\n]*+\n(.*?)^---", re.MULTILINE | re.DOTALL)
_MARP_KEY = re.compile(r"^(marp|headingDivider|_?backgroundColor|_class|_?color)\s*:", re.MULTILINE)
_SLIDEV_KEY = re.compile(
    r"^(mdc|comark|drawings|highlighter|canvasWidth|aspectRatio|routerMode|colorSchema|layout|fonts|download|"
    r"titleTemplate|favicon|lineNumbers|monaco|addons|clicks|background|layoutClass|seoMeta)\s*:|"
    r"^theme:\s*['\"]?(none|seriph|apple-basic|bricks|shibainu|@[\w-]+/slidev-.*|slidev-theme-.*)['\"]?\s*$",
    re.MULTILINE,
)
_MARP_TEXT = re.compile(
    r"^!\[bg|<!--\s*_?(class|paginate|backgroundColor|header|footer|theme|color|fit)\b", re.MULTILINE
)
_SLIDEV_TEXT = re.compile(
    r"<v-click|<(?:AutoFitText|BlueSky|LightOrDark|RenderWhen|SlidevVideo|Toc|Tweet|VClicks?|VDrag|VSwitch|Youtube)\b|"
    r"<[^<>]+\sv-(?:click|after|motion|mark|drag|if|for)\b|^::\w[\w-]*::|^`{3,}\w+ \{(?:all|\*|[\d,-]+)[|}]|"
    r"^-{3,}\n(?:[^\n]*\n)??(layout|clicks|transition|src|hide|disabled|hideInToc|level)\s*:",
    re.MULTILINE,
)


def is_slidev(text: str) -> bool:
    """Whether a deck was written for Slidev; a deck that could be either is one for Marp."""
    head = _FRONT_MATTER.match(text)
    settings = head[1] if head else ""
    if re.search(r"^marp\s*:", settings, re.MULTILINE):
        return False
    marp = 3 * len(_MARP_KEY.findall(settings)) + len(_MARP_TEXT.findall(text))
    return 3 * len(_SLIDEV_KEY.findall(settings)) + len(_SLIDEV_TEXT.findall(text)) > marp
