"""The LHD space: notation, policies, how many cells there are, and the network."""

import json
from collections import namedtuple
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from faults import check_fault

from graf.exceptions import ArchitectureError, InputError
from graf.spaces import get_space, infer_space
from graf.spaces.lhd import LHD
from graf.spaces.parts import lhd_cells
from graf.spaces.parts.lhd_cells import Cell, Limits, count

SPACE = get_space("lhd")
SMALL = get_space(SPACE, channels=4, n_cells=5, input_shape=(2, 13, 9), n_classes=3)
NORMAL = [
    ("sep_conv_7x7", 1, 0), ("skip_connect", 0, 0), ("conv_7x1_1x7", 2, 1), ("max_pool_3x3", 0, 1),
    ("none", 0, 3), ("dil_conv_3x3", 0, 3), ("avg_pool_3x3", 5, 4), ("sep_conv_3x3", 5, 4),
]  # fmt: skip
REDUCE = [("skip_connect", 0, 0), ("max_pool_3x3", 1, 0), ("sep_conv_5x5", 0, 2), ("dil_conv_5x5", 0, 2)]
OUTPUTS = [{"sum": [4, 1], "concat": [1]}, {"sum": [0], "concat": [0, 2]}]
TEXT = f"Genotype(normal={NORMAL}, normal_output={OUTPUTS[0]}, reduce={REDUCE}, reduce_output={OUTPUTS[1]})"
CELLS = {
    "normal": Cell(
        (((0, 2), (1, 7)), ((0, 0), (2, 8)), (), ((0, 5), (0, 9)), ((5, 1), (5, 3))), (1, 4), (1,)
    ),
    "reduce": Cell((((0, 2), (1, 0)), (), ((0, 4), (0, 6)), (), ()), (0,), (0, 2)),
}
CHOICES = (
    *(0, 2, 1, 7, 0, 0, 2, 8, 0, 0, 0, 0, 0, 5, 0, 9, 5, 1, 5, 3, 11, 1),
    *(0, 2, 1, 0, 0, 0, 0, 0, 0, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6),
)
Genotype = namedtuple("Genotype", "normal normal_output reduce reduce_output")


@pytest.mark.parametrize(
    "architecture",
    [
        TEXT,
        TEXT.replace("'", '"').replace(", ", ",\n"),
        TEXT.replace("('none', 0, 3)", "('none', 0, 3), ('none', 0, 2)"),  # nothing reads inner node 2
        json.dumps(
            {"normal": NORMAL, "normal_output": OUTPUTS[0], "reduce_output": OUTPUTS[1], "reduce": REDUCE}
        ),
        Genotype(NORMAL, OUTPUTS[0], REDUCE, OUTPUTS[1]),
        Genotype(NORMAL, OUTPUTS[0], REDUCE, OUTPUTS[1])._asdict(),
        CHOICES,
    ],
)
def test_notations(architecture):
    assert SPACE.parse(architecture) == CHOICES
    assert architecture == CHOICES or infer_space([architecture]) == SPACE


def test_the_canonical_text():
    text = SPACE.format(CHOICES)
    assert text.startswith("Genotype(normal=[('skip_connect', 0, 0), ('sep_conv_7x7', 1, 0), ('max_pool")
    assert "], normal_output={'sum': [1, 4], 'concat': [1]}, reduce=[('skip" in text
    assert text.count("(") - 1 == len(NORMAL) + len(REDUCE)
    assert SPACE.parse(text) == CHOICES


@pytest.mark.parametrize(
    ("right", "wrong", "expected", "place"),
    [
        ("'skip_connect', 0, 0", "'skip', 0, 0", "one of max_pool_3x3, avg_pool_3x3, skip_connect", "'skip', 0"),
        ("'skip_connect', 0, 0", "'skip_connect', 2, 0", "an input below 2 for inner node 0", "('skip_connect', 2"),
        ("'skip_connect', 0, 0", "'skip_connect', 7, 0", "an input from 0 to 5", "7, 0)"),
        ("'skip_connect', 0, 0", "'skip_connect', 0, 5", "an inner node from 0 to 4", "5), ('conv"),
        ("('skip_connect', 0, 0), ", "", "2 edges into inner node 0, not 1,", "[('sep_conv_7x7', 1"),
        ("[4, 1]", "[]", "1 to 5 different inner nodes", "[], 'concat': [1]"),
        ("[4, 1]", "[4, 4]", "1 to 5 different inner nodes", "[4, 4]"),
        ("[4, 1]", "[4, 5]", "an inner node from 0 to 4", "5], 'concat"),
        ("'concat': [1]", "'join': [1]", "one of concat", "'join'"),
        (", 'concat': [1]", "", "`sum` and `concat` in it", "{'sum': [4"),
        (f", reduce_output={OUTPUTS[1]}", "", "normal, normal_output, reduce, reduce_output in it", "Genotype("),
    ],
)  # fmt: skip
def test_the_place_of_a_fault(right, wrong, expected, place):
    text = TEXT.replace(right, wrong, 1)
    check_fault(SPACE, text, "genotype of LHD", expected, text.index(place))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({0: 1, 1: 7, 2: 0, 3: 2}, "choice 0 must be 0, since the edges .* ascend"),
        ({9: 1}, "choice 9 must be 0, since .* where no output sees it"),
        ({20: 4, 21: 4}, "choice 1 must be 0"),  # both outputs read inner node 4, which needs 3 only
    ],
)
def test_choices_that_do_not_fit(changes, message):
    choices = [changes.get(i, choice) for i, choice in enumerate(CHOICES)]
    with pytest.raises(ArchitectureError, match=message):
        SPACE.check_choices(choices)


def test_which_nodes_are_live():
    assert CELLS["normal"].live == {0, 1, 3, 4}
    assert CELLS["reduce"].live == {0, 2}


@pytest.mark.parametrize(("n_inner", "edges", "outputs"), [(3, 1, (1, 3)), (2, 2, (1, 2)), (3, 1, (2, 2))])
def test_the_count_by_listing_cells(monkeypatch, n_inner, edges, outputs):
    monkeypatch.setattr(lhd_cells, "N_INNER", n_inner)
    monkeypatch.setattr(lhd_cells, "NAMES", ("a", "b"))
    limits = Limits(edges, *outputs)
    nodes = [
        list(combinations_with_replacement(product(range(2 + i), range(2)), edges)) for i in range(n_inner)
    ]
    cells = {
        Cell(drawn, *read).pruned() for drawn in product(*nodes) for read in product(limits.outputs, repeat=2)
    }
    assert count(limits) == len(cells)


def test_policies():
    assert list(LHD.policies) == ["Base", "1M", "3ops", "4out"]
    for policy, settings in LHD.policies.items():
        space = get_space("lhd", **settings)
        for text in space.sample(30, seed=2):
            assert space.format(space.parse(text)) == text
            cells = space.decode(space.parse(text))
            for cell in cells.values():
                assert {len(cell.nodes[node]) for node in cell.live} == {3 if policy == "3ops" else 2}
                if policy == "4out":
                    assert len(cell.sum) == len(cell.concat) == 4
            if policy == "1M":
                assert space.graph(text).n_parameters >= 1_500_000


def test_widening_stops_as_soon_as_it_can():
    text = "Genotype(" + ", ".join(
        f"{cell}={[('skip_connect', 0, 0), ('max_pool_3x3', 1, 0)]}, {cell}_output={ {'sum': [0], 'concat': [0]} }"
        for cell in ("normal", "reduce")
    ) + ")"  # fmt: skip
    narrow = get_space("lhd", min_parameters=1_000_000)
    channels = narrow.skeleton(narrow.decode(narrow.parse(text))).channels
    assert channels > 36
    counted = [get_space("lhd", channels=n).graph(text).n_parameters for n in (channels - 2, channels)]
    assert counted[0] < 1_000_000 <= counted[1] == narrow.graph(text).n_parameters
    with pytest.raises(InputError, match="`min_parameters` must be within reach of 1034 channels"):
        get_space("lhd", min_parameters=10**12).graph(text)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"edges_per_node": 19}, "`edges_per_node` must be at most 18, got 19"),
        (
            {"min_outputs": 4, "max_outputs": 3},
            r"`max_outputs` must be between `min_outputs` \(4\) and 5, got 3",
        ),
        ({"max_outputs": 6}, r"`max_outputs` must be between `min_outputs` \(1\) and 5, got 6"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(InputError, match=message):
        get_space("lhd", **settings)


def test_samples_draw_different_edges_without_none():
    for text in SPACE.sample(200):
        assert "none" not in text
        for cell in SPACE.decode(SPACE.parse(text)).values():
            assert all(len(set(pairs)) == len(pairs) for pairs in cell.nodes)


def test_mutations_bring_in_no_none():
    text = SPACE.sample(1, seed=4)[0]
    for seed in range(300):
        text = SPACE.mutate(text, seed=seed)
        assert "none" not in text
    assert any("'none'" in SPACE.mutate(TEXT, seed=seed).replace("('none', 0, 3)", "") for seed in range(300))


def test_a_graph_by_hand():
    graph = SPACE.graph(TEXT)
    names = [name for name in graph.names if name.startswith("reduce")]
    assert names == [f"reduce/{name}" for name in (
        "sum_{k-1}", "concat_{k-1}", "0->2", "1->2", "2", "0->4", "0->4", "4", "sum_{k}", "concat_{k}",
    )]  # fmt: skip
    named = {(graph.names[u], graph.names[v]) for u, v in graph.edges}
    assert {u for u, v in named if v == "normal/sum_{k}"} == {"normal/3", "normal/6"}
    assert {u for u, v in named if v == "reduce/concat_{k}"} == {"reduce/2", "reduce/4"}
    assert ("normal/5", "normal/5->6") in named
    ends = [graph.names[node] for node in (*graph.inputs, *graph.outputs)]
    assert [end.split("/")[1] for end in ends] == ["sum_{k-1}", "concat_{k-1}"] * 2 + [
        "sum_{k}",
        "concat_{k}",
    ] * 2
    assert sorted(np.concatenate(list(graph.cells.values()))) == list(range(graph.n_nodes))


def test_parameters_by_hand():
    cell = [("skip_connect", 0, i) for i in (0, 0, 1, 1)]
    space = get_space(SMALL, n_cells=4, input_shape=(3, 16, 16), n_classes=10)
    stems = 27 * 4 + 8 + 27 * 12 + 24
    first = 12 * 4 + 8
    second = (4 * 8 + 16) + (8 * 8 + 16) + 4 * (8 * 8 + 16)
    third = (8 * 16 + 32) + (16 * 16 + 32) + 4 * (16 * 16 + 32)
    fourth = 32 * 16 + 32
    outputs = {"sum": [0], "concat": [0, 1]}
    architecture = {"normal": cell, "normal_output": outputs, "reduce": cell, "reduce_output": outputs}
    assert (
        space.graph(architecture).n_parameters == stems + first + second + third + fourth + (16 + 32 + 1) * 10
    )


@pytest.mark.parametrize("policy", LHD.policies)
def test_counts_of_every_policy(torch, policy):
    from counting import check_counts

    less = {"n_cells": 5, "min_parameters": 20_000} if policy == "1M" else {}
    space = get_space(SMALL, **LHD.policies[policy] | less)
    for text in space.sample(2, seed=1) + [TEXT] * (policy in ("Base", "1M")):
        check_counts(space, text)


def test_a_cell_sums_and_concatenates(torch):
    from graf.spaces.torch_models.lhd import TwoOutputs

    skip = tuple(SPACE.ops.names).index("skip")
    cell = Cell(
        (((0, skip), (1, skip)), ((0, skip), (2, skip)), (), (), ((1, skip), (1, skip))), (0, 1), (0, 4)
    )
    layer = SMALL.skeleton({"normal": cell, "reduce": cell}).layers({"normal": cell, "reduce": cell})[0]
    module = TwoOutputs(layer, cell, SPACE.ops.names)
    module.preprocess[1] = torch.nn.Identity()
    x = torch.ones(1, 2, 3, 3)
    summed, joined = module(x, 10 * x)
    assert (summed == 11 + 12).all()
    assert joined[0, :, 0, 0].tolist() == [11, 11, 20, 20]


@pytest.mark.parametrize(
    ("name", "reach"),
    [("sep_conv7x7", (7, 7)), ("dil_conv5x5", (9, 9)), ("conv7x1_1x7", (7, 7)), ("sep_conv3x3", (3, 3))],
)
def test_how_far_convolutions_see(torch, name, reach):
    from graf.spaces.torch_models.lhd import operation

    module = operation(name, 2, 1)[1:-1]  # without ReLU and normalisation
    spot = torch.zeros(1, 2, 15, 15)
    spot[0, 0, 7, 7] = 1
    seen = module(spot)[0] != 0
    assert (
        tuple(int(seen.any(dim=0).any(dim=axis).nonzero().diff(dim=0).sum()) + 1 for axis in (0, 1)) == reach
    )
    assert bool(seen[1].any()) == (name == "conv7x1_1x7")  # the others leave channels apart
