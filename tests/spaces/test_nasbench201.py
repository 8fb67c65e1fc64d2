"""NAS-Bench-201 against its published table."""

import numpy as np
import pytest
from faults import check_fault

from graf.spaces import NASBench201

SPACE = NASBench201()
CELL = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|"


def test_a_cell_by_hand():
    assert SPACE.parse(CELL) == SPACE.parse("(2, 1, 0, 4, 3, 1)") == (2, 1, 0, 4, 3, 1)
    graph = SPACE.graph(CELL)
    operations = dict(zip(graph.names, graph.op_names, strict=True))
    assert operations == {
        "1": None, "2": None, "3": None, "4": None,
        "1->2": "conv3x3", "1->3": "none", "1->4": "skip", "2->3": "avg_pool3x3", "2->4": "conv1x1", "3->4": "none",
    }  # fmt: skip
    named = {(graph.names[u], graph.names[v]) for u, v in graph.edges}
    assert named == {
        pair for name in operations if ">" in name for pair in ((name[0], name), (name, name[-1]))
    }
    assert [graph.names[node] for node in (*graph.inputs, *graph.outputs)] == ["1", "4"]


@pytest.mark.parametrize(
    ("right", "wrong", "expected", "at"),
    [
        ("|nor_conv_3x3~0", "nor_conv_3x3~0", "'|'", 0),
        ("none~0", "nope~0", "one of skip_connect, none, nor_conv_3x3, nor_conv_1x1, avg_pool_3x3 followed by '~0'", 18),
        ("avg_pool_3x3~1", "avg_pool_3x3~0", "followed by '~1'", 25),
        ("none~2|", "none~2", "'|'", 78),
        ("none~2|", "none~2||", "the end", 79),
        ("|+|none", "| +|none", "'+|'", 16),
    ],
)  # fmt: skip
def test_the_place_of_a_fault(right, wrong, expected, at):
    check_fault(SPACE, CELL.replace(right, wrong, 1), "NAS-Bench-201 cell", expected, at)


def test_published_tuples(nasbench201):
    choices = [tuple(map(int, ids.split("-"))) for ids in nasbench201.naslib_ops]
    assert [SPACE.format(ids) for ids in choices] == nasbench201.index.tolist()
    assert [SPACE.parse(cell) for cell in nasbench201.index] == choices


def test_published_connected_cells(nasbench201):
    connected = [graph.connected for graph in SPACE.batch(nasbench201.index)]
    np.testing.assert_array_equal(connected, nasbench201.connected == 1)


def test_published_parameters(nasbench201):
    table = nasbench201[nasbench201.zcp_params.notna()].sample(200, random_state=0)
    counted = [SPACE.graph(cell).n_parameters / 1e6 for cell in table.index]
    assert counted == table.zcp_params.tolist()
