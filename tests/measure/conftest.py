"""A space of tiny networks, a few of its cells, and a recipe that takes a moment."""

import pytest

from graf.measure import Recipe
from graf.measure.threads import one_thread
from graf.spaces import NASBench201


@pytest.fixture(scope="module", autouse=True)
def single_thread():
    """Small networks gain nothing from more threads, and lose much where cores are busy."""
    with one_thread():
        yield


@pytest.fixture(scope="session")
def space() -> NASBench201:
    return NASBench201(channels=8, cells_per_stage=1, n_stages=1, input_shape=(1, 8, 8))


@pytest.fixture(scope="session")
def architectures(space) -> list[str]:
    return [space.format(c) for c in [(0, 1, 0, 3, 1, 2), (2, 1, 0, 1, 1, 1), (4, 0, 3, 3, 0, 0)]]


@pytest.fixture(scope="session")
def quick() -> Recipe:
    return Recipe(epochs=1)
