"""Makes the draft of an outline: checks figures, their parameters and live elements, names and measures blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from talkgen.assets import project_dir
from talkgen.digest import digest_bytes, digest_file
from talkgen.elements.apps import demo_names, find_demo
from talkgen.elements.registry import ELEMENTS, check_dials, check_grid, check_params, load_element, tag
from talkgen.errors import Problem, TalkgenError, did_you_mean
from talkgen.figures.registry import find_figure, is_own
from talkgen.outline.blocks import Block, Code, Figure, Gradio, Live, Mermaid, Tokens
from talkgen.outline.expressions import evaluate_inputs, find_expressions
from talkgen.outline.remote import find_remote
from talkgen.outline.schema import Outline, Slide
from talkgen.outline.source import Source
from talkgen.outline.themes import wanted_for_slidev
from talkgen.outline.walk import find_blocks
from talkgen.outline.web_fonts import web_fonts
from talkgen.pipeline.checking import Checked, check_figure
from talkgen.pipeline.draft import (
    BlockDraft,
    Chain,
    DiagramDraft,
    Draft,
    FigureDraft,
    OutputDraft,
    RecordingDraft,
    TokensDraft,
)
from talkgen.render.elements import LIVE
from talkgen.render.media import text_width
from talkgen.store.key import canonical
from talkgen.style import SIZES, Style
from talkgen.yamlfile import PathInData, where_path
from talkgen.yamlfile.words import explain

CANVAS_HEIGHT = 470  # px of a figure below a slide's title and a line of text


def make_draft(source: Source, values: Mapping[str, Any], style: Style, styles: Mapping[str, Style]) -> Draft:
    """The draft of an outline; `values` is what its parameters, prompts and texts to split may name.

    `style` is the talk's, `styles` are those of single slides by their names.

    Raises:
        OutlineError: an expression among these cannot be evaluated, or one anywhere cannot be parsed.
    """
    outline = evaluate_inputs(source, values)
    drafter = _Drafter(source, outline, style, styles)
    blocks = tuple(drafter.draft_all())
    expressions = find_expressions(source)
    return Draft(
        themes=_tool_themes(outline),
        looks=tuple(styles),
        wanted=wanted_for_slidev(outline),
        remote=tuple(find_remote(source)),
        fonts=web_fonts(outline),
        size=SIZES[outline.size],
        shown=tuple(index for index, slide in enumerate(outline.slides) if not slide.hide),
        elsewhere=frozenset(index for index, file in files_of_slides(source) if not file.is_file()),
        blocks=blocks,
        chains=frozenset(chain for each in expressions if not each.is_input for chain in _known(each.formula.chains)),
        inputs=frozenset(chain for each in expressions if each.is_input for chain in each.formula.chains),
        text=text_parts(source.outline) | _bibliography_part(source),
        minutes=tuple(slide.duration for slide in outline.slides if slide.duration and not slide.hide),
        problems=tuple(drafter.problems),
    )


def files_of_slides(source: Source) -> Iterator[tuple[int, Path]]:
    """The slides of a Slidev talk that name a file of slides, each with that file, be it there or not."""
    for index, slide in enumerate(source.outline.slides if source.outline.native == "slidev" else ()):
        name = (slide.frontmatter if index else {**source.outline.frontmatter, **slide.frontmatter}).get("src")
        if isinstance(name, str):
            folder = source.path.parent if name.startswith("/") else source.path.parent / (slide.folder or "")
            yield index, folder / name.split("#")[0].lstrip("/")


def _known(chains: Iterable[Chain]) -> Iterator[Chain]:
    """Those of a talk's values; a repeated slide's item is in the slide."""
    return (chain for chain in chains if chain[0] != "item")


def _tool_themes(outline: Outline) -> dict[str, str]:
    """Each target's own theme; none where the theme is ours."""
    theme = outline.theme
    return {} if isinstance(theme, str) else {"marp": theme.marp or "default", "slidev": theme.slidev or "default"}


class _Drafter:
    """Collects blocks and problems while it goes through an outline once."""

    def __init__(self, source: Source, outline: Outline, style: Style, styles: Mapping[str, Style]) -> None:
        self.source, self.outline, self.style, self.styles = source, outline, style, styles
        self.problems: list[Problem] = []
        self.labels: set[tuple[str, str]] = set()

    def draft_all(self) -> Iterator[BlockDraft]:
        for path, block in find_blocks(self.outline):
            try:
                yield from self._draft_figure(path, block) if isinstance(block, Figure) else self._draft(path, block)
            except TalkgenError as error:
                self.problems += error.at(self.source.place(path), where_path(path))

    def _draft(self, path: PathInData, block: Block) -> Sequence[BlockDraft]:
        match block:
            case Live():
                return [draft_live(block, self._label("recording", path, block), path)]
            case Tokens():
                return [TokensDraft(self._label("tokens", path, block), path, block.tokens, block.model)]
            case Mermaid():
                theme = self._slide(path).theme
                return [DiagramDraft(self._label("diagram", path, block), path, block.mermaid, theme)]
            case Gradio() if find_demo(block.gradio, project_dir(self.source.path)) is None:
                known = demo_names(project_dir(self.source.path))
                raise TalkgenError(f"there is no app '{block.gradio}'", did_you_mean(block.gradio, [*known, *ELEMENTS]))
            case Code() if block.output:
                program = block.program or block.code
                return [OutputDraft(self._label("output", path, block), path, program, block.file)]
            case _:
                return []

    def _label(self, kind: str, path: PathInData, block: Block) -> str:
        """What people call it: the block's id, or its place; never the same twice."""
        stem = block.id or (block.figure if isinstance(block, Figure) else f"slide {int(path[1]) + 1}")
        label, count = stem, 1
        while (kind, label) in self.labels:
            count += 1
            label = f"{stem} ({count})"
        self.labels.add((kind, label))
        return label

    def _draft_figure(self, path: PathInData, block: Figure) -> list[FigureDraft]:
        """A figure; with each of the steps before its last, where clicks reveal them."""
        origin = find_figure(block.figure, self.source.folder)
        if is_own(origin) and not self.outline.execute:
            hint = "add 'execute: true' to the talk: the Python of its figures then runs when it is built"
            raise TalkgenError(f"the talk does not say that the code of its figure '{block.figure}' may run", hint)
        checked = check_figure(block.figure, origin, block.params)
        width, height = self._canvas_size(path, block)
        label = self._label("figure", path, block)
        whole = FigureDraft(
            label=label,
            path=path,
            figure=block.figure,
            origin=origin,
            step=None,
            params=checked.params,
            uses=checked.uses,
            tables=checked.tables,
            timed=checked.timed,
            width=width,
            height=height,
            theme=self._slide(path).theme,
        )
        earlier = steps_before(block.figure, checked) if block.reveal == "steps" else ()
        parts = [
            replace(whole, label=f"{label} step {step}", step=step, params={**whole.params, "step": step})
            for step in earlier
        ]
        return [*parts, whole]

    def _slide(self, path: PathInData) -> Slide:
        return self.outline.slides[int(path[1])]

    def _canvas_size(self, path: PathInData, block: Figure) -> tuple[int, int]:
        """The room a figure has: its column's share of the width that the slide's text has, and its height."""
        slide = self._slide(path)
        spacing = (self.styles[slide.theme] if slide.theme else self.style).spacing
        room = text_width(slide, SIZES[self.outline.size][0], spacing.margin)
        width = room
        if "columns" in path:
            at = path.index("columns")
            parent: Any = self.outline
            for step in path[:at]:
                parent = parent[step] if isinstance(step, int) else getattr(parent, step)
            shares = parent.widths or [1] * len(parent.columns)
            gaps = spacing.gap * (len(parent.columns) - 1)
            width = (room - gaps) * shares[int(path[at + 1])] // sum(shares)
        return width, block.height or CANVAS_HEIGHT


# Where the code of recordings starts, by what they are of.
NEXT_TOKEN_ROOTS = ("talkgen.pipeline.recordings:record",)
ELEMENT_ROOT = "talkgen.pipeline.recordings:record_element"
_DRAWING = ("temperature", "top_k", "top_p")
_OF_NEXT_TOKEN = ("bars", *_DRAWING)


def draft_live(block: Live, label: str, path: PathInData) -> RecordingDraft:
    """The draft of a live block, with all its settings.

    Raises:
        TalkgenError: there is no such element, or a setting is none of its own.
    """
    name, settings = block.live, block.model_dump(mode="json")
    models = (block.model, block.beside) if block.beside else (block.model,)
    if name in LIVE:
        settings["dials"] = check_next_token(block)
        return RecordingDraft(label, path, LIVE[name], settings, models, NEXT_TOKEN_ROOTS, timed=False, in_page=True)
    if name not in ELEMENTS:
        raise TalkgenError(f"there is no live element '{name}'", did_you_mean(name, [*LIVE, *ELEMENTS]))
    if wrong := [setting for setting in _OF_NEXT_TOKEN if setting in block.model_fields_set]:
        raise TalkgenError(f"'{name}' takes its settings in 'params'", f"params: {{{wrong[0]}: …}}")
    module, params = load_element(name), check_params(name, block.params)
    own = {key: value for key, value in settings.items() if key not in _OF_NEXT_TOKEN}
    own |= {"params": params.model_dump(mode="json"), "dials": check_dials(name, params, block.dials)}
    roots = tuple(f"{ELEMENTS[name]}:{part}" for part in ("answer", "also_recorded") if hasattr(module, part))
    return RecordingDraft(
        label,
        path,
        tag(name),
        own,
        models,
        (ELEMENT_ROOT, *roots),
        timed=module.MEASURES_TIME,
        in_page=module.IN_PAGE,
        run_parts=getattr(module, "RUN_PARTS", ()),
    )


def check_next_token(block: Live) -> dict[str, list[Any]]:
    """The dials of a block that shows the next token: how it is drawn, of what the author lists.

    Raises:
        TalkgenError: a setting is none of its own, a value is not valid, or there are too many combinations.
    """
    name, dials = block.live, block.dials or {}
    if block.params or (dials and name == "vote"):
        takes = "no 'params' and no 'dials'" if name == "vote" else "no 'params'"
        raise TalkgenError(f"'{name}' takes {takes}", f"beside it: {', '.join(_OF_NEXT_TOKEN)}")
    if wrong := [dial for dial in dials if dial not in _DRAWING]:
        raise TalkgenError(f"'{name}' has no dial '{wrong[0]}'", f"its dials: {', '.join(_DRAWING)}")

    def check(dial: str, value: Any) -> Any:
        try:
            return getattr(Live.model_validate({"live": name, dial: value}), dial)
        except ValidationError as error:
            raise TalkgenError(f"dial {dial} of '{name}' {explain(error.errors())[0]}") from error

    return check_grid(name, dials, block.model_dump(mode="json"), check)


def steps_before(figure: str, checked: Checked) -> Sequence[int]:
    """The steps of a figure that come before the one that its parameters say.

    Raises:
        TalkgenError: it has no steps.
    """
    if checked.first_step is None:
        raise TalkgenError(f"the figure '{figure}' has no steps to reveal", "'reveal: true' shows all of it at a click")
    return range(checked.first_step, checked.params["step"])


# ------------------------------------------------------------------------------------------------- parts of the text

# Of an outline: slides have parts of their own, the rest is in other keys or for `talkgen check` alone.
_ELSEWHERE = {"slides", "vars", "model", "slot", "terms"}


def text_parts(outline: Outline) -> dict[str, Any]:
    """The parts of a rendering's key that the outline gives: its settings, and each field of each slide."""
    parts = {f"the deck's {name}": value for name, value in _set(outline) if name not in _ELSEWHERE}
    for number, slide in enumerate(outline.slides, 1):
        parts |= {f"{name} of slide {number}": _counted(name, value) for name, value in _set(slide)}
    return parts


def _bibliography_part(source: Source) -> dict[str, Any]:
    name = source.outline.bibliography
    return {f"file {name}": digest_file(source.folder / name)} if name else {}


def _set(node: Outline | Slide) -> Iterator[tuple[str, Any]]:
    """The fields that are not as they are by default."""
    chosen = node.model_dump(by_alias=True, exclude_defaults=True)
    yield from ((name, value) for name, value in node.model_dump(mode="json", by_alias=True).items() if name in chosen)


def _counted(name: str, value: Any) -> Any:
    return {"digest": digest_bytes(canonical(value).encode())} if name in ("body", "notes") else value
