"""What gradients meet on their way back, worked out by hand."""

import numpy as np
import pytest

from graf import ComputationGraph, GraphFeatures, OpSet
from graf.features.gradients import kind_of

OPERATIONS = ["linear", "layer_norm", "relu", "linear", "add", "softmax"]
# the block: x -> layer_norm -> relu -> linear, added to x, then softmax
EDGES = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (4, 5)]


def row(**attributes):
    graph = ComputationGraph.from_edges(OPERATIONS, EDGES, attributes=attributes)
    columns = [name for name in GraphFeatures().fit([graph]).get_feature_names_out() if "gradient" in name]
    return GraphFeatures(columns=columns).fit_transform([graph]).iloc[0]


def test_shortest_and_mean_paths():
    found = row(n_parameters=[6, 2, 0, 6, 0, 0])
    # behind the last linear layer: add and softmax; behind the norm: relu and linear as well; behind
    # the first: add and softmax, or all of it
    assert found["gradient_path.min_all"] == pytest.approx((2 + 4 + 2) / 3)
    assert found["gradient_path.farthest_all"] == 4
    assert found["gradient_path.mean_all"] == pytest.approx((2 + 4 + (2 + 5) / 2) / 3)
    assert found["gradient_path.min_pass"] == found["gradient_path.mean_pass"] == 1
    assert found["gradient_path.min_shrink"] == found["gradient_path.farthest_shrink"] == 1
    assert found["gradient_path.mean_shrink"] == pytest.approx((1 + 1 + 1.5) / 3)
    assert found["gradient_path.min_gate"] == pytest.approx(1 / 3)
    assert found["gradient_path.mean_gate"] == pytest.approx((0 + 1 + 0.5) / 3)
    assert found["gradient_path.mean_mix"] == pytest.approx((0 + 1 + 0.5) / 3)


def test_without_numbers_of_parameters_operations_that_can_have_some_count():
    known = row(n_parameters=[6, 2, 0, 6, 0, 0])
    np.testing.assert_array_equal(row(), known)


def test_without_parameters_there_is_nothing_to_reach():
    assert row(n_parameters=[0] * 6).isna().all()


def test_every_operation_is_of_one_kind():
    kinds = {
        "add": "pass", "concat": "pass", "skip": "pass", "resize": "pass", "layer_norm": "shrink", "softmax": "shrink",
        "sigmoid": "shrink", "max_pool2x2": "shrink", "attention": "shrink", "multiply": "gate", "relu": "gate",
        "gelu": "gate", "conv7x7": "mix", "linear": "mix", "mystery": "mix",
    }  # fmt: skip
    ops = OpSet(tuple(kinds))
    assert {op.name: kind_of(op) for op in ops.operations} == kinds
