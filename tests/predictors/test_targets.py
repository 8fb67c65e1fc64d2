"""Targets: what is read, what is matched, what is refused."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from graf.exceptions import InputError
from graf.predictors.targets import read_targets

CELLS = pd.Index(["a", "b", "c"])
NUMBERS = pd.RangeIndex(3)


@pytest.mark.parametrize(
    ("y", "names"),
    [
        ([1, 2, 3], ["target"]),
        (np.array([[1, 4], [2, 5], [3, 6]]), ["target_0", "target_1"]),
        (pd.Series([1, 2, 3]), ["target"]),
        (pd.Series([1, 2, 3], name="accuracy"), ["accuracy"]),
        (pd.DataFrame({"accuracy": [1, 2, 3], 7: [True, False, True]}), ["accuracy", "7"]),
        (pd.Series([1, 2, 3], dtype="Int64"), ["target"]),
        (np.array([1, 2.0, np.float32(3)], dtype=object), ["target"]),
    ],
)
def test_shapes_and_names(y, names):
    table = read_targets(y, CELLS)
    assert list(table) == names
    assert table.iloc[:, 0].tolist() == [1, 2, 3]
    assert set(table.dtypes) == {np.dtype(float)}
    assert table.index.equals(CELLS)


@pytest.mark.parametrize("items", [CELLS, pd.CategoricalIndex(CELLS), CELLS.astype(object)])
@pytest.mark.parametrize("labelled", [pd.Index, pd.CategoricalIndex])
def test_labels_are_matched_by_architecture(items, labelled):
    y = pd.Series([3, 1, 2], labelled(["c", "a", "b"]))
    assert read_targets(y, items)["target"].tolist() == [1, 2, 3]


def test_masked_labels_of_several_targets_are_missing():
    y = np.ma.masked_array([[1, 4], [2, 5], [3, 6]], [[False, False], [False, True], [False, False]])
    np.testing.assert_array_equal(read_targets(y, CELLS), [[1, 4], [2, np.nan], [3, 6]])


def test_numbers_in_the_index_match_nothing():
    y = pd.Series([1, 2, 3], [2, 0, 1])
    assert read_targets(y, NUMBERS)["target"].tolist() == [1, 2, 3]
    assert read_targets(y, CELLS)["target"].tolist() == [1, 2, 3]


def test_repeated_architectures_in_the_same_order_are_fine():
    index = pd.Index(["a", "a", "b"])
    assert read_targets(pd.Series([1, 2, 3], index), index)["target"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 2], "one label per item, got 2 for 3 items"),
        ([], "got 0 for 3 items"),
        (None, "y is None"),
        (5, r"shape .* got \(\)"),
        (np.ones((3, 2, 2)), r"got \(3, 2, 2\)"),
        (np.ones((3, 0)), "at least one target"),
        ([[1], [2, 3], [4]], "rows of several lengths"),
        (["x", "y", "z"], "'target' must hold numbers, got 'x' at index 0"),
        ([1, "2", 3], "must hold numbers, got '1'"),
        (pd.Series([1, "2", 3]), "must hold numbers, got '2' at index 1"),
        ([1, 2j, 3], "must hold numbers"),
        ([1, None, 3], "must hold numbers, got None at index 1"),
        ([1, np.nan, np.inf], "got 2 NaN or infinite values, the first at index 1"),
        (pd.Series([1, None, 3], dtype="Int64"), "got 1 NaN"),
        (np.ma.masked_array([1, 2, 3], [False, True, False]), "got 1 NaN .* index 1"),
        (pd.DataFrame([[1, 2], [3, np.inf], [5, 6]], columns=["u", "v"]), "'v'.*index 1"),
        (pd.DataFrame([[1, 2]] * 3, columns=["u", "u"]), "'u' more than once"),
        (pa.table({"u": [1, 2, 3]}), "got pyarrow.Table; call its to_pandas"),
        (pd.Series([1, 2, 3], ["a", "b", "x"]), "lacks 1 of them, such as 'c'"),
    ],
)
def test_bad_targets_are_named(y, message):
    with pytest.raises(InputError, match=message):
        read_targets(y, CELLS)


def test_one_label_is_too_few():
    with pytest.raises(InputError, match="at least two labels, got 1"):
        read_targets([1], pd.Index(["a"]))


def test_repeated_architectures_in_another_order_cannot_be_matched():
    y = pd.Series([1, 2, 3], ["b", "a", "a"])
    with pytest.raises(InputError, match="same order"):
        read_targets(y, pd.Index(["a", "a", "b"]))
