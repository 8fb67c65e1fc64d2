"""Cuts: where few tensors go on."""

from graf import ComputationGraph
from graf.graph.drawing.cuts import chunks, segments, tensors_between
from graf.graph.drawing.parts import Part


def case(n, edges):
    graph = ComputationGraph.from_edges(["relu"] * n, edges)
    return [Part((i,), (), 0) for i in range(n)], [graph.predecessors(v).tolist() for v in range(n)]


def nodes(runs):
    return [[node for part in run for node in part.nodes] for run in runs]


RESIDUAL = [(0, 1), (1, 2), (2, 3), (1, 3), (3, 4), (4, 5), (5, 6), (4, 6), (6, 7)]


def test_tensors_and_their_readers():
    assert tensors_between(*case(8, RESIDUAL)) == ([0, 1, 1, 2, 1, 1, 2, 1, 0], [0, 1, 2, 2, 1, 2, 2, 1, 0])


def test_long_tensors_do_not_count():
    assert tensors_between(*case(8, [*RESIDUAL, (0, 7)])) == tensors_between(*case(8, RESIDUAL))


def test_segments_are_residual_blocks():
    assert nodes(segments(*case(8, RESIDUAL))) == [[0], [1], [2, 3], [4], [5, 6], [7]]


def test_chunks_are_cut_where_one_tensor_goes_on():
    found = nodes(chunks(*case(8, RESIDUAL), 3))
    assert found == [[0, 1], [2, 3, 4], [5, 6, 7]]


def test_chunks_of_a_chain_are_equal():
    assert list(map(len, chunks(*case(30, [(i, i + 1) for i in range(29)]), 5))) == [6] * 5
