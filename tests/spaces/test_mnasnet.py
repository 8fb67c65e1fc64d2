"""MnasNet against the published table of Accel-NASBench."""

import numpy as np
import pandas as pd
import pytest
from faults import check_fault

from graf.exceptions import ArchitectureError
from graf.spaces.mnasnet import KEYS, MnasNet

SPACE = MnasNet()
B0 = "1:3:1:1:6:3:2:1:6:5:2:1:6:3:3:1:6:5:3:1:6:5:4:1:6:3:1:1"
LISTS = [[1, 6, 6, 6, 6, 6, 6], [3, 3, 5, 3, 5, 5, 3], [1, 2, 2, 3, 3, 4, 1], [True] * 7]
SETTINGS = dict(zip(KEYS, map(int, B0.split(":")), strict=True))


@pytest.fixture(scope="module")
def published(graf_data):
    table = pd.read_csv(graf_data / "accel_nasbench_imagenet.csv.gz", dtype={"id": str})
    return table.set_index(table[list(KEYS)].astype(str).agg(":".join, axis=1))


@pytest.fixture(scope="module")
def batch(published):
    return SPACE.batch(published.index)


def totals(batch, values):
    return np.add.reduceat(values, batch.offset[:-1])


def test_efficientnet_b0():
    graph = SPACE.graph(B0)
    assert graph.n_parameters == 5_288_548
    assert graph.op_names[:4] == ("conv3x3", "mbconv3x3_e1_se", "mbconv3x3_e6_se", "mbconv3x3_e6_se")
    assert len(graph.op_names) == 1 + 16 + 2
    assert graph.names[1:5] == ("1.1", "2.1", "2.2", "3.1")
    assert graph.attributes["resolution"][[0, 1, 2, 4, 6, 9, 12]].tolist() == [112, 112, 56, 28, 14, 14, 7]
    assert graph.attributes["channels"][-2:].tolist() == [1280, 1000]


def test_all_notations():
    switches = {key: bool(value) if key.endswith("_se") else value for key, value in SETTINGS.items()}
    for notation in (LISTS, SETTINGS, switches):
        assert SPACE.format(SPACE.parse(notation)) == B0
        assert SPACE.format(SPACE.parse(str(notation))) == B0
    of_numpy = {key: np.bool_(value) if key.endswith("_se") else value for key, value in SETTINGS.items()}
    assert SPACE.parse(of_numpy) == SPACE.parse(B0)
    assert SPACE.recognises(SETTINGS)
    assert SPACE.recognises(str(switches))
    assert SPACE.recognises(B0)
    assert not SPACE.recognises(B0[:-2])


@pytest.mark.parametrize(
    ("text", "expected", "at"),
    [
        (B0.replace("6:5", "6:7", 1), "one of 3, 5 for block2_k", 18),
        (B0[:-2], "one of 0, 1 for block6_se", 54),
        (B0 + ":1", "the end", 55),
        (B0.replace(":", "-"), "one of 1, 4, 6 for block0_e", 0),
        ("4" + B0, "one of 1, 4, 6 for block0_e", 0),
        (B0.replace("6:3:2", "3:3:2", 1), "one of 1, 4, 6 for block1_e", 8),
        ('{"block0_e": 1', "JSON", 14),
    ],
)
def test_the_place_of_a_fault(text, expected, at):
    check_fault(SPACE, text, "network of MnasNet", expected, at)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({**SETTINGS, "block3_e": 3}, "`block3_e` must be one of 1, 4, 6, got 3"),
        ({**SETTINGS, "block3_e": True}, "`block3_e` must be one of 1, 4, 6, got True"),
        ({**SETTINGS, "block4_l": 4}, "`block4_l` must be one of 1, 2, 3, got 4"),
        ({**SETTINGS, "block4_se": 1.0}, "`block4_se` must be one of 0, 1, got 1.0"),
        ({}, "`block0_e` must be one of 1, 4, 6, got None"),
        ([*LISTS[:2], LISTS[2][:5], LISTS[3]], r"expected 7 layers, got 5: \[1, 2, 2, 3, 3\]"),
    ],
)
def test_other_faults(wrong, message):
    with pytest.raises(ArchitectureError, match=f"not a network of MnasNet: {message}"):
        SPACE.parse(wrong)


def test_published_architectures(published):
    assert [SPACE.format(SPACE.parse(text)) for text in published.index] == published.index.tolist()


def test_published_parameters(published, batch):
    counted = totals(batch, batch.attributes["n_parameters"]) / 1e6
    assert [f"{value:.6g}" for value in counted] == [f"{value:.6g}" for value in published.params_m]


def test_published_operations(published, batch):
    """The published count adds to the multiply-adds four per normalised value, and for each mean
    over pixels one per value and one per channel."""
    node = batch.attributes
    first = np.zeros(len(node["n_macs"]), bool)
    first[batch.offset[:-1]] = True
    channels_in, area_in = (
        np.where(first, 0, np.roll(v, 1)) for v in (node["channels"], node["resolution"] ** 2)
    )
    area, hidden = node["resolution"] ** 2, node["expansion"] * channels_in
    op = np.array(batch.ops.names)[batch.node_op]
    normalised = np.where(op == "linear", 0, node["channels"] * area) + np.nan_to_num(hidden * area)
    normalised += np.where(node["expansion"] > 1, hidden * area_in, 0)
    pooled = np.where(np.char.endswith(op, "_se"), hidden * (area + 1), 0)
    pooled[op == "linear"] = 1280 * (49 + 1)
    counted = totals(batch, node["n_macs"] + 4 * normalised + pooled) / 1e6
    assert [f"{value:.6g}" for value in counted] == [f"{value:.6g}" for value in published.macs_m]
