"""A small package and edits of it: those that change what `parcel.figure:compute` does, and those that do not."""

FIGURE = '''\
"""A figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import statistics
from functools import partial

import parcel.tables
from parcel import shapes as forms
from parcel.helpers import scale, unused
from .model import Model as Network, load

if TYPE_CHECKING:
    from parcel.heavy import Heavy

SIZE = 12
PALETTE = {"ink": "#000"}
PALETTE["paper"] = "#fff"
UNUSED = 1


def compute(params: dict, given: Heavy | None = None, other: "list[Lazy]" = (), *, digits: int = 3) -> dict:
    """The numbers."""
    # reads the table
    from parcel.late import finish

    rows = parcel.tables.read(SIZE)
    points = [forms.Square(row).area() for row in rows]
    steps: dict[str, int] = {each.lift(): STEPS["up"](each) for each in other}
    lifted = [partial(given.raised, 2)(), statistics.mean(rows), *steps]
    return finish({"points": scale(points), "ink": PALETTE["ink"], "net": load(Network()), "lifted": lifted})


class Lazy:
    def lift(self):
        return 1

    def sleep(self):
        return 2


def _up(each: Lazy):
    return 1


def _down(each: Lazy):
    return -1


STEPS: dict[str, object] = {"up": _up, "down": _down}


def draw(data):
    return data


def alone():
    return "alone"
'''
PACKAGE = {
    "__init__": '"""The package."""\n',
    "figure": FIGURE,
    "heavy": """\
class Heavy:
    weight = 1

    def raised(self, by):
        return by + self.weight

    def __len__(self):
        return 1

    def lowered(self, by):
        return by - floor(self)


class Heavier(Heavy):
    def raised(self, by):
        return by + 100


def floor(heavy):
    return heavy.weight
""",
    "helpers": '''\
import math

FACTOR = 2.5
OTHER = 1


def scale(points):
    """Scales."""
    return [_one(point) for point in points]


def _one(point):
    return round(point * FACTOR * math.pi, 3)


def unused(point):
    return point + OTHER
''',
    "late": """\
def finish(value):
    return even(value)


def even(value):
    return odd(value)


def odd(value):
    return value or even(value)
""",
    "model": '''\
from .base import Base, Leaf


class Model(Base):
    """A model."""

    width: int = 8

    def forward(self, x):
        return x * self.width

    @property
    def size(self) -> int:
        return helper(self.width)

    @property
    def depth(self):
        return helper(1)

    def unfold(self):
        return stray(self.width)

    @validator("width")
    def _check(self, value):
        return value

    async def stream(self):
        yield stray(self.width)


def helper(width):
    return width + 1


def stray(width):
    return width + 2


def validator(name):
    return lambda method: method


try:
    import fast
except ImportError:
    LIMIT = 100
else:
    LIMIT = 200


def load(model: Settings):
    return model.forward(LIMIT), getattr(model, "size")


class Settings:
    rate = 0.1

    def forward(self, x):
        return x


class Stranger:
    rate = 0.2
''',
    "base": """\
class Base:
    def forward(self, x):
        return self.jump(x)

    def jump(self, x):
        return x


class Leaf(Base):
    def jump(self, x):
        return -x
""",
    "shapes": """\
from dataclasses import dataclass


@dataclass
class Square:
    side: float

    def area(self):
        return self.side**POWER


POWER = 2


class Circle:
    radius = 1

    def area(self):
        return 3 * self.radius**2
""",
    "tables": """\
from functools import cache


@cache
def read(size):
    return list(range(size))


def write(rows):
    return rows
""",
}

MEANT = [  # file, text, its replacement: each changes what `compute` does
    ("figure", "SIZE = 12", "SIZE = 13"),
    ("figure", '"ink": "#000"', '"ink": "#111"'),
    ("figure", 'PALETTE["paper"] = "#fff"', 'PALETTE["paper"] = "#eee"'),
    ("figure", "digits: int = 3", "digits: int = 4"),
    ("figure", "*, digits: int", "digits: int"),
    ("figure", "scale(points),", "points,"),
    ("figure", "row in rows", "row in rows[1:]"),
    ("figure", "as forms", "as forms\nfrom parcel import tables as forms"),
    ("figure", 'return finish({"points"', 'return finish({"dots"'),
    ("figure", "def compute(params", "@staticmethod\ndef compute(params"),
    ("figure", "import Model as Network, load", "import Model as Network\nfrom .base import Base as load"),
    ("figure", "import statistics", "import math as statistics"),
    ("figure", '"up": _up', '"up": _down'),
    ("figure", "    return 1\n\n\ndef _down", "    return 2\n\n\ndef _down"),
    ("figure", "        return 1\n\n    def sleep", "        return 3\n\n    def sleep"),
    ("helpers", "FACTOR = 2.5", "FACTOR = 2.50001"),
    ("helpers", "* FACTOR", "/ FACTOR"),
    ("helpers", "math.pi, 3)", "math.pi, 4)"),
    ("helpers", "for point in points", "for point in points if point"),
    ("helpers", "import math\n", "import math\nprint('side effect')\n"),
    ("helpers", "FACTOR = 2.5", "FACTOR = 2\nFACTOR += 0.5"),
    ("helpers", "FACTOR = 2.5", "if True:\n    FACTOR = 2.5\nelse:\n    FACTOR = 3.5"),
    ("late", "return odd(value)", "return odd(value + 1)"),
    ("late", "value or even(value)", "value and even(value)"),
    ("late", "return even(value)\n\n\ndef even", "return odd(value)\n\n\ndef even"),
    ("heavy", "weight = 1", "weight = 2"),
    ("heavy", "return by + self.weight", "return by - self.weight"),
    ("heavy", "        return 1\n", "        return 4\n"),
    ("model", "width: int = 8", "width: int = 9"),
    ("model", "width: int = 8", "width: float = 8"),
    ("model", "x * self.width", "x + self.width"),
    ("model", "width + 1", "width + 2"),
    ("model", "@property\n", "@classmethod\n"),
    ("model", "class Model(Base)", "class Model"),
    ("model", "class Model(Base)", "class Model(Leaf)"),
    ("model", "LIMIT = 200", "LIMIT = 300"),
    ("model", "except ImportError", "except OSError"),
    ("model", "forward(LIMIT)", "forward(LIMIT - 1)"),
    ("model", "rate = 0.1", "rate = 0.3"),
    ("model", "        return value\n", "        return -value\n"),
    ("model", '(model, "size")', '(model, "depth")'),
    ("base", "return self.jump(x)", "return self.jump(x) + 1"),
    ("base", "        return x\n", "        return 2 * x\n"),
    ("shapes", "POWER = 2", "POWER = 3"),
    ("shapes", "@dataclass\n", "@dataclass(frozen=True)\n"),
    ("shapes", "side: float", "side: int"),
    ("shapes", "self.side**POWER", "self.side"),
    ("tables", "range(size)", "range(size + 1)"),
    ("tables", "def read(size)", "def read(size=5)"),
    ("tables", "return list", "yield from list"),
    ("tables", "@cache\n", ""),
    ("__init__", '"""The package."""', '"""The package."""\nprint("imported")'),
]
UNMEANT = [  # each leaves what `compute` does as it was
    ("figure", '"""A figure."""', '"""Another text."""'),
    ("figure", '"""The numbers."""', '"""Other words,\n\n    and more of them."""'),
    ("figure", '    """The numbers."""\n', ""),
    ("figure", "# reads the table", "# something else"),
    ("figure", "    rows = parcel", "\n\n    rows = parcel"),
    ("figure", "compute(params: dict,", "compute(params: list[int],"),
    ("figure", "compute(params: dict,", "compute(params,"),
    ("figure", "digits: int = 3) -> dict:", "digits=3):"),
    ("figure", "steps: dict[str, int] = {", "steps = {"),
    ("figure", "STEPS: dict[str, object] =", "STEPS ="),
    ("figure", '"list[Lazy]"', "tuple[Lazy]"),
    ("figure", "parcel.tables.read(SIZE)", "(\n        parcel.tables.read(SIZE)  # read\n    )"),
    ("figure", '"ink": "#000"', "'ink': '#000'"),
    ("figure", "UNUSED = 1", "UNUSED = 2"),
    ("figure", "return data", "return [data]"),
    ("figure", 'return "alone"', 'return "together"'),
    ("figure", "def alone():", "def company():"),
    ("figure", "scale, unused", "scale"),
    ("figure", "SIZE = 12", "SIZE = 0b1100"),
    ("figure", "    from parcel.late import finish\n\n", "    from parcel.late import finish\n    pass\n"),
    ("figure", "        return 2\n", "        return 20\n"),
    ("helpers", "point + OTHER", "point - OTHER"),
    ("helpers", "OTHER = 1", "OTHER = 10"),
    ("helpers", "def unused(point)", "def unused(dot)"),
    ("helpers", '    """Scales."""\n', ""),
    ("helpers", "import math\n", "import math\n\n# a comment\n"),
    ("heavy", "return by - floor(self)", "return by"),
    ("heavy", "return heavy.weight", "return 0"),
    ("heavy", "return by + 100", "return by + 200"),
    ("model", '"""A model."""', '"""The model."""'),
    ("model", "rate = 0.2", "rate = 0.4"),
    ("model", "width + 2", "width + 3"),
    ("model", "def unfold(self)", "def fold(self)"),
    ("model", "def size(self) -> int", "def size(self)"),
    ("model", "async def stream", "def stream"),
    ("base", "return -x", "return x - 1"),
    ("shapes", "radius = 1", "radius = 2"),
    ("shapes", "3 * self.radius", "3.14 * self.radius"),
    ("tables", "return rows", "return None"),
    ("__init__", '"""The package."""', '"""A package."""'),
]
