"""The inputs that networks are looked at with."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, default_collate

from graf.exceptions import InputError
from graf.proxies.state import seeded

__all__ = ["Batch", "Inputs", "batches_of", "digits", "each", "normal"]

Inputs = Tensor | dict[str, Tensor]
REMEDY = "give (inputs, labels), arrays or tensors with one row for each input, or a torch Dataset of pairs"


@dataclass(frozen=True)
class Batch:
    """Inputs and classes, which no pass changes.

    Parameters
    ----------
    inputs : tensor (N, ...), or a dictionary of them by the keyword of the module's forward.
    labels : class of each, (N,) int64; None where there is none.
    label_range : the lowest and the highest of them, or of those that it was taken from; known
        without asking a device.
    """

    inputs: Inputs
    labels: Tensor | None
    label_range: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.first)

    @property
    def first(self) -> Tensor:
        """The inputs, or the first of several."""
        return self.inputs if isinstance(self.inputs, Tensor) else next(iter(self.inputs.values()))

    def to(self, device: torch.device, dtype: torch.dtype) -> Batch:
        """The batch on a device, floating-point inputs as `dtype`."""

        def moved(tensor: Tensor) -> Tensor:
            tensor = tensor.clone() if tensor.is_inference() else tensor.detach()
            return tensor.to(device, dtype) if tensor.is_floating_point() else tensor.to(device)

        labels = None if self.labels is None else moved(self.labels)
        return Batch(each(self.inputs, moved), labels, self.label_range)

    def rows(self, chosen: slice | Tensor) -> Batch:
        """Some of the inputs."""
        labels = None if self.labels is None else self.labels[chosen]
        return Batch(each(self.inputs, lambda tensor: tensor[chosen]), labels, self.label_range)

    def noise(self, generator: torch.Generator) -> Inputs:
        """Standard normal numbers in the shape of the inputs; token ids stay as they are."""
        return each(self.inputs, lambda one: normal(one, generator) if one.is_floating_point() else one)

    def ones(self, dtype: torch.dtype) -> Inputs:
        """One input of ones; token ids are those of the first input."""

        def one(tensor: Tensor) -> Tensor:
            first = tensor[:1]
            return torch.ones_like(first, dtype=dtype) if first.is_floating_point() else first

        return each(self.inputs, one)


def each(inputs: Inputs, change: Any) -> Inputs:
    """Inputs with every tensor changed."""
    if isinstance(inputs, Tensor):
        return change(inputs)
    return {name: change(tensor) for name, tensor in inputs.items()}


def normal(tensor: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal numbers in the shape of a tensor."""
    return torch.randn(tensor.shape, generator=generator, device=tensor.device, dtype=tensor.dtype)


def digits(input_shape: tuple[int, ...]) -> Batch:
    """scikit-learn's 1,797 handwritten digits as images (n, *input_shape), float64, mean 0, deviation 1.

    They are resized by bilinear interpolation; every channel is the same. Source: Alpaydin & Kaynak,
    Optical Recognition of Handwritten Digits (1998), as shipped with scikit-learn.

    Examples
    --------
    >>> digits((3, 32, 32)).inputs.shape
    torch.Size([1797, 3, 32, 32])
    """
    from sklearn.datasets import load_digits

    channels, *size = input_shape
    x, y = load_digits(return_X_y=True)
    images = torch.from_numpy((x - x.mean()) / x.std()).reshape(-1, 1, 8, 8)
    if tuple(size) != (8, 8):
        images = torch.nn.functional.interpolate(images, size=tuple(size), mode="bilinear")
    return Batch(images.expand(-1, channels, -1, -1), torch.from_numpy(y).long())


def batches_of(data: Any, batch_size: int, seed: int) -> list[Batch]:
    """One or two batches, drawn without replacement from a data set.

    Where the data set has no more inputs than a batch, they are taken in their order. Of a `Dataset` of
    torch the drawn items alone are fetched; what its transforms draw comes from `seed` too.

    Raises `InputError` if `data` is neither a pair of inputs and labels with as many rows, nor a
    `Dataset` with a length whose items are such pairs.
    """
    if isinstance(data, Dataset):
        found = _fetched(data, batch_size, seed)
    else:
        whole = data if isinstance(data, Batch) else _read(data)
        found = [whole.rows(part) for part in _drawn(len(whole), batch_size, seed)]
    return [Batch(batch.inputs, batch.labels, _range(batch.labels)) for batch in found]


def _drawn(n: int, batch_size: int, seed: int) -> list[Tensor]:
    """Rows of one or two batches."""
    order = torch.arange(n, device="cpu")
    if n > batch_size:
        order = torch.randperm(n, generator=torch.Generator("cpu").manual_seed(seed), device="cpu")
    parts = [order[:batch_size], order[batch_size : 2 * batch_size]]
    return [part for part in parts if len(part) == min(batch_size, n)]


def _fetched(data: Dataset[Any], batch_size: int, seed: int) -> list[Batch]:
    if isinstance(data, IterableDataset) or not hasattr(data, "__len__") or len(data) == 0:
        raise InputError(f"`data` is a {type(data).__name__} of no known length, or empty; {REMEDY}")
    parts = _drawn(len(data), batch_size, seed)
    with seeded(seed, torch.device("cpu")):
        items = [[data[int(i)] for i in part] for part in parts]
        try:
            return [_read(default_collate(part), "an item of `data`") for part in items]
        except (TypeError, RuntimeError) as error:  # no numbers, or of different shapes
            reason = str(error).splitlines()[0]
            raise InputError(f"items of `data` cannot be put into one batch: {reason}; {REMEDY}") from None


def _range(labels: Tensor | None) -> tuple[int, int] | None:
    return None if labels is None else (int(labels.min()), int(labels.max()))


def _read(data: Any, what: str = "`data`") -> Batch:
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        size = f" of {len(data)}" if isinstance(data, (tuple, list)) else ""
        raise InputError(f"{what} must be a pair, got {type(data).__name__}{size}; {REMEDY}")
    x, y = data
    if isinstance(x, Mapping):
        inputs: Inputs = {str(name): _tensor(value, "inputs") for name, value in x.items()}
        lengths = {len(tensor) for tensor in inputs.values()} or {0}
    else:
        inputs = _tensor(x, "inputs")
        lengths = {len(inputs)}
    labels = None if y is None else _tensor(y, "labels")
    if labels is not None:
        if labels.is_floating_point() or labels.ndim < 1:
            raise InputError(f"labels in `data` must be integers, got {labels.dtype}; {REMEDY}")
        labels, lengths = labels.long(), lengths | {len(labels)}
    if len(lengths) != 1 or lengths == {0}:
        raise InputError(f"`data` has parts of {sorted(lengths)} rows; {REMEDY}")
    return Batch(inputs, labels)


def _tensor(value: Any, what: str) -> Tensor:
    try:
        tensor = value if isinstance(value, Tensor) else _from_numpy(np.asarray(value))
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} in `data` cannot be read: {error}; {REMEDY}") from None
    kind = f"{tensor.dtype}, {tensor.layout}, on {tensor.device}"
    if tensor.is_meta or tensor.is_complex() or tensor.layout != torch.strided:
        raise InputError(f"{what} in `data` must be dense real numbers, got {kind}; {REMEDY}")
    if tensor.ndim == 0 or (tensor.is_floating_point() and not bool(tensor.isfinite().all())):
        raise InputError(f"{what} in `data` must be finite numbers in rows; {REMEDY}")
    return tensor


def _from_numpy(array: np.ndarray) -> Tensor:
    with warnings.catch_warnings():  # of arrays that cannot be written to, which nobody does
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(np.ascontiguousarray(array) if array.ndim else array)
