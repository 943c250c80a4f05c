"""An outline as YAML that people like to read, with the reason of what is no block and where each slide is from.

Light: nothing of the outline's types is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from talkgen.errors import OutlineError, Place
from talkgen.importers.reader import Tool
from talkgen.yamlfile import parse_yaml, write_yaml
from talkgen.yamlfile.document import MAX_BYTES

FROM = "⟦from⟧"  # the key of a slide's place in the deck, which becomes a comment
_RAW = re.compile(r"^(?P<before>[ -]*)raw⟦(?P<number>\d+)⟧:", re.MULTILINE)
_KEPT = re.compile(r"^(?P<before>[ -]*)- ⟦kept⟧: (?P<number>\d+)$", re.MULTILINE)
_SLIDE = re.compile(rf"^(?P<indent> *)- {FROM}: (?P<number>\d+)$(?P<more>\n(?P=indent)  (?=\S))?", re.MULTILINE)
_SMALL = 300_000  # characters of an outline that build surely reads
_ORDER = ("title", "author", "description", "native", "trust", "theme")


class Remarked(dict[str, Any]):
    """A block that says why it is none of another kind, and where it stood."""

    def __init__(self, block: dict[str, Any], why: str, place: str) -> None:
        super().__init__(block)
        self.why = f"{place}: {why}"


class Raw(Remarked):
    """Source that only its tool reads."""

    def __init__(self, tool: Tool, source: str, why: str, place: str) -> None:
        super().__init__({"raw": {tool: source}}, why, place)


class Kept(Remarked):
    """Markdown with something in it that other blocks are for, and that none of them gives back."""

    def __init__(self, source: str, why: str, place: str) -> None:
        super().__init__({"markdown": source}, why, place)


def placeless(outline: dict[str, Any]) -> dict[str, Any]:
    """An outline as its types know it, without where its slides are from."""
    slides = [{key: value for key, value in slide.items() if key != FROM} for slide in outline["slides"]]
    return {**outline, "slides": slides}


def to_yaml(outline: dict[str, Any], path: Path) -> str:
    """An outline of the deck at `path` as people write it: its slides last, and with what is no block why it is none.

    Raises:
        OutlineError: it would be too large to be read.
    """
    is_ordered = outline.get("native") == "marp"  # which writes a theme and a language in the order of their keys
    first = {key: outline[key] for key in _ORDER if key in outline and not (is_ordered and key == "theme")}
    rest = {key: value for key, value in outline.items() if key not in first and key != "slides"}
    remarks: list[str] = []
    text = write_yaml(_marked({**first, **rest, "slides": outline["slides"]}, remarks))
    text = _RAW.sub(lambda found: f"{found['before']}raw:  # {remarks[int(found['number'])]}", text)
    text = _KEPT.sub(lambda found: f"{found['before']}# {remarks[int(found['number'])]}", text)
    text = _SLIDE.sub(lambda found: _with_place(found, remarks), text)
    if len(text) > _SMALL:
        _check_size(text, path)
    return text


def _with_place(found: re.Match[str], remarks: list[str]) -> str:
    """A slide below the place that it is from."""
    indent = found["indent"]
    return f"{indent}# {remarks[int(found['number'])]}\n{indent}- {'' if found['more'] else '{}'}"


def _check_size(text: str, path: Path) -> None:
    """Refuses an outline that `build` could not read, before it is written."""
    size = len(text.encode())
    try:
        if size > MAX_BYTES:
            raise OutlineError(f"larger than {MAX_BYTES:,} bytes")
        parse_yaml(text, path, OutlineError)
    except OutlineError:
        message = f"the deck is too large: its outline would have {size:,} bytes, more than a build reads"
        raise OutlineError(message, "import it in parts", Place(path, 1, 1)) from None


def _marked(value: Any, remarks: list[str]) -> Any:
    """Data with the number of a remark where one belongs: a key's own length and quotes depend on no file's name."""
    if isinstance(value, list):
        return [each for item in value for each in _marked_item(item, remarks)]
    if not isinstance(value, dict):
        return value
    marked = {key: _marked(each, remarks) for key, each in value.items()}
    if isinstance(value, Raw):
        number = _remember(value.why, remarks)
        return {f"raw⟦{number}⟧" if key == "raw" else key: each for key, each in marked.items()}
    return {**marked, FROM: _remember(value[FROM], remarks)} if FROM in value else marked


def _marked_item(item: Any, remarks: list[str]) -> Iterator[Any]:
    """An item of a list, below its remark; Markdown with nothing else to say of it is a text."""
    if isinstance(item, Kept):
        yield {"⟦kept⟧": _remember(item.why, remarks)}
        yield item["markdown"] if item.keys() == {"markdown"} else dict(item)
    else:
        yield _marked(item, remarks)


def _remember(remark: object, remarks: list[str]) -> int:
    """The number of a remark, which is one line."""
    remarks.append(" ".join(str(remark).split()))
    return len(remarks) - 1
