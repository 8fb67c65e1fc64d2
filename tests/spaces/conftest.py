"""Every search space, once with its published settings and once as a small network."""

import pytest

from graf.spaces import SPACES, get_space

VISION_TRANSFORMER = {
    "embedding": 8,
    "embedding_step": 4,
    "depth": 2,
    "heads": 1,
    "head_dim": 3,
    "patch": 4,
    "max_relative_position": 2,
    "input_shape": (2, 17, 10),
    "n_classes": 5,
}

MOBILE = {"width_percent": 5, "input_shape": (2, 37, 20), "n_classes": 5}

SMALL = {
    "nasbench101": {
        "channels": 7,
        "cells_per_stage": 2,
        "n_stages": 2,
        "input_shape": (2, 9, 6),
        "n_classes": 5,
    },
    "nasbench201": {
        "channels": 4,
        "cells_per_stage": 2,
        "n_stages": 2,
        "input_shape": (2, 9, 6),
        "n_classes": 5,
    },
    "darts": {"channels": 4, "n_cells": 5, "input_shape": (2, 13, 9), "n_classes": 5},
    "lhd": {"channels": 4, "n_cells": 5, "input_shape": (2, 13, 9), "n_classes": 5},
    "transnas_micro": {"channels": 4, "input_shape": (2, 37, 20), "n_classes": 5},
    "transnas_macro": {"channels": 4, "input_shape": (2, 37, 20), "n_classes": 5},
    "nasbench_macro": {"channels": 4, "head_channels": 8, "input_shape": (2, 13, 9), "n_classes": 5},
    "nats_size": {"input_shape": (2, 9, 6), "n_classes": 5},
    "nasbench_nlp": {
        "embedding_size": 6,
        "hidden_size": 8,
        "n_layers": 2,
        "vocabulary_size": 11,
        "sequence_length": 3,
    },
    "fbnet": MOBILE,
    "mnasnet": MOBILE,
    "mobilenetv3": MOBILE,
    "proxylessnas": MOBILE,
    "autoformer": VISION_TRANSFORMER,
    "autoformer_tiny": VISION_TRANSFORMER,
    "autoformer_base": VISION_TRANSFORMER,
    "flexibert": {
        "hidden": 8,
        "feed_forward": 12,
        "embedding": 6,
        "vocabulary_size": 20,
        "max_positions": 9,
        "sequence_length": 7,
        "n_classes": 3,
    },
}


@pytest.fixture(params=SPACES)
def space(request):
    """A space with its published settings."""
    return get_space(request.param)


@pytest.fixture(params=SPACES)
def small_space(request):
    """A space with a network that runs in a moment."""
    return get_space(request.param, **SMALL[request.param])


@pytest.fixture
def torch():
    """PyTorch on one thread: networks this small gain nothing from more."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)
