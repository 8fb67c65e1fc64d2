"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

settings.register_profile("graf", deadline=None)  # a busy machine is no fault
settings.load_profile("graf")


@pytest.fixture(scope="session")
def graf_data() -> Path:
    """The folder of published tables; without it a user's run skips and CI fails."""
    folder = os.environ.get("GRAF_DATA")
    if folder:
        return Path(folder)
    message = "GRAF_DATA does not name the folder of published tables"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def nasbench201(graf_data) -> pd.DataFrame:
    """The published table of NAS-Bench-201, by cell."""
    text = dict.fromkeys(["cell", "naslib_ops"], str)
    return pd.read_csv(graf_data / "nasbench201.csv.gz", dtype=text).set_index("cell")
