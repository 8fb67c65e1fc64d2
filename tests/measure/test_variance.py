import numpy as np
import pytest

from graf.exceptions import InputError
from graf.measure import variance_shares


def simulated(deviations, seed, a=150, r=30):
    """Runs (architectures, recipes, 2) with known standard deviations of the five parts."""
    rng = np.random.default_rng(seed)
    shapes = (a, 1, 1), (1, r, 1), (a, r, 1), (a, 1, 2), (a, r, 2)
    return sum(s * rng.standard_normal(shape) for s, shape in zip(deviations, shapes, strict=True))


@pytest.mark.parametrize(
    "deviations",
    [(1, 2, 0.5, 0.5, 0.5), (2, 1, 1, 0, 0.1), (0, 1, 0, 0.5, 1), (1, 0, 0, 1, 0.5), (1, 1, 0.7, 0.3, 0.7)],
)
def test_known_components_are_found(deviations):
    true = np.square(deviations) / np.sum(np.square(deviations))
    runs = [simulated(deviations, seed) for seed in range(30)]
    found = [variance_shares(run[..., 0], run[::3]).to_numpy() for run in runs]
    np.testing.assert_allclose(np.mean(found, axis=0), true, atol=0.05)
    np.testing.assert_allclose(np.sum(found, axis=1), 1)


@pytest.mark.parametrize(
    ("values", "repeats", "said"),
    [
        (np.ones((1, 3)), np.ones((2, 3, 2)), "`values` must be"),
        (np.ones(3), np.ones((2, 3, 2)), "`values` must be"),
        (np.ones((3, 3)), np.ones((2, 3, 2)), "not all the same"),
        ([[1.0, 2], [3, 5]], [[1.0, 2]], "`repeats` must be"),
        (np.array([[1, 2], [3, np.nan]]), np.ones((2, 2, 2)), "1 missing"),
        (np.array([[1.0, 2], [3, 5]]), np.ones((2, 2, 1)), "`repeats` must be"),
        (np.array([[1.0, 2], [3, 5]]), np.ones((0, 2, 2)), "`repeats` must be"),
        (np.array([[1.0, 2], [3, 5]]), np.ones((2, 3, 2)), "the recipes those of `values`"),
        (np.array([[1.0, 2], [3, 5]]), np.full((2, 2, 2), np.nan), "8 missing"),
    ],
)
def test_wrong_tables_are_named(values, repeats, said):
    with pytest.raises(InputError, match=said):
        variance_shares(values, repeats)
