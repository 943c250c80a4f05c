"""Makes one HTML file of a page and the files beside it: scripts inside it, pictures and fonts as data URIs."""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from pathlib import Path
from urllib.parse import unquote

_SCRIPT = re.compile(r'<script([^>]*?)\ssrc="([^"]+)"([^>]*)></script>')
_TAG = re.compile(r"""<(?:img|video|source|image|audio|track|embed|object|link)\b(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(r'(\s(?:src|href|poster|data)=)"([^"]+)"')
_URL = re.compile(r"""url\((?P<quote>&quot;|"|'|)(?P<path>[^)"'&]+)(?P=quote)\)""")
_TYPES = {".woff2": "font/woff2", ".svg": "image/svg+xml", ".js": "text/javascript"}


def inline_page(page: str, folder: Path) -> str:
    """`page` with every file of `folder` that it names put into it; what is not below `folder` is left as it is."""
    return _SCRIPT.sub(lambda match: _inline_script(match, folder), inline_media(page, folder))


def inline_media(part: str, folder: Path) -> str:
    """A part of a page with every picture, film and font of `folder` put into it; scripts stay where they are."""
    part = _TAG.sub(lambda tag: _ATTRIBUTE.sub(lambda match: _inline_attribute(match, folder), tag[0]), part)
    return _URL.sub(lambda match: _inline_url(match, folder), part)


def _inline_script(match: re.Match[str], folder: Path) -> str:
    file = _local_file(html.unescape(match[2]), folder)
    if file is None:
        return match[0]
    # Only "</script" ends a script; in JavaScript the backslash changes nothing.
    source = file.read_text(encoding="utf-8").replace("</script", "<\\/script")
    return f"<script{match[1]}{match[3]}>\n{source}\n</script>"


def _inline_attribute(match: re.Match[str], folder: Path) -> str:
    name, sign, part = html.unescape(match[2]).partition("#")  # of a film, seconds; of a drawing, an element
    data = _data_uri(name, folder) if name else None
    return f'{match[1]}"{data}{sign}{html.escape(part)}"' if data else match[0]


def _inline_url(match: re.Match[str], folder: Path) -> str:
    data = _data_uri(match["path"], folder)
    return f"url({match['quote']}{data}{match['quote']})" if data else match[0]


def _data_uri(name: str, folder: Path) -> str | None:
    file = _local_file(name, folder)
    if file is None:
        return None
    kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()}"


def _local_file(name: str, folder: Path) -> Path | None:
    if re.match(r"[a-z][a-z0-9+.-]*:|//|#", name, re.IGNORECASE):
        return None
    file = (folder / unquote(re.split("[?#]", name, maxsplit=1)[0])).resolve()
    return file if file.is_file() and file.is_relative_to(folder.resolve()) else None
