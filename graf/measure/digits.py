"""The images that architectures are trained and measured on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

__all__ = ["Images", "digits"]

SPLIT_SEED = 201
SIZES = {"train": 800, "validation": 400, "test": 597}


class Images(NamedTuple):
    """Images in [0, 1], float32 (n, 1, 8, 8), and their classes, int64 (n,)."""

    x: Tensor
    y: Tensor


def digits() -> dict[str, Images]:
    """scikit-learn's 1,797 handwritten digits, split once into train, validation and test.

    The split is stratified by class and fixed by `SPLIT_SEED`. Source: Alpaydin & Kaynak,
    Optical Recognition of Handwritten Digits (1998), as shipped with scikit-learn.

    Examples
    --------
    >>> {name: len(part.y) for name, part in digits().items()}
    {'train': 800, 'validation': 400, 'test': 597}
    """
    x, y = load_digits(return_X_y=True)
    images, classes = torch.tensor(x / 16, dtype=torch.float32).reshape(-1, 1, 8, 8), torch.tensor(y)
    parts, rest = [], np.arange(len(y))
    for size in (SIZES["train"], SIZES["validation"]):
        part, rest = train_test_split(rest, train_size=size, stratify=y[rest], random_state=SPLIT_SEED)
        parts.append(part)
    return {
        name: Images(images[rows], classes[rows]) for name, rows in zip(SIZES, [*parts, rest], strict=True)
    }
