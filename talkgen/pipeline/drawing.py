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
        """Draws the figure whose code is at `origin` from its data; the result holds `svg`, `png` and `alt`."""
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
    """The files of a picture: the same arguments, the same bytes. A PNG not `transparent` is on the theme's ground."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache_dir("matplotlib")))  # it would make a folder in the user's home
    from talkgen.figures.draw.save import save_picture

    picture = module.draw(data, canvas)
    with tempfile.TemporaryDirectory() as folder:
        svg, png = Path(folder, "picture.svg"), Path(folder, "picture.png")
        save_picture(picture, svg, png, provenance, "none" if transparent else canvas.style.colors.background)
        return {"svg": svg.read_bytes(), "png": png.read_bytes(), "alt": module.describe(data).encode()}
