"""Draws figures from their numbers in a process that alone loads matplotlib; knows no store and no talk."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from talkgen.assets import cache_dir
from talkgen.figures.draw.room import NoRoomError
from talkgen.figures.registry import load_origin
from talkgen.pipeline.processes import make_pool

if TYPE_CHECKING:
    from talkgen.figures.base import Canvas, Data, FigureModule


@dataclass
class Drawer:
    """The process, started with the first picture."""

    @cached_property
    def _pool(self) -> ProcessPoolExecutor:
        return make_pool(1)

    def submit(self, origin: str, data: Data, canvas: Canvas, provenance: Data) -> Future[dict[str, bytes]]:
        """Draws the figure whose code is at `origin` from its data; the result is that of `draw_picture`."""
        return self._pool.submit(_draw, origin, data, canvas, provenance)

    def close(self) -> None:
        """Ends the process, if it was started."""
        if "_pool" in self.__dict__:
            self._pool.shutdown(cancel_futures=True)


def _draw(origin: str, data: Data, canvas: Canvas, provenance: Data) -> dict[str, bytes]:
    return draw_picture(load_origin(origin), data, canvas, provenance)


def draw_picture(
    module: FigureModule, data: Data, canvas: Canvas, provenance: Data, *, transparent: bool = False
) -> dict[str, bytes]:
    """The files `svg`, `png` and `alt` of a picture: the same arguments, the same bytes.

    A PNG not `transparent` is on the theme's ground. Of a talk's own figure whose texts have no room there is
    `crowded`, too: what to do about it.

    Raises:
        TalkgenError: the figure cannot be drawn, or one of talkgen's has no room for its texts.
    """
    os.environ.setdefault("MPLCONFIGDIR", str(cache_dir("matplotlib")))  # it would make a folder in the user's home
    from talkgen.figures.draw.save import save_picture

    crowded = {}
    try:
        picture = module.draw(data, canvas)
    except NoRoomError as error:
        if not getattr(module, "MAY_BE_CROWDED", False):
            raise
        picture, (problem,) = error.picture, error.problems
        crowded = {"crowded": f"{problem.message}: {problem.hint}".encode()}
    with tempfile.TemporaryDirectory() as folder:
        svg, png = Path(folder, "picture.svg"), Path(folder, "picture.png")
        save_picture(picture, svg, png, provenance, "none" if transparent else canvas.style.colors.background)
        alt = module.describe(data).encode()
        return {"svg": svg.read_bytes(), "png": png.read_bytes(), "alt": alt, **crowded}
