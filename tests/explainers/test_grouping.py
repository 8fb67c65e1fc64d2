"""Groups of features."""

import pytest

from graf.explainers.grouping import weights
from graf.features import Column
from graf.ops import OpSet

COLUMNS = {str(c): c for c in [Column("n_paths", ops) for ops in OpSet(("a", "b", "c")).subsets()]}


@pytest.mark.parametrize("by", ["feature", "family", "operation"])
def test_every_feature_counts_once(by):
    table = weights([*COLUMNS, "flops"], COLUMNS, by)
    assert table.sum(axis=1).to_numpy() == pytest.approx(1)


def test_groups():
    names = [*COLUMNS, "flops"]
    assert list(weights(names, COLUMNS, "feature")) == names
    assert list(weights(names, COLUMNS, "family")) == ["n_paths", "given columns"]
    assert list(weights(names, COLUMNS, "operation")) == ["a", "b", "c", "given columns"]
