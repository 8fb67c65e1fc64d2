"""A dataset to search in."""

import pytest

import graf


@pytest.fixture(scope="session")
def data():
    return graf.load_dataset("digits201")
