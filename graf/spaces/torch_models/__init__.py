"""PyTorch networks of the search spaces; the only part of `spaces` that imports torch."""

from graf.exceptions import require

require("torch", extra="torch")
