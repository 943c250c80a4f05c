"""Every published constant against a second, independent statement of it: a changed digit in a data file fails here."""

import pytest

from talkgen.figures.numbers import human
from talkgen.figures.registry import FIGURES, load_figure

from .conftest import TABLES


def block(d: int, feed: float = 4, attention: float = 4) -> float:
    """The large matrices of a transformer's layer of width d: `attention` of d × d, two of d × `feed` d."""
    return (attention + 2 * feed) * d**2


def lstm(inputs: int, units: int, outputs: int | None = None) -> int:
    """An LSTM layer without biases, with a projection of its output where `outputs` are given."""
    out = outputs or units
    return 4 * (inputs + out) * units + (units * outputs if outputs else 0)


def llama(layers: int, d: int, feed: int, keys: int, vocabulary: int, embeddings: int = 2) -> int:
    """Llama's family: keys and values of width `keys`, a gated feed-forward, RMSNorm, no biases."""
    layer = 2 * d * d + 2 * d * keys + 3 * d * feed + 2 * d
    return layers * layer + embeddings * vocabulary * d + d


def deepseek(experts: int) -> int:
    """DeepSeek-V3 with so many experts of a layer counted: latent attention, three dense layers and 58 of experts."""
    latent = 7168 * 1536 + 1536 * 128 * 192 + 7168 * 576 + 512 * 128 * 256 + 128 * 128 * 7168
    expert = 3 * 7168 * 2048
    return 61 * latent + 3 * 3 * 7168 * 18432 + 58 * (experts * expert + 256 * 7168) + 2 * 129280 * 7168


def kimi(experts: int) -> int:
    """Kimi K2 likewise: half of the heads, one dense layer and 60 of 384 experts."""
    latent = 7168 * 1536 + 1536 * 64 * 192 + 7168 * 576 + 512 * 64 * 256 + 64 * 128 * 7168
    expert = 3 * 7168 * 2048
    return 61 * latent + 3 * 7168 * 18432 + 60 * (experts * expert + 384 * 7168) + 2 * 163_840 * 7168


def mamba(layers: int, d: int, vocabulary: int) -> int:
    """Mamba as Falcon has it: an inner width of 2 d, a state of 16, a convolution of 4, untied embeddings."""
    inner, rank, state = 2 * d, d // 16, 16
    layer = 2 * d * inner + 5 * inner + inner * (rank + 2 * state) + (rank + 1) * inner + (state + 1) * inner
    return layers * (layer + inner * d + d) + 2 * vocabulary * d + d


def gpt(layers: int, d: int, vocabulary: int, context: int, last_norm: int = 1) -> int:
    """GPT and GPT-2, every bias and norm counted, embeddings tied."""
    return layers * (12 * d**2 + 13 * d) + (vocabulary + context) * d + 2 * last_norm * d


SHAPES = {  # name: (parameters by the shapes its source gives, how far what it leaves out may be off)
    "Zaremba LSTM": (2 * lstm(1500, 1500) + 2 * 10_000 * 1500, 0.002),
    "seq2seq": (2 * 4 * lstm(1000, 1000) + (160_000 + 2 * 80_000) * 1000, 0.001),
    "Big LSTM": (2 * lstm(1024, 8192, 1024) + 793_471 * 1024 + 4 * 4096**2 + 4096 * 1024, 0.006),
    "GNMT": (
        3 * 32_000 * 1024 + 2 * lstm(1024, 1024) + lstm(2048, 1024) + 6 * lstm(1024, 1024) + 8 * lstm(2048, 1024),
        0.02,
    ),
    "MoE LSTM": (131_072 * 2 * 512 * 1024, 0.005),
    "AWD-LSTM": (10_000 * 400 + lstm(400, 1150) + lstm(1150, 1150) + lstm(1150, 400), 0.002),
    "ELMo": (4 * lstm(512, 4096, 512) + 4 * 2048**2 + 2048 * 512, 0.003),
    "RWKV": (2 * 50_277 * 5120 + 13 * 5120**2 * 40 + 5120 * (11 * 40 + 4), 0.011),
    "Falcon Mamba": (mamba(64, 4096, 65_024), 0),
    "xLSTM": (32 * (4096 * (2 * 2048 + 3 * 4096) + 3 * 4096 * 10_944) + 2 * 50_304 * 4096, 0.002),
    "Transformer": (6 * block(1024) + 6 * block(1024, attention=8) + 37_000 * 1024, 0.006),
    "GPT": (gpt(12, 768, 40_478, 512, last_norm=0), 0),
    "BERT large": (24 * block(1024) + (30_522 + 512 + 2) * 1024 + 1024**2, 0.016),
    "GPT-2": (gpt(48, 1600, 50_257, 1024), 0.0003),
    "Megatron-LM": (72 * block(3072) + 51_200 * 3072, 0.002),
    "T5": (24 * (3 * 4 * 1024 * 16_384 + 2 * 2 * 1024 * 65_536) + 32_128 * 1024, 0.03),
    "Turing-NLG": (78 * block(4256) + 50_257 * 4256, 0.003),
    "GPT-3": (96 * block(12_288) + (50_257 + 2048) * 12_288, 0.003),
    "Switch-C": (2 * 15 * 2048 * 2 * 2080 * 6144, 0.001),
    "Megatron-Turing": (105 * block(20_480) + 50_257 * 20_480, 0.001),
    "Gopher": (80 * block(16_384, attention=5) + 32_000 * 16_384, 0.002),
    "Chinchilla": (80 * block(8192, attention=5) + 32_000 * 8192, 0.002),
    "PaLM": (118 * (18_432 * (2 * 48 + 2) * 256 + 12 * 18_432**2) + 256_000 * 18_432, 0.0001),
    "LLaMA": (llama(80, 8192, 22_016, 8192, 32_000), 0.0014),
    "Llama 3.1": (llama(126, 16_384, 53_248, 1024, 128_256), 0.003),
    "SmolLM2": (llama(30, 576, 1536, 192, 49_152, embeddings=1), 0),
    "DeepSeek-V3": (deepseek(257), 0.001),
    "Kimi K2.5": (kimi(385), 0.03),  # with what it sees pictures with left out; its source rounds to 1T
}
WITHOUT_SHAPES = {"Griffin"}  # whose shape is not known here
SAID = (  # the same counts as they are quoted in prose
    "Zaremba LSTM 66M, seq2seq 384M, Big LSTM 1.04B, GNMT 278M, MoE LSTM 137B, AWD-LSTM 24.2M, ELMo 93.6M, "
    "RWKV 14B, Griffin 14B, Falcon Mamba 7.27B, xLSTM 6.87B, Transformer 213M, GPT 117M, BERT large 340M, "
    "GPT-2 1.56B, Megatron-LM 8.3B, T5 11B, Turing-NLG 17.2B, GPT-3 175B, Switch-C 1.57T, Megatron-Turing 530B, "
    "Gopher 280B, Chinchilla 70B, PaLM 540B, LLaMA 65.2B, Llama 3.1 405B, SmolLM2 135M, DeepSeek-V3 671B, "
    "Kimi K2.5 1T"
)
ACTIVE = {"DeepSeek-V3": (deepseek(9), 0.02), "Kimi K2.5": (kimi(9), 0.04)}  # eight experts and the shared one
DATES = {  # the months of the arXiv numbers that the sources give, and of what was announced without one
    "GPT": "2018-06",
    "GPT-2": "2019-02",
    "Turing-NLG": "2020-02",
    "Kimi K2.5": "2026-01",
    "Megatron-Turing": "2021-10",
    "Falcon Mamba": "2024-08",
    "SmolLM2": "2024-11",
}


@pytest.fixture
def counts(inputs) -> dict[str, dict[str, str]]:
    """The rows of the table of models, by name."""
    return {row["name"]: row for row in inputs.table("parameter_counts.csv")}


def test_parameter_counts_follow_from_their_shapes(counts):
    """Layers, widths and vocabulary give each count, to what the formula leaves out (biases, norms, filters)."""
    assert set(counts) == {*SHAPES, *WITHOUT_SHAPES}
    off = {
        name: abs(int(counts[name]["parameters"]) / computed - 1) - tolerance
        for name, (computed, tolerance) in SHAPES.items()
    }
    assert {name: share for name, share in off.items() if share > 1e-12} == {}


def test_parameter_counts_are_those_people_quote(counts):
    """To three digits, in the order of the table."""
    assert ", ".join(f"{name} {human(int(row['parameters']))}" for name, row in counts.items()) == SAID
    active = {name: human(int(row["active"])) for name, row in counts.items() if row["active"]}
    assert active == {"DeepSeek-V3": "37B", "Kimi K2.5": "32B"}
    longer = {name: f"{int(counts[name]['parameters']) / 1e9:g}B" for name in ("PaLM", "Switch-C")}
    assert longer == {"PaLM": "540.35B", "Switch-C": "1571B"}  # as their tables have them, with more digits


def test_what_is_noted_of_a_model_is_what_its_count_is_made_of(counts):
    """So many experts of two matrices each are the whole of the mixture of LSTMs."""
    experts = {name: int(row["note"].split()[0].replace(",", "")) for name, row in counts.items() if row["note"]}
    assert set(experts) == {"MoE LSTM"}
    assert experts["MoE LSTM"] * 2 * 512 * 1024 == pytest.approx(int(counts["MoE LSTM"]["parameters"]), rel=0.005)


def test_active_parameters_follow_from_their_shapes(counts):
    """What a token uses of a mixture of experts, where the source says it."""
    known = {name: row for name, row in counts.items() if row["active"] and name not in WITHOUT_SHAPES}
    active = {name: int(row["active"]) for name, row in known.items()}
    assert set(active) == set(ACTIVE)
    for name, (computed, tolerance) in ACTIVE.items():
        assert active[name] == pytest.approx(computed, rel=tolerance)


def test_dates_are_those_of_the_sources(counts):
    """The month is in the first arXiv number of the source, or is that of the announcement."""
    for name, row in counts.items():
        number = row["source"].split("arXiv ")[-1 if row["source"].count("arXiv") < 2 else 1][:4]
        expected = DATES.get(name, f"20{number[:2]}-{number[2:]}")
        assert (name, row["date"]) == (name, expected)


def test_every_row_says_where_it_is_from(counts, inputs):
    """Each row has a source and says how sure it is; a known error (ULMFiT's 24M) is not among them."""
    assert all(row["source"] and row["tag"] in {"stated", "confirmed", "derived"} for row in counts.values())
    assert "ULMFiT" not in counts
    assert {name for name, row in counts.items() if row["kind"] == "sparse"} == {
        "MoE LSTM",
        "Switch-C",
        "DeepSeek-V3",
        "Kimi K2.5",
    }
    recurrent = "Zaremba LSTM,seq2seq,Big LSTM,GNMT,MoE LSTM,AWD-LSTM,ELMo,RWKV,Griffin,Falcon Mamba,xLSTM"
    assert [name for name, row in counts.items() if row["architecture"] == "recurrent"] == recurrent.split(",")
    assert all(row["source"] for row in inputs.table("scaling_laws.csv"))


SUM = {"smallest": 4.4e7, "largest": 1.6e10}  # the smallest and the largest model of Hoffmann et al., table A9


@pytest.fixture
def laws(inputs) -> dict[str, dict[str, float]]:
    """The constants of each law by name."""
    rows = inputs.table("scaling_laws.csv")
    return {
        row["law"]: {key: float(value) for key, value in row.items() if value and key not in ("law", "form", "source")}
        for row in rows
    }


def test_kaplans_law_gives_its_losses(laws):
    """Four losses computed elsewhere; doubling the size leaves 0.95 of the loss (section 1.2)."""
    law = laws["Kaplan 2020"]
    for size, loss in ((1e6, 4.016), (1e7, 3.371), (1e8, 2.830), (1.5e9, 2.304)):
        assert (law["scale"] / size) ** law["alpha"] == pytest.approx(loss, abs=6e-4)
    assert round(2 ** -law["alpha"], 2) == 0.95


def test_laws_are_printed_like_this(laws):
    """The constants as the equations stand in the papers, and the sizes of the models behind them."""
    assert laws == {
        "Kaplan 2020": {"scale": 8.8e13, "alpha": 0.076, "smallest": 768, "largest": 1.5e9},
        "Hoffmann 2022": SUM | {"floor": 1.69, "a": 406.4, "alpha": 0.34, "b": 410.7, "beta": 0.28},
        "Besiroglu 2024": SUM | {"floor": 1.8172, "a": 482.01, "alpha": 0.3478, "b": 2085.43, "beta": 0.3658},
    }


@pytest.mark.parametrize(
    ("name", "longer", "digits"),
    [
        # Hoffmann's with more digits, as the TeX source has them; Besiroglu's of the notebook behind the paper.
        ("Hoffmann 2022", (1.6934, 406.40, 410.72, 0.33917, 0.28491), (2, 1, 1, 2, 2)),
        ("Besiroglu 2024", (1.8169, 482.01, 2085.43, 0.3478, 0.3659), (3, 2, 2, 4, 3)),
    ],
)
def test_laws_agree_with_their_sources_sources(name, longer, digits, laws):
    """Each constant of a sum, found elsewhere with more digits, rounds to the printed one."""
    for key, value, places in zip(("floor", "a", "b", "alpha", "beta"), longer, digits, strict=True):
        assert round(laws[name][key], places) == round(value, places), key


@pytest.mark.parametrize(
    ("name", "exponent", "ratio", "size"),
    [("Hoffmann 2022", 0.4516, 93, 32e9), ("Besiroglu 2024", 0.5126, 18, 72e9)],
)
def test_laws_of_both_have_their_optima(name, exponent, ratio, size, laws):
    """The best size for Chinchilla's 5.76e23 operations, its exponent, and the tokens a parameter sees there."""
    law = laws[name]
    share = law["beta"] / (law["alpha"] + law["beta"])
    scale = (law["alpha"] * law["a"] / (law["beta"] * law["b"])) ** (1 / (law["alpha"] + law["beta"]))
    best = scale * (5.76e23 / 6) ** share
    assert share == pytest.approx(exponent, abs=2e-4)
    assert best == pytest.approx(size, rel=0.02)
    assert 5.76e23 / 6 / best**2 == pytest.approx(ratio, rel=0.03)


TRAINING = {  # operations that the sources say training took, and how far 6 N D may be off
    "GPT-3": (3.14e23, 0.01),
    "Gopher": (5.76e23, 0.13),  # counts attention, too
    "Megatron-Turing": (1.17e24, 0.27),  # counts recomputed activations
    "Chinchilla": (5.76e23, 0.03),
    "PaLM": (2.56e24, 0.02),
    "LLaMA": (1_022_362 * 3600 * 312e12 * 0.48, 0.02),  # its hours on A100s, at the half of their peak it reached
    "Llama 3.1": (3.8e25, 0.01),
}
WITHOUT_OPERATIONS = {"SmolLM2"}  # its source tells none; it says 2 trillion tokens twice
TOKENS = (
    "GPT-3 300B, Gopher 300B, Megatron-Turing 270B, Chinchilla 1.4T, PaLM 780B, LLaMA 1.4T, Llama 3.1 15.6T, SmolLM2 2T"
)


def test_training_tokens_follow_from_the_operations(counts, inputs):
    """Six operations a parameter and token give the training that the sources state."""
    rows = {row["name"]: int(row["tokens"]) for row in inputs.table("training_tokens.csv")}
    assert set(rows) == {*TRAINING, *WITHOUT_OPERATIONS}
    assert ", ".join(f"{name} {human(tokens)}" for name, tokens in rows.items()) == TOKENS
    for name, (operations, tolerance) in TRAINING.items():
        assert 6 * int(counts[name]["parameters"]) * rows[name] == pytest.approx(operations, rel=tolerance), name


BEST = (  # the same rows as prose
    "1.92e19 8 billion, 1.21e20 20.2 billion, 1.23e22 205.1 billion, 5.76e23 1500 billion, 3.85e24 3700 billion, "
    "9.90e24 5900 billion, 3.43e25 11000 billion, 1.27e26 21200 billion, 1.30e28 216200 billion"
)
IN_GOPHERS = (1 / 29_968, 1 / 4761, 1 / 46, 1, 6.7, 17.2, 59.5, 221.3, 22_515.9)  # the table's third column


def test_best_sizes_add_up_to_their_budgets(inputs):
    """6 N D is the budget of each row; about 20 tokens a parameter, and both grow together (exponents of 0.5)."""
    rows = [{key: float(value) for key, value in row.items()} for row in inputs.table("compute_optimal.csv")]
    assert [human(row["parameters"]) for row in rows] == "400M 1B 10B 67B 175B 280B 520B 1T 10T".split()
    for row in rows:
        assert 6 * row["parameters"] * row["tokens"] == pytest.approx(row["flops"], rel=0.06)
        assert 19.9 < row["tokens"] / row["parameters"] < 22.4
    said = ", ".join(f"{row['flops']:.2e} {row['tokens'] / 1e9:g} billion" for row in rows)
    assert said.replace("e+", "e") == BEST
    for row, gophers in zip(rows, IN_GOPHERS, strict=True):
        assert row["flops"] / 5.76e23 == pytest.approx(gophers, rel=0.02 if gophers == 1 / 46 else 0.004)
    growth = rows[-1]["tokens"] / rows[0]["tokens"]
    assert growth == pytest.approx((rows[-1]["flops"] / rows[0]["flops"]) ** 0.5, rel=0.06)


def test_work_of_layers_is_what_the_formula_says(inputs):
    """The exponents are those in the printed formula, and the rows are the paper's in its order."""
    rows = inputs.table("layer_complexity.csv")
    for row in rows:
        formula = row["work"].removeprefix("O(").removesuffix(")").split("·")
        powers = {part[0]: 2 if part.endswith("²") else 1 for part in formula}
        assert (powers["n"], powers["d"]) == (int(row["power_n"]), int(row["power_d"]))
    printed = "O(n²·d) O(1) O(1) O(n·d²) O(n) O(n) O(k·n·d²) O(1) O(log_n) O(r·n·d) O(1) O(n/r)".replace(
        "log_n", "log n"
    )
    assert " ".join(f"{row['work']} {row['steps']} {row['path']}" for row in rows) == printed


def test_memories_are_those_of_the_data_sheets(inputs):
    """As they are said in prose."""
    said = ", ".join(f"{row['name']} {int(row['bytes']) / 1e9:g} GB" for row in inputs.table("memories.csv"))
    assert said == "RTX 4090 24 GB, H100 80 GB, H200 141 GB"


def test_tables_are_read_by_figures():
    """Every data file is read by a figure."""
    read = {table for name in FIGURES for table in load_figure(name).TABLES}
    assert read == {file.name for file in TABLES.glob("*.csv")}
