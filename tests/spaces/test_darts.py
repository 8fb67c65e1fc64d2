"""The DARTS space: notations, graph, and the published tables."""

import json
from collections import namedtuple
from itertools import combinations_with_replacement, product
from math import prod

import numpy as np
import pandas as pd
import pytest
from faults import check_fault

from graf.exceptions import ArchitectureError, InputError
from graf.spaces import get_space, infer_space

SPACE = get_space("darts")
SMALL = get_space(SPACE, channels=4, n_cells=5, input_shape=(2, 13, 9), n_classes=3)
NORMAL = [
    ("sep_conv_3x3", 1), ("skip_connect", 0), ("dil_conv_5x5", 0), ("max_pool_3x3", 2),
    ("none", 2), ("none", 2), ("sep_conv_5x5", 4), ("avg_pool_3x3", 1),
]  # fmt: skip
REDUCE = [("dil_conv_3x3", 0), ("skip_connect", 1)] * 4
BY_NODE = [[cell[i : i + 2] for i in range(0, 8, 2)] for cell in (NORMAL, REDUCE)]
TEXT = f"Genotype(normal={NORMAL}, normal_concat=range(2, 6), reduce={REDUCE}, reduce_concat=range(2, 6))"
CHOICES = (0, 2, 1, 3, 0, 6, 2, 0, 2, 7, 2, 7, 1, 1, 4, 4, *(0, 5, 1, 2) * 4)
PROPER = TEXT.replace("('none', 2), ('none', 2)", "('sep_conv_3x3', 2), ('sep_conv_3x3', 3)")
COMPACT = [
    [[1, 3], [0, 2], [0, 6], [2, 0], [2, 3], [3, 3], [4, 4], [1, 1]],
    [[0, 5], [1, 2]] * 4,
]
Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")


def random_members(n, seed):
    """Members drawn from all that the notation can say."""
    drawn = np.random.default_rng(seed).integers(SPACE.cardinalities, size=(n, 32))
    for row in drawn.reshape(n, 8, 2, 2).tolist():
        yield tuple(number for node in row for edge in sorted(node) for number in edge)


@pytest.mark.parametrize(
    "architecture",
    [
        TEXT,
        TEXT.replace("range(2, 6)", "[2, 3, 4, 5]"),
        TEXT.replace("'", '"').replace(", ", ",\n  "),
        TEXT.replace("Genotype(", "Genotype(\n    ").replace("=", " = ").replace(", reduce", ",\n    reduce"),
        TEXT.replace("]", ",\n]").replace("range(2, 6)", "[2, 3, 4, 5,]").replace("])", "],\n)"),
        f"Genotype(normal={BY_NODE[0]}, normal_concat=range(2, 6), reduce={BY_NODE[1]}, reduce_concat=range(2, 6))",
        {"normal": BY_NODE[0], "reduce": BY_NODE[1]},
        f"Genotype(reduce={REDUCE}, normal={NORMAL})",
        json.dumps({"normal": NORMAL, "reduce": REDUCE}),
        str({"reduce": REDUCE, "normal": NORMAL, "normal_concat": [2, 3, 4, 5]}),
        json.dumps(NORMAL, separators=(",", ":")) + ":" + json.dumps(REDUCE),
        Genotype(NORMAL, range(2, 6), REDUCE, [2, 3, 4, 5]),
        {"normal": NORMAL, "reduce": REDUCE},
        CHOICES,
    ],
)
def test_notations_of_named_operations(architecture):
    assert SPACE.parse(architecture) == CHOICES
    assert SPACE.choices([architecture, architecture]).tolist() == [list(CHOICES)] * 2
    assert architecture == CHOICES or infer_space([architecture]) == SPACE


@pytest.mark.parametrize("style", ["lists", "spaced", "pairs", "tuples", "array", "text of tuples"])
def test_compact_notations(style):
    tuples = tuple(tuple(map(tuple, cell)) for cell in COMPACT)
    architecture = {
        "lists": json.dumps(COMPACT, separators=(",", ":")),
        "spaced": f"  {COMPACT}\n",
        "pairs": str([list(map(tuple, cell)) for cell in COMPACT]),
        "tuples": tuples,
        "array": np.array(COMPACT),
        "text of tuples": str(tuples),
    }[style]
    assert SPACE.parse(architecture) == SPACE.parse(PROPER)
    assert SPACE.choices([architecture] * 3).tolist() == [list(SPACE.parse(PROPER))] * 3
    if not isinstance(architecture, np.ndarray):
        assert infer_space([architecture]) == SPACE


def test_the_canonical_text():
    ordered = "normal=[('skip_connect', 0), ('sep_conv_3x3', 1), ('dil_conv_5x5', 0), ('max_pool_3x3', 2), "
    assert SPACE.format(CHOICES).startswith(f"Genotype({ordered}('none', 2), ('none', 2), ")
    assert SPACE.format(CHOICES).endswith(", ('skip_connect', 1)], reduce_concat=range(2, 6))")


def test_reading_many_equals_reading_one():
    members = list(random_members(60, seed=1))
    texts = [SPACE.format(member) for member in members]
    assert [tuple(row) for row in SPACE.choices(texts).tolist()] == members
    assert [tuple(row) for row in SPACE.choices([json.dumps(COMPACT), *texts]).tolist()][1:] == members


@pytest.mark.parametrize(
    ("right", "wrong", "expected", "place"),
    [
        ("'skip_connect', 0)", "'skip', 0)", "one of max_pool_3x3, avg_pool_3x3, skip_connect", "'skip', 0"),
        ("'skip_connect', 0)", "'skip_connect', 2)", "an input from 0 to 1", "2), ('dil"),
        ("'skip_connect', 0)", "'skip_connect', 0.0)", "an input from 0 to 1", "0.0"),
        ("'skip_connect', 0)", "'skip_connect', True)", "an input from 0 to 1", "True"),
        ("'skip_connect', 0)", "'skip_connect', \u0660)", "an input from 0 to 1", "\u0660)"),
        ("('skip_connect', 0)", "['skip_connect', 0)", "']'", "), ('dil_conv_5x5', 0"),
        ("normal_concat=range(2, 6)", "normal_concat=range(2, 7)", "range(2, 6)", "range(2, 7)"),
        ("_3x3', 1)], normal", "_3x3', 1), ('none', 0)], normal", "']'", ", ('none', 0)], normal"),
        (", ('avg_pool_3x3', 1)]", "]", "','", "], normal"),
        ("reduce_concat", "concat", "one of reduce_concat", "concat=range(2, 6))"),
        ("reduce_concat=range(2, 6))", "reduce_concat=range(2, 6)); import os", "the end", "; import"),
        ("Genotype(", "Genotype{", "'Genotype('", "Genotype{"),
    ],
)
def test_the_place_of_a_fault(right, wrong, expected, place):
    text = TEXT.replace(right, wrong, 1)
    check_fault(SPACE, text, "DARTS genotype", expected, text.rindex(place))


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("[[[0,0],[1,7]]]", "an operation from 0 to 6 at character 11"),
        ("[[[0,0],[1,1]]]", "',' at character 13"),
        ("[[[0,true]]]", "an operation from 0 to 6 at character 5"),
        (str(COMPACT).replace("[4, 4]", "[4, 7]"), "an operation from 0 to 6 at character 54"),
        (TEXT.replace("max_pool_3x3", "0"), "one of max_pool_3x3"),
        ({"normal": NORMAL}, "`normal` and `reduce` in it"),
        ({"normal": [("none", 0.5)]}, "an input from 0 to 1"),
        ({"normal": {1, 2}}, "expected a genotype, got {'normal': {1, 2}}"),
        (((0, 1), (2, 3)), "expected 32 choices"),
        (CHOICES[::-1], "choice 1 must be|choices 0 to 3 must be two edges .* in ascending order|choice 0"),
        ((1, 0, 0, 0, *CHOICES[4:]), r"choices 0 to 3 must be two edges .* got \(1, 0, 0, 0\)"),
    ],
)
def test_other_faults(architecture, expected):
    with pytest.raises(ArchitectureError, match=expected):
        SPACE.parse(architecture)


def test_sizes_by_counting():
    members, proper = [], []
    for n_inputs in (2, 3, 4, 5):
        edges = list(product(range(n_inputs), range(8)))
        pairs = list(combinations_with_replacement(edges, 2))
        members.append(len(pairs))
        proper.append(sum(a[0] != b[0] and 7 not in (a[1], b[1]) for a, b in pairs))
    assert SPACE.size == prod(members) ** 2
    assert f"{prod(proper) ** 2:.3g}" == "1.08e+18"


def test_samples_are_proper_and_reach_every_edge():
    edges = SPACE.choices(SPACE.sample(3000)).reshape(-1, 8, 2, 2)
    assert (edges[:, :, 0, 0] < edges[:, :, 1, 0]).all()
    assert (edges[..., 1] < 7).all()
    for node in range(8):
        drawn, counts = np.unique(edges[:, node, :, 0], axis=0, return_counts=True)
        assert len(drawn) == [1, 3, 6, 10][node % 4]
        assert counts.min() > 0.8 * counts.mean()


def test_a_graph_by_hand():
    graph = SPACE.graph(TEXT)
    named = [(graph.names[u], graph.names[v]) for u, v in graph.edges]
    assert graph.n_nodes == 30
    operations = {name: op for name, op in zip(graph.names, graph.op_names, strict=True) if op}
    assert operations["normal/0->2"] == "skip"
    assert operations["normal/4->5"] == "sep_conv5x5"
    assert [op for name, op in operations.items() if name.startswith("reduce")] == ["dil_conv3x3", "skip"] * 4
    for name in operations:
        cell, source, node = name.replace("->", "/").split("/")
        source = {"0": "c_{k-2}", "1": "c_{k-1}"}.get(source, source)
        assert (f"{cell}/{source}", name) in named
        assert (name, f"{cell}/{node}") in named
    assert {u for u, v in named if v == "reduce/c_{k}"} == {f"reduce/{node}" for node in (2, 3, 4, 5)}
    ends = ("{k-2}", "{k-1}")
    assert [graph.names[i] for i in graph.inputs] == [
        f"{c}/c_{e}" for c in ("normal", "reduce") for e in ends
    ]
    assert [graph.names[i] for i in graph.outputs] == ["normal/c_{k}", "reduce/c_{k}"]


def test_the_cells_of_a_graph():
    graph = SPACE.graph(TEXT)
    normal = graph.cell("normal")
    assert normal.op_names == graph.op_names[:15]
    assert len(normal.inputs) == 2
    assert normal.n_parameters + graph.cell("reduce").n_parameters == graph.n_parameters


def test_settings():
    with pytest.raises(InputError, match="`normalisation` must be 1 or 2, got 3"):
        get_space("darts", normalisation=3)


def test_published_table_of_nasbench301(graf_data):
    table = pd.read_csv(graf_data / "nasbench301.csv.gz")
    choices = SPACE.choices(table.compact)
    np.testing.assert_array_equal(SPACE.choices(table.normal + ":" + table.reduce), choices)
    np.testing.assert_array_equal(SPACE.choices([SPACE.format(row) for row in choices]), choices)
    totals = SPACE.batch(table.compact).attributes["n_parameters"].reshape(len(table), -1).sum(axis=1)
    assert (totals / 1e6).tolist() == table.zcp_params.tolist()


def test_published_table_of_trained_genotypes(graf_data):
    table = pd.read_csv(graf_data / "darts_cifar10.csv.gz")
    space = get_space("darts", channels=36, n_cells=20, normalisation=2)
    attributes = space.batch(table.normal + ":" + table.reduce).attributes
    counted = table.source == "oncenas545"
    totals = attributes["n_parameters"].reshape(len(table), -1).sum(axis=1)[counted]
    assert (totals / 1e6).tolist() == table.params_m[counted].tolist()
    macs = attributes["n_macs"].reshape(len(table), -1).sum(axis=1)[counted] / 1e6
    assert (macs < table.flops_m[counted]).all()  # these count normalisation and pooling, too
    assert np.corrcoef(macs, table.flops_m[counted])[0, 1] > 0.999


@pytest.mark.parametrize("normalisation", [1, 2])
def test_counts_of_any_member(torch, normalisation):
    from counting import check_counts

    for member in random_members(3, seed=normalisation):
        check_counts(get_space(SMALL, normalisation=normalisation), member)


def test_published_flops(torch, graf_data):
    """Those count ReLU, pooling and normalisation (with weights twice) as well."""
    from graf.spaces.torch_models.cell import FactorizedReduce

    nn = torch.nn
    for row in pd.read_csv(graf_data / "nasbench301.csv.gz").head(3).itertuples():
        total = [SPACE.graph(row.compact).n_macs]

        def count(module, inputs, output, total=total):
            if isinstance(module, nn.BatchNorm2d):
                total.append(output.numel() * (1 + module.affine))
            elif isinstance(module, (nn.ReLU, nn.MaxPool2d, nn.AvgPool2d)):
                total.append(output.numel() * getattr(module, "kernel_size", 1) ** 2)
            elif isinstance(module, FactorizedReduce):  # begins with a ReLU
                total.append(inputs[0].numel())

        with torch.device("meta"):
            model = SPACE.model(row.compact).eval()
            for module in model.modules():
                module.register_forward_hook(count)
            model(torch.empty(1, *SPACE.input_shape))
        pooled = model.classifier.in_features * (8 + 1) ** 2  # one too many in the published count
        assert sum(total) + pooled == pytest.approx(1e6 * row.zcp_flops, abs=6)


def test_the_last_cell_but_one_is_input_0(torch):
    space = get_space(SMALL, n_cells=3)
    only = {name: [("sep_conv_3x3", 0)] * 8 for name in ("normal", "reduce")}
    model = space.model(only)
    model(torch.randn(4, *space.input_shape)).sum().backward()
    reached = [any(w.grad is not None for w in cell.parameters()) for cell in model.cells]
    assert reached == [True, False, True]


def test_inner_nodes_sum_their_edges(torch):
    from graf.spaces.parts.genotype import Edge
    from graf.spaces.torch_models.darts import InnerNodes

    edges = [
        Edge("", 0, 2),
        Edge("", 1, 2),
        Edge("", 2, 3),
        Edge("", 2, 3),
        Edge("", 1, 4),
        Edge("", 3, 4),
    ]
    nodes = InnerNodes(edges, lambda *_: torch.nn.Identity())
    found = nodes(torch.tensor(1.0), torch.tensor(10.0))
    assert {node: value.item() for node, value in found.items()} == {0: 1, 1: 10, 2: 11, 3: 22, 4: 32}


def test_mutations_of_proper_genotypes_are_proper():
    genotype = SPACE.sample(1, seed=4)[0]
    for seed in range(200):
        genotype = SPACE.mutate(genotype, seed=seed)
        assert SPACE.is_usual(SPACE.parse(genotype))
    assert not SPACE.is_usual((0,) * 32)
