"""Histograms and profiles over four quarters of the depth."""

import numpy as np

from graf import ComputationGraph, GraphFeatures

# depths 0 to 7, two operations to a quarter, and a branch at depth 6
CHAIN = ComputationGraph.from_edges(
    [None, "conv3x3", "relu", "conv3x3", "relu", "conv3x3", "gelu", "layer_norm", "linear", "relu"],
    [*((i, i + 1) for i in range(8)), (6, 9)],
    attributes={
        "channels": [3, 8, 8, 16, 16, 32, 32, 32, np.nan, 32],
        "n_macs": [99, 40, 0, 40, 0, 10, 0, 0, 10, 0],
        "folded_norms": [np.nan, 1, np.nan, 0, np.nan, 2, *[np.nan] * 4],
    },
)


def found(*columns):
    names = [f"{column}.q{i}" for column in columns for i in range(1, 5)]
    return GraphFeatures(columns=names).fit_transform([CHAIN]).iloc[0].tolist()


def test_counts_of_operations():
    assert found("depth_count(convolution)") == [1, 1, 1, 0]
    assert found("depth_count(relu)", "depth_count(activation)") == [1, 1, 0, 1, 1, 1, 1, 1]
    assert found("depth_count(relu+gelu)") == found("depth_count(activation)")


def test_norms_folded_into_a_layer_count_where_they_were():
    assert found("depth_count(batch_norm)") == [1, 0, 2, 0]
    assert found("depth_count(normalisation)") == [1, 0, 2, 1]
    assert found("depth_count(layer_norm)") == [0, 0, 0, 1]


def test_means_and_shares_of_attributes():
    np.testing.assert_array_equal(found("depth_mean(channels)"), [8, 16, 32, 32])
    np.testing.assert_array_equal(
        found("depth_share(n_macs)"), [0.4, 0.4, 0.1, 0.1]
    )  # junctions: no operations
    assert np.isnan(found("depth_share(n_bytes)", "depth_mean(heads)")).all()
