import math

import pytest

from graf.exceptions import InputError
from graf.measure import Recipe


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
    ],
)
def test_value_out_of_range_is_named(name, value):
    with pytest.raises(InputError, match=f"`{name}`.*{value}"):
        Recipe(**{name: value})


def test_defaults_are_those_of_the_shipped_dataset():
    assert Recipe() == Recipe(10, 64, 0.3, 0.9, 5e-4)
