"""Every live element and the next token in one Gradio app, a tab each, over the engines of the talk.

Run by `talkgen present` at /demos/lab (one element alone at /demos/NAME), and by `talkgen demo`. An element that stands
in this page asks the server itself: what Gradio answers is where it starts, and its API, which Gradio documents.
"""

from __future__ import annotations

import base64
import contextlib
import html
import itertools
import json
from datetime import UTC, datetime
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import gradio as gr
from annotated_types import Ge, Le

from talkgen.elements.apps import NEXT
from talkgen.elements.registry import ELEMENTS, check_dials, check_params, load_element, tag
from talkgen.errors import ModelError, TalkgenError
from talkgen.lm.answer.wire import answer_json, turned_json
from talkgen.render.elements import elements_script
from talkgen.serve.elements import ElementBody, read_question
from talkgen.serve.engines import slide_caller
from talkgen.serve.limits import PROMPT_CHARACTERS, Question
from talkgen.serve.refused import REFUSED, in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from talkgen.elements.base import Params
    from talkgen.serve.engines import Engines

HEAD = f'<script type="module">{elements_script()}</script>'
TEXT = "The name is bound to the value of the"
EXAMPLES = [TEXT, "The capital of France is", "One, two, three, four,"]
OWN = {"translate": ("the black cat sees her", ["my friend's black cat does not see her", "the old king sleeps"])}
DIALS: dict[str, tuple[Any, ...]] = {"temperature": (0.5, 1, 1.5), "top_k": (None, 3, 10), "top_p": (None, 0.9)}
SHORT = {
    "decoding": "The statement",
    "logit_lens": "The name is bound to the",
    "neurons": "The name is bound to the",
    "qkv": "The name is bound",
}
# Settings go into the address and come back from it: then the chosen tab answers, so that nobody finds it empty.
ADDRESS = """(...values) => {
  const to = new URL(location);
  [...to.searchParams.keys()].filter((name) => !name.startsWith("__")).forEach((name) => to.searchParams.delete(name));
  to.searchParams.set("tab", "TAB");
  NAMES.forEach((name, i) => values[i] == null || to.searchParams.set(name, values[i]));
  history.replaceState(null, "", to);
  return values;
}"""
OPEN = """() => {
  const show = () => [...document.querySelectorAll("button.show")].find((button) => button.offsetParent)?.click();
  setTimeout(show, 300);
}"""


def build(engines: Engines, only: str | None = None) -> gr.Blocks:
    """The app over `engines`, or of one element alone."""
    names = [only] if only else [NEXT, *ELEMENTS]
    with gr.Blocks(analytics_enabled=False, title="talkgen", fill_width=True) as blocks:
        where = gr.Markdown("the models are being loaded")
        controls: dict[str, dict[str, Any]] = {}
        with gr.Tabs() as tabs:
            for name in names:
                with gr.Tab(title(name), id=name):
                    controls[name] = add_tab(engines, name)
        blocks.load(lambda: tell_devices(engines), None, where, show_progress="hidden", api_visibility="private")

        def read_address(request: gr.Request) -> list[Any]:
            said = request.query_params
            chosen = said["tab"] if said.get("tab") in names else names[0]
            found = [
                from_address(box, said.get(key) if name == chosen else None)
                for name, boxes in controls.items()
                for key, box in boxes.items()
            ]
            return [gr.Tabs(selected=chosen), *found]

        boxes = [box for each in controls.values() for box in each.values()]
        read = blocks.load(read_address, None, [tabs, *boxes], show_progress="hidden", api_visibility="private")
        if engines.files:
            read.then(None, None, None, js=OPEN)
    return blocks


def from_address(box: Any, said: str | None) -> Any:
    """What an address says of a control; nothing where that is none of its values."""
    if said is None:
        return gr.skip()
    if isinstance(box, gr.Dropdown):
        return next((value for _, value in box.choices if str(value) == said), gr.skip())
    if isinstance(box, gr.Slider):
        number = read(said)
        fits = isinstance(number, int | float) and box.minimum <= number <= box.maximum
        return number if fits else gr.skip()
    return said[:PROMPT_CHARACTERS]


def title(name: str) -> str:
    """What a tab is called."""
    return "Next token" if name == NEXT else load_element(name).TITLE


def tell_devices(engines: Engines) -> str:
    """Where each model answers, and how fast, once they are loaded."""
    engines.wait()
    lines: list[str] = []
    for about in engines.health()["models"]:
        try:
            # A text of its own: how soon one that is remembered is answered says nothing of the model.
            taken = engines.find(about["name"]).next_token(f"{TEXT} {monotonic_ns()}").seconds
            lines.append(f"**{about['label']}** on {about['device']}, {show_time(taken)} an answer")
        except TalkgenError:
            lines.append(f"**{about['label']}** on {about['device']}")
    return " · ".join(lines) or "no model answers here"


def show_time(seconds: float) -> str:
    """Milliseconds, in words where they are none."""
    return f"{1000 * seconds:.0f} ms" if seconds >= 0.001 else "under 1 ms"


def add_tab(engines: Engines, name: str) -> dict[str, Any]:
    """The controls of an element by name, its picture, and examples."""
    start, examples = OWN.get(name, (SHORT.get(name, TEXT), EXAMPLES))
    models = engines.choices(translate=name == "translate")
    with gr.Row():
        prompt = gr.Textbox(start, label="Text", max_length=PROMPT_CHARACTERS, scale=4, min_width=300)
        model = gr.Dropdown(models, value=models[0][1] if models else None, label="Model", scale=2, min_width=240)
        asked = {"prompt": prompt, "model": model}
        if name == NEXT:
            asked["beside"] = gr.Dropdown([("none", ""), *models], value="", label="Beside it")
        show = gr.Button("Show", variant="primary", scale=1, elem_classes="show")
    picture = gr.HTML()
    answer = gr.JSON(label="The answer", visible=False)
    with gr.Accordion("Settings", open=False), gr.Row():
        asked |= sampling_controls() if name == NEXT else element_controls(name)
    gr.on(
        [show.click, prompt.submit, model.change],
        next_tokens(engines) if name == NEXT else element_answer(engines, name, list(asked)[2:]),
        list(asked.values()),
        [picture, answer],
        js=ADDRESS.replace("TAB", name).replace("NAMES", json.dumps(list(asked))),
        show_progress="hidden",
        api_name=name,
    )
    gr.Examples([[each] for each in examples], [prompt], label="Examples")
    return asked


def sampling_controls() -> dict[str, Any]:
    """How the next token is drawn."""
    return {
        "temperature": gr.Slider(0.1, 2, 1, step=0.1, label="temperature"),
        "top_k": gr.Slider(0, 50, 0, step=1, label="top k (0: all)"),
        "top_p": gr.Slider(0.05, 1, 1, step=0.05, label="top p"),
    }


def element_controls(name: str) -> dict[str, Any]:
    """A control for each field of an element's parameters."""
    return {field: control(field, about) for field, about in load_element(name).Params.model_fields.items()}


def control(name: str, about: Any) -> Any:
    """A field of an element's parameters as a control of Gradio."""
    label, start = name.replace("_", " "), about.default
    bounds = {type(bound): bound for bound in about.metadata}
    if get_origin(about.annotation) is Literal:
        return gr.Dropdown(list(get_args(about.annotation)), value=start, label=label)
    if Ge in bounds and Le in bounds and isinstance(start, int | float):
        step = 1 if isinstance(start, int) else 0.1
        return gr.Slider(bounds[Ge].ge, bounds[Le].le, start, step=step, label=label)
    return gr.Textbox("" if start is None else json.dumps(start), label=label, placeholder="as JSON; empty: none")


def element_answer(engines: Engines, name: str, fields: list[str]) -> Callable[..., tuple[str, Any]]:
    """The function behind an element's tab."""

    def ask(prompt: str, model: str | None, *values: Any) -> tuple[str, Any]:
        with refused_in_words():
            given = {field: read(value) for field, value in zip(fields, values, strict=True) if value != ""}
            params = check_params(name, given)
            model = chosen(model)
            question = read_question(name, ElementBody(model=model, prompt=prompt, params=given))
            engines.wait_for(model)
            made = question.answer(engines, slide_caller(), lambda _: None)
        return embed(name, prompt, engines, model, params, made), made

    return ask


@contextlib.contextmanager
def refused_in_words() -> Iterator[None]:
    """Says why a question is not answered, until who asked has read it; an error's words are HTML to Gradio."""
    try:
        yield
    except REFUSED as error:
        words = html.escape(in_words(error), quote=False)
        raise gr.Error(words, duration=None, print_exception=False) from error


def chosen(model: str | None) -> str:
    """The model that was chosen.

    Raises:
        ModelError: none was, as where none that is there answers this.
    """
    if model is None:
        raise ModelError("no model is chosen", "choose one; talkgen demo --model NAME brings more")
    return model


def read(value: Any) -> Any:
    """A control's value: JSON where it is a text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):  # the latter of a list in a list in a list…
        return value


def next_tokens(engines: Engines) -> Callable[..., tuple[str, Any]]:
    """The function behind the next token's tab, of one model or two."""

    def ask(
        prompt: str, model: str | None, beside: str, temperature: float, top_k: float, top_p: float
    ) -> tuple[str, dict[str, Any]]:
        settings: dict[str, Any] = {"bars": 8, "temperature": temperature}
        settings |= {"top_k": int(top_k) or None, "top_p": top_p if top_p < 1 else None}
        dials = {name: with_value(values, settings[name]) for name, values in DIALS.items()}
        turns = [dict(zip(dials, values, strict=True)) for values in itertools.product(*dials.values())]
        made: dict[str, Any] = {}
        turned: dict[str, Any] = {}
        with refused_in_words():
            for name in filter(None, (chosen(model), beside)):
                question = Question(model=name, prompt=prompt, **settings)
                made[name] = {prompt: answer_json(engines.ask(question))}
                asked = [(turn, engines.ask(question.model_copy(update=turn))) for turn in turns]
                turned[name] = {prompt: [turned_json(turn, answer) for turn, answer in asked]}
        recording: dict[str, Any] = {"element": "talkgen-live", "prompt": prompt, "settings": settings, "dials": dials}
        recording |= {"models": [describe(engines, name) for name in made], "recorded": today()}
        return element_html("talkgen-live", {**recording, "answers": made, "turned": turned}), made

    return ask


def with_value(values: tuple[Any, ...], value: Any) -> list[Any]:
    """The positions of a dial, one of them where it stands; none comes first."""
    return sorted({*values, value}, key=lambda one: (one is not None, one))


def describe(engines: Engines, name: str) -> dict[str, Any]:
    """A model as recordings describe it."""
    files = next(item for item in engines.files if item.name == name)
    return {"name": name, "label": files.label, "digest": "", "architecture": files.about().get("architecture")}


def today() -> dict[str, str]:
    """When it was answered."""
    return {"date": datetime.now(UTC).date().isoformat(), "device": "server"}


def embed(name: str, prompt: str, engines: Engines, model: str, params: Params, made: Any) -> str:
    """An element that starts with an answer."""
    values = params.model_dump(mode="json")
    recording = {
        "element": tag(name),
        "name": name,
        "title": load_element(name).TITLE,
        "prompt": prompt,
        "models": [describe(engines, model)],
        "params": values,
        "dials": check_dials(name, params, None),
        "recorded": today(),
        "answers": {model: [{"params": {}, "answer": made}]},
    }
    return element_html(tag(name), recording)


def element_html(element: str, recording: dict[str, Any]) -> str:
    """A custom element as decks write it."""
    data = base64.b64encode(json.dumps(recording, ensure_ascii=False).encode()).decode("ascii")
    return f'<{element} recording="{data}"></{element}>'
