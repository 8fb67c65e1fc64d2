"""FBNet against its published table."""

import numpy as np
import pandas as pd
import pytest
from faults import check_fault

from graf.spaces.fbnet import FBNet

SPACE = FBNet()
TEXT = "0-1-2-3-4-5-6-7-8-0-1-2-3-4-5-6-7-8-0-1-2-3"
IDS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3)


@pytest.fixture(scope="module")
def published(graf_data):
    return pd.read_csv(graf_data / "fbnet_devices.csv.gz", dtype={"op_idx": str}).set_index("op_idx")


@pytest.fixture(scope="module")
def attributes(published):
    """Attributes of all published networks, (networks, nodes) each."""
    batch = SPACE.batch(published.index)
    return {name: values.reshape(len(published), -1) for name, values in batch.attributes.items()}


def test_a_network_by_hand():
    graph = SPACE.graph(TEXT)
    assert graph.op_names[:11] == (
        "conv3x3", "mbconv3x3_e1", "mbconv3x3_e1_g2", "mbconv3x3_e3", "mbconv3x3_e6", "mbconv5x5_e1",
        "mbconv5x5_e1_g2", "mbconv5x5_e3", "mbconv5x5_e6", "skip", "mbconv3x3_e1",
    )  # fmt: skip
    assert graph.op_names[-2:] == ("conv1x1", "linear")
    assert graph.names[:3] == ("stem", "1.1", "2.1")
    stages = [1, 6, 10, 14, 18, 22]
    assert graph.attributes["channels"][stages].tolist() == [16, 32, 64, 112, 184, 352]
    assert graph.attributes["resolution"][stages].tolist() == [32, 16, 8, 8, 4, 4]
    assert graph.attributes["stride"][stages].tolist() == [1, 2, 2, 1, 2, 1]
    assert graph.attributes["groups"][[1, 2]].tolist() == [1, 2]
    assert np.isnan(graph.attributes["kernel"][9])


def test_a_skip_that_changes_shape_is_a_convolution():
    graph = SPACE.graph((8,) * 22)
    changing = [i for i, name in enumerate(graph.names) if name.endswith(".1") and name != "1.1"]
    assert {graph.op_names[i] for i in changing} == {"conv1x1"}
    assert graph.attributes["n_parameters"][changing[0]] == 16 * 24 + 2 * 24
    assert graph.op_names.count("skip") == 16
    assert "skip" not in graph.simplified().op_names


def test_other_notations():
    assert SPACE.parse(TEXT) == SPACE.parse(TEXT.replace("-", "_")) == SPACE.parse(str(list(IDS))) == IDS
    assert SPACE.format(IDS) == TEXT


@pytest.mark.parametrize(
    ("text", "expected", "at"),
    [
        (TEXT.replace("5", "9", 1), "22 ids of 0 to 8", 10),
        (TEXT[:-2], "22 ids of 0 to 8", 42),
        (TEXT + "-1", "the end", 43),
        (TEXT.replace("4", "44", 1), "22 ids of 0 to 8", 8),
        (TEXT.replace("-", ":"), "22 ids of 0 to 8", 0),
    ],
)
def test_the_place_of_a_fault(text, expected, at):
    check_fault(SPACE, text, "network of FBNet", expected, at)


def test_published_parameters(published, attributes):
    assert attributes["n_parameters"].sum(axis=1).tolist() == published.zcp_params.tolist()


def test_published_operations(published, attributes):
    """The published count adds to the multiply-adds two operations per normalised value, one per
    rectified value (of a block's two activations only the second) and one per pooled value."""
    area, expansion = attributes["resolution"] ** 2, attributes["expansion"]
    out = attributes["channels"] * area
    hidden = np.nan_to_num(expansion[:, 1:] * attributes["channels"][:, :-1])
    extra = np.where(np.isnan(attributes["kernel"]), 0, np.where(np.isnan(expansion), 3, 2) * out)
    extra[:, 1:] += 2 * hidden * area[:, :-1] + 3 * hidden * area[:, 1:]
    total = (attributes["n_macs"] + extra).sum(axis=1) + 1504 * 4 * 4
    assert total.tolist() == published.zcp_flops.tolist()
