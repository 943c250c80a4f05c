"""Sees to it that all text of a picture can be read: an axis has the numbers that fit, what is too tight is refused.

Knows no figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from talkgen.errors import TalkgenError

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as Picture
    from matplotlib.text import Text

    from talkgen.figures.base import Canvas

_LEAD, _BEARING = 3, 1  # px of a text's box below, above and beside its letters: another may reach into them
_OVER = 1.5  # px that a letter may reach over the picture's left or right edge
_HIGHER, _WIDER = "give it more `height`", "give it a wider column"
_LARGER = f"{_HIGHER}, or a wider column"


class NoRoomError(TalkgenError):
    """A picture is too small for the texts in it; it is drawn, for whom that is better than none."""

    def __init__(self, picture: Picture, canvas: Canvas, hint: str) -> None:
        super().__init__(f"a picture of {canvas.width:g} by {canvas.height:g} px has no room for its text", hint)
        self.picture = picture


class _Box(NamedTuple):
    """The px that a text's letters take, upwards from the picture's lower left corner."""

    left: float
    low: float
    right: float
    high: float

    def meets(self, other: _Box) -> bool:
        across = min(self.right, other.right) > max(self.left, other.left)
        return across and min(self.high, other.high) > max(self.low, other.low)


def thin_numbers(picture: Picture) -> None:
    """Hides each number of a plot's axes that would stand on one before; its mark stays."""
    for axes in picture.axes:
        kept: list[_Box] = []
        for number in [*_numbers(axes.xaxis), *_numbers(axes.yaxis)]:
            box = _box(number)
            if any(box.meets(other) for other in kept):
                number.set_visible(False)
            else:
                kept.append(box)


def refuse_crowded(picture: Picture, canvas: Canvas) -> None:
    """Refuses a picture that is too small for the texts in it.

    Raises:
        NoRoomError: more of one than a third of a line is over an edge, or two stand on each other.
    """
    written = [text for axes in picture.axes for text in axes.texts if text.get_text().strip()]
    numbers = [each for axes in picture.axes for axis in (axes.xaxis, axes.yaxis) for each in _numbers(axis)]
    level = {(_box(text), text.get_text()) for text in [*written, *numbers] if not text.get_rotation()}
    if hint := _cut(written, canvas) or (_crowded(sorted(box for box, _ in level)) and _LARGER):
        raise NoRoomError(picture, canvas, hint)


def _numbers(axis: Axis) -> Iterator[Text]:
    """What stands at those ticks of an axis that are in sight, in their order."""
    low, high = sorted(axis.get_view_interval())
    for tick in axis.get_major_ticks():
        if low <= tick.get_loc() <= high and tick.label1.get_visible() and tick.label1.get_text().strip():
            yield tick.label1


def _box(text: Text) -> _Box:
    box = text.get_window_extent()
    return _Box(box.x0 + _BEARING, box.y0 + _LEAD, box.x1 - _BEARING, box.y1 - _LEAD)


def _cut(written: Sequence[Text], canvas: Canvas) -> str:
    """What to do where an edge cuts a text off; nothing where none does."""
    most = canvas.style.sizes.figure / 3
    for box in (text.get_window_extent() for text in written):
        if box.y0 < -most or box.y1 > canvas.height + most:
            return _HIGHER
        if box.x0 < -_OVER or box.x1 > canvas.width + _OVER:
            return _WIDER
    return ""


def _crowded(boxes: Sequence[_Box]) -> bool:
    """Whether two of `boxes`, from left to right, share a px."""
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            if other.left >= one.right:
                break
            if one.meets(other):
                return True
    return False
