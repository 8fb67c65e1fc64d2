"""Facts: shapes and settings, as far as they are known."""

import numpy as np

from graf import ComputationGraph
from graf.graph.drawing.facts import NodeFacts

NAN = float("nan")


def facts(n=3, edges=((0, 1), (1, 2)), operations=None, **attributes):
    return NodeFacts(ComputationGraph.from_edges(operations or ["relu"] * n, edges, attributes=attributes))


def test_the_batch_is_no_part_of_a_shape():
    found = facts(shape=["8x3x32x32", "8x64x16x16", "8x10"])
    assert found.shapes == [
        "3\N{MULTIPLICATION SIGN}32\N{MULTIPLICATION SIGN}32",
        "64\N{MULTIPLICATION SIGN}16\N{MULTIPLICATION SIGN}16",
        "10",
    ]
    assert found.sizes == ["32\N{MULTIPLICATION SIGN}32", "16\N{MULTIPLICATION SIGN}16", ""]
    assert facts(shape=["1x197x768", "12x5", ""]).sizes == ["197", "12", ""]


def test_shapes_from_numbers():
    found = facts(channels=[64.0, 32.0, NAN], resolution=[56.0, NAN, NAN], sequence=[NAN, 197.0, NAN])
    assert found.shapes == [
        "64\N{MULTIPLICATION SIGN}56\N{MULTIPLICATION SIGN}56",
        "197\N{MULTIPLICATION SIGN}32",
        "",
    ]


def test_texts_with_several_per_node_are_no_shapes_or_modules():
    found = facts(2, [(0, 1)], shape=[["8", "3"], ["8", "5"]], module=[["a", "b"], ["a", "c"]])
    assert found.shapes == ["", ""]
    assert found.paths == [(), ()]


def test_nothing_known():
    found = facts()
    assert found.shapes == found.sizes == ["", "", ""]
    assert found.paths == [(), (), ()]
    assert found.describe(0) == "relu"
    assert found.total([0, 1], "n_macs") is None


def test_a_list_of_modules_is_no_module():
    names = ["moe.experts.0.up", "moe.experts.0.down", "moe.experts.1.up", "moe.gate"]
    found = facts(4, [(0, 1), (1, 3), (2, 3)], module=names)
    assert found.paths[0] == ("moe", "experts.0", "up")
    joined = facts(4, [(0, 1), (1, 2), (2, 3)], module=names)
    assert joined.paths[0] == ("moe", "experts", "0", "up")


def test_settings_but_not_sizes_tell_operations_apart():
    found = facts(stride=[1.0, 2.0, NAN], channels=[1.0, 2.0, 3.0]).settings
    assert len(set(found)) == 3
    assert len(set(facts(channels=[1.0, 2.0, 3.0]).settings)) == 1


def test_descriptions_hold_what_applies():
    found = facts(module=["a.b", "", ""], n_macs=np.array([1234567, 0, 0]), kernel=[3.0, NAN, NAN])
    assert found.describe(0).splitlines() == ["relu", "module: a.b", "n_macs: 1,234,567", "kernel: 3"]
    assert found.describe(1) == "relu"
    assert found.total([0, 1], "n_macs") == 1234567
    assert found.total([0], "module") is None
