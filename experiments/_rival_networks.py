"""Graph networks over cells: a GCN as in BRP-NAS (Dudziak et al., NeurIPS 2020), and a GIN (Xu et al., ICLR 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any, Self

import numpy as np
import torch
from _rival_cells import Cell
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from graf.predictors.label_scores import LabelScores

__all__ = ["GraphNetwork", "Packed", "packed"]

Floats = NDArray[np.float64]
WIDTH, LAYERS, EPOCHS = 64, 4, 200
STEPS, SMALLEST_BATCH, AT_ONCE = (
    16,
    16,
    4096,
)  # steps per epoch at most, rows of a step at least, rows of a prediction
RATE, DECAY = 2e-3, 5e-4
MOST = 5.0  # standard deviations that extra columns may lie from their mean
SEEDING = Lock()  # torch's random state is global


@dataclass(frozen=True)
class Packed:
    """Cells of one table: labels of nodes as one-hot rows (n, nodes, labels), padded with zeros, and
    which feeds which (n, nodes, nodes). The last node is joined to all others, both ways."""

    labels: Tensor
    edges: Tensor


def packed(cells: list[Cell]) -> Packed:
    """The cells as tensors."""
    numbers = {label: i for i, label in enumerate(sorted({v for cell in cells for v in cell.labels}))}
    size = max(len(cell.labels) for cell in cells)
    labels = torch.zeros(len(cells), size + 1, len(numbers) + 1)
    edges = torch.zeros(len(cells), size + 1, size + 1)
    for i, cell in enumerate(cells):
        n = len(cell.labels)
        labels[i, range(n), [numbers[label] for label in cell.labels]] = 1
        edges[i, :n, :n] = torch.from_numpy(cell.edges)
        edges[i, :n, -1] = edges[i, -1, :n] = 1
    labels[:, -1, -1] = 1
    return Packed(labels, edges)


class Convolution(nn.Module):
    """Mean over a node and its predecessors, mean over it and its successors, each with own weights."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.forward_map, self.backward_map = nn.Linear(width, out), nn.Linear(width, out)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        """Nodes (n, nodes, width) to (n, nodes, out)."""
        joined = edges + torch.eye(edges.shape[-1])
        back = joined / joined.sum(-1, keepdim=True)
        fore = joined.mT / joined.mT.sum(-1, keepdim=True)
        return (self.forward_map(fore @ nodes).relu() + self.backward_map(back @ nodes).relu()) / 2


class Isomorphism(nn.Module):
    """A perceptron over the node and the sums of its predecessors and of its successors."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.zeros(()))
        self.first, self.second = nn.Linear(2 * width, out), nn.Linear(out, out)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        """Nodes (n, nodes, width) to (n, nodes, out)."""
        own = (1 + self.share) * nodes
        sums = torch.cat([own + edges.mT @ nodes, own + edges @ nodes], -1)
        return self.second(self.first(sums).relu()).relu()


class Network(nn.Module):
    """Layers over the graph, the node that is joined to all others, extra columns, and a perceptron."""

    def __init__(self, kind: str, n_labels: int, n_extra: int) -> None:
        super().__init__()
        layer = {"GCN": Convolution, "GIN": Isomorphism}[kind]
        widths = [n_labels, *[WIDTH] * LAYERS]
        self.layers = nn.ModuleList(map(layer, widths[:-1], widths[1:]))
        self.extra = nn.Linear(n_extra, WIDTH) if n_extra else None
        self.head = nn.Sequential(
            nn.Linear(WIDTH * (1 + bool(n_extra)), WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1)
        )

    def forward(self, labels: Tensor, edges: Tensor, extra: Tensor) -> Tensor:
        """Predictions (n,) of labels (n, nodes, labels), edges (n, nodes, nodes) and columns (n, columns)."""
        nodes = labels
        for layer in self.layers:
            nodes = layer(nodes, edges)
        parts = [nodes[:, -1]]
        if self.extra is not None:
            parts.append(self.extra(extra).relu())
        return self.head(torch.cat(parts, -1)).squeeze(-1)


class GraphNetwork(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Learns normal scores of the labels, from the number of the cell and any further columns.

    One setting for every table, not tuned: AdamW with a cosine schedule, 200 passes, squared error.

    Parameters
    ----------
    cells : a function without arguments that gives the `Packed` cells of the table.
    kind : "GCN" or "GIN".
    """

    def __init__(self, cells: Any, kind: str = "GCN", random_state: int = 0) -> None:
        self.cells = cells
        self.kind = kind
        self.random_state = random_state

    def fit(self, X: Floats, y: Floats) -> Self:
        """Learn from rows (n, 1 + columns), the number of the cell first, and labels (n,)."""
        self.scores_ = LabelScores(by_rank=True).fit(y)
        n_extra = X.shape[1] - 1
        if n_extra:
            fill = SimpleImputer(strategy="median", keep_empty_features=True)
            self.columns_ = make_pipeline(fill, StandardScaler()).fit(X[:, 1:])
        with SEEDING, torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            self.network_ = Network(self.kind, self.cells().labels.shape[-1], n_extra)
        self._train(self._tensors(X), torch.tensor(self.scores_.transform(y), dtype=torch.float32))
        return self

    def _tensors(self, X: Floats) -> tuple[Tensor, Tensor, Tensor]:
        rows = torch.from_numpy(X[:, 0].astype(int))
        extra = self.columns_.transform(X[:, 1:]) if X.shape[1] > 1 else X[:, 1:]
        extra = torch.from_numpy(np.clip(extra, -MOST, MOST).astype(np.float32))
        return self.cells().labels[rows], self.cells().edges[rows], extra

    def _train(self, inputs: tuple[Tensor, Tensor, Tensor], scores: Tensor) -> None:
        size = max(SMALLEST_BATCH, -(-len(scores) // STEPS))
        order = torch.Generator().manual_seed(self.random_state)
        optimizer = torch.optim.AdamW(self.network_.parameters(), lr=RATE, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(scores), generator=order).split(size):
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(self.network_(*(part[rows] for part in inputs)), scores[rows])
                loss.backward()
                optimizer.step()
            schedule.step()

    def predict(self, X: Floats) -> Floats:
        """Predictions (n,)."""
        with torch.inference_mode():
            parts = [self.network_(*self._tensors(X[i : i + AT_ONCE])) for i in range(0, len(X), AT_ONCE)]
        return self.scores_.inverse_transform(torch.cat(parts).double().numpy())
