"""What of a slide is not on the same slide in the other tool, and which of it no note of that slide names.

Read from the sources alone: what is translated is listed here a second time, in words of what Slidev and Marp document.
"""

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
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
_FENCE = re.compile(r"^ *(?P<fence>`{3,}|~{3,})[^\n]*\n(?P<code>.*?)^ *(?P=fence)", re.DOTALL | re.MULTILINE)
_FORMULA = re.compile(r"(?<!\\)\$\$(.+?)(?<!\\)\$\$|(?<![\\$\w])\$(?![\s$])([^$\n]*[^$\s\\])\$(?![\d$])", re.DOTALL)
_CLASS = re.compile(r"""\sclass\s*=\s*(?:"|(?P<single>'))((?(single)[^']*|[^"]*))""")
_TOLD = {
    "formula": ("formula", "tags do not fit"),
    "listing": ("listing", "snippet"),
    "class": ("tags do not fit",),
}  # words of a note
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
# A state that an element has at some clicks and not after all of them; what is shown with `v-if` alone is gone then.
_AT_ONE_CLICK = re.compile(r"clicks\s*===?\s*\d+\s*\?|^\s*\[\s*\d+\s*,\s*\d+\s*\]\s*$")
_SAY_NOTHING = set(
    "layout class title level hide disabled hideInToc toc clicks clicksStart preload transition routeAlias name theme "
    "color background image url backgroundSize mdc src duration titleTemplate lineNumbers drawings highlighter info "
    "author favicon fonts download export addons css colorSchema routerMode aspectRatio canvasWidth themeConfig "
    "defaults dragPos "
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
        is_carried = native == "marp" or name in ("style", "zoom")
        is_there = is_carried and all(part in there for part in re.findall(r"[\w-]{3,}", str(value)))
        if name.removeprefix("_") not in _SAY_NOTHING and not is_there and name not in told:
            yield f"{name}: {value}"


def unshown(slide: Slide, page: str, notes: Iterable[str]) -> Iterator[str]:
    """The formulas, lines of listings and classes of a slide that are not on its page, where no note says why."""
    told, there = "\n".join(notes), _bare(page)
    classes = {name for names in _CLASS.findall(unescape(page)) for name in names[1].split()}
    for kind, part in parts_of(slide):
        is_there = part in classes if kind == "class" else _bare(part) in there
        if not is_there and not any(word in told for word in _TOLD[kind]):
            yield f"{kind} {part}"


def parts_of(slide: Slide) -> Iterator[tuple[str, str]]:
    """Each formula, line of a listing and class of an element on a slide, after what it is."""
    for text in find_texts(slide):
        kind = str(text.path[-1])
        if text.path[0] not in ("title", "subtitle", "body"):
            continue
        if kind == "math":
            yield "formula", text.text
        elif kind == "code":
            yield from (("listing", line) for line in text.text.split("\n") if line.strip())
        elif kind not in ("mermaid", "options", "language", "alt", "image"):
            yield from _in_prose(text.text)


def _in_prose(source: str) -> Iterator[tuple[str, str]]:
    for fence in _FENCE.finditer(source):
        yield from (("listing", line) for line in fence["code"].split("\n") if line.strip())
    plain = _COMMENT.sub(" ", _FENCE.sub("\n", source))
    plain = _CODE.sub(lambda found: found["tag"] or " ", plain)
    plain = re.sub(r"<(style|script|svg)\b.*?(</\1\s*>|\Z)", "", plain, flags=re.DOTALL)
    yield from (("formula", found[1] or found[2]) for found in _FORMULA.finditer(_TAG.sub(" ", plain)))
    for tag in _TAG.finditer(plain):
        if tag["name"] == tag["name"].lower() and tag["name"] in KNOWN and (names := _CLASS.search(tag["rest"])):
            yield from (("class", name) for name in names[2].split())


def _bare(text: str) -> str:
    """A text without white space, its signs as themselves, however a tool wants them written."""
    return re.sub(r"\s+", "", unescape(unescape(text)).replace("{{'{{'}}", "{{").replace("\\", ""))


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
    if _AT_ONE_CLICK.search(_value(name, attributes)):
        return bool(is_named)
    return bool(_EFFECTS.fullmatch(name) or name in there or is_named or _is_seen(name, attributes, there))


def _is_seen(name: str, attributes: str, there: str) -> bool:
    """Whether what the value of an attribute names is on the page: classes that it leads to, a picture's file."""
    value = _value(name, attributes)
    names = re.findall(r"['`}]([^'`${}]+)['`]", value)
    shown = re.fullmatch(r"\s*\$(slidev\.nav\.)?clicks\s*>=?\s*[\w+ ]+", value)
    return bool(shown) or any(part in there for each in names for part in each.split("/")[-1].split())


def _value(name: str, attributes: str) -> str:
    found = re.search(rf"""{re.escape(name)}\s*=\s*(?:"([^"]*)"|'([^']*)')""", attributes)
    return (found[1] or found[2] or "") if found else ""
