"""Every live element and the next token in one Gradio app, a tab each, over the engines of the talk.

Run by `talkgen present` at /demos/lab (one element alone at /demos/NAME), and by `talkgen demo`. An element that stands
in this page asks the server itself: what Gradio answers is where it starts, and its API, which Gradio documents.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import gradio as gr
from annotated_types import Ge, Le

from talkgen.elements.registry import ELEMENTS, check_dials, check_params, load_element, tag
from talkgen.errors import TalkgenError
from talkgen.lm.answer.wire import answer_json
from talkgen.render.elements import elements_script
from talkgen.serve.elements import ElementBody, read_question
from talkgen.serve.engines import slide_caller
from talkgen.serve.limits import PROMPT_CHARACTERS, Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from talkgen.elements.base import Params
    from talkgen.serve.engines import Engines

HEAD = f'<script type="module">{elements_script()}</script>'
TEXT = "The name is bound to the value of the"
EXAMPLES = [TEXT, "The capital of France is", "One, two, three, four,"]
OWN = {"translate": ("the black cat sees her", ["my friend's black cat does not see her", "the old king sleeps"])}
SHORT = {"qkv": "The name is bound", "logit_lens": "The name is bound to the", "decoding": "The statement"}
ADDRESS = """(prompt, ...rest) => {
  const to = new URL(location);
  to.searchParams.set("tab", "TAB");
  to.searchParams.set("prompt", prompt);
  history.replaceState(null, "", to);
  return [prompt, ...rest];
}"""


def build(engines: Engines, only: str | None = None) -> gr.Blocks:
    """The app over `engines`, or of one element alone."""
    names = [only] if only else ["next_token", *ELEMENTS]
    with gr.Blocks(analytics_enabled=False, title="talkgen", fill_width=True) as blocks:
        where = gr.Markdown()
        prompts: dict[str, gr.Textbox] = {}
        with gr.Tabs() as tabs:
            for name in names:
                with gr.Tab(title(name), id=name):
                    prompts[name] = add_tab(engines, name)
        blocks.load(lambda: tell_devices(engines), None, where, show_progress="hidden", api_visibility="private")

        def read_address(request: gr.Request) -> list[Any]:
            wanted = request.query_params
            chosen = wanted.get("tab", names[0])
            asked = [wanted["prompt"] if name == chosen and "prompt" in wanted else gr.skip() for name in names]
            return [gr.Tabs(selected=chosen if chosen in names else names[0]), *asked]

        blocks.load(read_address, None, [tabs, *prompts.values()], show_progress="hidden", api_visibility="private")
    return blocks


def title(name: str) -> str:
    """What a tab is called."""
    return "Next token" if name == "next_token" else load_element(name).TITLE


def tell_devices(engines: Engines) -> str:
    """Where each model answers, and how fast."""
    lines: list[str] = []
    for about in engines.health()["models"]:
        try:
            # A text of its own: how soon one that is remembered is answered says nothing of the model.
            taken = engines.find(about["name"]).next_token(f"{TEXT} {monotonic_ns()}").seconds
            lines.append(f"**{about['label']}** on {about['device']}, {show_time(taken)} an answer")
        except TalkgenError:
            lines.append(f"**{about['label']}** on {about['device']}")
    return " · ".join(lines) or "the models are being loaded"


def show_time(seconds: float) -> str:
    """Milliseconds, in words where they are none."""
    return f"{1000 * seconds:.0f} ms" if seconds >= 0.001 else "under 1 ms"


def add_tab(engines: Engines, name: str) -> gr.Textbox:
    """The controls of an element, its picture, and examples; the box of its text."""
    start, examples = OWN.get(name, (SHORT.get(name, TEXT), EXAMPLES))
    models = [
        (item.label, item.name)
        for item in engines.files
        if (item.name in ("translator", "rnnsearch")) == (name == "translate")
    ]
    with gr.Row():
        prompt = gr.Textbox(start, label="Text", max_length=PROMPT_CHARACTERS, scale=4, min_width=300)
        model = gr.Dropdown(models, value=models[0][1] if models else None, label="Model", scale=2, min_width=240)
        if name == "next_token":
            beside = gr.Dropdown(["", *[each[1] for each in models]], value="", label="Beside it")
        show = gr.Button("Show", variant="primary", scale=1)
    picture = gr.HTML()
    answer = gr.JSON(label="The answer", visible=False)
    if name == "next_token":
        extra, function = [beside], next_tokens(engines)
    else:
        with gr.Accordion("Settings", open=False), gr.Row():
            extra = [control(field, about) for field, about in load_element(name).Params.model_fields.items()]
        function = element_answer(engines, name, list(load_element(name).Params.model_fields))
    asked = [prompt, model, *extra]
    triggers = [show.click, prompt.submit, model.change]
    gr.on(
        triggers,
        function,
        asked,
        [picture, answer],
        js=ADDRESS.replace("TAB", name),
        show_progress="hidden",
        api_name=name,
    )
    gr.Examples([[each] for each in examples], [prompt], label="Examples")
    return prompt


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

    def ask(prompt: str, model: str, *values: Any) -> tuple[str, Any]:
        try:
            given = {field: read(value) for field, value in zip(fields, values, strict=True) if value != ""}
            params = check_params(name, given)
            question = read_question(name, ElementBody(model=model, prompt=prompt, params=given))
            made = question.answer(engines, slide_caller(), lambda _: None)
        except (TalkgenError, ValueError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        return embed(name, prompt, engines, model, params, made), made

    return ask


def read(value: Any) -> Any:
    """A control's value: JSON where it is a text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def next_tokens(engines: Engines) -> Callable[..., tuple[str, Any]]:
    """The function behind the next token's tab, of one model or two."""

    def ask(prompt: str, model: str, beside: str) -> tuple[str, Any]:
        try:
            names = [model, beside] if beside else [model]
            made = {name: {prompt: answer_json(engines.ask(Question(model=name, prompt=prompt)))} for name in names}
        except (TalkgenError, ValueError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        settings = {"bars": 8, "temperature": 1.0, "top_k": None, "top_p": None}
        recording: dict[str, Any] = {"element": "talkgen-live", "prompt": prompt}
        recording |= {"models": [describe(engines, each) for each in names]}
        recording |= {"settings": settings, "recorded": today(), "answers": made}
        return element_html("talkgen-live", recording), made

    return ask


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
