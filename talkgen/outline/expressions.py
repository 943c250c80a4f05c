"""The `{{ … }}` in an outline's texts: finds them, says what they use, and puts values in their place.

Texts are all that is shown, spoken or given to a figure or a model; what an outline's fields call verbatim (names,
source for one program) is left as it is. What an expression is, `formula` knows.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from talkgen.errors import OutlineError, Problem
from talkgen.outline.files import check_text
from talkgen.outline.formula import MAX_SOURCE, Formula, FormulaError, read_formula
from talkgen.outline.node import Mark, Marks, Node, marks
from talkgen.outline.schema import Outline
from talkgen.outline.source import Source
from talkgen.outline.walk import Text
from talkgen.yamlfile import PathInData, by_place

NodeT = TypeVar("NodeT", bound=Node)

MAX_EXPRESSIONS = 2_000  # in an outline
MAX_PROBLEMS = 50  # told at once
MAX_OUTPUT = 5_000_000  # characters that all expressions of an outline may make


@dataclass(frozen=True)
class Expression:
    """One `{{ … }}`: the text it is in, where in the text, and what is between the braces."""

    path: PathInData
    start: int
    end: int
    formula: Formula
    is_input: bool  # of something that is computed


def find_expressions(source: Source) -> list[Expression]:
    """All expressions of an outline, in its order; none where it sets `expressions: false`.

    Raises:
        OutlineError: some are not expressions; with each of them.
    """
    return [expression for text in _read(source).values() for expression in text]


GAP = "\N{WARNING SIGN}"
"""What stands where an expression could not be computed, in a deck that is built all the same."""


def evaluate_what_can_be(source: Source, values: Mapping[str, Any]) -> tuple[Outline, list[Problem]]:
    """As `evaluate`, with a `GAP` for each expression that cannot be computed, and what is wrong with these."""
    work = _Work(source, values, _read(source), instead=GAP)
    return work.node(source.outline, ()), sorted(work.problems, key=by_place)


def evaluate(source: Source, values: Mapping[str, Any]) -> Outline:
    """The outline with values in place of expressions; a figure's parameter that is one expression gets its value.

    Raises:
        OutlineError: a name is not defined, an expression cannot be computed, or names a file that is not there; with
            each of them and its line.
    """
    return _evaluate(source, values, _read(source))


def evaluate_inputs(source: Source, values: Mapping[str, Any]) -> Outline:
    """The outline with values in what figures, live blocks and tokens are computed from; other texts stay as they are.

    Raises:
        OutlineError: as `evaluate`, and for expressions anywhere that cannot be parsed.
    """
    texts = _read(source)
    return _evaluate(source, values, {path: found for path, found in texts.items() if found and found[0].is_input})


def evaluate_known(source: Source, values: Mapping[str, Any], waiting: Collection[str]) -> Outline:
    """The outline with values in the texts that can be known while the figures of these names wait to be computed.

    Raises:
        OutlineError: as `evaluate`, and for expressions anywhere that cannot be parsed.
    """
    texts = _read(source).items()
    known = {path: found for path, found in texts if not any(_waits(each.formula, waiting) for each in found)}
    return _evaluate(source, values, {path: found for path, found in known.items() if found})


def _waits(formula: Formula, waiting: Collection[str]) -> bool:
    """Whether it needs one of these figures, or may: a name that is itself computed can be any."""
    chains = [chain for chain in formula.chains if chain[0] == "figures"]
    return any(chain[1] in waiting if len(chain) > 1 else bool(waiting) for chain in chains)


def _evaluate(source: Source, values: Mapping[str, Any], texts: dict[PathInData, list[Expression]]) -> Outline:
    work = _Work(source, values, texts)
    outline = work.node(source.outline, ()) if texts else source.outline
    if work.problems:
        raise OutlineError(sorted(work.problems, key=by_place))
    return outline


# ---------------------------------------------------------------------------------------------------- finding the texts


def _read(source: Source) -> dict[PathInData, list[Expression]]:
    """The expressions of each text that has some, by its path."""
    problems: list[Problem] = []
    found: dict[PathInData, list[Expression]] = {}
    count = 0
    for text in source.texts if source.outline.expressions else ():
        if "{{" not in text.text or Mark.VERBATIM in text.marks:
            continue
        found[text.path] = []
        for start, end in _spans(text.text):
            if len(problems) >= MAX_PROBLEMS:
                raise OutlineError(sorted(problems, key=by_place))
            try:
                count += 1
                if count > MAX_EXPRESSIONS:
                    raise FormulaError(f"an outline has at most {MAX_EXPRESSIONS:,} expressions", _TURN_OFF)
                found[text.path].append(_expression(text, start, end))
            except FormulaError as error:
                problems.append(_problem(source, text.path, start, error))
    if problems:
        raise OutlineError(sorted(problems, key=by_place))
    return found


_TURN_OFF = "to show braces as they are, set 'expressions: false'"


def _expression(text: Text, start: int, end: int) -> Expression:
    if not end:
        raise FormulaError("this '{{' is never closed", "close it with '}}', or write {{ '{{' }} to show braces")
    formula = read_formula(text.text[start + 2 : end - 2])
    is_input = Mark.INPUT in text.marks
    if is_input and "figures" in formula.names:
        raise FormulaError("what is computed cannot use the figures, which are computed with it", "use vars or model")
    return Expression(text.path, start, end, formula, is_input)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where `{{ … }}` begin and end in a text; braces in quotes do not end one, and the end of an open one is 0."""
    start = text.find("{{")
    while start >= 0:
        end, quote = start + 2, ""
        limit = min(len(text), start + MAX_SOURCE + 100)
        while end < limit and (quote or not text.startswith("}}", end)):
            if text[end] in "'\"" and quote in ("", text[end]):
                quote = "" if quote else text[end]
            end += 1
        if end >= limit:
            yield start, 0
            return
        yield start, end + 2
        start = text.find("{{", end + 2)


def _problem(source: Source, path: PathInData, offset: int, error: FormulaError) -> Problem:
    if path[-1:] == ("",):  # a bullet with children: its text is a key, which has no places inside
        return source.document.problem(error.message, error.hint, path)
    return source.document.problem(error.message, error.hint, path, offset)


# -------------------------------------------------------------------------------------------------- putting values in


@dataclass
class _Work:
    """Copies an outline with its expressions evaluated; shares what has none."""

    source: Source
    values: Mapping[str, Any]
    texts: dict[PathInData, list[Expression]]
    problems: list[Problem] = field(default_factory=list)
    made: int = 0
    instead: str = ""  # of what cannot be computed

    @cached_property
    def ways(self) -> set[PathInData]:
        """The paths of all that has an expression in it."""
        return {path[:length] for path in self.texts for length in range(len(path) + 1)}

    def node(self, node: NodeT, path: PathInData) -> NodeT:
        changed = {}
        for name, about in marks(type(node)).items():
            value = getattr(node, name)
            new = value if Mark.VERBATIM in about else self.value(value, (*path, name), about)
            if new is not value:
                changed[name] = new
        return node.model_copy(update=changed) if changed else node

    def value(self, value: Any, path: PathInData, about: Marks) -> Any:
        if path not in self.ways:
            return value
        if isinstance(value, str):
            return self.text(Text(path, value, about))
        if isinstance(value, Node):
            return self.node(value, path)
        if isinstance(value, list):
            new = [self.value(each, (*path, index), about) for index, each in enumerate(value)]
            return value if all(map(operator.is_, new, value)) else new
        if isinstance(value, dict):
            return {
                self.text(Text((*path, key, ""), key, about)): self.value(each, (*path, key), about)
                for key, each in value.items()
            }
        return value

    def text(self, text: Text) -> Any:
        expressions = self.texts.get(text.path, [])
        if not expressions:
            return text.text
        first = expressions[0]
        if "params" in text.path and len(expressions) == 1 and text.text[first.start : first.end] == text.text.strip():
            return self.compute(first, first.formula.evaluate)
        parts, done = [], 0
        for expression in expressions:
            parts += [text.text[done : expression.start], self.compute(expression, expression.formula.text)]
            done = expression.end
        new = "".join([*parts, text.text[done:]])
        if not self.problems:
            self.problems += check_text(replace(text, text=new), self.source.document)
        return new

    def scope(self, path: PathInData) -> Mapping[str, Any]:
        """What a text at `path` may name: a slide has values of its own, which go before the talk's."""
        slide = self.source.outline.slides[int(path[1])] if path[0] == "slides" else None
        if slide is None or not {"vars", "item"} & slide.model_fields_set:
            return self.values
        own = {"item": slide.item} if "item" in slide.model_fields_set else {}
        return {**self.values, "vars": {**self.values.get("vars", {}), **slide.vars}, **own}

    def compute(self, expression: Expression, evaluate: Callable[[Mapping[str, Any]], Any]) -> Any:
        if len(self.problems) >= MAX_PROBLEMS:
            return self.instead
        try:
            value = evaluate(self.scope(expression.path))
            self.made += len(value) if isinstance(value, str) else 0
            if self.made > MAX_OUTPUT:
                raise FormulaError(f"the expressions make more than {MAX_OUTPUT:,} characters")
        except FormulaError as error:
            self.problems.append(_problem(self.source, expression.path, expression.start, error))
            return self.instead
        return value
