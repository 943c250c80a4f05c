"""What of a slide is not on the same slide in the other tool, and which of it no note of that slide names.

Read from the sources alone: what is translated is listed here a second time, in words of what Slidev and Marp document.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from talkgen.outline.addresses import file_name, html_addresses, markdown_addresses
from talkgen.outline.schema import Slide
from talkgen.outline.walk import find_texts
from talkgen.render.icons import icon_sign
from talkgen.render.tags import KNOWN

_CODE = re.compile(
    r"""^ *(?P<fence>`{3,}|~{3,}).*?^ *(?P=fence)|(?P<tag><[A-Za-z](?:[^<>"'`]|"[^"]*"|'[^']*')*>)"""
    r"""|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)""",
    re.DOTALL | re.MULTILINE,
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"""(?<!\\)<(?P<name>[A-Za-z][\w:.-]*)(?P<rest>(?:[^<>"']|"[^"]*"|'[^']*')*)>""")
_ATTRIBUTE = re.compile(r"""\s(?P<name>v-[\w:.-]+|[:@#][\w:.-]+)(?=[\s=/>]|$)""")
_AT_CLICKS = {"v-click", "v-clicks", "v-after", "vclick", "vclicks", "vafter", "vclickgap"}
_SHOWN = {
    "toc",
    "youtube",
    "iframe",
    "svg",
    "link",
    "tweet",
    "poweredbyslidev",
    "transform",
    "slidevvideo",
    "arrow",
    "v-drag-arrow",
    "template",
    "style",
    "script",
}
_LIKE = {"section", "article", "header", "footer", "main", "nav", "center", "address", "fieldset", "form", "pre",
         "button", "label", "font", "tt", "big", "nobr"}  # fmt: skip
# How an element comes in, what is done with it, and what is there in the end anyway.
_EFFECTS = re.compile(
    r"v-(click|after|motion|mark|pre|drag)[\w:.-]*|:(initial|enter|leave|visible[\w-]*|delay|duration|click-\d+|key|ref)|@.*"
)
_SAY_NOTHING = set(
    "layout class title level hide disabled hideInToc toc clicks clicksStart preload transition routeAlias name theme "
    "color background image url backgroundSize mdc src duration titleTemplate lineNumbers drawings highlighter info "
    "author favicon fonts download export addons css colorSchema routerMode aspectRatio canvasWidth themeConfig "
    "defaults "
    "presenter record remote selectable seoMeta keywords exportFilename htmlAttrs monaco monacoTypesSource".split()
)
_WORDS = re.compile(r"[^\W\d_]{4,}")


def source_of(slide: Slide) -> str:
    """All that a slide says to its audience, its raw source too."""
    texts = (text for text in find_texts(slide) if text.path[0] in ("title", "subtitle", "body"))
    return "\n\n".join(text.text for text in texts if text.path[-1] not in ("code", "mermaid", "math", "options"))


def unnamed(slide: Slide, native: str, page: str, settings: Any, sheet: str, notes: Iterable[str]) -> Iterator[str]:
    """What is on the slide, and neither on its page in the other tool, with its settings and style, nor in a note."""
    source = source_of(slide)
    prose = _COMMENT.sub(" ", _CODE.sub(lambda found: found["tag"] or " ", source))
    there = f"{page}\n{json.dumps(settings, ensure_ascii=False)}\n{sheet}"
    told = "\n".join(notes)
    yield from _tags(prose, native, there, told)
    for kind in ("style", "script"):
        for inside in re.findall(rf"^ *<{kind}\b(?! setup)[^>]*>(.*?)</{kind}", prose, re.DOTALL | re.MULTILINE):
            rule = re.search(r"([\w-]+)\s*:\s*[^;{}]+", re.sub(r"/\*.*?\*/", "", inside, flags=re.DOTALL))
            if not (kind == "style" and (not rule or rule[1] in there)) and f"a {kind}" not in told:
                yield f"<{kind}>"
    shown = re.sub(r"<script\b[^>]*>", " ", prose)
    for address in (*markdown_addresses(shown), *html_addresses(shown)):
        name = file_name(address.to).rpartition("/")[2]
        is_there = name in there or quote(name) in there
        if name and not is_there and address.to not in told and "picture behind" not in told:
            yield address.to
    for name, value in (slide.frontmatter if native == "slidev" else slide.directives).items():
        if name.removeprefix("_") in ("paginate", "headingDivider", "math", "marp", "size", "style"):
            continue
        is_there = native == "marp" and all(part in there for part in re.findall(r"[\w-]{3,}", str(value)))
        if name.removeprefix("_") not in _SAY_NOTHING and not is_there and name not in told:
            yield f"{name}: {value}"


def _tags(prose: str, native: str, there: str, told: str) -> Iterator[str]:
    fit = "tags do not fit" not in told
    for tag in _TAG.finditer(re.sub(r"<(style|svg)\b.*?</\1\s*>", "", prose, flags=re.DOTALL)):
        name, key = tag["name"], tag["name"].lower()
        is_html = name == key and (key in KNOWN or key in _LIKE)
        shown = is_html or key in _AT_CLICKS | _SHOWN or icon_sign(name) or key.endswith(":")
        if not (shown or f"<{name}>" in told or (native == "marp" and f"&lt;{name}" in there)) and fit:
            yield f"<{name}>"
        if is_html and native == "slidev":
            for found in _ATTRIBUTE.finditer(re.sub(r"\"[^\"]*\"|'[^']*'", '""', tag["rest"])):
                if not _is_told(found["name"], tag["rest"], there, told):
                    yield f"<{name} {found['name']}>"


def _is_told(name: str, attributes: str, there: str, told: str) -> bool:
    """Whether a directive of Vue is an effect, is seen, or is named in the note of its element."""
    is_named = re.search(rf"\([^)\n]*{re.escape(name)}", told)
    return bool(_EFFECTS.fullmatch(name) or name in there or is_named or _is_seen(name, attributes, there))


def _is_seen(name: str, attributes: str, there: str) -> bool:
    """Whether what the value of an attribute names is on the page: classes that it leads to, a picture's file."""
    found = re.search(rf"""{re.escape(name)}\s*=\s*(?:"([^"]*)"|'([^']*)')""", attributes)
    names = re.findall(r"['`}]([^'`${}]+)['`]", (found[1] or found[2] or "") if found else "")
    shown = found is not None and re.fullmatch(
        r"\s*\$(slidev\.nav\.)?clicks\s*>=?\s*[\w+ ]+", found[1] or found[2] or ""
    )
    return bool(shown) or any(part in there for each in names for part in each.split("/")[-1].split())
