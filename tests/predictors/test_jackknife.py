"""How wide intervals are, from predictions of labels that were left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graf.predictors.jackknife import own_share, width_that_holds


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5, 1.0]), st.floats(1e-6, 1e6))
def test_widths_count_as_much_as_they_tell(seed, share, unit):
    rng = np.random.default_rng(seed)
    widths = unit * np.exp(rng.uniform(0, 5, 600))
    misses = widths**share * rng.exponential(size=600)
    assert own_share(widths, misses, 600) == pytest.approx(share, abs=0.2)


def test_few_misses_say_little():
    widths = np.repeat([1.0, 2.0], 4)
    assert 0.4 < own_share(widths, widths, 8) < own_share(widths, widths, 800)


@pytest.mark.parametrize("widths", [np.zeros(5), np.array([0, 1, 0, 2, 0.0])])
def test_where_nothing_is_missed_nothing_is_known_of_widths(widths):
    assert own_share(widths, np.zeros(5), 5) == 0.5


def test_rows_without_a_width_say_nothing():
    widths, misses = np.array([1, 2, 4, 8.0]), np.array([1, 3, 3, 9.0])
    padded = own_share(np.append(widths, 0), np.append(misses, 7), 4)
    assert padded == own_share(widths, misses, 4)


def test_a_width_holds_as_many_labels_as_asked():
    misses = np.arange(1.0, 100)
    assert [width_that_holds(misses, coverage) for coverage in (0.5, 0.9, 0.999)] == [50, 90, 99]
