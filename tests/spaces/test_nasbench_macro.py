"""NAS-Bench-Macro: its network, and which digits stand for the same one."""

import pytest
from faults import check_fault

from graf.spaces.nasbench_macro import NASBenchMacro

SPACE = NASBenchMacro()


def test_a_network_by_hand():
    graph = SPACE.graph("01202112")
    assert graph.op_names == (
        "conv3x3", "conv1x1", "mbconv3x3_e3", "mbconv5x5_e6", "skip", "mbconv5x5_e6", "mbconv3x3_e3",
        "mbconv3x3_e3", "mbconv5x5_e6", "conv1x1", "linear",
    )  # fmt: skip
    assert graph.attributes["channels"].tolist() == [32, 64, 64, 128, 128, 128, 256, 256, 256, 1280, 10]
    assert graph.attributes["resolution"].tolist() == [32, 16, 16, 8, 8, 8, 4, 4, 4, 4, 1]
    for name, values in {"stride": (2, 1, 2), "kernel": (1, 3, 5)}.items():
        assert tuple(graph.attributes[name][1:4]) == values
    assert graph.attributes["expansion"][[2, 3]].tolist() == [3, 6]


def test_parameters_by_hand():
    frame = 27 * 32 + 64 + 256 * 1280 + 2560 + 1281 * 10
    reductions = sum(2 * c * c + 4 * c for c in (32, 64, 128))
    assert SPACE.graph("00000000").n_parameters == frame + reductions
    block = 64 * 192 + 9 * 192 + 192 * 64 + 2 * (192 + 192 + 64)
    assert SPACE.graph("01000000").n_parameters == frame + reductions + block
    strided = 32 * 192 + 25 * 192 + 192 * 64 + 2 * (192 + 192 + 64)
    assert SPACE.graph("20000000").n_parameters == frame + reductions - (32 * 64 + 128) + strided


def test_distinct_networks():
    distinct = set()
    for network in SPACE:
        graph = SPACE.graph(network).simplified()
        distinct.add(
            (graph.op_names, *(tuple(graph.attributes[name]) for name in ("channels", "resolution")))
        )
    assert len(distinct) == (3 * 3) * (3 * 7) * (3 * 7) == 3969


def test_identities_may_stand_anywhere_behind_the_first_layer_of_a_stage():
    first, second = (SPACE.graph(text).simplified() for text in ("01201012", "01210012"))
    assert first == second
    assert SPACE.graph("10201012").n_parameters != SPACE.graph("01201012").n_parameters


def test_tuples_and_their_text():
    digits = (0, 1, 2, 0, 2, 1, 1, 2)
    assert SPACE.parse(digits) == SPACE.parse(str(digits)) == SPACE.parse(list(digits)) == digits


@pytest.mark.parametrize(
    ("text", "place"),
    [("0120211", 7), ("012021121", 8), ("01302112", 2), ("0120 2112", 4), ("\u06601202112", 0)],
)
def test_the_place_of_a_fault(text, place):
    check_fault(SPACE, text, "NAS-Bench-Macro network", "eight digits from 0 to 2", place)
