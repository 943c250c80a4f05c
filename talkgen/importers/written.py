"""An outline as YAML that people like to read, with the reason of each raw block and where each slide is from.

Light: nothing of the outline's types is needed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from talkgen.errors import OutlineError, Place
from talkgen.importers.reader import Tool
from talkgen.yamlfile import parse_yaml, write_yaml
from talkgen.yamlfile.document import MAX_BYTES

FROM = "⟦from⟧"  # the key of a slide's place in the deck, which becomes a comment
_RAW = re.compile(r"^(?P<before>[ -]*)raw⟦(?P<number>\d+)⟧:", re.MULTILINE)
_SLIDE = re.compile(rf"^(?P<indent> *)- {FROM}: (?P<number>\d+)$(?P<more>\n(?P=indent)  (?=\S))?", re.MULTILINE)
_SMALL = 300_000  # characters of an outline that build surely reads
_ORDER = ("title", "author", "description", "native", "trust", "theme")


class Raw(dict[str, Any]):
    """A raw block that says why it is none of another kind, and where it stood."""

    def __init__(self, tool: Tool, source: str, why: str, place: str) -> None:
        super().__init__({"raw": {tool: source}})
        self.why = f"{place}: {why}"


def placeless(outline: dict[str, Any]) -> dict[str, Any]:
    """An outline as its types know it, without where its slides are from."""
    slides = [{key: value for key, value in slide.items() if key != FROM} for slide in outline["slides"]]
    return {**outline, "slides": slides}


def to_yaml(outline: dict[str, Any], path: Path) -> str:
    """An outline of the deck at `path` as people write it: its slides last, and with each raw block why it is one.

    Raises:
        OutlineError: it would be too large to be read.
    """
    is_ordered = outline.get("native") == "marp"  # which writes a theme and a language in the order of their keys
    first = {key: outline[key] for key in _ORDER if key in outline and not (is_ordered and key == "theme")}
    rest = {key: value for key, value in outline.items() if key not in first and key != "slides"}
    remarks: list[str] = []
    text = write_yaml(_marked({**first, **rest, "slides": outline["slides"]}, remarks))
    text = _RAW.sub(lambda found: f"{found['before']}raw:  # {remarks[int(found['number'])]}", text)
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
    if isinstance(value, dict):
        marked = {key: _marked(each, remarks) for key, each in value.items()}
        remark = value.why if isinstance(value, Raw) else value.get(FROM)
        if remark is None:
            return marked
        remarks.append(" ".join(str(remark).split()))
        number = len(remarks) - 1
        if isinstance(value, Raw):
            return {f"raw⟦{number}⟧" if key == "raw" else key: each for key, each in marked.items()}
        return {**marked, FROM: number}
    return [_marked(each, remarks) for each in value] if isinstance(value, list) else value
