"""The two once-for-all spaces: published networks, notations, units of varying depth."""

import json

import numpy as np
import pytest
from faults import check_fault

from graf.exceptions import ArchitectureError
from graf.spaces.mobilenetv3 import MobileNetV3
from graf.spaces.proxylessnas import ProxylessNAS

SPACES = [MobileNetV3(), ProxylessNAS()]
SETTINGS = {"ks": [3, 5, 7, 3] * 5, "e": [6, 4, 3, 3] * 5, "d": [2, 3, 4, 2, 3]}


@pytest.fixture(params=SPACES, ids=lambda space: space.name)
def space(request):
    return request.param


def named(prefix, units):
    """Units of (kernel, expansion) as lists of block names."""
    return [[f"{prefix}_e{expansion}_k{kernel}" for kernel, expansion in unit] for unit in units]


NOTE8 = [[(5, 3), (3, 3)], [(5, 4), (5, 3)], [(3, 4), (3, 4), (5, 4)], [(3, 4), (5, 3), (7, 4)],
         [(3, 6), (3, 3), (5, 3), (5, 3)]]  # fmt: skip
CPU = [[(5, 4), (3, 3)], [(3, 3), (3, 3)], [(7, 3), (3, 3), (7, 3)], [(5, 3), (5, 4)], [(5, 3), (3, 4)],
       [(3, 4)]]  # fmt: skip
JETSON = [[(3, 3), (3, 4), (3, 6)], [(7, 3), (5, 4)], [(3, 4), (5, 4), (5, 4), (5, 3)],
          [(5, 4), (7, 3), (7, 3), (3, 6)], [(3, 6), (3, 6), (5, 6), (3, 4)], [(5, 3)]]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "units", "size", "parameters", "macs"),
    [
        (MobileNetV3, NOTE8, 152, "4.6M", "101M"),
        (ProxylessNAS, CPU, 144, "4.2M", "143M"),
        (ProxylessNAS, JETSON, 172, "6.2M", "349M"),
    ],
)
def test_published_networks(kind, units, size, parameters, macs):
    """Specialised networks of once-for-all, with the counts its README gives."""
    graph = kind(input_shape=(3, size, size)).graph(named(kind.prefix, units))
    assert f"{graph.n_parameters / 1e6:.1f}M" == parameters
    assert f"{graph.n_macs / 1e6:.0f}M" == macs


@pytest.mark.parametrize(("space", "n_single"), [(SPACES[0], 0), (SPACES[1], 1)])
def test_sizes(space, n_single):
    assert space.size == (9**2 + 9**3 + 9**4) ** 5 * 9**n_single


def test_a_mobilenetv3_by_hand():
    graph = SPACES[0].graph(SETTINGS)
    assert graph.op_names[:8] == (
        "conv3x3", "mbconv3x3_e1", "mbconv3x3_e6", "mbconv5x5_e4", "mbconv3x3_e6_se", "mbconv5x5_e4_se",
        "mbconv7x7_e3_se", "mbconv3x3_e6",
    )  # fmt: skip
    assert graph.names == (
        "stem", "first", "1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2",
        "5.1", "5.2", "5.3", "head", "mix", "classifier",
    )  # fmt: skip
    assert graph.op_names[-3:] == ("conv1x1", "conv1x1", "linear")
    assert graph.attributes["channels"][-3:].tolist() == [960, 1280, 1000]
    assert graph.attributes["resolution"][[0, 1, 2, 4, 7, 11, 13, 17]].tolist() == [
        112,
        112,
        56,
        28,
        14,
        14,
        7,
        1,
    ]
    squeezed = (24 * 6 // 4 + 4) // 8 * 8
    block = 24 * 144 + 9 * 144 + 144 * 40 + 2 * (144 + 144 + 40) + (144 + 1) * squeezed + (squeezed + 1) * 144
    assert graph.attributes["n_parameters"][4] == block


def test_a_wider_network():
    graph = ProxylessNAS().graph({"ks": 3, "e": 3, "d": 2})
    assert graph.attributes["channels"][[0, 1, 2, 4, 6, 8, 10, 12, 13]].tolist() == [
        40, 24, 32, 56, 104, 128, 248, 416, 1664,
    ]  # fmt: skip


def test_all_notations(space):
    n_blocks = len(space.places)
    settings = {**SETTINGS, "ks": [*SETTINGS["ks"], 7][:n_blocks], "e": [*SETTINGS["e"], 6][:n_blocks]}
    choices = space.parse(settings)
    text = space.format(choices)
    assert space.parse(json.loads(text)) == choices
    extended = {
        "wid": None,
        "r": [224],
        "image_size": 224,
        **settings,
        "d": (settings["d"] + [1])[: n_blocks - 15],
    }
    units = [
        [
            f"{space.prefix}_e{settings['e'][i]}_k{settings['ks'][i]}"
            for i in range(4 * unit, 4 * unit + depth)
        ]
        for unit, depth in enumerate([*settings["d"], 1][: len(space.units)])
    ]
    for notation in (extended, units, tuple(map(tuple, units))):
        assert (
            space.parse(notation)
            == space.parse(str(notation))
            == space.parse(json.dumps(notation))
            == choices
        )
        for form in (notation, str(notation), json.dumps(notation)):
            assert [other.name for other in SPACES if other.recognises(form)] == [space.name]


def test_blocks_beyond_the_depth_do_not_matter(space):
    text = space.format(space.parse({"ks": 3, "e": 3, "d": 2}))
    for inert in (0, 3, 5, 7):
        settings = json.loads(text)
        settings["ks"][2] = settings["ks"][3] = inert
        assert space.format(space.parse(settings)) == text
    with pytest.raises(ArchitectureError, match=r"block 1.3: `ks` must be one of 3, 5, 7, got 4"):
        space.parse({"ks": [3, 3, 4, *settings["ks"][3:]], "e": 3, "d": 2})
    choices = list(space.parse(text))
    choices[2] = 1
    with pytest.raises(ArchitectureError, match=r"block 1.3 lies beyond the depth of its unit"):
        space.parse(choices)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"d": [2, 3, 4, 2, 5]}, r"unit 5: `d` must be one of 2, 3, 4, got 5"),
        ({"d": [2, 3, 4, 2]}, r"`d` must be a list of 5 numbers, got 4: \[2, 3, 4, 2\]"),
        ({"e": [6, 4]}, r"`e` must be a list of 20 numbers, got 2: \[6, 4\]"),
        ({"e": ["6", *SETTINGS["e"][1:]]}, r"block 1.1: `e` must be one of 3, 4, 6, got '6'"),
        ({"ks": None}, r"`ks` must be a list of 20 numbers, got None"),
        ({"w": 1}, r"expected the keys ks, e and d, got 'w'"),
        ({"r": [192]}, r"`r` must be 224, as in the settings, got 192"),
        ({"wid": 1.2}, r"`wid` must be 1.0, as in the settings, got 1.2"),
    ],
)
def test_faults_of_settings(change, message):
    with pytest.raises(ArchitectureError, match=f"not a network of MobileNetV3: {message}"):
        SPACES[0].parse({**SETTINGS, **change})


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ([["mbconv3_e6_k3"], *[["mbconv3_e6_k3"] * 2] * 4], "unit 1: `d` must be one of 2, 3, 4, got 1"),
        ([["mbconv3_e6_k3"] * 5, *[["mbconv3_e6_k3"] * 2] * 4], "unit 1 must be a list of block names"),
        (
            [["mbconv3_e6_k3"] * 2, 3, *[["mbconv3_e6_k3"] * 2] * 3],
            "unit 2 must be a list of block names, got 3",
        ),
        (
            [["mbconv2_e6_k3"] * 2] * 5,
            "block 1.1: expected a name such as mbconv3_e6_k3, got 'mbconv2_e6_k3'",
        ),
        ([["mbconv3_e5_k3"] * 2] * 5, "block 1.1: `e` must be one of 3, 4, 6, got 5"),
    ],
)
def test_faults_of_names(units, message):
    with pytest.raises(ArchitectureError, match=f"not a network of MobileNetV3: {message}"):
        SPACES[0].parse(units)


@pytest.mark.parametrize(("text", "at"), [('{"ks": [3, 3', 12), ("{'ks': 3; 'e': 3}", 8), ("ks", 0)])
def test_the_place_of_a_fault(space, text, at):
    check_fault(space, text, "network of .*", "JSON (", at)


def test_depths_are_drawn_uniformly(space):
    depths = space.choices(space.sample(600, seed=0))[:, -5:]
    for column in depths.T:
        assert np.bincount(column).min() > 150


def test_every_mutation_stays_in_the_space(space):
    smallest = space.parse({"ks": 3, "e": 3, "d": 2})
    deeper = {space.mutate(smallest, seed=seed) for seed in range(100)}
    assert len(deeper) > 20
    assert all(space.format(space.parse(child)) == child for child in deeper)
