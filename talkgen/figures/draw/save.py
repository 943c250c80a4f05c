"""Writes a picture as SVG and PNG, the same bytes every time, with its provenance inside; knows no figure.

Text becomes paths, so that a picture looks alike where the fonts are missing; the background stays transparent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

# matplotlib derives the ids inside an SVG from this salt; without one they are random.
_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "talkgen",
    "svg.fonttype": "path",
    "savefig.bbox": None,
    "path.simplify": False,
}
_PNG_SCALE = 2


def save_picture(picture: Picture, svg: Path, png: Path, provenance: dict[str, Any]) -> None:
    """Writes `picture` to the files `svg` and `png` (twice the size in px) with `provenance` as JSON in both.

    The JSON is the `dc:description` of the SVG's metadata and the text chunk `Provenance` of the PNG.
    """
    import matplotlib as mpl

    record = json.dumps(provenance, sort_keys=True)
    with mpl.rc_context(_SETTINGS):
        picture.savefig(svg, transparent=True, metadata={"Date": None, "Creator": None, "Description": record})
        picture.savefig(
            png,
            transparent=True,
            dpi=_PNG_SCALE * picture.dpi,
            metadata={"Software": None, "Provenance": record},
        )
