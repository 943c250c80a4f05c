"""Pictures of Gradio apps, which stand on a slide without a server: what each was made of is written in its PNG.

Nothing photographs an app again by itself, since that takes a server and a browser; whoever looks is told what changed.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from talkgen.digest import digest_bytes, digest_file
from talkgen.elements.apps import find_demo
from talkgen.errors import TalkgenError
from talkgen.files import write_bytes
from talkgen.lm.files.catalog import ModelFiles, find_model
from talkgen.store.key import canonical
from talkgen.style import load_style

_KEYWORD = "talkgen app"  # of the PNG's text chunk


class Theme(BaseModel):
    """A theme's name, and the digest of its tokens."""

    name: str
    digest: str


class Made(BaseModel):
    """What a picture of an app was made of: digests of the app's own file, of its theme and of the models."""

    app: str
    code: str | None
    theme: Theme
    models: dict[str, str]


def made_of(name: str, theme: str, models: Sequence[ModelFiles], project: Path) -> Made:
    """What a picture of the app `name` is made of as things are now."""
    file = find_demo(name, project)
    tokens = load_style(theme, project).model_dump(mode="json")
    return Made(
        app=name,
        code=digest_file(file) if file else None,
        theme=Theme(name=theme, digest=digest_bytes(canonical(tokens).encode())),
        models={files.name: files.digest() for files in models},
    )


def find_changes(made: Made, project: Path) -> list[str]:
    """What is not any more as it was when an app was photographed."""
    try:
        models = [find_model(name, project) for name in made.models]
        now = made_of(made.app, made.theme.name, models, project)
    except TalkgenError as error:
        return [str(error)]
    changed = [f"the code of {made.app}"] if now.code != made.code else []
    changed += [f"the theme {made.theme.name}"] if now.theme != made.theme else []
    return changed + [f"the model {name}" for name, digest in made.models.items() if now.models[name] != digest]


def command(made: Made, picture: Path) -> str:
    """What photographs the app again."""
    models = "".join(f" --model {name}" for name in made.models)
    return f"talkgen demo {made.app}{models} --theme {made.theme.name} --picture {picture}"


def stamp(picture: Path, made: Made) -> None:
    """Writes in a PNG what it was made of."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    text, content = PngInfo(), io.BytesIO()
    text.add_text(_KEYWORD, made.model_dump_json())
    with Image.open(picture) as opened:
        opened.save(content, "PNG", pnginfo=text)
    write_bytes(picture, content.getvalue())


def read_stamp(picture: Path) -> Made | None:
    """What a picture says that it was made of; None where it says nothing that can be read."""
    from PIL import Image

    try:
        with Image.open(picture) as opened:
            return Made.model_validate_json(opened.info.get(_KEYWORD, ""))
    except (OSError, ValidationError, Image.DecompressionBombError):
        return None
