"""Training and measuring architectures. Measuring needs the extra `torch`."""

from graf.measure.architectures import distinct_architectures
from graf.measure.campaign import measure
from graf.measure.recipe import Recipe, sample_recipes
from graf.measure.recipe_campaign import measure_recipes
from graf.measure.variance import variance_shares

__all__ = [
    "Recipe",
    "distinct_architectures",
    "measure",
    "measure_recipes",
    "sample_recipes",
    "variance_shares",
]
