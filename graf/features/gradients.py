"""What gradients meet on their way from the loss back to the parameters.

Operations are of four kinds:

- *pass*: gradients go on as they are (sums, concatenation, selection, resampling);
- *shrink*: they get smaller (norms, softmax and other saturating functions, pools, means; attention,
  for its softmax);
- *gate*: a part goes on, which depends on the input (products, activations like relu);
- *mix*: weights mix them (convolutions, linear and recurrent layers, products of matrices, and whatever
  graf does not know).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import OperationSets, are_zero, feature
from graf.graph import GraphBatch
from graf.ops import Operation

__all__ = ["gradient_path", "has_parameters", "kind_of"]

KINDS = ("all", "pass", "shrink", "gate", "mix")
STATS = ("min", "farthest", "mean")
SATURATING = ("sigmoid", "hardsigmoid", "tanh", "hardtanh", "softsign", "erf", "softmax", "log_softmax")
PASSING = ("add", "subtract", "negate", "round", "complement", "blend")
KIND_OF_GROUP = {
    "identity": "pass",
    "concat": "pass",
    "index": "pass",
    "resampling": "pass",
    "position": "pass",
    "normalisation": "shrink",
    "attention": "shrink",
    "pool": "shrink",
    "reduction": "shrink",
    "activation": "gate",
    "elementwise": "gate",
}
Values = NDArray[np.float64]


def kind_of(operation: Operation) -> str:
    """Whether an operation passes, shrinks, gates or mixes gradients."""
    if operation.name in SATURATING:
        return "shrink"
    if operation.name in PASSING:
        return "pass"
    return KIND_OF_GROUP.get(operation.group, "mix")


@feature(
    over="graph",
    stats=tuple(f"{stat}_{kind}" for kind in KINDS for stat in STATS),
    unit="operations",
    cost="O(V + E)",
    reference="this library; counting operations that gradients meet as in Veit et al., NeurIPS 2016",
    default=False,
)
def gradient_path(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Operations of a kind between the loss and the parameters: on shortest and on mean paths.

    For each node with parameters, over the paths without zero operations from an output back to it,
    itself left out: the fewest operations of the kind on a path, and their mean over all paths, every
    path counted. `min_KIND` is the mean of the fewest over all nodes with parameters, `farthest_KIND`
    their maximum, and `mean_KIND` the mean of the means. Kinds: `all`, `pass`, `shrink`, `gate`, `mix`.
    Parameters are where `n_parameters` is positive, also on junctions, on which spaces of cells put
    stem and classifier, and where no input leads; without this attribute, wherever an operation can
    have some. NaN where no parameter leads to an output.
    """
    from graf.kernels.path_moments import backward_paths

    kinds = [*map(kind_of, batch.ops.operations), "mix"]
    weight = np.array([[kind in ("all", own) for kind in KINDS] for own in kinds], float)
    weight = np.vstack([weight, np.zeros(len(KINDS))])
    zero = are_zero(batch.ops)
    backward_paths(*batch.arrays, zero, weight, has_parameters(batch), out)


def has_parameters(batch: GraphBatch) -> NDArray[np.bool_]:
    """Nodes with parameters, or that can have some where their number is not known."""
    if "n_parameters" in batch.attributes:
        return batch.attributes["n_parameters"] > 0
    stateless = [op.stateless for op in batch.ops.operations] + [False, True]
    return ~np.array(stateless)[batch.node_op]
