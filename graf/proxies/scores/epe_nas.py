"""Correlation of the Jacobian within classes."""

from __future__ import annotations

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
    logs = (correlation(input_gradients.double()).abs() + EPSILON).log()
    same = (labels[:, None] == labels).to(logs.dtype)
    sums, sizes = ((same @ logs) * same).sum(1), same.sum(1)  # of the class of each input
    if n_classes <= MANY:
        return (sums.abs() / sizes).sum()
    means, share = sums / sizes, (sizes > 1) / sizes
    differences = (means[:, None] - means).abs()
    return (share @ differences @ share) / share.sum()
