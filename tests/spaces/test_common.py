"""What holds for every search space."""

import pickle
import subprocess
import sys
from contextlib import suppress
from dataclasses import FrozenInstanceError, fields
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import damaged, json_values

from graf import ComputationGraph, GraphBatch
from graf.exceptions import ArchitectureError, InputError, UnknownNameError, UnsupportedError
from graf.spaces import SPACES, SearchSpace, get_space, infer_space

CELLS = [space().sample(1, seed=5)[0] for space in SPACES.values()]


def test_parse_undoes_format(space):
    for text in space.sample(200, seed=9):
        choices = space.parse(text)
        assert len(choices) == len(space.cardinalities)
        assert space.format(choices) == text
        assert space.parse(f"  {text}\n") == space.parse(choices) == space.parse(np.array(choices)) == choices


def test_the_text_of_choices_is_read_as_these(space):
    choices = space.parse(space.sample(1, seed=3)[0])
    assert space.parse(f" {choices} ") == space.parse(str(list(choices))) == choices


def test_enumeration_is_complete_and_distinct(space):
    if space.size > 50_000:
        pytest.skip(f"{space.size:.1g} architectures")
    cells = space.enumerate()
    assert len(cells) == len(set(cells)) == len(space) == space.size
    choices = space.choices(cells)
    assert choices.tolist() == sorted(choices.tolist())


def test_too_many_to_list(space):
    if space.size <= 10_000_000:
        pytest.skip("all can be listed")
    with pytest.raises(UnsupportedError, match="too many to list; use `sample`"):
        space.enumerate()


def test_samples_are_valid_and_follow_the_seed(space):
    cells = space.sample(200, seed=1)
    assert cells == space.sample(200, seed=1)
    assert cells != space.sample(200, seed=2)
    choices = space.choices(cells)
    assert [space.format(row) for row in choices] == cells
    assert (choices >= 0).all()
    assert (choices < np.array(space.cardinalities)).all()
    assert len(set(cells)) > 150
    assert space.sample(0) == []


@pytest.mark.parametrize("n", [-1, 2.5, "3", None])
def test_sampling_a_wrong_number(space, n):
    with pytest.raises(InputError, match="`n` must be an integer of 0 or more"):
        space.sample(n)


@pytest.mark.parametrize("seed", [-1, 2.5, "3"])
def test_wrong_seeds(space, seed):
    (cell,) = space.sample(1)
    for draw in (lambda: space.sample(1, seed), lambda: space.mutate(cell, seed)):
        with pytest.raises(InputError, match="`seed` must be an integer of 0 or more"):
            draw()


def test_a_mutation_changes_one_choice(space):
    for parent in space.sample(5, seed=3):
        children = [space.mutate(parent, seed=seed) for seed in range(40)]
        changed = space.choices(children) != np.array(space.parse(parent))
        assert changed.sum(axis=1).tolist() == [1] * 40
        assert changed.any(axis=0).sum() > 1
        assert children[0] == space.mutate(parent, seed=0)


def test_mutations_reach_every_neighbour(space):
    if space.size < prod(space.cardinalities) or len(space.cardinalities) > 8:
        pytest.skip("not every change stays in the space, or too many do")
    parent = space.sample(1, seed=3)[0]
    children = {space.mutate(parent, seed=seed) for seed in range(1000)}
    assert len(children) == sum(n - 1 for n in space.cardinalities)


def test_one_hot(space):
    cells = space.sample(50)
    table = space.one_hot(cells)
    assert table.shape == (50, sum(space.cardinalities))
    assert (table.sum(axis=1) == len(space.cardinalities)).all()
    assert set(np.unique(table)) == {0.0, 1.0}
    assert len(np.unique(table, axis=0)) == len(set(cells))


def test_a_batch_holds_the_graphs_of_its_cells(space):
    cells = space.sample(60, seed=2)
    fast, slow = space.batch(cells), GraphBatch.from_graphs([space.graph(cell) for cell in cells], space.ops)
    assert fast.ops == slow.ops == space.ops
    for name in ("offset", "node_op", "flags", "pred_indptr", "preds"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name))
    for kind in ("attributes", "cells"):
        assert set(getattr(fast, kind)) == set(getattr(slow, kind))
        for name, values in getattr(slow, kind).items():
            np.testing.assert_array_equal(getattr(fast, kind)[name], values)


def test_graphs_are_valid_and_counted(space):
    for cell in space.sample(20, seed=8):
        graph = space.graph(cell)
        assert ComputationGraph.from_json(graph.to_json()) == graph
        assert graph.ops == space.ops
        assert set(graph.cells) == set(space.cells)
        assert graph.live[graph.inputs].any() or not graph.connected
        assert graph.n_parameters > 0 or graph.n_macs == 0
        assert all(values.dtype.kind in "if" for values in graph.attributes.values())
        assert space.graph(space.parse(cell)) == graph


def test_a_fault_names_its_place_in_the_list(space):
    cells = [*space.sample(2), "nonsense"]
    for read in (space.choices, space.batch, space.one_hot):
        with pytest.raises(ArchitectureError, match=r"architecture 2: "):
            read(cells)


@pytest.mark.parametrize("architecture", [None, 3, b"", "", "(" + "9" * 5000 + ")", "nonsense" * 100])
def test_bad_architectures(space, architecture):
    with pytest.raises(ArchitectureError) as error:
        space.parse(architecture)
    assert len(str(error.value)) < 320


@pytest.mark.parametrize("value", [99999, -1, 1.0, "a", None, [1, 2]])
def test_bad_choices(space, value):
    choices = list(space.parse(space.sample(1)[0]))
    for position in (0, len(choices) - 1):
        with pytest.raises(ArchitectureError, match=f"choice {position} must be an integer between 0 and"):
            space.check_choices([*choices[:position], value, *choices[position + 1 :]])
    with pytest.raises(ArchitectureError, match=f"expected {len(choices)} choices, got {len(choices) - 1}: "):
        space.check_choices(choices[1:])
    with pytest.raises(ArchitectureError, match=f"expected {len(choices)} choices, got [^\\n]*$"):
        space.check_choices(np.zeros((3, 50), int))


@given(
    st.sampled_from([get_space(name) for name in SPACES]), st.text() | st.sampled_from(CELLS).flatmap(damaged)
)
def test_any_text_is_an_architecture_or_an_error(space, text):
    with suppress(ArchitectureError):
        assert space.parse(space.format(space.parse(text))) == space.parse(text)


@given(
    st.sampled_from([get_space(name) for name in SPACES]),
    json_values() | st.builds(lambda v, n: (v,) * n, json_values(), st.sampled_from([2, 4, 6, 26, 32])),
)
def test_any_value_is_an_architecture_or_an_error(space, value):
    for function in (space.parse, space.format):
        with suppress(ArchitectureError):
            function(value)


def test_spaces_are_values(space):
    space.graph(space.sample(1)[0])
    twin = type(space)()
    assert twin == space
    assert hash(twin) == hash(space)
    copy = pickle.loads(pickle.dumps(space))
    assert copy == space
    assert copy.sample(3) == space.sample(3)
    setting = next(field.name for field in fields(space) if field.name != "input_shape")
    assert get_space(space, **{setting: 2 * getattr(space, setting)}) != space
    assert get_space(space) is space
    assert get_space(space.name) == space
    with pytest.raises(FrozenInstanceError):
        setattr(space, setting, 3)


def test_input_shape_may_be_a_list(space):
    if not hasattr(space, "input_shape"):
        pytest.skip("its network takes no images")
    assert get_space(space, input_shape=list(space.input_shape)) == space


def test_settings_may_be_integers_of_numpy(space):
    settings = {s.name: np.int64(getattr(space, s.name)) for s in fields(space) if s.name != "input_shape"}
    assert repr(get_space(space, **settings)) == repr(space)


@pytest.mark.parametrize("value", [0, -1, 1.5, "3", None, True])
def test_bad_settings(space, value):
    for setting in fields(space):
        with pytest.raises(InputError, match=f"`{setting.name}` must be"):
            get_space(space, **{setting.name: value})


@pytest.mark.parametrize("shape", [(3, 32), (3, 32, 0), (3, 32, "x"), "abc", 3])
def test_bad_input_shapes(space, shape):
    if not hasattr(space, "input_shape"):
        pytest.skip("its network takes no images")
    with pytest.raises(InputError, match=r"`input_shape` must be \(channels, height, width\)"):
        get_space(space, input_shape=shape)


def test_unknown_names():
    with pytest.raises(UnknownNameError, match="did you mean 'nasbench201'"):
        get_space("nasbench21")
    with pytest.raises(
        UnknownNameError, match="unknown setting of nasbench201 'chanels'; did you mean 'channels'"
    ):
        get_space("nasbench201", chanels=3)
    with pytest.raises(InputError, match="must be a name or a SearchSpace, got int"):
        get_space(3)


def test_the_notation_tells_the_space(space):
    cells = space.sample(2)
    assert infer_space(cells) == space
    assert infer_space(np.array(cells)) == space
    assert [name for name, kind in SPACES.items() if kind.recognises(cells[0])] == [space.name]


def test_other_notations():
    assert infer_space([(4, 0, 3, 1, 4, 3)]).name == infer_space(["(4, 0, 3, 1, 4, 3)"]).name == "nasbench201"
    assert infer_space([np.array([4, 0, 3, 1, 4, 3])]).name == "nasbench201"
    arrays = {"ks": np.full(20, 3), "e": np.full(20, 3), "d": np.full(5, 2)}
    assert infer_space([arrays]).name == "mobilenetv3"
    assert set(get_space("mobilenetv3").parse(arrays)) == {0}
    assert infer_space(["0-1-2-3-0-1"]).name == "transnas_micro"
    assert infer_space([f"{[['mbconv2_e6_k5', 'mbconv2_e3_k3']] * 5}"]).name == "proxylessnas"
    assert infer_space([f"{[[('skip_connect', 0)] * 8] * 2}"]).name == "darts"
    assert infer_space(['{"ks": [' + "3, " * 20 + '], "e": 3, "d": 2}']).name == "mobilenetv3"
    assert infer_space([get_space("autoformer").sample(1)[0].replace("-", " - ")]).name == "autoformer"
    with pytest.raises(ArchitectureError, match="'resnet' is not in the notation of any search space"):
        infer_space(["resnet"])
    with pytest.raises(InputError, match="at least one architecture"):
        infer_space([])
    for one in (3, "64-41414-1_02_333"):
        with pytest.raises(InputError, match="`architectures` must be a list"):
            infer_space(one)


def test_the_table_of_spaces():
    assert all(issubclass(space, SearchSpace) and space.name == name for name, space in SPACES.items())


def test_neighbours_differ_in_one_choice(space):
    parent = space.sample(1, seed=3)[0]
    around = space.choices(space.neighbours(parent))
    assert (np.count_nonzero(around != space.parse(parent), axis=1) == 1).all()
    assert len(np.unique(around, axis=0)) == len(around)
    assert {space.mutate(parent, seed=seed) for seed in range(50)} <= set(space.neighbours(parent))


def test_crossover_takes_each_choice_from_a_parent(space):
    first, second = space.sample(2, seed=6)
    children = space.choices([space.crossover(first, second, seed=seed) for seed in range(30)])
    assert ((children == space.parse(first)) | (children == space.parse(second))).all()
    assert space.crossover(first, second, seed=1) == space.crossover(first, second, seed=1)
    assert space.crossover(first, first) == first


def test_networks_without_torch_name_the_extra():
    code = (
        "import sys; sys.modules['torch'] = None; import graf; from graf.exceptions import MissingDependencyError\n"
        "for name in graf.spaces.SPACES:\n"
        "    space = graf.get_space(name)\n"
        "    try: space.model(space.sample(1, seed=0)[0])\n"
        "    except MissingDependencyError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("pip install 'graf[torch]'") == len(SPACES)


@pytest.mark.parametrize("method", ["choices", "batch", "one_hot"])
def test_one_architecture_is_no_list_of_them(method):
    space = get_space("nasbench201")
    with pytest.raises(InputError, match=r"`architectures` must be a list, got '\|.*; wrap one in a list"):
        getattr(space, method)(space.sample(1)[0])
