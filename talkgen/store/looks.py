"""Source code without its looks: a syntax tree that keeps only what can change what the code does, and its text.

Comments, docstrings, `pass` and layout go. How an annotation is spelled goes too, except where it is read at run time:
in a class body (dataclasses, pydantic) and on functions handed to a framework by a decorator. What annotations name
is kept aside, since it tells which objects the code is handed.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
DECORATED_BY_NAME = {  # what is decorated with these is still called by its name, and by nobody else
    "abstractmethod", "asynccontextmanager", "cache", "cached_property", "classmethod", "contextmanager", "deleter",
    "final", "getter", "inference_mode", "lru_cache", "no_grad", "overload", "override", "property", "setter",
    "staticmethod", "wraps",
}  # fmt: skip
_SKIPPED = {"ctx", "kind", "simple", "type_comment", "type_ignores", "type_params"}  # without meaning, or too new
_ASIDE = "annotations_aside"

Counted = tuple[ast.AST, bool]
"""A node, and whether it stands in an annotation."""


def parse(source: bytes) -> ast.Module:
    """The syntax tree of a module without its looks."""
    return _Stripper().visit(ast.parse(source))  # type: ignore[no-any-return]


def decorator_names(node: Function) -> set[str]:
    """The last names of a function's decorators: "cache" of `@functools.cache`; "" for what has no name."""
    calls = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    return {getattr(each, "attr", getattr(each, "id", "")) for each in calls}


def is_called_by_name(node: Function) -> bool:
    """Whether no decorator hands the function to somebody who could call it or read its annotations."""
    return decorator_names(node) <= DECORATED_BY_NAME


def walk(node: ast.AST) -> Iterator[Counted]:
    """Every node of a tree that `parse` made."""
    yield node, False
    for annotation in getattr(node, _ASIDE, ()):
        yield from ((each, True) for each in ast.walk(annotation))
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, ast.AST):
                    yield from walk(each)


def parameters(node: Function) -> list[ast.arg]:
    """Every parameter of a function."""
    args = node.args
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]


def header(node: Function) -> Function:
    """A function without its body: what is evaluated where it is defined."""
    bare = type(node)(node.name, node.args, [], node.decorator_list, node.returns)
    setattr(bare, _ASIDE, getattr(node, _ASIDE, []))
    return bare


def variables(node: Function) -> set[str]:
    """The names that a function binds for itself, so that they mean nothing of its module's: parameters, variables."""
    found, shared = {each.arg for each in parameters(node)}, set[str]()
    waiting: list[ast.AST] = [*node.body]
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            found.add(each.id)
        elif isinstance(each, ast.Global):
            shared |= set(each.names)
        if not isinstance(each, _SCOPES):
            waiting += ast.iter_child_nodes(each)
    return found - shared


def serialize(value: object) -> str:
    """A tree that `parse` made as text that only a change of meaning changes, alike in every version of Python."""
    if isinstance(value, list):
        return f"[{','.join(map(serialize, value))}]"
    if isinstance(value, ast.AST):
        fields = [(name, inner) for name, inner in ast.iter_fields(value) if name not in _SKIPPED]
        inner = ",".join(f"{name}={serialize(each)}" for name, each in fields if each not in (None, []))
        return f"{type(value).__name__}({inner})"
    return repr(value)


class _Stripper(ast.NodeTransformer):
    def visit_Pass(self, node: ast.Pass) -> None:
        """Nothing is left of it."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        for each in node.body:
            if isinstance(each, ast.AnnAssign):
                _put_aside(each, [each.annotation])
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """A variable's annotation tells nothing that the code which makes its value does not."""
        if hasattr(node, _ASIDE):  # a class's field
            return self.generic_visit(node)
        return self.generic_visit(ast.Assign([node.target], node.value)) if node.value else None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._visit_function(node)

    def _visit_function(self, node: Function) -> ast.AST:
        given = [each for each in parameters(node) if each.annotation]
        returned = [node.returns] if node.returns else []
        _put_aside(node, [*(each.annotation for each in given if each.annotation), *returned])
        if is_called_by_name(node):
            node.returns = None
            for each in given:
                each.annotation = None
        return self.generic_visit(node)


def _put_aside(node: ast.AST, annotations: list[ast.expr]) -> None:
    setattr(node, _ASIDE, [_unquote(each) for each in annotations])


def _unquote(annotation: ast.expr) -> ast.AST:
    is_quoted = any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in ast.walk(annotation))
    return _Unquoter().visit(copy.deepcopy(annotation)) if is_quoted else annotation


class _Unquoter(ast.NodeTransformer):
    """Texts in an annotation as the types they name; those of a `Literal` are values."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        name = getattr(node.value, "attr", getattr(node.value, "id", ""))
        return node.value if name == "Literal" else self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        try:
            return ast.parse(node.value, mode="eval").body if isinstance(node.value, str) else node
        except SyntaxError:  # a text that names no type, as in Annotated[str, "some words"]
            return node
