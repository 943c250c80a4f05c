"""Letters that the fonts of the themes lack: which bundled font has them, and the part of it that a text needs.

Chinese, Japanese, Korean, Arabic, Hebrew and emoji have fonts in `templates/fonts/more`; signs, arrows and further
alphabets come from DejaVu Sans, which matplotlib brings. Knows no deck and no figure.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from talkgen.assets import asset_dir, cache_dir
from talkgen.digest import digest_bytes, digest_file
from talkgen.files import write_bytes
from talkgen.memo import remembered

JOINERS = "\u200c\u200d\u200e\u200f\ufe0e\ufe0f"  # they shape what they stand between, and are seen by nobody
_PICTURED = re.compile("(.)\ufe0f", re.DOTALL)  # which makes a picture of the sign before it
_RANGE = re.compile(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?")
_KEY = "\u20e3"  # puts the digit before it on a key
_KEYS = re.compile("[0-9#*]\ufe0f?\u20e3")
_KANA = ((0x3040, 0x30FF),)
_EVER_PICTURES = ((0x1F1E6, 0x1F1FF), (0x1F300, 0x1FAFF))  # what comes before is a picture where U+FE0F says so

Blocks = tuple[tuple[int, int], ...]
_ALL: Blocks = ((0, 0x10FFFF),)
_ARABIC: Blocks = ((0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFE))
_HEBREW: Blocks = ((0x590, 0x5FF), (0xFB1D, 0xFB4F))
_CJK: Blocks = (
    (0x1100, 0x11FF), (0x2E80, 0x9FFF), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF), (0x20000, 0x3FFFF),
)  # fmt: skip


@dataclass(frozen=True)
class More:
    """A font for letters that a theme's lack, and the blocks of Unicode that it is asked for."""

    name: str
    blocks: Blocks
    weights: tuple[int, ...] = (400,)

    def file(self, weight: int = 400) -> Path:
        """Its file."""
        if self is SIGNS:
            return _matplotlibs() / f"DejaVuSans{'-Bold' if weight > 400 else ''}.ttf"
        return asset_dir("templates") / "fonts" / "more" / f"{self.name.lower().replace(' ', '-')}-{weight}.woff2"

    def has(self, character: str) -> bool:
        """Whether it is asked for a character, and has it."""
        return _within(character, self.blocks) and ord(character) in _characters(self.file())


EMOJI = More("Noto Color Emoji", _ALL)
DRAWN_EMOJI = More("Noto Emoji", _ALL)
SIGNS = More("DejaVu Sans", _ALL, (400, 700))
CHINESE, JAPANESE, KOREAN = (More(f"Noto Sans {which}", _CJK) for which in ("SC", "JP", "KR"))
SCRIPTS = (More("Noto Sans Arabic", _ARABIC, (400, 700)), More("Noto Sans Hebrew", _HEBREW, (400, 700)))
FONTS = (EMOJI, *SCRIPTS, CHINESE, JAPANESE, KOREAN, SIGNS, DRAWN_EMOJI)


@cache
def _matplotlibs() -> Path:
    """The folder of the fonts that come with matplotlib, which is not loaded for it."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("matplotlib is not installed")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


def fonts_digest() -> str:
    """One digest over all of these fonts."""
    return digest_bytes(" ".join(digest_file(file) for file in _files()).encode())


@cache
def _files() -> tuple[Path, ...]:
    return tuple(font.file(weight) for font in FONTS for weight in font.weights)


def lacking(text: str) -> set[str]:
    """The characters of a text that the themes' own fonts do not have, without what nobody sees."""
    unusual = {each for each in set(text) if each > "~" and each.isprintable() and each not in JOINERS}
    return {each for each in unusual if not _within(each, _own_blocks())}


def share_out(text: str, lang: str, *, drawn: bool = False) -> tuple[dict[More, set[str]], set[str]]:
    """Which font shows each of a text's characters that the themes' fonts lack, and the characters that none has.

    `lang` decides between the shapes that Chinese and Japanese give to one character. In what is `drawn` emoji are
    outlines: letters have no colours there. Fonts come in the order in which they are asked.
    """
    pictures = set(_PICTURED.findall(text))
    scripts = (*SCRIPTS, *_east_asian(set(text), lang))
    shared: dict[More, set[str]] = {}
    missing = set()
    for each in lacking(text):
        is_picture = each in pictures or each == _KEY or _within(each, _EVER_PICTURES)
        fonts = (*((EMOJI,) if is_picture and not drawn else ()), *scripts, SIGNS, DRAWN_EMOJI)
        font = next((font for font in fonts if font.has(each)), None)
        if font:
            shared.setdefault(font, set()).add(each)
        else:
            missing.add(each)
    keys = set() if drawn else set(_KEYS.findall(text))
    if keys:  # with their digits: the theme's font comes first, so that all other digits stay as they are
        shared.setdefault(EMOJI, set()).update(*keys)
    order = (EMOJI, *scripts, SIGNS, DRAWN_EMOJI)  # a set's own is another in every process
    return {font: shared[font] for font in order if font in shared}, missing


def _east_asian(letters: Iterable[str], lang: str) -> tuple[More, ...]:
    is_japanese = lang.startswith("ja") or (not lang.startswith("zh") and any(_within(each, _KANA) for each in letters))
    return (JAPANESE, CHINESE, KOREAN) if is_japanese else (CHINESE, JAPANESE, KOREAN)


def _within(character: str, blocks: Blocks) -> bool:
    return any(first <= ord(character) <= last for first, last in blocks)


@cache
def _own_blocks() -> Blocks:
    """The code points that the web fonts of the themes have."""
    css = (asset_dir("templates") / "fonts" / "fonts.css").read_text(encoding="utf-8")
    return tuple(sorted({(int(first, 16), int(last or first, 16)) for first, last in _RANGE.findall(css)}))


@cache
def _characters(file: Path) -> frozenset[int]:
    """The code points that a font has; reading one takes a while."""

    def read() -> list[int]:
        from fontTools.ttLib import TTFont

        with TTFont(file, lazy=True) as font:
            return sorted(font.getBestCmap())

    return frozenset(remembered("fonts", f"characters {digest_file(file)}", read))


def part_of(file: Path, letters: Iterable[str]) -> Path:
    """The letters of a font with what shapes them, as a web font in the cache; the same letters give the same bytes."""
    text = "".join(sorted(letters))
    made = cache_dir("fonts") / f"{file.stem}-{digest_bytes(f'{digest_file(file)} {text}'.encode())[:16]}.woff2"
    if not made.is_file():
        from fontTools import subset
        from fontTools.ttLib import TTFont

        options = subset.Options(notdef_outline=True)
        options.drop_tables += ["FFTM"]
        cut = subset.Subsetter(options)
        cut.populate(text=text + JOINERS)
        with TTFont(file, recalcTimestamp=False, lazy=True) as font:
            cut.subset(font)
            _save(font, made, "woff2")
    return made


@dataclass(frozen=True)
class Face:
    """Some letters of a font in one weight: the file that holds them."""

    font: More
    weight: int
    file: Path
    letters: frozenset[str]

    def css(self, address: str) -> str:
        """The rule by which a page has them from an address."""
        return (
            f'@font-face {{ font-family: "{self.font.name}"; font-style: normal; font-weight: {self.weight}; '
            f'font-display: block; src: url("{address}") format("woff2"); '
            f"unicode-range: {code_ranges({*self.letters, *JOINERS})}; }}"
        )


def faces_of(shared: dict[More, set[str]]) -> list[Face]:
    """What `share_out` shared out as files in the cache, in every weight that there is, by the fonts' names."""
    return [
        Face(font, weight, part_of(font.file(weight), letters), frozenset(letters))
        for font, letters in sorted(shared.items(), key=lambda item: item[0].name)
        for weight in font.weights
    ]


def unpacked(file: Path) -> Path:
    """A font as matplotlib reads it: a web font's in the cache."""
    if file.suffix == ".ttf":
        return file
    made = cache_dir("fonts") / f"{file.stem}-{digest_file(file)[:16]}.ttf"
    if not made.is_file():
        from fontTools.ttLib import TTFont

        with TTFont(file, recalcTimestamp=False, lazy=True) as font:
            _save(font, made, None)
    return made


def _save(font: Any, file: Path, flavor: str | None) -> None:
    content = io.BytesIO()
    font.flavor = flavor
    font.save(content, reorderTables=False)
    write_bytes(file, content.getvalue())


def code_ranges(letters: Iterable[str]) -> str:
    """Characters as CSS's `unicode-range`, as in "U+3042-3044,U+6F22"."""
    runs: list[tuple[int, int]] = []
    for point in sorted(map(ord, letters)):
        if runs and point == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], point)
        else:
            runs.append((point, point))
    return ",".join(f"U+{first:X}" if first == last else f"U+{first:X}-{last:X}" for first, last in runs)
