"""Readable features of computation graphs, as a table of declarations and a transformer."""

from graf.features import (  # noqa: F401 - they declare features
    attention,
    costs,
    degrees,
    depth,
    flows,
    gradients,
    operations,
    paths,
    positions,
    profiles,
    receptive,
    residual,
    spectrum,
    structure,
)
from graf.features.columns import CHOICE, Column, parse_column
from graf.features.published import published_name
from graf.features.registry import FEATURES, Feature
from graf.features.transformer import GraphFeatures

__all__ = ["CHOICE", "FEATURES", "Column", "Feature", "GraphFeatures", "parse_column", "published_name"]
