"""A project in which one of every kind of thing is computed: all figures, recordings, splits, blocks, model files."""

from collections.abc import Iterable
from pathlib import Path

from gguf_files import write_llama as write_gguf
from model_folders import write_gpt2, write_llama

from talkgen.lm.train.loop import train
from talkgen.lm.train.recipe import Recipe
from talkgen.lm.train.run import RunFolder

FILM = {
    "name": "film",
    "tokenizer": {"kind": "characters"},
    "model": {"n_layer": 1, "n_embd": 16, "n_head": 2, "block_size": 16},
    "optimizer": {"rate": 0.02},
    "schedule": {"steps": 20, "warmup": 5, "evaluate_every": 20},
    "keep": {"count": 3, "first": 5},
}
FIGURES = [  # with parameters that make them small
    ("alignment", "{}"),
    ("alignment", "{sentence: the cat black sleeps}"),
    ("attention_map", "{sentence: The statement is}"),
    ("attention_map", "{sentence: The statement is, view: arcs, choose: mean, layer: 1}"),
    ("attention_map", "{sentence: The name is, beside: The value is, between: [The, is], view: arcs}"),
    ("checkpoint_film", "{run: film, prompt: to be, tokens: 12}"),
    ("completions", "{model: small-lstm}"),
    ("compute_graph", "{tokens: 4}"),
    ("gradient_flow", "{seeds: 2, windows: 2}"),
    ("lstm_cell", "{sentence: The statement}"),
    ("lstm_vs_transformer", "{}"),
    ("memory_bottleneck", "{}"),
    ("next_token", "{model: PROJECT/tiny.gguf, prompt: hello}"),
    ("parameter_counts", "{}"),
    ("qkv", "{sentence: The statement}"),
    ("scaling_law", "{}"),
    ("sequence_latency", "{sizes: 1, tokens: 8, longest: 64, repeats: 3}"),
    ("token_loss_by_position", "{}"),
    ("training_curve", "{}"),
    ("votes", "{votes: talk}"),
]
ELEMENTS = {  # that want a model or a prompt of their own, or parameters that make them quick
    "kv_cache": {"params": "{tokens: 4}"},
    "race": {"params": "{longest: 32}"},
    "training": {"params": "{steps: 10, tokens: 4}", "model": "film"},
    "translate": {"prompt": "the black cat", "model": "translator"},
}
OUTLINE = r"""title: Everything
model: small
theme: night
header: Header
bibliography: works.bib
execute: true
footer: "Footer {{ model.parameters | human }}"
vars: {share: 0.25, names: [a, b]}
slides:
  - title: "Values: {{ run.val_loss | number }}, {{ vars.share | percent }}, {{ vars.names | join(', ') }}"
    subtitle: "{{ figures.parameter_counts.models | length }}, {{ 2 * model.context }}, {{ vars.share > 0.1 }}"
    layout: two-cols
    background: https://example.org/far.png
    notes: Say <!-- this -->.
    fit: shrink
    body:
      - "Markdown with *words*, `code {{ 1 + 1 }}`, $x^2$ <b>bold</b> <made-up> ![a picture](dot.png)"
      - "A picture ![w:10 a](dot.png) in a line"
      - |
        ## A heading

        A [link](https://example.org), one [to a slide](#models), <https://example.org> and <div>a block</div>

        - a list
          1. in a list

        > a quote

        | a | b |
        |--:|---|
        | 1 | 2 |

        $$x_i$$
      - bullets: [one, {two: [three]}]
        reveal: true
      - {markdown: It waits, reveal: true}
      - math: "e^{i\\pi} = -1"
      - code: "print('{{ }}')"
        language: python
        steps: 1|all
        long: wrap
        output: true
      - image: dot.png
        width: 10
        side: left
        filters: {brightness: "0.5"}
      - image: dot.png
        background: true
      - video: film.mp4
      - embed: https://example.org
      - gradio: next_token
      - table: {head: [a, b], rows: [["1", "2"]], align: [left, right]}
      - quote: Simple is better
        by: Somebody
      - columns: [[left], [{bullets: [right]}]]
      - toc: true
      - references: all
      - "A note[^1] and [@elman, p. 3]\n\n[^1]: What it says"
      - html: "<b>{{ not an expression }}</b>"
      - raw: {marp: "<!-- fit -->", slidev: "<v-click/>"}
  - title: Figures
    body:
FIGURES
  - title: Models
    id: models
    body:
      - live: rnn_vs_attention
        prompt: The
        beside: small-lstm
        top_k: 5
        top_p: 0.9
        dials: {temperature: [0.5, 1.0]}
      - live: next_token
        model: PROJECT/llama
        prompt: ""
      - live: next_token
        model: PROJECT/gpt2
        prompt: hel
      - live: vote
        prompt: The
        answer: " statement"
      - tokens: Hello
      - tokens: Hello
        model: PROJECT/tiny.gguf
"""
VOTES = """{"rounds": [{"prompt": "The", "label": "small", "voters": 3, "answer": {"text": " s", "p": 0.5},
"choices": [{"text": " s", "p": 0.5}], "votes": [{"text": " a", "votes": 2}, {"text": " s", "votes": 1}]}]}"""
WORKS = "@misc{elman, author = {Jeffrey Elman}, title = {Finding structure in time}, year = {1990}}"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


def make_project(project: Path, more: Iterable[str] = (), elements: Iterable[str] = ()) -> Path:
    """Writes the project; the file of its talk's outline.

    It shows `more` figures as well, with their defaults, and `elements`, with theirs at one position of their dials.
    """
    talk = project / "slides" / "talk"
    talk.mkdir(parents=True)
    (project / "text.txt").write_text("to be or not to be that is the question\n" * 40, encoding="utf-8")
    recipe = Recipe.model_validate({**FILM, "data": f"text:{project / 'text.txt'}"})
    train(recipe, RunFolder(project / "runs" / "film"))
    write_llama(project / "llama", 2)
    write_gpt2(project / "gpt2")
    write_gguf(project / "tiny.gguf", "Q8_0")
    (talk / "votes").mkdir()
    (talk / "votes" / "votes.json").write_text(VOTES, encoding="utf-8")
    (talk / "dot.png").write_bytes(PIXEL)
    (talk / "works.bib").write_text(WORKS, encoding="utf-8")
    (talk / "film.mp4").write_bytes(b"not looked into")
    shown = [*FIGURES, *((name, "{}") for name in more)]
    figures = "".join(f"      - figure: {name}\n        params: {params}\n" for name, params in shown)
    outline = OUTLINE.replace("FIGURES\n", figures).replace("PROJECT", str(project))
    live = "      - {{live: {}, prompt: {prompt}, model: {model}, params: {params}, dials: {{}}}}\n"
    usual = {"prompt": "The statement", "model": "small", "params": "{}"}
    outline += "".join(live.format(name, **(usual | ELEMENTS.get(name, {}))) for name in elements)
    (talk / "outline.yaml").write_text(outline, encoding="utf-8")
    return talk / "outline.yaml"
