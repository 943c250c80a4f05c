"""Makes one HTML file of a page and the files beside it: scripts inside it, pictures and fonts as data URIs."""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from pathlib import Path
from urllib.parse import unquote

_SCRIPT = re.compile(r'<script([^<>]*?)\ssrc="([^"]+)"([^<>]*)></script>')
_TAG = re.compile(r"""<(?:img|video|source|image|audio|track|embed|object|link)\b(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(r'(\s(?:src|href|poster|data)=)"([^"]+)"')
_URL = re.compile(r"""url\((?P<quote>&quot;|"|'|)(?P<path>[^()"'&]+)(?P=quote)\)""")
_IMPORT = re.compile(r"""(@import\s*)(["'])([^"'&]+)\2""")
_MARK = "\0"
_TYPES = {".woff2": "font/woff2", ".svg": "image/svg+xml", ".js": "text/javascript"}


def inline_page(page: str, folder: Path) -> str:
    """`page` with every file of `folder` that it names put into it; what is not below `folder` is left as it is."""
    inlined = _Inlined(folder)
    return inlined.whole(inlined.scripts(inlined.media(page)))


def inline_media(part: str, folder: Path) -> str:
    """A part of a page with every picture, film and font of `folder` put into it; scripts stay where they are."""
    inlined = _Inlined(folder)
    return inlined.whole(inlined.media(part))


class _Inlined:
    """Files that are put into a page: a mark for each until all are found, so that none is searched for others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: list[str] = []

    def media(self, part: str) -> str:
        """A page without such marks of its own, with one for each picture, film and font."""
        part = part.replace(_MARK, "\ufffd")  # as browsers read it
        part = _TAG.sub(lambda tag: _ATTRIBUTE.sub(self._attribute, tag[0]), part)
        return _IMPORT.sub(self._import, _URL.sub(self._url, part))

    def scripts(self, part: str) -> str:
        """A page with a mark for each script."""
        return _SCRIPT.sub(self._script, part)

    def whole(self, part: str) -> str:
        """A page with the files in place of their marks."""
        parts = part.split(_MARK)
        parts[1::2] = [self._texts[int(number)] for number in parts[1::2]]
        return "".join(parts)

    def _mark(self, text: str) -> str:
        self._texts.append(text)
        return f"{_MARK}{len(self._texts) - 1}{_MARK}"

    def _script(self, match: re.Match[str]) -> str:
        file = _local_file(html.unescape(match[2]), self._folder)
        if file is None:
            return match[0]
        # Only "</script" ends a script, in any case; in JavaScript the backslash changes nothing.
        source = re.sub("</(?=script)", r"<\\/", file.read_text(encoding="utf-8"), flags=re.IGNORECASE)
        return f"<script{match[1]}{match[3]}>\n{self._mark(source)}\n</script>"

    def _attribute(self, match: re.Match[str]) -> str:
        name, sign, part = html.unescape(match[2]).partition("#")  # of a film, seconds; of a drawing, an element
        data = self._data(name) if name else None
        return f'{match[1]}"{data}{sign}{html.escape(part)}"' if data else match[0]

    def _url(self, match: re.Match[str]) -> str:
        data = self._data(match["path"])
        return f"url({match['quote']}{data}{match['quote']})" if data else match[0]

    def _import(self, match: re.Match[str]) -> str:
        data = self._data(match[3])
        return f"{match[1]}url({match[2]}{data}{match[2]})" if data else match[0]

    def _data(self, name: str) -> str | None:
        """A file's data URI; None where there is none."""
        file = _local_file(name, self._folder)
        if file is None:
            return None
        kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return f"data:{kind};base64,{self._mark(base64.b64encode(file.read_bytes()).decode())}"


def _local_file(name: str, folder: Path) -> Path | None:
    if re.match(r"[a-z][a-z0-9+.-]*:|//|#", name, re.IGNORECASE):
        return None
    file = (folder / unquote(re.split("[?#]", name, maxsplit=1)[0])).resolve()
    return file if file.is_file() and file.is_relative_to(folder.resolve()) else None
