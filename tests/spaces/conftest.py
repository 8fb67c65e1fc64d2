"""Every search space, once with its published settings and once as a small network."""

import pytest

from graf.spaces import SPACES, get_space

SMALL = {
    "nasbench201": {
        "channels": 4,
        "cells_per_stage": 2,
        "n_stages": 2,
        "input_shape": (2, 9, 6),
        "n_classes": 5,
    },
    "transnas_micro": {"channels": 4, "input_shape": (2, 37, 20), "n_classes": 5},
}


@pytest.fixture(params=SPACES)
def space(request):
    """A space with its published settings."""
    return get_space(request.param)


@pytest.fixture(params=SPACES)
def small_space(request):
    """A space with a network that runs in a moment."""
    return get_space(request.param, **SMALL[request.param])
