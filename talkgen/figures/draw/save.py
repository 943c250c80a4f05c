"""Writes a picture as SVG and PNG, the same bytes every time, with its provenance inside; knows no figure.

Text stays text, and its fonts come along, so that a picture looks alike where they are missing; letters of a formula,
which matplotlib places one by one, are paths. The background of an SVG
stays transparent; that of a PNG, which goes where no theme is, is the one asked for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen.figures.draw.faces import with_faces
from talkgen.figures.draw.lettering import SPACING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

# matplotlib derives the ids inside an SVG from this salt; without one they are random.
_SETTINGS: dict[Any, Any] = {
    **SPACING,
    "svg.hashsalt": "talkgen",
    "svg.fonttype": "none",
    "savefig.bbox": None,
    "path.simplify": False,
}
_PNG_SCALE = 2
_FORMULA = "<tspan"


def save_picture(picture: Picture, svg: Path, png: Path, provenance: dict[str, Any], background: str = "none") -> None:
    """Writes `picture` to the files `svg` and `png` (twice the size in px) with `provenance` as JSON in both.

    The JSON is the `dc:description` of the SVG's metadata and the text chunk `Provenance` of the PNG.
    """
    import matplotlib as mpl

    record = json.dumps(provenance, sort_keys=True)
    with mpl.rc_context(_SETTINGS):
        about = {"Date": None, "Creator": None, "Description": record}
        picture.savefig(svg, transparent=True, metadata=about)
        drawn = svg.read_text(encoding="utf-8")
        if _FORMULA in drawn:
            with mpl.rc_context({"svg.fonttype": "path"}):
                picture.savefig(svg, transparent=True, metadata=about)
        else:
            svg.write_text(with_faces(drawn), encoding="utf-8")
        picture.savefig(
            png,
            transparent=True,
            facecolor=background,
            dpi=_PNG_SCALE * picture.dpi,
            metadata={"Software": None, "Provenance": record},
        )
