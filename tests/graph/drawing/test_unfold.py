"""Unfolding: series of blocks open together or not at all."""

from graf.graph.drawing.parts import Part
from graf.graph.drawing.unfold import unfolded, unfolded_to_depth


def block(kind, path, start, size=5, times=1):
    operations = tuple(Part((start + i,), (), -i) for i in range(size))
    return Part(tuple(range(start, start + size * times)), operations, kind, tuple(path.split(".")), times)


def test_a_series_opens_together_if_there_is_room():
    parts = [block(1, "layer.0", 0), block(2, "layer.1", 5)]
    assert len(unfolded(parts, 10)) == 10
    assert unfolded(parts, 9) == parts


def test_a_series_with_a_repetition_stays_closed():
    parts = [block(1, "layer.0", 0), block(2, "layer.1", 5, times=3)]
    assert unfolded(parts, 99) == parts


def test_what_looks_like_a_repetition_stays_closed():
    parts = [block(2, "stem", 0), block(2, "layer.1", 5, times=3)]
    assert unfolded(parts, 99) == parts


def test_small_blocks_are_no_series():
    parts = [block(1, "layer.0", 0, size=3), block(2, "layer.1", 3, times=3)]
    assert len(unfolded(parts, 99)) == 4


def test_the_largest_opens_first():
    parts = [block(1, "a", 0), block(2, "b", 5, size=8)]
    assert [len(part.nodes) for part in unfolded(parts, 9)] == [5] + [1] * 8


def test_to_a_depth():
    inner = block(1, "a.b", 0)
    outer = Part(inner.nodes, (inner,), 1, ("a",))
    assert unfolded_to_depth([outer], 1) == [outer]
    assert unfolded_to_depth([outer], 2) == [inner]
    assert unfolded_to_depth([outer], 3) == list(inner.parts)
