"""The published NAS-Bench-201 cells, simplified once for all tests."""

import pandas as pd
import pytest

from graf import get_space


@pytest.fixture(scope="session")
def simple_cells(nasbench201) -> pd.Series:
    """Simplified graphs of the 9,445 cells without useless edges."""
    cells = nasbench201.index[nasbench201.connected == 1]
    graphs = [graph.simplified() for graph in get_space("nasbench201").batch(cells)]
    return pd.Series(graphs, index=cells, dtype=object)
