"""The shape of a graph as its spectrum shows it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigvalsh
from scipy.sparse import coo_array, csgraph, eye_array
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from graf.features.registry import OperationSets, feature
from graf.graph import GraphBatch

__all__ = ["laplacian"]

N_SHOWN = 5
DENSE = 200  # nodes up to which all eigenvalues cost less than the lowest by iteration
SHIFT = -1e-3
WIDE = 400  # bandwidth
N_KEPT, MAX_RESTARTS = 34, 200
Values = NDArray[np.float64]


@feature(
    over="graph",
    stats=tuple(f"e{i}" for i in range(1, N_SHOWN + 1)),
    unit="eigenvalue, between 0 and 2",
    cost="O(V^3) up to 200 nodes, then O(V + E) per step of iteration: 2 to 400 ms up to 5,000 nodes",
    reference="Chung, Spectral Graph Theory, 1997",
    default=False,
)
def laplacian(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Lowest eigenvalues of the normalised Laplacian I - D^-1/2 A D^-1/2 that are not zero.

    A is the adjacency of the graph without directions and repeated edges. The smaller they are,
    the easier the graph falls into parts: a long chain has small ones, a densely joined graph
    none. One eigenvalue is zero for each connected component; these are left out. NaN beyond the
    last.
    """
    for row, graph in enumerate(_edges(batch)):
        out[row] = _lowest(*graph)


def _edges(batch: GraphBatch) -> Any:
    """Number of nodes and edges (n_edges, 2) of each graph."""
    _, target = batch.edges
    for start, stop in zip(batch.offset[:-1], batch.offset[1:], strict=True):
        edges = slice(batch.pred_indptr[start], batch.pred_indptr[stop])
        yield stop - start, batch.preds[edges], target[edges] - start


def _lowest(n: int, source: NDArray[Any], target: NDArray[Any]) -> Values:
    ones = np.ones(2 * len(source))
    ends = np.concatenate([source, target]), np.concatenate([target, source])
    adjacency = coo_array((ones, ends), shape=(n, n)).tocsr()
    adjacency.data[:] = 1.0
    matrix: Any = csgraph.laplacian(adjacency, normed=True)
    zeros: Any = csgraph.connected_components(adjacency, directed=False, return_labels=False)
    k = min(n, zeros + N_SHOWN)
    if n <= DENSE or k >= n - 1:
        values = eigvalsh(matrix.toarray(), subset_by_index=[0, k - 1])
    else:
        values = _lowest_sparse(matrix, k)
    found = np.full(N_SHOWN, np.nan)
    found[: k - zeros] = values[zeros:k]
    return found


def _lowest_sparse(matrix: Any, k: int) -> Values:
    """The k lowest eigenvalues, in order, from a fixed start.

    Networks are long and narrow: once their nodes are ordered, factors of the matrix stay sparse and
    inverse iteration takes a few steps. Wide graphs have dense factors, but their eigenvalues lie
    apart, so that iteration with the matrix itself soon tells them.
    """
    options: dict[str, Any] = {"v0": np.cos(np.arange(matrix.shape[0])), "return_eigenvectors": False}
    if _bandwidth(matrix) > WIDE:
        turned = 2 * eye_array(matrix.shape[0], format="csr") - matrix
        with suppress(ArpackNoConvergence):
            found = eigsh(turned, k, which="LA", ncv=k + N_KEPT, maxiter=MAX_RESTARTS, **options)
            return np.sort(2 - found)
    return np.sort(eigsh(matrix.tocsc(), k, sigma=SHIFT, **options))


def _bandwidth(matrix: Any) -> int:
    """How far apart neighbours are in the order of Cuthill and McKee."""
    order = csgraph.reverse_cuthill_mckee(matrix.tocsr(), symmetric_mode=True)
    place = np.argsort(order)
    edges = matrix.tocoo()
    return int(np.abs(place[edges.row] - place[edges.col]).max())
