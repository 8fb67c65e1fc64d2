"""Tables whose rows are architectures under a recipe."""

import numpy as np
import pandas as pd
import pytest

import graf
from graf.exceptions import DatasetError, InputError

FACTS = {
    "architecture": "cell",
    "recipes": ["lr", "shift"],
    "targets": [{"columns": ["acc"], "protocol": "p"}],
}


@pytest.fixture
def pairs(cells):
    rows = [(cell, lr, 0, 10 * i + lr) for i, cell in enumerate(cells[:2]) for lr in (1.0, 2.0, 6.0)]
    return pd.DataFrame(rows, columns=["cell", "lr", "shift", "acc"]).assign(note="n")


@pytest.fixture
def data(write, pairs):
    return graf.load_dataset(write("pairs.csv", pairs), description=FACTS)


def test_architectures_may_repeat(data, cells):
    assert data.architectures == [cells[0]] * 3 + [cells[1]] * 3
    assert data.recipes["lr"].tolist() == [1, 2, 6, 1, 2, 6] and data.recipes.dtypes.eq(float).all()
    assert list(data.targets) == ["acc"] and list(data.info) == ["note"]
    assert repr(data) == "Dataset('pairs': 2 architectures of nasbench201, 1 target, 3 recipes, 0 proxies)"


def test_a_pair_may_not_repeat(write, pairs):
    twice = pd.concat([pairs, pairs.iloc[[2]]])
    with pytest.raises(
        DatasetError,
        match=r"occurs more than once with the same recipe in dataset 'twice'; .*average_repeats",
    ):
        graf.load_dataset(write("twice.csv", twice), description=FACTS)


def test_without_recipes_architectures_may_not_repeat(write, pairs):
    with pytest.raises(DatasetError, match="more than once in"):
        graf.load_dataset(write("pairs.csv", pairs), description=FACTS | {"recipes": []})


def test_select_takes_all_rows_of_an_architecture(data, cells):
    assert data.select([cells[1]]).targets["acc"].tolist() == [11, 12, 16]
    assert data.select(data.recipes["lr"] == 2).targets["acc"].tolist() == [2, 12]
    with pytest.raises(InputError, match="no architecture 'x'"):
        data.select([cells[0], "x"])


def test_items_are_proxies_and_recipes(write, pairs):
    facts = FACTS | {"proxies": ["zen"]}
    data = graf.load_dataset(write("pairs.csv", pairs.assign(zen=range(6))), description=facts)
    assert list(data.items()) == ["zen", "lr", "shift"]


def test_mean_over_recipes(data, cells):
    mean = data.mean_over_recipes()
    assert mean.architectures == cells[:2] and mean.targets["acc"].tolist() == [3, 13]
    assert mean.recipes.shape == (2, 0) and mean.info["note"].tolist() == ["n", "n"]
    assert mean.metadata.loc["acc", "protocol"] == "p, mean over 3 recipes"
    assert mean.mean_over_recipes() is mean


def test_architectures_may_have_different_numbers_of_recipes(write, pairs, cells):
    rows = pd.concat([pairs, pairs.head(1).assign(cell=cells[2])])
    mean = graf.load_dataset(write("pairs.csv", rows), description=FACTS).mean_over_recipes()
    assert mean.metadata.loc["acc", "protocol"].endswith("mean over 2.3 recipes")


def test_usual_names_of_recipe_columns_are_known(write, pairs):
    named = pairs.rename(columns={"lr": "learning_rate"})
    data = graf.load_dataset(write("mine.csv", named))
    assert list(data.recipes) == ["learning_rate", "shift"] and list(data.targets) == ["acc"]
    assert data.mean_over_recipes().metadata["protocol"].tolist() == [
        "mean over 3 recipes"
    ]  # none was stated


def test_predictor_learns_architecture_and_recipe_together(data):
    predictor = graf.PerformancePredictor(features="all").fit(data.items(), data.targets["acc"])
    assert predictor.feature_names_[-2:].tolist() == ["lr", "shift"]
    predicted = predictor.predict(data.items())
    assert np.corrcoef(predicted, data.targets["acc"])[0, 1] > 0.9
    by_name = predictor.predict(data.items()[["shift", "lr"]].iloc[::-1])
    np.testing.assert_array_equal(by_name[::-1], predicted)
