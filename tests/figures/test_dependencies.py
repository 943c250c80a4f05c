"""The traced graph of what waits for what, against graphs known by hand and by numerical perturbation."""

import networkx as nx
import pytest
import torch

from talkgen.figures.measure.dependencies import trace_units
from talkgen.lm.models.attention import Attention, Pass
from talkgen.lm.models.config import ModelConfig


def levels(graph: nx.DiGraph) -> list[int]:
    """How many units there are at each level."""
    found = [level for _, level in graph.nodes(data="level")]
    return [found.count(level) for level in range(max(found) + 1)]


def test_operations_on_one_unit_ride_along():
    """Projections, activations and views of a single row are no step."""
    graph = trace_units(lambda x: torch.tanh(x @ torch.ones(3, 5)).view(4, 5, 1) * 2 + 1, torch.randn(4, 3))
    assert levels(graph) == [4]
    assert graph.number_of_edges() == 0


def test_chain_and_tree_of_the_same_sum():
    """Adding four rows one after another takes three steps; in pairs, two."""
    chain = trace_units(lambda x: ((x[0] + x[1]) + x[2]) + x[3], torch.randn(4, 3))
    tree = trace_units(lambda x: (x[0] + x[1]) + (x[2] + x[3]), torch.randn(4, 3))
    assert (nx.dag_longest_path_length(chain), nx.dag_longest_path_length(tree)) == (3, 2)
    assert levels(tree) == [4, 2, 1]


def test_in_place_operations_count_as_their_plain_forms():
    """`add_` meets what `add` meets."""
    plain = trace_units(lambda x: (x[0].clone() + x[1]) * x[2], torch.randn(3, 2))
    in_place = trace_units(lambda x: x[0].clone().add_(x[1]).mul_(x[2]), torch.randn(3, 2))
    assert nx.is_isomorphic(plain, in_place)
    assert levels(plain) == [3, 1, 1]


def test_a_row_meets_itself_in_a_product_of_matrices_alone():
    """A row's product with itself is a step as that with another is; its sum with itself and its square are none."""
    x = torch.randn(3, 2)
    product = trace_units(lambda x: (x * 2) @ (x + 1).T, x)
    assert levels(product) == [3, 6]
    assert sorted(about["inputs"] for _, about in product.nodes(data=True) if about["level"]) == [
        (0,), (0, 1), (0, 2), (1,), (1, 2), (2,),
    ]  # fmt: skip
    assert levels(trace_units(lambda x: (x + x) * x, x)) == [3]


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("tokens", [2, 3, 7])
def test_attention_is_three_steps_at_every_length(tokens, heads):
    """Causal attention has n(n+1)/2 scores, and a softmax and a sum for every token that can look back."""
    layer = Attention(ModelConfig(1, n_embd=8, n_head=heads))
    graph = trace_units(lambda x: layer(x[None], Pass()), torch.randn(tokens, 8))
    assert levels(graph) == [tokens, tokens * (tokens + 1) // 2, tokens - 1, tokens - 1]
    sums = [about["inputs"] for _, about in graph.nodes(data=True) if about["level"] == 3]
    assert sorted(sums) == [tuple(range(t + 1)) for t in range(1, tokens)]


def test_traced_inputs_are_what_a_nudge_changes():
    """A unit depends on a row exactly where nudging the row changes the output (checked on the last level)."""
    torch.manual_seed(3)
    layer = Attention(ModelConfig(1, n_embd=8, n_head=2)).double()

    def run(x: torch.Tensor) -> torch.Tensor:
        return layer(x[None], Pass())[0]

    x = torch.randn(5, 8, dtype=torch.double)
    graph = trace_units(run, x)
    last = {about["inputs"][-1]: set(about["inputs"]) for _, about in graph.nodes(data=True) if about["level"] == 3}
    for row in range(5):
        nudged = x.clone()
        nudged[row] += 0.1
        changed = set((run(nudged) - run(x)).abs().amax(1).gt(1e-12).nonzero().flatten().tolist())
        assert changed - {0} == {token for token, inputs in last.items() if row in inputs}
