"""One expression of an outline, as in `model.parameters | human`: Jinja's syntax, evaluated here.

Jinja parses; the syntax tree is then walked over plain data. Nothing is compiled, there are no calls, no loops, no
attributes of Python objects, and texts and numbers are bounded, so that an expression from anybody takes little time
and memory.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from talkgen.errors import did_you_mean
from talkgen.outline.filters import FILTERS, MAX_TEXT

if TYPE_CHECKING:
    from jinja2 import Environment, nodes

MAX_SOURCE = 1_000  # characters in one expression
MAX_NODES = 200
_LARGEST = 1e300
Chain = tuple[Any, ...]  # a name and the keys and indices behind it


class FormulaError(Exception):
    """An expression that cannot be parsed or evaluated; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@lru_cache(maxsize=4096)
def read_formula(source: str) -> Formula:
    """A formula of this source; the same one each time.

    Raises:
        FormulaError: as `Formula` does.
    """
    return Formula(source)


class Formula:
    """A parsed expression.

    Raises:
        FormulaError: the syntax is wrong, or uses what expressions do not have.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._tree = _parse(source)
        self.chains = frozenset(_chains(self._tree))  # the values it depends on, which a deck's keys hold

    @property
    def names(self) -> frozenset[str]:
        """The top-level names it uses, as "figures"."""
        return frozenset(chain[0] for chain in self.chains)

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Its value: plain data.

        Raises:
            FormulaError: a name is not known, or an operation does not fit its values.
        """
        try:
            return _bounded(_evaluate(self._tree, values))
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise FormulaError(f"{{{{ {self.source.strip()} }}}} cannot be computed: {error}") from None

    def text(self, values: Mapping[str, Any]) -> str:
        """Its value as text.

        Raises:
            FormulaError: as `evaluate`, or the value is a list, a mapping or not known.
        """
        value = self.evaluate(values)
        if value is None:
            raise FormulaError(f"{self.source.strip()} is not known", "give another value with | default('…')")
        if isinstance(value, Mapping):
            raise FormulaError(f"{self.source.strip()} is a mapping, not text", _keys(value))
        if isinstance(value, Sequence) and not isinstance(value, str):
            raise FormulaError(f"{self.source.strip()} is a list, not text", "pick an item with [0], or use | join")
        return str(value)


def _keys(value: Mapping[str, Any]) -> str:
    return f"it has: {', '.join(sorted(map(str, value))[:20])}"


# ------------------------------------------------------------------------------------------------------------ parsing


@cache
def _environment() -> Environment:
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(optimized=False)


def _parse(source: str) -> nodes.Node:
    from jinja2 import TemplateSyntaxError, nodes

    if len(source) > MAX_SOURCE:
        raise FormulaError(f"an expression may have {MAX_SOURCE:,} characters", "compute it in vars or in a figure")
    try:
        body = _environment().parse("{{" + source + "}}").body
    except TemplateSyntaxError as error:
        said = str(error.message).replace("'end of print statement'", "the end").replace("Expected", "expected")
        raise FormulaError(f"{{{{{source}}}}} is not an expression: {said}", _LITERAL) from None
    except (ValueError, RecursionError):
        raise FormulaError("the expression is too large") from None
    output = body[0] if len(body) == 1 else None
    if not isinstance(output, nodes.Output) or len(output.nodes) != 1:
        raise FormulaError("between {{ and }} stands one expression", _LITERAL)
    tree = output.nodes[0]
    _check(tree)
    return tree


_LITERAL = "to show braces as they are, write {{ '{{' }}"


def _check(tree: nodes.Node) -> None:
    """Refuses what expressions do not have, before anything is evaluated."""
    from jinja2 import nodes

    count, waiting = 0, [tree]
    while waiting:
        node = waiting.pop()
        count += 1
        kind = type(node).__name__
        if count > MAX_NODES:
            raise FormulaError("the expression is too large", "compute it in vars or in a figure")
        if kind not in _EVALUATE:
            hint = "use filters, as in {{ x | round(1) }}" if kind == "Call" else ""
            raise FormulaError(f"{_NOT_HERE.get(kind, 'this')} cannot be used in an expression", hint)
        if isinstance(node, nodes.Filter):
            if node.name not in FILTERS:
                raise FormulaError(f"there is no filter '{node.name}'", did_you_mean(node.name, FILTERS))
            if node.dyn_args or node.dyn_kwargs or node.node is None:
                raise FormulaError("a filter takes plain arguments")
        waiting += node.iter_child_nodes()


_NOT_HERE = {"Call": "a call", "Concat": "~ (put texts side by side instead)", "TemplateData": "text", "Test": "a test"}


def _chains(tree: nodes.Node) -> list[Chain]:
    """The names it uses with the steps into them, as long as they go: ("figures", "compute_graph", "rnn", "depth")."""
    if chain := _chain(tree):
        return [chain]
    return [chain for child in tree.iter_child_nodes() for chain in _chains(child)]


def _chain(node: Any) -> Chain:
    """The steps of `a.b["c"][0]`; none where it does not begin with a name, or a step is computed."""
    kind = type(node).__name__
    if kind == "Name":
        return (node.name,)
    if kind == "Getattr" or (kind == "Getitem" and type(node.arg).__name__ == "Const"):
        inner = _chain(node.node)
        return (*inner, node.attr if kind == "Getattr" else node.arg.value) if inner else ()
    return ()


def _dotted(node: Any) -> str:
    return ".".join(map(str, _chain(node)))


# --------------------------------------------------------------------------------------------------------- evaluation


def _evaluate(node: Any, values: Mapping[str, Any]) -> Any:
    return _EVALUATE[type(node).__name__](node, values)


def _name(node: nodes.Name, values: Mapping[str, Any]) -> Any:
    if node.name not in values:
        own = values.get("vars")
        meant = f"did you mean 'vars.{node.name}'?" if isinstance(own, Mapping) and node.name in own else ""
        raise FormulaError(f"'{node.name}' is not defined", meant or did_you_mean(node.name, values))
    return values[node.name]


def _item(node: Any, values: Mapping[str, Any]) -> Any:
    """`x.name`, `x["name"]` and `x[0]`: an item of a mapping or a list, never an attribute of a Python object."""
    holder = _evaluate(node.node, values)
    step = node.attr if type(node).__name__ == "Getattr" else _evaluate(node.arg, values)
    whose = _dotted(node.node) or "the value"
    if isinstance(holder, Mapping):
        if step in holder:
            return holder[step]
        hint = did_you_mean(str(step), map(str, holder)) or f"{whose} is empty here"
        raise FormulaError(f"{whose} has no '{step}'", hint)
    if isinstance(holder, Sequence) and isinstance(step, int) and not isinstance(step, bool):
        if -len(holder) <= step < len(holder):
            return holder[step]
        raise FormulaError(f"{whose} has {len(holder)} items, no item {step}")
    raise FormulaError(f"{whose} has no '{step}'" + (": it is not known" if holder is None else ""))


def _filter(node: nodes.Filter, values: Mapping[str, Any]) -> Any:
    arguments = [_evaluate(each, values) for each in node.args]
    named = {str(each.key): _evaluate(each.value, values) for each in node.kwargs}
    if node.name == "default":
        try:
            given = _evaluate(node.node, values)
        except FormulaError:
            given = None
    else:
        given = _evaluate(node.node, values)
    try:
        return _bounded(FILTERS[node.name](given, *arguments, **named))
    except (TypeError, ValueError, LookupError) as error:
        raise FormulaError(f"the filter '{node.name}' cannot be used here: {error}") from None


def _operation(apply: Callable[[Any, Any], Any], symbol: str) -> Callable[[Any, Mapping[str, Any]], Any]:
    def evaluate(node: nodes.BinExpr, values: Mapping[str, Any]) -> Any:
        left, right = _evaluate(node.left, values), _evaluate(node.right, values)
        if symbol == "+" and isinstance(left, str) and isinstance(right, str):
            return _bounded(left + right)
        if not (_is_number(left) and _is_number(right)):
            raise FormulaError(f"{symbol} takes numbers here")
        if symbol == "**":
            _check_power(left, right)
        return _bounded(apply(left, right))

    return evaluate


def _check_power(base: Any, exponent: Any) -> None:
    if abs(exponent) > 1000 or (isinstance(base, int) and exponent * base.bit_length() > 1000):
        raise FormulaError("the power is too large")


def _compare(node: nodes.Compare, values: Mapping[str, Any]) -> bool:
    left = _evaluate(node.expr, values)
    for operand in node.ops:
        right = _evaluate(operand.expr, values)
        if not _COMPARE[operand.op](left, right):
            return False
        left = right
    return True


def _choose(node: nodes.CondExpr, values: Mapping[str, Any]) -> Any:
    chosen = node.expr1 if _evaluate(node.test, values) else node.expr2
    if chosen is None:
        raise FormulaError("an 'if' needs an 'else' here")
    return _evaluate(chosen, values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bounded(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise FormulaError(f"the expression makes more than {MAX_TEXT:,} characters")
    if isinstance(value, complex):
        raise FormulaError("a negative number has no such power")
    if _is_number(value) and not abs(value) < _LARGEST:
        raise FormulaError("the number is too large")
    return value


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda item, holder: item in holder,
    "notin": lambda item, holder: item not in holder,
}
_EVALUATE: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "Name": _name,
    "Getattr": _item,
    "Getitem": _item,
    "Const": lambda node, _: node.value,
    "List": lambda node, values: [_evaluate(each, values) for each in node.items],
    "Filter": _filter,
    "Keyword": lambda node, values: _evaluate(node.value, values),
    "Operand": lambda node, values: _evaluate(node.expr, values),
    "Compare": _compare,
    "CondExpr": _choose,
    "And": lambda node, values: _evaluate(node.left, values) and _evaluate(node.right, values),
    "Or": lambda node, values: _evaluate(node.left, values) or _evaluate(node.right, values),
    "Not": lambda node, values: not _evaluate(node.node, values),
    "Neg": lambda node, values: operator.neg(_evaluate(node.node, values)),
    "Pos": lambda node, values: operator.pos(_evaluate(node.node, values)),
    "Add": _operation(operator.add, "+"),
    "Sub": _operation(operator.sub, "-"),
    "Mul": _operation(operator.mul, "*"),
    "Div": _operation(operator.truediv, "/"),
    "FloorDiv": _operation(operator.floordiv, "//"),
    "Mod": _operation(operator.mod, "%"),
    "Pow": _operation(operator.pow, "**"),
}
