"""The spectrum, to which every node and edge belongs."""

from __future__ import annotations

from graf.explainers.witnesses.view import View
from graf.explainers.witnesses.witness import Witness, finds, none
from graf.features import Column

__all__: list[str] = []


@finds("laplacian")
def _laplacian(view: View, column: Column) -> Witness:
    return none(column, "a property of the whole graph: no part of it stands for an eigenvalue")
