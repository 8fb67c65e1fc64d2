import math

import pytest

from graf.exceptions import InputError
from graf.measure import Recipe, sample_recipes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("batch_size", -1),
        ("learning_rate", 0),
        ("learning_rate", math.nan),
        ("momentum", 0),
        ("momentum", 1),
        ("weight_decay", -1e-9),
        ("weight_decay", math.inf),
        ("label_smoothing", 1),
        ("shift", -1),
        ("epochs", True),
        ("optimiser", "adam"),
    ],
)
def test_value_out_of_range_is_named(name, value):
    with pytest.raises(InputError, match=f"{name}.*{value}"):
        Recipe(**{name: value})


@pytest.mark.parametrize("value", ["0.1", None, True])
def test_what_is_no_number_is_named(value):
    with pytest.raises(InputError, match=f"`learning_rate` must be a number, got {value!r}"):
        Recipe(learning_rate=value)


def test_defaults_are_those_of_the_shipped_dataset():
    assert Recipe() == Recipe(10, 64, 0.3, 0.9, 5e-4)


def test_columns_are_numbers():
    columns = Recipe(optimiser="adamw", shift=1).columns
    assert (columns["adamw"], columns["shift"], columns["epochs"]) == (1, 1, 10)
    assert all(isinstance(value, (int, float)) for value in columns.values())


def test_samples_cover_every_setting_evenly():
    columns = [recipe.columns for recipe in sample_recipes(24)]
    for name, n_values in {"adamw": 2, "batch_size": 2, "shift": 2, "epochs": 6}.items():
        values = [column[name] for column in columns]
        assert {values.count(value) for value in set(values)} == {24 // n_values}
    assert sum(column["label_smoothing"] == 0 for column in columns) == 8


def test_same_seed_same_sample():
    assert sample_recipes(5, 1) == sample_recipes(5, 1) != sample_recipes(5, 2)
    assert len(set(sample_recipes(50))) == 50
    with pytest.raises(InputError, match="`n` must be an integer of 1 or more"):
        sample_recipes(0)
    with pytest.raises(InputError, match="`seed` must be an integer of 0 or more"):
        sample_recipes(2, -1)
