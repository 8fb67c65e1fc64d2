"""Operations and vocabularies."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import json_values

from graf import OpSet
from graf.exceptions import InputError, UnknownNameError
from graf.ops import OPERATIONS

MANY = OpSet(("none", "skip", "conv1x1", "conv3x3", "avg_pool3x3", "max_pool3x3", "a", "b"))


def test_facts_of_operations():
    assert [name for name, operation in OPERATIONS.items() if operation.zero] == ["none"]
    assert [name for name, operation in OPERATIONS.items() if operation.identity] == ["skip"]
    with_parameters = {name for name, operation in OPERATIONS.items() if not operation.stateless}
    assert {"conv1x1", "conv3x3", "linear"} <= with_parameters
    assert not {"avg_pool3x3", "max_pool3x3", "skip", "none", "tanh"} & with_parameters
    assert not OPERATIONS["max_pool3x3"].linear
    assert OPERATIONS["avg_pool3x3"].linear


def test_an_unknown_operation_counts_as_one_with_parameters():
    operation = OpSet(("mystery",)).operation(0)
    assert operation.name == "mystery"
    assert not (operation.zero or operation.identity or operation.stateless or operation.linear)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("",), "at index 0"),
        (("skip", "a b"), "'a b' at index 1"),
        (("a+b",), "a+b"),
        (("conv(3)",), r"conv\(3\)"),
        (("\ud800",), "printable"),
        (("a\n",), "printable"),
        ((3,), "got 3 at index 0"),
        ((["skip"],), "at index 0"),
        (("skip", "skip"), "'skip' more than once"),
        ("skip", "`names` must be a list"),
        (None, "`names` must be a list"),
    ],
)
def test_bad_names(names, message):
    with pytest.raises(InputError, match=message):
        OpSet(names)


@given(json_values())
def test_any_value_makes_a_vocabulary_or_an_input_error(value):
    try:
        ops = OpSet(value)
    except InputError:
        return
    assert all(isinstance(name, str) for name in ops)


def test_index_and_membership():
    assert [MANY.index(name) for name in MANY] == list(range(8))
    assert "skip" in MANY
    assert "conv5x5" not in MANY
    with pytest.raises(UnknownNameError, match="did you mean 'conv3x3'"):
        MANY.index("conv3x")
    with pytest.raises(UnknownNameError):
        MANY.index(["skip"])


@given(st.integers(1, 7))
def test_all_subsets_up_to_seven_operations(n):
    subsets = OpSet(MANY.names[:n]).subsets()
    assert len(set(subsets)) == len(subsets) == 2**n - 1
    assert [len(subset) for subset in subsets] == sorted(len(subset) for subset in subsets)


def test_chosen_subsets_above_seven_operations():
    subsets = MANY.subsets()
    assert len(set(subsets)) == len(subsets)
    assert subsets[:8] == [(name,) for name in MANY]
    assert ("conv1x1", "conv3x3") in subsets
    assert ("avg_pool3x3", "max_pool3x3") in subsets
    assert MANY.names[1:] in subsets
    assert MANY.names in subsets


def test_union_keeps_the_order_of_first_appearance():
    assert OpSet.union([OpSet(("b", "a")), OpSet(("c", "a"))]) == OpSet(("b", "a", "c"))


def test_equal_vocabularies_hash_and_pickle_alike():
    MANY.index("skip")
    assert OpSet(list(MANY.names)) == MANY
    assert hash(OpSet(MANY.names)) == hash(MANY)
    assert pickle.loads(pickle.dumps(MANY)) == MANY


def test_a_name_stands_for_its_operation_else_for_its_group():
    assert MANY.members("conv1x1") == ("conv1x1",)
    assert MANY.members("pool") == ("avg_pool3x3", "max_pool3x3")
    assert MANY.members("other") == ("a", "b")
    assert MANY.members("attention") == ()
