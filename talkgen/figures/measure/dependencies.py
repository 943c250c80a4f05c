"""Traces a torch function into the graph of what waits for what; knows no model and no picture.

torch.fx records every operation that really runs. An element of a result depends on an element of an input where the
derivative is not zero: so a causal mask, a view or a copy needs no rule of its own. Elements of one operation that
depend on the same things form a *unit*; an operation on one unit alone (a projection, an activation, a view) rides
along with it. What is left is where two or more units meet, or where one is multiplied with itself by a product of two
computed matrices (a token's query with its own key), and each such meeting is one step that has to wait.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx
    import torch

_NOTHING = -1  # the unit of an element that depends on no input
_PRODUCTS = frozenset({"mm", "bmm"})  # in ATen: of two matrices, of many pairs of them


def trace_units(function: Callable[..., Any], *inputs: torch.Tensor) -> nx.DiGraph[int]:
    """The units of `function(*inputs)` and which of them each one needs.

    Args:
        function: anything torch can run, free of randomness; it gets floating-point tensors.
        inputs: tensors [n, ...]; each of the n rows of each input is a unit to begin with.

    Returns:
        A directed acyclic graph whose edges run from what is needed to what needs it. Nodes carry `operation`
        (the name in torch's ATen, "input" for a row of an input), `inputs` (the sorted rows, counted over all inputs,
        that the unit depends on) and `level` (0 for inputs; otherwise one more than the latest unit it needs).
    """
    import networkx as nx
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.nn.attention import SDPBackend, sdpa_kernel

    graph: nx.DiGraph[int] = nx.DiGraph()
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):  # the fused kernels hide their steps
        program = make_fx(function)(*inputs)
    starts = []
    for tensor in inputs:
        rows = torch.arange(len(graph), len(graph) + len(tensor))
        for row in rows.tolist():
            graph.add_node(row, operation="input", inputs=(row,), level=0)
        starts.append(rows.view(-1, *[1] * (tensor.dim() - 1)).expand(tensor.shape))
    _tracer(program, graph, starts).run(*inputs)
    return graph


def _tracer(program: torch.fx.GraphModule, graph: nx.DiGraph[int], starts: Sequence[torch.Tensor]) -> Any:
    import torch
    from torch.utils._pytree import tree_flatten, tree_map

    class Tracer(torch.fx.Interpreter):
        """Runs the program; beside each value it keeps the unit of each element, where there is one."""

        def __init__(self) -> None:
            super().__init__(program)
            self.units: dict[int, torch.Tensor] = {}
            self.kept: list[Any] = []  # values stay alive, so that no id is given twice
            self.waiting = list(starts)

        def placeholder(self, target: Any, args: Any, kwargs: Any) -> Any:
            value = super().placeholder(target, args, kwargs).clone()
            self._keep(value, self.waiting.pop(0))
            return value

        def _keep(self, value: torch.Tensor, units: torch.Tensor) -> None:
            self.units[id(value)] = units
            self.kept.append(value)

        def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
            known = [a for a in tree_flatten((args, kwargs))[0] if id(a) in self.units]
            if not known or target is operator.getitem:
                return super().call_function(target, args, kwargs)

            def run(*values: torch.Tensor) -> torch.Tensor:
                by_id = {id(old): new.clone() for old, new in zip(known, values, strict=True)}
                again = tree_map(lambda a: by_id.get(id(a), a), (args, kwargs))
                return torch.cat([t.reshape(-1) for t in _floats(target(*again[0], **again[1]))])

            # Before the operation itself runs, which may change its inputs in place.
            needs, factors = _needs(run, known, [self.units[id(value)] for value in known], len(graph))
            operation = str(target.overloadpacket.__name__)
            meets_itself = (factors > 1) & (operation in _PRODUCTS)
            units = _group(graph, needs, meets_itself, operation)
            result = super().call_function(target, args, kwargs)
            for tensor in _floats(result):
                self._keep(tensor, units[: tensor.numel()].view(tensor.shape))
                units = units[tensor.numel() :]
            return result

    return Tracer()


def _floats(result: Any) -> list[torch.Tensor]:
    tensors = result if isinstance(result, (list, tuple)) else [result]
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def _needs(
    run: Callable[..., torch.Tensor], values: Sequence[torch.Tensor], units: Sequence[torch.Tensor], count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Which of the `count` units each element of `run(*values)` depends on, and by how many of the `values`.

    Bool [elements, count] and integers [elements].
    """
    import torch

    jacobian_of: Any = torch.autograd.functional.jacobian
    jacobians = jacobian_of(run, tuple(values), vectorize=True)
    total, factors = torch.zeros(len(jacobians[0]), count + 1), torch.zeros(len(jacobians[0]), dtype=torch.long)
    for jacobian, owner in zip(jacobians, units, strict=True):
        columns = owner.reshape(-1).where(owner.reshape(-1) != _NOTHING, torch.tensor(count))
        depends = jacobian.reshape(len(jacobian), -1) != 0
        total.index_add_(1, columns, depends.float())
        factors += depends[:, owner.reshape(-1) != _NOTHING].any(1)
    return total[:, :count] > 0, factors


def _group(graph: nx.DiGraph[int], needs: torch.Tensor, meets_itself: torch.Tensor, operation: str) -> torch.Tensor:
    """The unit of each element [elements], adding the new ones to `graph`."""
    import torch

    kinds, which = torch.unique(torch.cat((needs, meets_itself[:, None]), dim=1), dim=0, return_inverse=True)
    units = []
    for kind in kinds:
        needed = kind[:-1].nonzero().flatten().tolist()
        if not needed or (len(needed) < 2 and not kind[-1]):
            units.append(needed[0] if needed else _NOTHING)
            continue
        unit = len(graph)
        rows = sorted(set().union(*(graph.nodes[node]["inputs"] for node in needed)))
        level = 1 + max(graph.nodes[node]["level"] for node in needed)
        graph.add_node(unit, operation=operation, inputs=tuple(rows), level=level)
        graph.add_edges_from((node, unit) for node in needed)
        units.append(unit)
    return torch.tensor(units)[which]
