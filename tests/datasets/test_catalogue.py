import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import graf
from graf.datasets import catalogue, list_datasets
from graf.spaces import NASBench201

CEILINGS = {"test_acc": 0.8, "ece": 0.3, "val_acc": None, "not_here": 0.5}


@pytest.fixture
def digits(tmp_path, monkeypatch, cells):
    """A table with the columns of digits201, where the real one lies."""
    figures = [
        "val_acc",
        "test_acc",
        "train_acc",
        "pgd_0.05_acc",
        "fgsm_0.1_acc",
        "noise_0.2_acc",
        "blur_0.5_acc",
    ]
    errors = [name + suffix for name in ("ece", "mce", "nll", "brier", "ece_mass") for suffix in ("", "_ts")]
    costs = ["train_seconds", "latency_b1_ms", "latency_b64_ms"]
    info = [
        "temperature",
        "latency_b1_spread_ms",
        "n_parameters",
        "n_macs",
        "test_acc_seed0",
        "pgd_0.05_acc_seed1",
    ]
    names = figures + errors + costs + info
    table = pd.DataFrame({"architecture": cells, **{name: np.arange(3.0) for name in names}})
    content = pa.Table.from_pandas(table, preserve_index=False)
    facts = {b"graf": json.dumps({"noise_ceiling": CEILINGS}).encode()}
    parquet.write_table(content.replace_schema_metadata(facts), tmp_path / "digits201.parquet")
    monkeypatch.setattr(catalogue, "TABLES", tmp_path)
    return graf.load_dataset("digits201")


def test_digits201_roles(digits):
    assert digits.name == "digits201"
    assert {"temperature", "n_parameters", "n_macs", "test_acc_seed0", "pgd_0.05_acc_seed1"} <= set(
        digits.info
    )
    assert digits.info.shape[1] == 6 and digits.proxies.shape == (3, 0)
    assert digits.targets.shape == (3, 20)
    assert digits.space == NASBench201(8, 1, 1, (1, 8, 8), 10)


def test_digits201_metadata(digits):
    facts = digits.metadata
    assert facts.index[facts["primary"]].tolist() == ["test_acc", "pgd_0.05_acc", "ece", "latency_b1_ms"]
    assert facts.loc["latency_b1_ms", ["group", "direction", "unit", "kind"]].tolist() == [
        "latency",
        "min",
        "ms",
        "measured on device",
    ]
    assert set(facts.loc[facts["group"] == "calibration", "direction"]) == {"min"}
    assert facts.loc["test_acc", "kind"] == "measured training, mean of seeds"


def test_noise_ceilings_come_from_the_file(digits):
    ceilings = digits.metadata["noise_ceiling"]
    assert ceilings.dropna().to_dict() == {"test_acc": 0.8, "ece": 0.3}


def test_list_datasets(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "TABLES", tmp_path)
    monkeypatch.setenv("GRAF_DATA", str(tmp_path))
    (tmp_path / "hat_latency.csv").touch()
    listed = list_datasets()
    assert listed.index.name == "name" and len(listed) == 17
    assert listed.index[listed["available"]].tolist() == ["hat_latency"]
    assert listed.loc["hat_latency", "file"] == str(tmp_path / "hat_latency.csv")
    assert (listed["source"] != "").all()
