"""Witnesses: the part of a graph that made the value of a column, one small file per kind of feature."""

from graf.explainers.witnesses import (  # noqa: F401 - they declare finders
    attention,
    attributes,
    costs,
    counts,
    degrees,
    flows,
    gradients,
    paths,
    positions,
    residual,
    spectrum,
)
from graf.explainers.witnesses.find import Witnesses, witness
from graf.explainers.witnesses.witness import Witness

__all__ = ["Witness", "Witnesses", "witness"]
