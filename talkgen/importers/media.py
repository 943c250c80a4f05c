"""Pictures and films of a PowerPoint file as files that a browser shows; opens nothing outside the file."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from talkgen.importers.files import Files
from talkgen.importers.frames import A
from talkgen.importers.outputs import PICTURES

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FILMS = {"video/mp4": "mp4", "video/webm": "webm", "video/ogg": "ogv"}
_CONVERTED = ("image/tiff",)
_MEDIA = "{http://schemas.microsoft.com/office/powerpoint/2010/main}media"
_LEAST_CROP = 0.01  # of a side


@dataclass
class Media:
    """Takes pictures and films of one slide along."""

    files: Files
    folder: str
    slide: int
    say: Callable[[str], None]
    known: dict[str, str] = field(default_factory=dict)  # names of files by the part and how it is cut

    def picture(self, element: Any, part: Any) -> str | None:
        """The file of the picture that an element shows; None, told, where a browser shows none."""
        blip = next(element.iter(f"{A}blip"), None)
        if blip is None:
            return None
        if not blip.get(f"{R}embed"):
            self.say("a picture outside the file is left out")
            return None
        content = part.related_part(blip.get(f"{R}embed"))
        cut = _cut(blip.getnext())
        key = f"{content.partname} {cut}"
        if key not in self.known and (name := self._kept(content, cut)):
            self.known[key] = name
        return self.known.get(key)

    def film(self, element: Any, part: Any) -> str | None:
        """The file of the film that an element shows; None, told, where it is none that a browser plays."""
        media = next(element.iter(_MEDIA), None)
        if media is None or not media.get(f"{R}embed"):
            self.say("a film or a sound outside the file is left out")
            return None
        content = part.related_part(media.get(f"{R}embed"))
        if content.content_type not in _FILMS:
            self.say(f"a {content.content_type} is left out: no browser plays it on a slide")
            return None
        return self._written(_FILMS[content.content_type], content.blob)

    def _kept(self, content: Any, cut: tuple[float, float, float, float]) -> str | None:
        kind, blob = content.content_type, content.blob
        ending = PICTURES.get(kind)
        if ending is None and kind not in _CONVERTED:
            self.say(f"a picture of type {kind} is left out: browsers show none")
            return None
        if ending is None or (max(cut) >= _LEAST_CROP and ending != "svg"):
            try:
                ending, blob = "png", _as_png(blob, cut)
            except Exception as error:  # Pillow raises all kinds on damaged pictures
                self.say(f"a picture cannot be cut as its slide cuts it: {error}")
        return self._written(ending, blob) if ending else None

    def _written(self, ending: str, blob: bytes) -> str | None:
        name = f"{self.folder}/slide-{self.slide}-{len(self.known) + 1}.{ending}"
        while name in self.files.made:
            name = re.sub(r"(\d+)(\.\w+)$", lambda found: f"{int(found[1]) + 1}{found[2]}", name)
        return self.files.make(name, blob, self.say)


def _cut(rectangle: Any) -> tuple[float, float, float, float]:
    """How much of a picture is cut off on its left, top, right and bottom, as shares of it."""
    if rectangle is None or rectangle.tag != f"{A}srcRect":
        return (0, 0, 0, 0)
    left, top, right, bottom = (max(0.0, int(rectangle.get(side, 0)) / 100_000) for side in "ltrb")
    return (left, top, right, bottom) if left + right < 1 and top + bottom < 1 else (0, 0, 0, 0)


def _as_png(blob: bytes, cut: tuple[float, float, float, float]) -> bytes:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(blob)) as picture:
            left, top, right, bottom = cut
            width, height = picture.size
            box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
            out = io.BytesIO()
            picture.crop(box).save(out, "PNG")
    return out.getvalue()
