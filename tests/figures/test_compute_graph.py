"""Depth, width and growth of the cells' graphs."""

import itertools

import networkx as nx
import pytest

from talkgen.figures import compute_graph


@pytest.mark.parametrize("tokens", [2, 5])
def test_rnn_waits_once_a_token_and_attention_three_times(tokens, data_of):
    """What the talk says: n steps against three; the widths are 1 and all causal scores, with itself too."""
    data = data_of("compute_graph", tokens=tokens)
    assert (data["rnn"]["depth"], data["attention"]["depth"]) == (tokens, 3)
    assert (data["rnn"]["width"], data["attention"]["width"]) == (1, tokens * (tokens + 1) // 2)
    assert (data["rnn"]["nodes"], data["rnn"]["edges"]) == (2 * tokens, 2 * tokens - 1)
    assert data["rnn"]["depths"] == {"8": 8, "16": 16, "32": 32}
    assert (data["rnn"]["steps_per_token"], data["attention"]["steps_per_token"]) == (1, 0)


def test_lstm_waits_four_times_a_token(data_of):
    """Sum of the gates' inputs, forgetting, adding, showing: four meetings in a row."""
    data = data_of("compute_graph", cells=["lstm"], tokens=3)
    assert data["lstm"]["depth"] == 12
    assert data["lstm"]["steps_per_token"] == 4


def test_path_is_a_path_and_the_longest(data_of):
    """The highlighted path follows edges, ends at the last token, and is as long as networkx's longest."""
    data = data_of("compute_graph", tokens=5)
    for cell in data["cells"]:
        graph = nx.DiGraph([tuple(edge) for edge in data[cell]["graph"]["edges"]])
        path = data[cell]["path"]
        assert all(graph.has_edge(a, b) for a, b in itertools.pairwise(path))
        assert len(path) - 1 == nx.dag_longest_path_length(graph) == data[cell]["depth"]
        rows = {node["id"]: node["row"] for node in data[cell]["graph"]["nodes"]}
        assert (rows[path[0]], rows[path[-1]]) == (0, 4)


def test_granularity_is_stated(data_of):
    """The data say what counts as a step and when it holds."""
    text = data_of("compute_graph", tokens=5)["granularity"]
    assert "reading a prompt" in text
    assert text == compute_graph.GRANULARITY
