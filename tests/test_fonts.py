"""Fonts for letters that the themes' own lack: who shows what, and parts of fonts that hold just that."""

import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from talkgen.fonts import FONTS, JOINERS, code_ranges, lacking, part_of, share_out, unpacked

SHARES = [
    ("你好 and 語", "en", {"Noto Sans SC": "你好語"}),
    ("日本の語", "en", {"Noto Sans JP": "日本の語"}),
    ("日本の語", "zh-Hans", {"Noto Sans SC": "日本の語"}),
    ("直", "ja", {"Noto Sans JP": "直"}),
    ("안녕", "ko", {"Noto Sans KR": "안녕"}),
    ("مرحبا", "ar", {"Noto Sans Arabic": "مرحبا"}),
    ("שלום", "he", {"Noto Sans Hebrew": "שלום"}),
    ("🚀 ❤️ 👩‍🚀", "en", {"Noto Color Emoji": "🚀❤👩"}),
    ("❤ → ≤ Привет", "en", {"DejaVu Sans": "❤→≤Привет"}),
    ("1️⃣ but 2", "en", {"Noto Color Emoji": "1\ufe0f\u20e3"}),
    ("Größe, naïve, Ωμέγα – “quotes”…", "en", {}),
]


def points(file: Path) -> set[int]:
    """The code points of a font."""
    with TTFont(file, lazy=True) as font:
        return set(font.getBestCmap())


@pytest.mark.parametrize(("text", "lang", "shares"), SHARES)
def test_each_letter_has_the_font_of_its_script(text, lang, shares):
    """Han as the text's language writes it, emoji in colour where they are pictures, and nothing that ours have."""
    found, missing = share_out(text, lang)
    assert {font.name: letters for font, letters in found.items()} == {n: set(each) for n, each in shares.items()}
    assert missing == set()


def test_fonts_come_in_one_order():
    """In every process, since a picture names them in it."""
    names = [font.name for font in share_out("한 汉 → ב ا", "zh")[0]]
    assert names == ["Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans SC", "Noto Sans KR", "DejaVu Sans"]


def test_what_none_has_is_named():
    """Letters of scripts that no bundled font has."""
    assert share_out("नमस्ते", "hi")[1] == set("नमस्ते")


def test_drawn_emoji_are_outlines():
    """What draws figures knows no colours in letters."""
    assert {font.name for font in share_out("🚀 ❤️", "", drawn=True)[0]} == {"Noto Emoji", "DejaVu Sans"}


@pytest.mark.parametrize("font", FONTS, ids=lambda font: font.name)
def test_a_part_of_a_font_holds_what_was_asked(font, own_cache):
    """Its letters and what joins them, in a few kB, the same bytes each time."""
    file = font.file()
    letters = [chr(code) for code in sorted(points(file)) if code > 0x2000][:5] or list("אבגדה")
    made = part_of(file, letters)
    assert set(map(ord, letters)) <= points(made) <= set(map(ord, [*letters, *JOINERS]))
    assert made.stat().st_size < 30_000
    first = made.read_bytes()
    made.unlink()
    assert part_of(file, reversed(letters)).read_bytes() == first


def test_a_web_font_is_unpacked_for_drawing(own_cache):
    """With all its letters."""
    file = next(font for font in FONTS if font.name == "Noto Sans Hebrew").file()
    assert points(unpacked(file)) == points(file)
    assert unpacked(file).read_bytes()[:4] == b"\0\1\0\0"


def test_ranges_are_as_css_writes_them():
    """Neighbours as one range, in order."""
    assert code_ranges("漢あいう") == "U+3042,U+3044,U+3046,U+6F22"
    assert code_ranges("cab!") == "U+21,U+61-63"


def test_ascii_and_signs_nobody_sees_lack_nothing():
    """Nor does what our own fonts have."""
    assert lacking("a b\tc\n\u200d\u200b") == set()


def test_finding_fonts_loads_no_matplotlib():
    """A deck is written without it, though one of its fonts is used."""
    code = "import sys; from talkgen.fonts import share_out; share_out('→', 'en'); print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
