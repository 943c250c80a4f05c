"""The formulas of a talk, read by the tool that will show them: one that it cannot read is a problem with its line.

MathJax (Marp) and KaTeX (Slidev) know different commands, and both show the source of what they do not know. What one
says of a talk's formulas is kept: a build that changes none of them asks nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from talkgen.assets import asset_dir
from talkgen.digest import digest_file
from talkgen.errors import OutlineError, Problem
from talkgen.outline.blocks import Math
from talkgen.outline.node import Holds
from talkgen.outline.schema import Outline
from talkgen.outline.walk import find_blocks, find_slides, find_texts
from talkgen.pipeline.plan import Plan
from talkgen.pipeline.targets import Target
from talkgen.render.deck import Degraded
from talkgen.render.formulas import disarmed
from talkgen.render.grammar import read_markdown
from talkgen.store.cas import Store
from talkgen.store.key import Key, code_parts, make_key
from talkgen.yamlfile import PathInData

READERS = {"marp": "MathJax, in Marp", "slidev": "KaTeX, in Slidev"}
_HINT = "katex.org/docs/supported lists commands that nearly all are in both"


@dataclass(frozen=True)
class _Formula:
    """A formula as a target gets it, and where it stands: its text's path, and what stands there in dollars."""

    source: str
    display: bool
    path: PathInData
    written: str


def check_formulas(
    outline: Outline, plan: Plan, target: Target, store: Store, report: Callable[[str], None]
) -> list[Degraded]:
    """Makes sure that the target's tool can read each formula of an evaluated outline.

    Of a talk that is native to the tool, and shown as the tool shows it, those that it cannot read are told.

    Raises:
        OutlineError: it cannot read some of another talk; all of them, each with its place.
        ToolError: the tool's packages cannot be had, or Node failed.
    """
    problems = _find_unreadable(list(_find_formulas(outline)), plan, target, store, report)
    if problems and outline.native != target.name:
        raise OutlineError([problem for _, problem in problems])
    return [
        Degraded(f"slide {int(path[1]) + 1}" if "slides" in path else "deck", problem.message, path)
        for path, problem in problems
    ]


def unreadable(
    outline: Outline, plan: Plan, target: Target, store: Store, report: Callable[[str], None], *, waiting: bool = False
) -> list[Problem]:
    """What is wrong with the formulas of a talk that is not native to the tool, which may show what it cannot read.

    waiting: expressions are left where figures are not computed yet; formulas with such are passed over.

    Raises:
        ToolError: as `check_formulas` does.
    """
    if outline.native == target.name:
        return []
    formulas = [each for each in _find_formulas(outline) if not (waiting and "{{" in each.written)]
    return [problem for _, problem in _find_unreadable(formulas, plan, target, store, report)]


def _find_unreadable(
    formulas: list[_Formula], plan: Plan, target: Target, store: Store, report: Callable[[str], None]
) -> list[tuple[PathInData, Problem]]:
    """Those of the formulas that the target's tool cannot read, by the path of their text, each with what is wrong."""
    if not formulas:
        return []
    key = _key(formulas, target)
    found = store.lookup(key)
    if found is None:
        from talkgen.export.formulas import read_formulas

        asked = [(formula.source, formula.display) for formula in formulas]
        answers = read_formulas(asked, "marp" if target.name == "marp" else "slidev", report)
        found = store.put(key, {"answers": json.dumps(answers).encode()})
    answers = json.loads(store.read(found, "answers"))
    return [
        (formula.path, _problem(formula, said, plan, target))
        for formula, said in zip(formulas, answers, strict=True)
        if said
    ]


def _key(formulas: list[_Formula], target: Target) -> Key:
    node = asset_dir("templates") / "node"
    programs = (node / target.name / "package-lock.json", node / "formulas.mjs")
    return make_key(
        "formulas",
        {
            "formulas": [[formula.source, formula.display] for formula in formulas],
            **{file.relative_to(node.parent).as_posix(): digest_file(file) for file in programs},
            **code_parts("talkgen.export.formulas:read_formulas"),
        },
    )


def _find_formulas(outline: Outline) -> Iterator[_Formula]:
    """Those of the slides that are shown, in their order: what one defines the next may use."""
    yield from _in_texts(outline.model_copy(update={"slides": []}), ())
    for path, slide in find_slides(outline):
        if slide.hide:
            continue
        yield from _in_texts(slide.model_copy(update={"body": []}), path)
        for place, block in find_blocks(slide.model_copy(), path):
            if isinstance(block, Math):
                yield _Formula(block.math.strip(), True, (*place, "math"), block.math)
            elif block.key != "columns":  # whose blocks come by themselves
                yield from _in_texts(block, place)


def _in_texts(node: object, path: PathInData) -> Iterator[_Formula]:
    for text in find_texts(node, path):  # type: ignore[arg-type]  # all parts of an outline are nodes
        if Holds.MARKDOWN in text.marks and "$" in text.text:
            for token in read_markdown(text.text):
                if token.type == "math_block":
                    yield _Formula(disarmed(token.content).strip(), True, text.path, token.content)
                for child in token.children or ():
                    if child.type == "math_inline" and child.content.strip():
                        line = " ".join(child.content.split("\n")).strip()
                        yield _Formula(disarmed(line), False, text.path, child.content)


def _problem(formula: _Formula, said: str, plan: Plan, target: Target) -> Problem:
    """Where the formula stands in its text, if it stands there as it is: an expression may have made some of it."""
    document = plan.talk.source.document
    offset = str(document.value(formula.path)).find(formula.written.strip().split("\n")[0])
    said = said.removeprefix("KaTeX parse error: ").strip()
    message = f"{READERS[target.name]}, cannot read this formula: {said}"
    return document.problem(message, _HINT, formula.path, offset if offset > 0 else None)
