"""Blocks: what each option of a search space does to each target, from measurements of whole networks."""

from graf.explainers.blocks.friendly import friendly, relative_to_average
from graf.explainers.blocks.reduction import dropped_options, expected_gain, predicted, reduce_space
from graf.explainers.blocks.scores import block_scores

__all__ = [
    "block_scores",
    "dropped_options",
    "expected_gain",
    "friendly",
    "predicted",
    "reduce_space",
    "relative_to_average",
]
