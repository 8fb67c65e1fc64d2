"""Costs: totals on a log scale, intensity and peak memory by hand."""

import numpy as np
import pytest

from graf import ComputationGraph, GraphFeatures, get_space


def row(operations, edges, columns, **attributes):
    graph = ComputationGraph.from_edges(operations, edges, attributes=attributes)
    return GraphFeatures(columns=columns).fit_transform([graph]).iloc[0].tolist()


PEAK = ["peak_memory.bytes", "peak_memory.share", "peak_memory.at"]


def test_a_chain_holds_two_tensors_and_its_ends():
    sizes = [10, 40, 30, 20, 5]  # while 2 runs: 10 + 40 + 30
    found = row([None, *["relu"] * 4], [(i, i + 1) for i in range(4)], PEAK, n_output_bytes=sizes)
    assert found == [80, 80 / 105, 2 / 5]


def test_a_shortcut_keeps_its_tensor():
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (1, 4)]
    sizes = [0, 8, 8, 8, 8]
    found = row([None, "conv3x3", "relu", "conv3x3", "add"], edges, PEAK, n_output_bytes=sizes)
    assert found[0] == 24  # 1, which the sum reads, 2 and 3


def test_tensors_that_nobody_reads_die_at_once():
    graph = ComputationGraph.from_edges(
        ["relu", "relu", "relu"],
        [(0, 1), (0, 2)],
        outputs=[2],
        attributes={"n_output_bytes": [4, 100, 1]},
    )
    table = GraphFeatures(columns=PEAK[:1]).fit_transform([graph])
    assert table.iloc[0].tolist() == [104]


def test_a_tensor_that_is_read_twice_dies_once():
    found = row(["relu", "relu", "multiply", "relu"], [(0, 1), (1, 2), (1, 2), (2, 3)], PEAK[:1],
                n_output_bytes=[1, 5, 5, 9])  # fmt: skip
    assert found == [15]  # 1 stays, 5, 9; at the product 1 + 5 + 5


def test_arithmetic_intensity():
    columns = [f"arithmetic_intensity.{stat}" for stat in ("network", "mean", "low")]
    found = row([None, "conv3x3", "relu"], [(0, 1), (1, 2)], columns,
                n_macs=[0, 500, 0], n_elementary=[0, 0, 10], n_bytes=[0, 50, 20])  # fmt: skip
    assert found == [1010 / 70, (20 + 0.5) / 2, 20 / 70]
    assert np.isnan(row(["relu"], [], columns, n_macs=[0], n_bytes=[0])).all()


def test_log_totals():
    found = row(
        ["relu", "linear"], [(0, 1)], ["log_total(n_macs)", "log_total(n_bytes)"], n_macs=[0, 10**12 - 1]
    )
    assert found == [12, 0]


def test_costs_of_operations():
    columns = [
        "op_cost(convolution).macs", "op_cost(convolution).bytes", "op_cost(relu).elementary",
        "op_cost(linear).parameters", "op_cost(conv1x1).activations",
    ]  # fmt: skip
    costs = {
        "n_macs": [0, 5, 7, 0],
        "n_bytes": [9, 4, 4, 2],
        "n_elementary": [0, 0, 0, 3],
        "n_parameters": [0, 1, 1, 0],
        "n_activations": [9, 2, 2, 3],
    }
    found = row([None, "conv3x3", "conv1x1", "relu"], [(0, 1), (1, 2), (2, 3)], columns, **costs)
    assert found == [12, 8, 3, 0, 2]


def test_a_graph_without_the_cell_costs_nothing_there():
    first, second = (
        ComputationGraph.from_edges(
            ["conv3x3", "relu"],
            [(0, 1)],
            cells={cell: [0, 1]},
            attributes={"n_macs": [5, 0], "n_output_bytes": [4, 4]},
        )
        for cell in ("normal", "reduce")
    )
    columns = [f"{name}@normal" for name in ("op_cost(conv3x3).macs", "peak_memory.bytes", "peak_memory.at")]
    for graphs in ([first, second], [second, first]):
        table = GraphFeatures(columns=columns).fit_transform(graphs)
        by_cell = dict(zip([next(iter(graph.cells)) for graph in graphs], table.to_numpy(), strict=True))
        np.testing.assert_array_equal(by_cell["normal"], [5, 8, 0.5])
        np.testing.assert_array_equal(by_cell["reduce"], [0, np.nan, np.nan])


def test_memory_needs_sizes():
    assert np.isnan(row(["relu"], [], ["peak_memory.log"])).all()
    assert row(["relu"], [], ["peak_memory.log"], n_output_bytes=[99]) == [pytest.approx(2)]


def test_costs_that_are_not_known_are_no_zeros():
    columns = ["op_cost(conv3x3).macs", "op_cost(conv3x3).bytes", "receptive_field.size"]
    found = GraphFeatures(columns=columns).fit_transform([get_space("nasbench201").graph((1,) * 6)])
    np.testing.assert_array_equal(found, [[0, np.nan, np.nan]])
