"""TransNAS-Bench-101 micro against its published table."""

import numpy as np
import pandas as pd
import pytest
from faults import check_fault

from graf.exceptions import ArchitectureError, InputError
from graf.spaces import TransNASMicro

SPACE = TransNASMicro()


@pytest.fixture(scope="module")
def published(graf_data):
    return pd.read_csv(graf_data / "transnas_micro.csv.gz", dtype={"arch": str}).set_index("arch")


def test_both_notations():
    assert SPACE.parse("64-41414-3_02_123") == SPACE.parse("3-0-2-1-2-3") == (3, 0, 2, 1, 2, 3)


def test_a_cell_by_hand():
    graph = SPACE.graph("64-41414-3_02_123")
    operations = dict(zip(graph.names, graph.op_names, strict=True))
    assert {name: op for name, op in operations.items() if op} == {
        "1->2": "conv3x3", "1->3": "none", "2->3": "conv1x1", "1->4": "skip", "2->4": "conv1x1", "3->4": "conv3x3",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("64-41414-3_02_12", 16),
        ("64-41414-302_123", 10),
        ("32-41414-3_02_123", 1),
        ("3-0-2-1-2", 9),
        ("3-0-2-1-2-3-", 11),
    ],
)
def test_the_place_of_a_fault(text, at):
    check_fault(SPACE, text, "TransNAS-Bench-101 micro cell", "'a-b-c-d-e-f' with digits 0 to 3", at)


@pytest.mark.parametrize("text", ["64-41414-4_02_123", "3-0-2-1-2-9"])
def test_an_unknown_operation(text):
    with pytest.raises(ArchitectureError, match=r"must be an integer between 0 and 3, got [49]"):
        SPACE.parse(text)


def test_channels_must_be_even():
    with pytest.raises(InputError, match="`channels` must be even"):
        TransNASMicro(channels=3)


def test_published_connected_cells(published):
    connected = [graph.connected for graph in SPACE.batch(published.index)]
    np.testing.assert_array_equal(connected, published.connected == 1)


def test_published_parameters(published):
    table = published[published.class_scene__zcp_params.notna()].sample(200, random_state=0)
    counted = [SPACE.graph(cell).n_parameters / 1e6 for cell in table.index]
    assert counted == table.class_scene__zcp_params.tolist()
