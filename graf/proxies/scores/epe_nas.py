"""Correlation of the Jacobian within classes."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import correlation

__all__ = ["epe_nas"]

EPSILON = 1e-5
MANY = 100


@proxy(
    cost="O(N^2 D)",
    reference="Lopes et al., 2021",
    undefined="the gradient by an input is the same everywhere, or no class has two inputs",
)
def epe_nas(input_gradients: Tensor, labels: Tensor, n_classes: int) -> Tensor:
    """Sum over classes of the absolute sum of log(absolute correlation + 1e-5) between the input
    gradients of a class.

    Above 100 classes, it is the mean over classes of the absolute differences to the sums of all
    classes, each sum divided by the inputs of the class; classes with one input are left out.
    """
    logs = (correlation(input_gradients).abs() + EPSILON).log()
    _, codes = torch.unique(labels, return_inverse=True)
    members = torch.nn.functional.one_hot(codes).to(logs.dtype)
    sums = ((members.T @ logs) * members.T).sum(1)
    if n_classes <= MANY:
        return sums.abs().sum()
    several = members.sum(0) > 1
    means = (sums / members.sum(0))[several]
    return (means[:, None] - means).abs().sum() / len(means)
