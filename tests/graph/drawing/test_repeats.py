"""Repeats: which stretches one drawing may stand for."""

import pytest

from graf import ComputationGraph
from graf.graph.drawing.parts import Part
from graf.graph.drawing.repeats import joined, repeats, uniform


def links(n, edges):
    graph = ComputationGraph.from_edges(["relu"] * n, edges)
    return [graph.predecessors(v).tolist() for v in range(n)], [
        graph.successors(v).tolist() for v in range(n)
    ]


CHAIN = [(i, i + 1) for i in range(5)]
CASES = {
    "chain": (CHAIN, "chain"),
    "parallel": ([(0, i) for i in range(1, 5)] + [(i, 5) for i in range(1, 5)], "parallel"),
    "dense": ([(i, j) for i in range(6) for j in range(i + 1, 6)], "dense"),
    "chain that reads one tensor": (CHAIN + [(0, i) for i in range(2, 5)], "chain"),
    "tapped": ([*CHAIN, (2, 5)], None),
    "skip over one": ([*CHAIN, (1, 3)], None),
    "branches to different places": ([(0, i) for i in range(1, 5)] + [(1, 5), (2, 5)], None),
}


@pytest.mark.parametrize(("edges", "how"), CASES.values(), ids=CASES)
def test_repetitions_must_be_joined_alike(edges, how):
    preds, succs = links(6, edges)
    members = [[1], [2], [3], [4]]
    assert uniform(members, preds, succs) == (how is not None)
    if how:
        assert joined(members, preds) == how


def test_two_inputs_are_no_repetition():
    preds, succs = links(5, [(0, 2), (1, 3), (2, 4), (3, 4)])
    assert not uniform([[2], [3]], preds, succs)


def found(tokens, edges=None, operations=True, sizes=None):
    parts, n = [], 0
    for size in sizes or [1] * len(tokens):
        parts.append(Part(tuple(range(n, n + size)), (), 0))
        n += size
    preds, succs = links(n, [(i, i + 1) for i in range(n - 1)] if edges is None else edges)
    return [tuple(r) for r in repeats(parts, [ord(token) for token in tokens], preds, succs, operations)]


def test_the_longest_with_the_shortest_period():
    assert found("aaaa") == [(0, 1, 4, "chain")]
    assert found("xababaz") == [(1, 2, 2, "chain")]
    assert found("abc") == []


def test_all_that_do_not_overlap():
    assert found("aabbbcxyxy") == [(0, 1, 2, "chain"), (2, 1, 3, "chain"), (6, 2, 2, "chain")]
    pairs = "".join(2 * chr(i) for i in range(100, 400))
    assert found(pairs) == [(i, 1, 2, "chain") for i in range(0, 600, 2)]


def test_operations_alone_are_no_repetition():
    assert found("aaaa", operations=False) == []
    assert found("baba", operations=False, sizes=[1, 2, 1, 2]) == [(0, 2, 2, "chain")]


def test_a_tapped_chain_is_cut_behind_the_tap():
    edges = [(i, i + 1) for i in range(7)] + [(3, 7)]
    assert found("xaaaaaay", edges) == [(1, 1, 3, "chain"), (4, 1, 3, "chain")]


def test_a_residual_branch_starts_where_the_tensor_forks():
    edges = [(0, 1), (1, 2), (0, 3), (2, 3), (3, 4), (4, 5), (5, 6), (4, 7), (6, 7), (7, 8), (8, 9)]
    assert found("rccarccarz", edges) == [(1, 4, 2, "chain")]
