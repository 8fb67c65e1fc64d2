"""PyTorch networks of the search spaces; the only part of `spaces` that imports torch."""

from graf.exceptions import MissingDependencyError

try:
    import torch  # noqa: F401 - only whether it is there
except ImportError:
    raise MissingDependencyError("torch", "torch") from None
