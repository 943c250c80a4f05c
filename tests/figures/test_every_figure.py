"""What holds for every figure: it repeats, can be read from the back row, says its numbers, refuses nonsense."""

import base64
import io
import itertools
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont
from matplotlib.text import Text
from PIL import Image, ImageColor
from pydantic import ValidationError

from talkgen.__main__ import main
from talkgen.errors import TalkgenError
from talkgen.figures.base import Canvas
from talkgen.figures.draw.save import save_picture
from talkgen.figures.draw.script import run_script
from talkgen.figures.numbers import percent
from talkgen.figures.registry import FIGURES, load_figure
from talkgen.lm.files.catalog import find_model
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.style import load_style

from .conftest import CASES, TABLES

SIZES = [(1152, 470), (677, 500)]
HALF = (564, 470)  # a figure in one of two columns
SLOW = {
    "checkpoint_film",
    "gradient_flow",
    "lora",
    "sequence_latency",
}  # to compute by their defaults
LOOKS = list(itertools.product(sorted(CASES), ["night", "paper"], SIZES))


def test_registry_is_the_folder():
    """A figure's name is its module's; what has the protocol's parts is one, and every one has them all."""
    parts = ("class Params(base.Params):", "\nTABLES = ", "\ndef compute(", "@styled\ndef draw(", "\ndef describe(")
    files = {file.stem: file for file in TABLES.parent.glob("*.py") if file.stem != "own"}  # which writes new ones
    texts = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    assert {name for name, text in texts.items() if any(part in text for part in parts)} == set(FIGURES)
    assert [name for name in FIGURES if not all(part in texts[name] for part in parts)] == []


def test_unknown_figure_gets_a_hint():
    """A misspelt name is answered with the right one."""
    with pytest.raises(TalkgenError) as caught:
        load_figure("compte_graph")
    assert caught.value.problems[0].hint == "did you mean 'compute_graph'?"


def test_modules_bring_nothing_heavy():
    """Planning reads every figure's `Params` and must pay neither for torch nor for matplotlib."""
    code = (
        "import sys; from talkgen.figures.registry import FIGURES, load_figure\n"
        "[load_figure(name).Params() for name in FIGURES]\n"
        "print([name for name in ('torch', 'matplotlib', 'networkx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", sorted(CASES))
def test_data_repeats_and_is_json(name, data_of, inputs):
    """The same parameters give the same numbers, times excepted, and JSON loses none of them."""
    module = load_figure(name)
    again = module.compute(module.Params(**CASES[name]), inputs)
    first = data_of(name)
    assert ("timings" in again) == getattr(module, "MEASURES_TIME", False)
    assert {**again, "timings": None} == {**first, "timings": None}
    assert json.loads(json.dumps(again)) == again


@pytest.mark.parametrize("name", sorted(CASES))
def test_picture_repeats_byte_for_byte(name, data_of, canvas, tmp_path):
    """Drawn twice, the second time under other settings of matplotlib, a figure gives the same files."""
    module, data = load_figure(name), data_of(name)
    files = []
    for turn, settings in enumerate(({}, {"font.size": 3, "axes.grid": True, "lines.linewidth": 9})):
        with mpl.rc_context(settings):
            picture = module.draw(json.loads(json.dumps(data)), canvas)
            svg, png = tmp_path / f"{turn}.svg", tmp_path / f"{turn}.png"
            save_picture(picture, svg, png, {"figure": name, "seed": 1})
        files.append((svg.read_bytes(), png.read_bytes()))
    assert files[0] == files[1]


@pytest.mark.parametrize(("name", "theme", "size"), LOOKS)
def test_figure_can_be_read_from_the_back_row(name, theme, size, data_of, tmp_path):
    """Every text has at least 20 px of the slide, and nothing reaches over the canvas."""
    canvas = Canvas(load_style(theme, tmp_path), *size)
    picture = load_figure(name).draw(data_of(name), canvas)
    texts = [text for text in picture.findobj(Text) if text.get_visible() and text.get_text()]
    assert texts
    px = picture.dpi / 72
    assert {text.get_text(): text.get_fontsize() * px for text in texts if text.get_fontsize() * px < 20} == {}
    box = picture.get_tightbbox().padded(-1.5 / picture.dpi)
    assert (box.x0 >= 0, box.y0 >= 0) == (True, True)
    assert (box.x1 * picture.dpi <= canvas.width, box.y1 * picture.dpi <= canvas.height) == (True, True)


@pytest.mark.parametrize("size", [*SIZES, HALF], ids=["whole", "wide", "half"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_no_text_stands_on_another(name, size, data_of, tmp_path):
    """On a slide every text has its place to itself, inside the picture, in a column, too."""
    picture = load_figure(name).draw(data_of(name), Canvas(load_style("night", tmp_path), *size))
    assert meeting(picture) == []
    level = [(text.get_text(), text.get_window_extent()) for text in written(picture) if not text.get_rotation()]
    assert [said for said, box in level if box.x0 < -1.5 or box.x1 > size[0] + 1.5] == []


def written(picture):
    """The texts of a picture that are seen."""
    return [text for text in picture.findobj(Text) if text.get_visible() and text.get_text().strip()]


def meeting(picture):
    """The pairs of level texts that share a px of their letters."""
    level = [(text.get_text(), text.get_window_extent()) for text in written(picture) if not text.get_rotation()]
    boxes = [(said, (box.x0 + 1, box.y0 + 3, box.x1 - 1, box.y1 - 3)) for said, box in level]
    return [
        (one, other)
        for (one, a), (other, b) in itertools.combinations(boxes, 2)
        if (one, a) != (other, b) and min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
    ]


@pytest.mark.parametrize("size", [(900, 260), (900, 360), (420, 300), (420, 430)], ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("name", sorted(CASES))
def test_in_little_room_texts_are_apart_or_it_is_told(name, size, data_of, tmp_path):
    """A figure in a low place or a narrow column is drawn so that it can be read, or says what it needs."""
    try:
        picture = load_figure(name).draw(data_of(name), Canvas(load_style("night", tmp_path), *size))
    except TalkgenError as error:
        assert "has no room for its" in str(error)  # noqa: PT017 – most figures are drawn
        assert "hint: give it" in str(error)  # noqa: PT017
    else:
        assert meeting(picture) == []


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("attention_map", (360, 430)),
        ("backprop_through_time", (1152, 360)),
        ("bidirectional", (540, 430)),
        ("bidirectional", (1152, 300)),
        ("checkpoint_film", (1152, 330)),
        ("complexity_table", (1152, 300)),
        ("complexity_table", (360, 430)),
        ("compute_optimal", (900, 260)),
        ("decoder_only", (900, 360)),
        ("kv_cache", (900, 300)),
        ("layer_norm", (420, 430)),
        ("lora", (540, 430)),
        ("lstm_vs_transformer", (420, 430)),
        ("memory_bottleneck", (420, 430)),
        ("parameter_counts", (900, 430)),
        ("parameter_counts", (420, 430)),
        ("parameter_counts", (360, 430)),
        ("quantization", (1152, 300)),
        ("scaling_law", (420, 470)),
        ("softmax_temperature", (1152, 300)),
        ("token_loss_by_position", (420, 430)),
        ("transformer_block", (540, 430)),
        ("transformer_block", (900, 360)),
        ("unrolled_rnn", (540, 430)),
        ("unrolled_rnn", (1152, 300)),
        ("votes", (420, 430)),
    ],
)
def test_a_little_less_room_is_room_enough(name, size, data_of, tmp_path):
    """Notes are shorter, axes have fewer numbers and rows stand closer before a figure is refused."""
    picture = load_figure(name).draw(data_of(name), Canvas(load_style("night", tmp_path), *size))
    assert meeting(picture) == []


@pytest.mark.parametrize(("size", "heights"), [((1152, 470), 1), ((360, 430), 12)])
def test_a_sentence_with_arcs_stands_down_a_narrow_picture(size, heights, data_of, tmp_path):
    """Its words are in a line where that has room for them, else each has a row, with its share."""
    data = data_of("attention_map", sentence="to be or not", view="arcs") | {"tokens": ["attends"] * 12}
    picture = load_figure("attention_map").draw(data, Canvas(load_style("night", tmp_path), *size))
    words = [text for text in written(picture) if text.get_text() == "attends"]
    assert (len(words), len({round(word.get_window_extent().y0 / 4) for word in words})) == (12, heights)
    weights = data["weights"][data["focus"]]
    shares = {f"{100 * weight:.0f}%" for weight in weights[1:] if weight >= 0.05}
    assert shares <= {text.get_text() for text in written(picture)}
    assert meeting(picture) == []


def test_candidates_that_have_no_row_count_among_the_others(data_of, tmp_path):
    """In a low place fewer bars are drawn than were asked for: the rest is in the last, and in the words."""
    data = data_of("next_token", prompt="to be or not to b", bars=12)
    picture = load_figure("next_token").draw(data, Canvas(load_style("night", tmp_path), 1152, 300))
    said = {text.get_text() for text in written(picture)}
    others = next(int(text.removesuffix(" others")) for text in said if text.endswith(" others"))
    shown = data["vocabulary"] - others
    assert 6 < shown < 12
    assert percent(data["other"] + sum(item["p"] for item in data["candidates"][shown:])) in said
    assert all(item["shown"] in load_figure("next_token").describe(data) for item in data["candidates"])


def test_texts_that_would_stand_on_each_other_are_told(data_of, tmp_path):
    """Six rows of names in 60 px are a figure that nobody reads."""
    with pytest.raises(
        TalkgenError, match=r"1152 by 300 px has no room for its text\n.*more `height`, or a wider column"
    ):
        load_figure("model_sizes").draw(data_of("model_sizes"), Canvas(load_style("night", tmp_path), 1152, 300))


@pytest.mark.parametrize(("size", "hint"), [((1152, 100), "more `height`"), ((100, 470), "a wider column")])
@pytest.mark.parametrize("name", sorted(CASES))
def test_too_little_room_is_no_crash(name, size, hint, data_of, tmp_path):
    """In 100 px of height or width a figure is drawn as well as it goes, or says that its plot needs more."""
    canvas = Canvas(load_style("night", tmp_path), *size)
    try:
        load_figure(name).draw(data_of(name), canvas)
    except TalkgenError as error:
        room = f"a picture of {size[0]} by {size[1]} px has no room for its"
        assert str(error) in (  # noqa: PT017 – most figures are drawn
            f"{room} plot\n  hint: give it {hint}",
            f"{room} text\n  hint: give it more `height`",
            f"{room} text\n  hint: give it more `height`, or a wider column",
            f"{room} text\n  hint: give it a wider column",
        )


@pytest.mark.parametrize("name", ["bidirectional", "backprop_through_time", "lstm_cell", "unrolled_rnn"])
def test_a_picture_too_low_for_its_text_says_so(name, data_of, tmp_path):
    """Where its edge would cut a word or a number off; a little higher, it is drawn."""
    look = load_style("night", tmp_path)
    with pytest.raises(TalkgenError, match=r"has no room for its text\n.*more `height`"):
        load_figure(name).draw(data_of(name), Canvas(look, 1152, 240))
    load_figure(name).draw(data_of(name), Canvas(look, 1152, 430))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in sorted(FIGURES)]
)
def test_every_figure_draws_with_its_defaults(name, canvas, tmp_path):
    """With nothing said, nothing pulled and no project, on the models that talkgen ships."""
    inputs = ProjectInputs(tmp_path, find_model("small", tmp_path))
    module = load_figure(name)
    data = module.compute(module.Params(), inputs)
    module.draw(data, canvas)
    assert module.describe(data)


@pytest.mark.parametrize("name", sorted(CASES))
def test_alt_text_has_the_numbers(name, data_of):
    """Who cannot see the picture is told what it measures."""
    text = load_figure(name).describe(data_of(name))
    assert len(text) > 40
    assert any(character.isdigit() for character in text)


@pytest.mark.parametrize("name", sorted(CASES))
def test_unknown_parameter_is_refused(name):
    """A misspelt parameter is an error, not a default."""
    with pytest.raises(ValidationError):
        load_figure(name).Params(no_such_parameter=1)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("compute_graph", {"tokens": 1}),
        ("compute_graph", {"cells": ["gru"]}),
        ("compute_graph", {"cells": ["rnn", "rnn"]}),
        ("attention_map", {"view": "matrix"}),
        ("attention_map", {"sentence": ""}),
        ("next_token", {"bars": 0}),
        ("next_token", {"prompt": "x" * 3000}),
        ("completions", {"prompts": []}),
        ("parameter_counts", {"first": 1950}),
    ],
)
def test_impossible_parameter_is_refused(name, params):
    """Values that make no picture are stopped before anything is computed."""
    with pytest.raises(ValidationError):
        load_figure(name).Params(**params)


def test_provenance_travels_in_both_files(data_of, canvas, tmp_path):
    """SVG and PNG carry the same record, and neither a date nor a name of this machine."""
    svg, png = tmp_path / "a.svg", tmp_path / "a.png"
    record = {"figure": "next_token", "text": "<b> & “quotes” ü", "models": [{"step": 3}]}
    save_picture(load_figure("next_token").draw(data_of("next_token"), canvas), svg, png, record)
    found = [node.text for node in ET.parse(svg).iter() if node.tag.endswith("}description")]
    assert [json.loads(text) for text in found] == [record]
    assert not [node for node in ET.parse(svg).iter() if node.tag.endswith("}date")]
    with Image.open(png) as image:
        assert json.loads(image.text["Provenance"]) == record
        assert image.size == (2 * canvas.width, 2 * canvas.height)
        assert image.convert("RGBA").getpixel((0, image.height - 1))[3] == 0


def test_a_png_is_on_the_themes_ground_unless_asked_otherwise(tmp_path, monkeypatch):
    """`figures show`: it goes into other programs, whose pages are of another colour."""
    monkeypatch.chdir(tmp_path)
    ground = load_style("night", tmp_path).colors.background
    for more, expected in (((), (*ImageColor.getrgb(ground), 255)), (("--transparent",), (0, 0, 0, 0))):
        command = ["talkgen", "figures", "show", "model_sizes", "--theme", "night", "-o", "a.png", "-q", *more]
        monkeypatch.setattr("sys.argv", command)
        assert main() == 0
        with Image.open("a.png") as image:
            pixel = image.convert("RGBA").getpixel((0, image.height - 1))
            assert pixel[3] == expected[3]
            assert pixel[3] == 0 or pixel == expected


def test_svg_has_the_canvas_size_and_its_text_with_fonts(data_of, canvas, tmp_path):
    """In a browser the picture is as large as its place on the slide; its text is text, and each font of it inside."""
    svg, png = tmp_path / "a.svg", tmp_path / "a.png"
    data = data_of("next_token")
    data["tokens"][-4:] = ["漢字", "🙂", "a  <b>", "é"]
    picture = load_figure("next_token").draw(data, canvas)
    save_picture(picture, svg, png, {})
    root = ET.parse(svg).getroot()
    points = [float(root.attrib[side].removesuffix("pt")) for side in ("width", "height")]
    assert points == pytest.approx([canvas.width * 0.75, canvas.height * 0.75])
    assert not [node for node in root.iter() if node.tag.endswith("}image")]
    written = [node for node in root.iter() if node.tag.endswith("}text")]
    said = [text.get_text() for axes in picture.axes for text in axes.texts]
    assert sorted(node.text for node in written) == sorted(said)
    faces = {
        (family, weight): set(TTFont(io.BytesIO(base64.b64decode(font))).getBestCmap())
        for family, weight, font in re.findall(
            r'font-family:"([^"]+)";font-weight:(\d+);src:url\(data:font/woff2;base64,([^)]+)\)', svg.read_text()
        )
    }
    for node in written:
        weight = "700" if "font-weight: 700" in node.attrib["style"] else "400"
        fonts = [faces.get((name, weight), set()) for name in re.findall("'([^']+)'", node.attrib["style"])]
        assert set(map(ord, node.text)) <= set().union(*fonts), node.text


def test_a_script_has_the_fonts_of_its_letters(canvas, tmp_path):
    """As any figure: where its reader has none, Chinese would be boxes."""
    script = tmp_path / "plot.py"
    script.write_text("from matplotlib import pyplot as plt\nplt.plot([1, 2])\nplt.title('汉字')\n", encoding="utf-8")
    save_picture(run_script(script, canvas), tmp_path / "a.svg", tmp_path / "a.png", {})
    assert 'font-family:"Noto Sans SC"' in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_a_picture_is_the_same_whatever_was_drawn_before(canvas, tmp_path):
    """Fonts for the letters of one figure are not the next one's."""
    module, files = load_figure("completions"), []
    for number, token in enumerate(("cat", "汉字", "cat")):
        line = {"prompt": "a", "candidates": [{"shown": token, "p": 0.5}]}
        svg = tmp_path / f"{number}.svg"
        save_picture(module.draw({"lines": [line]}, canvas), svg, tmp_path / "a.png", {})
        files.append(svg.read_bytes())
    assert files[0] == files[2]


def test_letters_of_a_formula_are_paths(canvas, tmp_path):
    """A script's formula, whose letters matplotlib places one by one, looks the same without any font."""
    script = tmp_path / "plot.py"
    script.write_text("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title(r'$x^2$ and text')\n")
    save_picture(run_script(script, canvas), tmp_path / "a.svg", tmp_path / "a.png", {})
    drawn = (tmp_path / "a.svg").read_text()
    assert "<text" not in drawn
    assert "<use" in drawn
