"""The canonical hash: blind to numbering, and to nothing else."""

import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import OPS, graphs, renumbered

from graf import ComputationGraph, get_space
from graf.graph.hashing import SHAPES


@given(graphs(), st.randoms(use_true_random=False))
def test_renumbering_keeps_the_hash(graph, random):
    assert renumbered(graph, random, ops=None).canonical_hash == graph.canonical_hash


@given(graphs(max_nodes=5), graphs(max_nodes=5))
def test_equal_hashes_are_isomorphic_graphs(a, b):
    assert (a.canonical_hash == b.canonical_hash) == naive.isomorphic(a, b)


DIAMOND = (["skip", "conv3x3", "none", "skip"], [(0, 1), (0, 2), (1, 3), (2, 3)])


@pytest.mark.parametrize(
    "changes",
    [
        {"operations": ["skip", "conv3x3", "conv3x3", "skip"]},
        {"operations": ["skip", None, "none", "skip"]},
        {"edges": [(0, 1), (0, 2), (1, 2), (2, 3)]},
        {"edges": [(0, 1), (0, 1), (0, 2), (1, 3), (2, 3)]},
        {"inputs": [0, 1]},
        {"outputs": [2]},
        {"cells": {"normal": [1]}},
    ],
)
def test_any_change_changes_the_hash(changes):
    arguments = dict(zip(("operations", "edges"), DIAMOND, strict=True))
    plain = ComputationGraph.from_edges(**arguments, ops=OPS)
    changed = ComputationGraph.from_edges(**arguments | changes, ops=OPS)
    assert changed.canonical_hash != plain.canonical_hash


def test_labels_do_not_count():
    plain = ComputationGraph.from_edges(*DIAMOND)
    labelled = ComputationGraph.from_edges(
        *DIAMOND, ops=OPS, names=list("abcd"), attributes={"x": [1, 2, 3, 4]}
    )
    assert plain.canonical_hash == labelled.canonical_hash
    assert len(plain.canonical_hash) == 32


@pytest.mark.parametrize("name", SHAPES)
def test_settings_of_operations_count(name):
    plain, wide, same = (
        ComputationGraph.from_edges(*DIAMOND, ops=OPS, attributes={name: values})
        for values in ([1, 2, 3, 4], [1, 2, 3, 5], [1.0, 2.0, 3.0, 4.0])
    )
    assert plain.canonical_hash == same.canonical_hash != wide.canonical_hash


def test_text_is_no_setting():
    named = ComputationGraph.from_edges(*DIAMOND, ops=OPS, attributes={"kernel": list("abcd")})
    assert named.canonical_hash == ComputationGraph.from_edges(*DIAMOND, ops=OPS).canonical_hash


def test_cells_that_change_places_change_the_hash():
    space = get_space("darts")
    choices = space.parse(space.sample(1)[0])
    first, second = choices[:16], choices[16:]
    graphs = list(space.batch([first + second, second + first, first + first]))
    assert len({graph.canonical_hash for graph in graphs}) == 3


def test_hashes_of_published_cells(simple_cells):
    """5,044 functions; networkx agrees on 300 pairs of equal and of different hash, alike in size."""
    hashes = [graph.canonical_hash for graph in simple_cells]
    assert len(set(hashes)) == 5044
    rng = np.random.default_rng(0)
    for a, b in pairs_within(hashes, rng):
        assert naive.isomorphic(simple_cells.iloc[a], simple_cells.iloc[b])
    sizes = [f"{sorted(filter(None, graph.op_names))} {graph.n_edges}" for graph in simple_cells]
    alike = [(a, b) for a, b in pairs_within(sizes, rng) if hashes[a] != hashes[b]]
    assert len(alike) > 200
    for a, b in alike:
        assert not naive.isomorphic(simple_cells.iloc[a], simple_cells.iloc[b])


def pairs_within(keys, rng, n=300):
    """Random pairs of positions that have the same key."""
    groups = [group for group in pd.Series(range(len(keys))).groupby(keys).agg(list) if len(group) > 1]
    chosen = rng.integers(len(groups), size=n)
    return [rng.choice(groups[i], 2, replace=False) for i in chosen]
