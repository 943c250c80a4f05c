"""Labels, lines, colours, numbers and fonts that all figures draw with."""

import itertools

import pytest
from hypothesis import given as always
from hypothesis import strategies as st
from pydantic import ValidationError

from talkgen.assets import asset_dir
from talkgen.errors import TalkgenError
from talkgen.figures.draw.color import ink_on, mix
from talkgen.figures.draw.headline import wrap, write_headline
from talkgen.figures.draw.labels import Spot, place_labels
from talkgen.figures.draw.lettering import printable
from talkgen.figures.draw.lines import spread
from talkgen.figures.draw.pen import plot, sheet
from talkgen.figures.numbers import human, human_bytes, percent, significant, superscript
from talkgen.figures.registry import load_figure


def test_labels_cover_neither_each_other_nor_points():
    """Around a dense cluster only labels with room are placed, and none overlaps."""
    points = [(200 + 17 * (i % 4), 200 + 23 * (i // 4)) for i in range(12)]
    placed = place_labels(points, [(60, 20)] * 12, (0, 0, 600, 500), 10)
    spots = [spot for spot in placed if spot]
    assert 4 <= len(spots) < 12
    dots = [Spot(x, y, 10, 10) for x, y in points]
    assert all(a.overlap(b) == 0 for i, a in enumerate(spots) for b in spots[:i])
    assert all(spot.overlap(dot) == 0 for spot in spots for dot in dots)


def test_labels_stay_in_their_room():
    """A label at the edge goes to the other side of its point; one that fits nowhere is left out."""
    inside, nowhere = place_labels([(95, 50), (40, 8)], [(40, 12), (90, 30)], (0, 0, 100, 60), 8)
    assert inside is not None
    assert inside.x + 20 <= 95 - 8
    assert nowhere is None


@always(st.lists(st.floats(0, 400), min_size=1, max_size=9))
def test_spread_keeps_distance_and_order(values):
    """Line ends move apart to the gap, keep their order, and stay where they are when they are apart already."""
    moved = spread(values, 20, -1000, 1000)
    order = sorted(range(len(values)), key=lambda i: values[i])
    gaps = [moved[b] - moved[a] for a, b in itertools.pairwise(order)]
    assert all(gap >= 20 - 1e-6 for gap in gaps)
    assert sum(moved) == pytest.approx(sum(values), abs=1e-6)
    if all(values[b] - values[a] >= 20 for a, b in itertools.pairwise(order)):
        assert moved == pytest.approx(values)


def test_spread_respects_its_limits():
    """Labels at the lower edge are pushed inwards."""
    assert spread([0, 2], 20, 5, 100) == pytest.approx([5, 25])


@always(st.text(max_size=30))
def test_any_text_can_be_drawn(text):
    """Whatever a token holds, what is drawn has a glyph in one of the fonts."""
    assert len(printable(text)) == len(text)
    assert printable(printable(text)) == printable(text)


def test_control_characters_and_unknown_glyphs_become_a_sign():
    """Nothing invisible or missing is drawn silently."""
    assert printable("a\x00b\ud800\U00013000 α ↵") == "a\ufffdb\ufffd\ufffd α ↵"


def test_dollar_signs_are_text(canvas):
    """A prompt with dollars is no formula."""
    text = sheet(canvas).write(10, 10, r"$\frac{1}{2}$")
    assert text.get_text() == r"$\frac{1}{2}$"
    assert not text.get_parse_math()


def test_shortened_text_fits(canvas):
    """A long word ends with an ellipsis within its room."""
    pen = sheet(canvas)
    short = pen.shorten("internationalization", 90)
    assert short.endswith("…")
    assert pen.text_width(short) <= 90
    assert pen.shorten("cat", 90) == "cat"


def test_a_pen_knows_where_its_axes_lie(canvas):
    """Places of a plot and px of the picture are each other's inverse, from the upper left corner."""
    pen = plot(canvas, 100, 50, 300, 250)
    pen.axes.set(xlim=(0, 10), ylim=(0, 1))
    assert pen.at(0, 1) == pytest.approx((100, 50))
    assert pen.at(10, 0) == pytest.approx((300, 250))
    assert pen.from_px(*pen.at(2.5, 0.125)) == pytest.approx((2.5, 0.125))
    assert sheet(canvas).at(7, 9) == pytest.approx((7, 9))


def test_mix_runs_between_its_ends():
    """The ends are the colours themselves, and lightness grows all the way."""
    steps = [mix("#182133", "#56b4e9", share / 10) for share in range(11)]
    assert (steps[0], steps[-1]) == ("#182133", "#56b4e9")
    assert sorted(steps, key=lambda color: int(color[3:5], 16)) == steps


@pytest.mark.parametrize(("color", "ink"), [("#ffffff", "#000000"), ("#000000", "#ffffff"), ("#0072b2", "#ffffff")])
def test_ink_stands_out(color, ink):
    """Dark on light, light on dark."""
    assert ink_on(color) == ink


def test_numbers_as_people_say_them():
    """Counts in three digits, shares in percent, small ones not as zero."""
    assert [human(n) for n in (7, 24.2e6, 1558e6, 137e9, 1.571e12)] == [
        "7",
        "24.2M",
        "1.56B",
        "137B",
        "1.57T",
    ]
    assert [human(n) for n in (999.6, 999_999, 999.7e9)] == ["1k", "1M", "1T"]
    assert [human_bytes(n) for n in (512, 4.1e6, 1.42e9, 2e12)] == ["512B", "4.1MB", "1.42GB", "2TB"]
    assert [percent(p) for p in (0.8912, 0.0098, 0.0061, 0.0004, 0)] == ["89%", "1%", "0.6%", "<0.1%", "0%"]
    assert (superscript("-12"), superscript("1.25")) == ("⁻¹²", "¹·²⁵")
    assert [significant(x) for x in (0.0, 123456.0, 0.00123456)] == [0.0, 123500.0, 0.001235]


def test_fonts_are_bundled_small_and_licensed():
    """Every file that fonts.css names is there, the whole stays below 1.5 MB, and each family has its licence."""
    folder = asset_dir("templates") / "fonts"
    css = (folder / "fonts.css").read_text(encoding="utf-8")
    named = {part.split('"')[0] for part in css.split('url("./')[1:]}
    assert named == {file.name for file in folder.glob("*.woff2")}
    assert sum(file.stat().st_size for file in folder.iterdir()) < 1_500_000
    assert "http" not in css
    for licence in ("OFL-Inter.txt", "OFL-JetBrainsMono.txt"):
        assert "SIL Open Font License, Version 1.1" in (folder / licence).read_text(encoding="utf-8")


@pytest.mark.parametrize("params", [{"first": 2020, "last": 2020}, {"first": 2016}, {"first": 2023, "last": 2030}])
def test_parameter_counts_of_any_years(params, data_of, canvas):
    """A year, a part of the table, or years to come can be drawn; what has no model, or ends first, is a message."""
    data = data_of("parameter_counts", **params)
    load_figure("parameter_counts").draw(data, canvas)
    assert {int(model["year"]) for model in data["models"]} <= set(range(data["first"], data["last"] + 1))
    with pytest.raises(TalkgenError, match="no model of 2015"):
        data_of("parameter_counts", first=2015, last=2015)
    with pytest.raises(ValidationError, match="before the first year"):
        data_of("parameter_counts", first=2024, last=2016)


def test_parameter_counts_name_every_model_without_overlap(data_of, canvas):
    """On a full-width slide each model is named once, and no two names touch."""
    data = data_of("parameter_counts")
    picture = load_figure("parameter_counts").draw(data, canvas)
    texts = picture.axes[0].texts
    labels = [text for text in texts if any(text.get_text().startswith(m["name"] + " ") for m in data["models"])]
    boxes = [label.get_window_extent() for label in labels]
    assert len(labels) == len(data["models"])
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_headlines_take_as_many_lines_as_they_need(canvas):
    """All words stand there in order, no line is wider than the picture; a word that is wider is cut."""
    pen = sheet(canvas)
    text = "Without the head that looks at the token before the loss rises"
    lines = wrap(pen, text, 300)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(pen.text_width(line, pen.sizes.small, bold=True) <= 300 for line in lines)
    assert wrap(pen, "x" * 200, 300)[0].endswith("…")
    one, two = (write_headline(pen, line) for line in (text, text * 3))
    assert two - one == 29 * (len(wrap(pen, text * 3, canvas.width - 4)) - 1)
