"""AutoFormer against its published networks and table."""

import json

import numpy as np
import pandas as pd
import pytest
from faults import check_fault

from graf.exceptions import ArchitectureError, InputError
from graf.spaces import get_space
from graf.spaces.autoformer import AutoFormer, AutoFormerBase, AutoFormerTiny

SPACE = AutoFormer()
CODE = "1-1-" + "-".join(
    ["2-1", "2-2", "1-1", "3-2", *["1-3"] * 3, *["2-3"] * 2, *["3-3"] * 2, "2-2", "3-3", "0-0"]
)
CONFIG = {
    "mlp_ratio": [3, 3.5, 3, 3.5, 4, 4, 4, 4, 4, 4, 4, 3.5, 4],
    "num_heads": [6, 6, 5, 7, 5, 5, 5, 6, 6, 7, 7, 6, 7],
    "embed_dim": [384] * 13,
    "layer_num": 13,
}
TINY = {
    "MLP_RATIO": [3.5, 3.5, 3, 3.5, 3, 3, 4, 4, 3.5, 4, 3.5, 4, 3.5],
    "NUM_HEADS": [3] * 10 + [4, 3, 3],
    "DEPTH": 13,
    "EMBED_DIM": 192,
}
BASE = {
    "MLP_RATIO": [3.5, 3.5, 4, 3.5, 4, 3.5, 3.5, 3, 4, 4, 3, 4, 3, 3.5],
    "NUM_HEADS": [9, 9, 9, 9, 9, 10, 9, 9, 10, 9, 10, 9, 9, 10],
    "DEPTH": 14,
    "EMBED_DIM": 576,
}
WIDE_TINY = AutoFormer(embedding=192, embedding_step=24, heads=3)  # with MLP ratio 3, as published


@pytest.fixture(scope="module")
def published(graf_data):
    return pd.read_csv(graf_data / "vitas_small.csv.gz", dtype=str)


def test_all_notations_agree():
    choices = SPACE.parse(CODE)
    assert choices[:8] == (1, 1, 1, 0, 1, 1, 0, 0)
    assert choices[-4:] == (2, 2, 0, 0)
    yaml = {"MLP_RATIO": CONFIG["mlp_ratio"], "NUM_HEADS": CONFIG["num_heads"], "DEPTH": 13, "EMBED_DIM": 384}
    tuples = {key: tuple(value) if isinstance(value, list) else value for key, value in CONFIG.items()}
    for other in (
        CONFIG,
        yaml,
        tuples,
        {key: np.array(value) if isinstance(value, list) else value for key, value in CONFIG.items()},
        json.dumps(CONFIG),
        str(CONFIG),
        str(tuples),
        CODE.replace("-", " - "),
    ):
        assert SPACE.parse(other) == choices
    assert SPACE.config(CODE) == CONFIG
    assert SPACE.format(choices) == CODE


def test_published_codes(published):
    for row in published.itertuples():
        choices = SPACE.parse(row.code)
        assert SPACE.format(choices) == row.code
        config = SPACE.config(choices)
        assert config["layer_num"] == int(row.depth)
        assert config["num_heads"] == [int(heads) for heads in row.heads.split(",")]
        assert config["mlp_ratio"] == [float(ratio) for ratio in row.mlp_ratio.split(",")]
        assert set(config["embed_dim"]) == {(320, 384, 448)[int(row.embed_code)]}


@pytest.mark.parametrize(
    ("space", "config", "millions"),
    [(SPACE, CONFIG, 22.9), (WIDE_TINY, TINY, 5.8), (AutoFormerBase(), BASE, 53.7)],
)
def test_published_parameters(space, config, millions):
    assert space.graph(config).n_parameters / 1e6 == pytest.approx(millions, rel=0.02)


def test_parameters_are_those_of_deit_and_relative_positions():
    deit_small = 22_050_664
    config = {"layer_num": 12, "embed_dim": 384, "num_heads": [6] * 12, "mlp_ratio": [4] * 12}
    assert SPACE.graph(config).n_parameters == deit_small + 12 * 2 * 2 * 30 * 64


def test_the_graph_by_hand():
    graph = SPACE.graph(CODE)
    assert graph.op_names == ("patch_embedding", *("attention", "mlp") * 13, "classifier")
    np.testing.assert_array_equal(graph.edges, [(i, i + 1) for i in range(27)])
    attributes = graph.attributes
    assert attributes["heads"][1:-1:2].tolist() == CONFIG["num_heads"]
    assert attributes["mlp_ratio"][2:-1:2].tolist() == CONFIG["mlp_ratio"]
    assert set(attributes["head_dim"][1:-1:2]) == {64}
    assert set(attributes["channels"][:-1]) == {384}
    assert set(attributes["sequence_length"][:-1]) == {197}
    assert np.isnan(attributes["heads"][::2]).all()
    assert np.isnan(attributes["mlp_ratio"][1::2]).all()


def test_sizes_of_the_spaces():
    assert SPACE.size == 3 * (9**12 + 9**13 + 9**14)
    assert AutoFormerTiny().size == 3 * (4**12 + 4**13 + 4**14)
    assert AutoFormerBase().size == 3 * (9**14 + 9**15 + 9**16)


def test_a_code_is_read_where_the_tiny_space_is_named():
    tiny = AutoFormerTiny()
    config = tiny.config("2-0-" + "-".join(["1-2", "2-1"] * 6 + ["0-0"] * 2))
    assert config == {
        "mlp_ratio": [4, 3.5] * 6,
        "num_heads": [3, 4] * 6,
        "embed_dim": [240] * 12,
        "layer_num": 12,
    }
    assert json.loads(tiny.format(tiny.parse(config))) == config
    assert not tiny.recognises(CODE)
    assert [space.recognises(config) for space in (AutoFormer, AutoFormerTiny, AutoFormerBase)] == [
        False,
        True,
        False,
    ]


def test_mutations_change_the_depth_too():
    shallow = SPACE.format((0,) * 30)
    depths = {SPACE.config(SPACE.mutate(shallow, seed=seed))["layer_num"] for seed in range(200)}
    assert depths == {12, 13, 14}


@pytest.mark.parametrize(
    ("right", "wrong", "expected", "at"),
    [
        ("1-1-2", "3-1-2", "0 or 1 or 2", 0),
        ("1-1-2", "1-1-4", "1 or 2 or 3", 4),
        ("1-1-2-1", "1-1-2-0", "1 or 2 or 3", 6),
        ("-0-0", "-1-0", "0", 56),
        ("-0-0", "-0", "1 more numbers, each after a dash", 57),
        ("-0-0", "-0-0-0", "the end", 60),
        ("1-1-2", "1-1-x", "1 or 2 or 3", 4),
        ("1-1-2", "1-1-\u0662", "1 or 2 or 3", 4),
    ],
)
def test_the_place_of_a_fault(right, wrong, expected, at):
    text = CODE.replace(right, wrong, 1) if right != "-0-0" else CODE.removesuffix(right) + wrong
    check_fault(SPACE, text, "network of AutoFormer", expected, at)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer_num": 11}, "`layer_num` must be one of 12, 13, 14, got 11"),
        ({"layer_num": True}, "`layer_num` must be one of 12, 13, 14, got True"),
        ({"layer_num": 10**5000}, "`layer_num` must be one of 12, 13, 14, got a long int"),
        ({"num_heads": [6] * 12}, "`num_heads` must be a list of 13 values, one per layer"),
        ({"num_heads": 6}, "`num_heads` must be a list of 13 values, one per layer"),
        ({"num_heads": [6] * 12 + [8]}, "`num_heads` of layer 13 must be one of 5, 6, 7, got 8"),
        ({"mlp_ratio": [4] * 12 + [[]]}, r"`mlp_ratio` of layer 13 must be one of 3.0, 3.5, 4.0, got \[\]"),
        ({"embed_dim": [384] * 12 + [320]}, "`embed_dim` must be the same in all layers"),
        ({"embed_dim": 400}, "`embed_dim` of layer 1 must be one of 320, 384, 448, got 400"),
        ({"mlp_ratio": None}, "expected the keys .* found no mlp_ratio"),
    ],
)
def test_faults_of_a_configuration(change, message):
    with pytest.raises(ArchitectureError, match=message) as error:
        SPACE.parse({**CONFIG, **change})
    assert len(str(error.value)) < 300


def test_faults_of_text():
    with pytest.raises(ArchitectureError, match=r"expected JSON \(expecting value\) at character 14, got"):
        SPACE.parse('{"mlp_ratio": nothing}')
    with pytest.raises(ArchitectureError, match="expected shorter numbers and fewer brackets"):
        SPACE.parse("[" * 100_000)


def test_layers_beyond_the_depth_are_not_chosen():
    with pytest.raises(ArchitectureError, match="choices of layers beyond the depth of 12 must be 0"):
        SPACE.parse((0, 0, *[1] * 28))


def test_a_patch_must_fit():
    with pytest.raises(InputError, match="`patch` must be at most the side of an image, got 16"):
        get_space("autoformer", input_shape=(3, 15, 32))
    with pytest.raises(InputError, match="`patch` must be a positive integer"):
        AutoFormer(patch=0)
