"""Free rows: cost alone by a line, and one-hot."""

import numpy as np
import pandas as pd
import pytest

from graf import get_space
from graf.exceptions import ArchitectureError, UnknownNameError
from graf.predictors import free_rows

SPACE = get_space("transnas_micro")
CELLS = SPACE.sample(30, seed=0)
MACS = [SPACE.graph(cell).n_macs for cell in CELLS]


@pytest.mark.parametrize("items", [CELLS, tuple(CELLS), pd.DataFrame(index=CELLS)])
def test_costs_are_counted_by_the_space(items):
    rows = free_rows(items, "transnas_micro")
    assert list(rows) == ["FLOPs", "parameters", "one-hot"]
    assert rows["FLOPs"][1]["n_macs"].tolist() == MACS
    assert rows["parameters"][1]["n_parameters"].tolist() == [SPACE.graph(c).n_parameters for c in CELLS]
    np.testing.assert_array_equal(rows["one-hot"][1], SPACE.one_hot(CELLS))
    assert all(table.index.tolist() == CELLS for _, table in rows.values())


def test_given_costs_come_first():
    info = pd.DataFrame({"n_macs": range(30), "other": 0}, CELLS)
    assert list(free_rows(CELLS, info=info)) == ["FLOPs"]
    rows = free_rows(CELLS, SPACE, info)
    assert rows["FLOPs"][1]["n_macs"].tolist() == list(range(30))
    assert rows["parameters"][1]["n_parameters"].max() > 30


def test_nothing_known_gives_no_rows():
    assert free_rows(["a", "b"]) == {}


@pytest.mark.parametrize("sign", [1, -1])
def test_a_cost_ranks_as_the_raw_number_with_the_sign_of_the_labels(sign):
    predictor, table = free_rows(CELLS, SPACE)["FLOPs"]
    y = sign * np.array(MACS) ** 0.5
    predicted = predictor.fit(table[:10], y[:10]).predict(table)
    np.testing.assert_array_equal(
        np.argsort(predicted, kind="stable"), np.argsort(sign * np.array(MACS), kind="stable")
    )


def test_bad_names_and_cells_are_named():
    with pytest.raises(UnknownNameError, match="did you mean 'transnas_micro'"):
        free_rows(CELLS, "transnas")
    with pytest.raises(ArchitectureError):
        free_rows(["|x~0|"], "nasbench201")
