"""Errors: what they are, what they say, and that they survive a process boundary."""

import pickle

import pytest

from graf.exceptions import (
    ArchitectureError,
    DatasetError,
    GrafError,
    GraphError,
    InputError,
    MissingDependencyError,
    UnknownNameError,
    UnsupportedError,
)

KNOWN = ["conv1x1", "conv3x3", "skip"]


@pytest.mark.parametrize("error", [ArchitectureError, DatasetError, GraphError, UnknownNameError])
def test_bad_input_is_a_value_error(error):
    assert issubclass(error, InputError)
    assert issubclass(error, ValueError)
    assert issubclass(error, GrafError)


def test_other_errors_keep_their_builtin_meaning():
    assert issubclass(UnknownNameError, KeyError)
    assert issubclass(MissingDependencyError, ImportError)
    assert issubclass(UnsupportedError, NotImplementedError)
    assert not issubclass(UnsupportedError, InputError)


def test_unknown_name_lists_near_names_only():
    message = str(UnknownNameError("operation", "conv3x4", KNOWN))
    assert message == "unknown operation 'conv3x4'; did you mean 'conv3x3', 'conv1x1'?"


def test_unknown_name_lists_each_name_once():
    message = str(UnknownNameError("operation", "conv3x4", [*KNOWN, *KNOWN]))
    assert message.count("'conv3x3'") == 1


def test_unknown_name_lists_all_names_if_none_is_near():
    assert str(UnknownNameError("space", "zzz", KNOWN)).endswith("known: 'conv1x1', 'conv3x3', 'skip'")
    assert str(UnknownNameError("space", "zzz", [])).endswith("known: none")
    assert str(UnknownNameError("space", "zzz", [f"s{i}" for i in range(99)])).endswith("'s19', ...")


def test_unknown_name_stays_short():
    assert len(str(UnknownNameError("space", "z" * 10_000, KNOWN))) < 200


@pytest.mark.parametrize("name", [None, 3, ["a"], {}])
def test_unknown_name_of_another_type(name):
    assert repr(name) in str(UnknownNameError("space", name, KNOWN))


def test_missing_dependency_says_how_to_install():
    assert "pip install 'graf[torch]'" in str(MissingDependencyError("torch", "torch"))


@pytest.mark.parametrize(
    "error",
    [
        GraphError("a cycle"),
        UnknownNameError("operation", "conv3x4", KNOWN),
        MissingDependencyError("torch", "torch"),
    ],
)
def test_pickles(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
