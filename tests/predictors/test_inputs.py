"""Inputs: which columns a model sees, and in what form."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from graf import GraphBatch, GraphFeatures, get_space
from graf.exceptions import InputError, UnknownNameError
from graf.predictors.inputs import Inputs

CELLS = get_space("nasbench201").sample(6, seed=0)
COLUMNS = ["op_count(conv3x3)", "max_path_len(skip)"]
GIVEN = pd.DataFrame({"flops": np.arange(6.0), "jacov": [1, np.nan, 3, np.inf, -np.inf, 1e300]}, CELLS)
LARGEST = np.finfo(np.float32).max


def learn(items, features="all", columns=COLUMNS):
    return Inputs.learn(items, features, GraphFeatures(columns=columns))


@pytest.mark.parametrize(
    ("items", "features", "names"),
    [
        (CELLS, "all", COLUMNS),
        (CELLS, "graph", COLUMNS),
        (GIVEN, "all", [*COLUMNS, "flops", "jacov"]),
        (GIVEN, "graph", COLUMNS),
        (GIVEN, "given", ["flops", "jacov"]),
        (GIVEN[[]], "all", COLUMNS),
        (GIVEN.to_numpy(), "given", ["x0", "x1"]),
    ],
)
def test_names_and_columns_agree(items, features, names):
    inputs = learn(items, features)
    table = inputs.table(items)
    assert inputs.names == list(table) == names
    assert len(table) == 6
    assert set(table.dtypes) == {np.dtype(float)}


def test_rows_are_those_of_the_items():
    table = learn(GIVEN).table(GIVEN)
    features = GraphFeatures(columns=COLUMNS).fit_transform(CELLS)
    pd.testing.assert_frame_equal(table[COLUMNS], features, check_names=False)
    assert table["flops"].tolist() == [0, 1, 2, 3, 4, 5]


def test_missing_values_stay_and_infinite_ones_become_the_largest():
    values = learn(GIVEN).table(GIVEN)["jacov"]
    np.testing.assert_array_equal(values, [1, np.nan, 3, LARGEST, -LARGEST, LARGEST])


def test_items_may_repeat():
    twice = GIVEN.iloc[[0, 0, 1]]
    table = learn(twice).table(twice)
    assert len(table) == 3
    pd.testing.assert_series_equal(table.iloc[0], table.iloc[1])


def test_columns_may_come_in_any_order_and_others_are_ignored():
    inputs = learn(GIVEN)
    more = GIVEN.iloc[:, ::-1].assign(note="text")
    pd.testing.assert_frame_equal(inputs.table(more), inputs.table(GIVEN))


def test_columns_with_missing_integers_are_read():
    table = pd.DataFrame({"n": pd.array([1, None], "Int64"), "flag": [True, False]}, CELLS[:2])
    np.testing.assert_array_equal(learn(table, "given").table(table), [[1, 1], [np.nan, 0]])


@pytest.mark.parametrize("dtype", ["boolean", "bool[pyarrow]"])
def test_truth_values_are_numbers(dtype):
    table = pd.DataFrame({"cutout": pd.array([True, None, False], dtype=dtype)})
    np.testing.assert_array_equal(learn(table, "given").table(table)["cutout"], [1, np.nan, 0])


def test_numbers_may_be_objects():
    given, objects = GIVEN.assign(flag=True), GIVEN.assign(flag=True).astype(object)
    pd.testing.assert_frame_equal(learn(objects, "given").table(objects), learn(given, "given").table(given))


def test_masked_numbers_are_missing():
    table = np.ma.masked_array([[1, 2], [3, 4]], [[False, True], [False, False]])
    np.testing.assert_array_equal(learn(table, "given").table(table), [[1, np.nan], [3, 4]])


@pytest.mark.parametrize(
    ("items", "features", "message"),
    [
        (CELLS, "given", "`items` must be a table of numbers"),
        ([], "all", "at least one"),
        (GIVEN[[]], "given", "no columns to predict from"),
        (GIVEN.iloc[:0], "given", "at least one row"),
        (pa.table({"flops": [1.0]}), "given", "got pyarrow.Table; call its to_pandas"),
        (GIVEN.assign(note="text"), "all", "column 'note' .* real numbers, got str"),
        (GIVEN.assign(flops=1j), "all", "column 'flops' .* got complex"),
        (GIVEN.rename(columns={"jacov": "flops"}), "all", "column 'flops' .* twice"),
        (GIVEN.rename(columns={"jacov": COLUMNS[0]}), "all", "column 'op_count.* graph feature too"),
        (
            GIVEN.reset_index(drop=True),
            "all",
            "item 0 .* index a DataFrame by architecture.* set `features` to 'given'",
        ),
        (
            GIVEN.rename(index=lambda _: "resnet18"),
            "all",
            "'resnet18' is not in .* set `features` to 'given'",
        ),
    ],
)
def test_bad_items_are_named(items, features, message):
    with pytest.raises(InputError, match=message):
        learn(items, features).table(items)


def test_unknown_choices_list_the_near_ones():
    with pytest.raises(UnknownNameError, match="did you mean 'graph'"):
        learn(CELLS, "graphs")
    with pytest.raises(InputError, match="no columns"):
        learn(CELLS, columns=[])


def test_columns_missing_later_are_listed():
    inputs = learn(GIVEN)
    with pytest.raises(InputError, match=r"lack 1 columns .*: jacov; add"):
        inputs.table(GIVEN[["flops"]])
    with pytest.raises(InputError, match=r"must be a DataFrame with the 2 columns .*flops"):
        inputs.table(CELLS)


def test_columns_that_occur_twice_later_are_named():
    twice = pd.concat([GIVEN, GIVEN[["jacov"]]], axis=1)
    with pytest.raises(InputError, match="column 'jacov' of `items` occurs twice; leave one"):
        learn(GIVEN).table(twice)
    pd.testing.assert_frame_equal(learn(GIVEN[["flops"]]).table(twice), learn(GIVEN[["flops"]]).table(GIVEN))


def test_graphs_may_have_columns_beside_them():
    graphs = [get_space("nasbench201").graph(cell) for cell in CELLS]
    given = pd.DataFrame({"lr": np.arange(6.0)}, pd.Index(graphs, dtype=object))
    inputs = Inputs.learn(given, "all", GraphFeatures())
    table = inputs.table(given[::-1])
    assert table.index.tolist() == list(range(6))
    assert table["lr"].tolist() == [5, 4, 3, 2, 1, 0]
    pd.testing.assert_frame_equal(table.drop(columns="lr"), GraphFeatures().fit_transform(graphs[::-1]))


def test_graphs_with_operations_of_another_space_are_refused():
    inputs = learn(CELLS)
    own = get_space("nasbench201").graph(CELLS[0])
    others = [own, get_space("darts").graph(get_space("darts").sample(1)[0])]
    assert len(inputs.table([own])) == 1
    for items in (others, GraphBatch.from_graphs(others)):
        with pytest.raises(InputError, match=r"item 1 must be a graph of nasbench201, .* no operation '"):
            inputs.table(items)
