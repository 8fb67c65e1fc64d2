"""The size space of NATS-Bench: its network, and how widths are written."""

import numpy as np
import pytest
from faults import check_fault

from graf.exceptions import ArchitectureError
from graf.spaces.nats_size import NATSSize

SPACE = NATSSize()


@pytest.mark.parametrize(
    ("network", "n_parameters"),
    [("8:8:8:8:8", 11_714), ("8:8:8:16:40", 67_378), ("8:8:16:40:40", 107_826), ("64:64:64:64:64", 713_674)],
)
def test_published_parameters(network, n_parameters):
    assert SPACE.graph(network).n_parameters == n_parameters


def test_the_order_is_that_of_the_published_indices():
    networks = SPACE.enumerate()
    assert [networks[i] for i in (0, 12, -1)] == ["8:8:8:8:8", "8:8:8:16:40", "64:64:64:64:64"]


@pytest.mark.parametrize(
    "written", ["8:64:16:24:40", (8, 64, 16, 24, 40), "[8, 64, 16, 24, 40]", np.array([8, 64, 16, 24, 40])]
)
def test_all_notations(written):
    assert SPACE.parse(written) == (0, 7, 1, 2, 4)


def test_a_network_by_hand():
    graph = SPACE.graph("8:16:24:32:32")
    named = dict(zip(graph.names, range(graph.n_nodes), strict=True))
    operations = {name: graph.op_names[node] for name, node in named.items() if graph.op_names[node]}
    assert len(operations) == 1 + 3 * 6 + 2 + 1
    assert [operations[f"cell.{stage}.1->4"] for stage in (0, 1, 2)] == ["skip", "conv1x1", "skip"]
    assert operations["reduction.1"] == operations["reduction.2"] == "resnet_block"
    path = ["stem", "cell.0.2->4", "reduction.1", "cell.1.1->2", "cell.1.3->4", "reduction.2", "cell.2.1->3"]
    nodes = [named[name] for name in path]
    assert graph.attributes["channels"][nodes].tolist() == [8, 8, 16, 24, 24, 32, 32]
    assert graph.attributes["resolution"][nodes].tolist() == [32, 32, 16, 16, 16, 8, 8]
    assert graph.predecessors(named["reduction.1"]).tolist() == [named["cell.0.4"]]
    assert len(graph.predecessors(named["cell.1.4"])) == 3


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("8:16:24:32", 10),
        ("8:16:24:32:40:8", 13),
        ("8:16:24:32:80", 10),
        ("9:16:24:32:40", 0),
        ("88:8:8:8:8", 0),
    ],
)
def test_the_place_of_a_fault(text, place):
    expected = "five multiples of 8 up to 64 joined by colons"
    check_fault(SPACE, text, "NATS-Bench size network", expected, place)


def test_widths_and_choices_do_not_mix():
    with pytest.raises(ArchitectureError, match="choice 0 must be an integer between 0 and 7, got 8"):
        SPACE.parse((8, 1, 2, 3, 4))


def test_a_skip_that_changes_the_channels_is_a_bare_convolution():
    nn = pytest.importorskip("torch.nn")
    from graf.spaces.torch_models.nats_size import cell

    assert [type(part) for part in cell(8, 16).ops[2]] == [nn.Conv2d, nn.BatchNorm2d]
    assert isinstance(cell(8, 8).ops[2], nn.Identity)
