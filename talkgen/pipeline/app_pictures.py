"""Pictures of Gradio apps, which stand on a slide without a server: what each was made of is written in its PNG.

Nothing photographs an app again by itself, since that takes a server and a browser; whoever looks is told what changed.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from talkgen.digest import digest_bytes, digest_file
from talkgen.elements.apps import find_demo
from talkgen.errors import TalkgenError
from talkgen.files import write_bytes
from talkgen.lm.files.catalog import ModelFiles, find_model
from talkgen.store.key import canonical
from talkgen.style import load_style

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = len(_SIGNATURE) + 25  # bytes up to the end of the first chunk, after which others may stand
_KEYWORD = b"talkgen app\0"


def made_of(name: str, theme: str, models: Sequence[ModelFiles], project: Path) -> dict[str, Any]:
    """What a picture of the app `name` is made of: digests of its file, of the theme's tokens and of the models."""
    file = find_demo(name, project)
    tokens = load_style(theme, project).model_dump(mode="json")
    return {
        "app": name,
        "code": digest_file(file) if file else None,
        "theme": {"name": theme, "digest": digest_bytes(canonical(tokens).encode())},
        "models": {files.name: files.digest() for files in models},
    }


def find_changes(made: dict[str, Any], project: Path) -> list[str]:
    """What is not any more as it was when an app was photographed."""
    try:
        models = [find_model(name, project) for name in made["models"]]
        now = made_of(made["app"], made["theme"]["name"], models, project)
    except TalkgenError as error:
        return [str(error)]
    gone = [f"the model {name}" for name, digest in made["models"].items() if now["models"][name] != digest]
    changed = {"code": f"the code of {made['app']}", "theme": f"the theme {made['theme']['name']}"}
    return [words for part, words in changed.items() if now[part] != made[part]] + gone


def command(made: dict[str, Any], picture: Path) -> str:
    """What photographs the app again."""
    models = "".join(f" --model {name}" for name in made["models"])
    return f"talkgen demo {made['app']}{models} --theme {made['theme']['name']} --picture {picture}"


def stamp(picture: Path, made: dict[str, Any]) -> None:
    """Writes in a PNG what it was made of."""
    content = picture.read_bytes()
    body = b"tEXt" + _KEYWORD + json.dumps(made).encode("ascii")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    write_bytes(picture, content[:_HEADER] + chunk + content[_HEADER:])


def read_stamp(picture: Path) -> dict[str, Any] | None:
    """What a picture says that it was made of; None where it does not."""
    content = picture.read_bytes()
    if not content.startswith(_SIGNATURE) or content[_HEADER + 4 :][: 4 + len(_KEYWORD)] != b"tEXt" + _KEYWORD:
        return None
    (length,) = struct.unpack_from(">I", content, _HEADER)
    found: dict[str, Any] = json.loads(content[_HEADER + 8 + len(_KEYWORD) : _HEADER + 8 + length])
    return found
