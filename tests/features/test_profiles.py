"""Profiles of attributes, on a chain that can be worked out by hand."""

import numpy as np
import pytest

from graf import ComputationGraph, GraphFeatures, get_space

CHAIN = ComputationGraph.from_edges(
    [None, "conv3x3", "conv1x1", "conv3x3", "linear"],
    [(0, 1), (1, 2), (2, 3), (3, 4)],
    attributes={
        "channels": [np.nan, 8, 8, 16, np.nan],
        "resolution": [np.nan, 4, 4, 4, np.nan],
        "kernel": [np.nan, 3, 1, 3, np.nan],
        "n_macs": [0, 10, 20, 30, 5],
        "shared_id": [np.nan, 1, 2, 1, 3],
    },
)
SHORT = ComputationGraph.from_edges(["linear"], [], attributes={"n_macs": [7]})


@pytest.fixture(scope="module")
def table():
    return GraphFeatures().fit([CHAIN]).transform([CHAIN, SHORT])


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("total(n_macs)", [65, 7]),
        ("total(kernel)", [7, 0]),
        ("profile(kernel).mean", [7 / 3, np.nan]),
        ("profile(kernel).spread", [np.std([3, 1, 3]), np.nan]),
        ("profile(kernel).min", [1, np.nan]),
        ("profile(kernel).max", [3, np.nan]),
        ("profile(kernel).at2", [1, np.nan]),
        ("profile(kernel).at4", [np.nan, np.nan]),
        ("profile(n_macs).at5", [5, np.nan]),
        ("profile(n_macs).at1", [0, 7]),
        ("stage(kernel).sum1", [4, np.nan]),
        ("stage(kernel).sum2", [3, np.nan]),
        ("stage(n_macs).sum3", [np.nan, np.nan]),
        ("parameter_sharing", [0.25, np.nan]),
    ],
)
def test_values(table, column, values):
    np.testing.assert_allclose(table[column], values)


def test_stages_do_not_run_on_into_the_next_graph():
    table = GraphFeatures(columns=["stage(n_macs).sum1", "stage(n_macs).sum2"]).fit_transform([CHAIN] * 3)
    assert table.to_numpy().tolist() == [[30, 30]] * 3


def test_ids_are_no_quantities(table):
    assert not any("shared_id" in name for name in table)


def test_every_choice_of_a_chain_shows_at_its_position():
    space = get_space("mnasnet")
    first = space.sample(1, seed=1)[0]
    seen = GraphFeatures(space).fit([first])
    before = seen.transform([first])
    for seed in range(40):
        after = seen.transform([space.mutate(first, seed=seed)])
        assert not np.array_equal(before, after, equal_nan=True)


def test_cells_without_channels_have_no_profiles():
    names = GraphFeatures("nasbench201").fit(get_space("nasbench201").sample(1)).get_feature_names_out()
    assert not [name for name in names if name.startswith(("profile", "stage", "total"))]
