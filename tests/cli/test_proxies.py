"""Proxies on the command line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graf import get_space


@pytest.fixture
def few(cells, tmp_path):
    path = tmp_path / "few.txt"
    path.write_text("\n".join(cells.read_text().splitlines()[1:3]))
    return path


def test_proxies(run, few, tmp_path):
    out = tmp_path / "proxies.csv"
    arguments = ["--proxy", "params", "--proxy", "synflow", "--batch-size", 2, "--seed", 1]
    code, shown, err = run("proxies", few, "-o", out, *arguments)
    assert (code, shown.strip(), err) == (0, str(out), "")
    assert list(pd.read_csv(out, index_col=0)) == ["params", "synflow"]
    assert not list(tmp_path.glob("*.partial"))
    code, _, err = run("proxies", few, "-o", out, "--proxy", "sinflow")
    assert code == 2
    assert "did you mean 'synflow'" in err
    np.savez(tmp_path / "data.npz", x=np.zeros((2, 3, 32, 32), np.float32))
    code, _, err = run("proxies", few, "-o", out, "--data", tmp_path / "data.npz")
    assert code == 2
    assert "arrays x and y" in err


@pytest.mark.parametrize("damage", ["one array", "empty", "cut short", "text"])
def test_data_of_proxies_that_cannot_be_read(run, few, tmp_path, damage):
    path = tmp_path / "data.npz"
    np.savez(path, x=np.zeros((2, 3, 8, 8), np.float32), y=np.zeros(2, int))
    if damage == "one array":
        path = tmp_path / "x.npy"
        np.save(path, np.zeros(3))
    else:
        path.write_bytes({"empty": b"", "cut short": path.read_bytes()[:500], "text": b"x,y\n"}[damage])
    code, _, err = run("proxies", few, "-o", tmp_path / "p.csv", "--data", path)
    assert (code, err.count("\n")) == (2, 1)
    assert f"arrays x and y, got {path}" in err
    assert "pickle" not in err


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_proxies_that_do_not_exist(run, few, tmp_path, ending):
    """They are NaN, and the reasons and settings stay with the table."""
    out = tmp_path / f"proxies.{ending}"
    settings = ["--space-setting", "channels=4", "--space-setting", "n_stages=1", "--input-shape", "3,8,8"]
    names = ["--proxy", "params", "--proxy", "dss"]
    code, _, err = run("proxies", few, "-o", out, *settings, *names, "--batch-size", 2)
    assert code == 0
    metadata = f"the metadata of {out}" if ending == "parquet" else f"{out}.json"
    assert f"all reasons are in {metadata}" in err
    table = pd.read_parquet(out) if ending == "parquet" else pd.read_csv(out, index_col=0)
    assert table["dss"].isna().all()
    space = get_space("nasbench201", channels=4, n_stages=1)
    assert (table["params"] * 1e6).round().tolist() == [space.graph(a).n_parameters for a in table.index]
    found = table.attrs if ending == "parquet" else json.loads(Path(f"{out}.json").read_text())
    assert set(found["reasons"]) == {"dss"}
    assert set(found["reasons"]["dss"]) == set(table.index)
    assert all("attention" in reason for reason in found["reasons"]["dss"].values())
    assert "(3, 8, 8)" in found["data"]
    assert found["batch_size"] == 2


def test_a_folder_as_output_is_refused_before_the_work(run, few, tmp_path):
    out = tmp_path / "proxies.csv"
    out.mkdir()
    code, _, err = run("proxies", few, "-o", out)
    assert code == 2 and f"`--output` must be a file, got the folder {out}" in err
    assert not list(tmp_path.glob("*.partial"))


def test_settings_of_proxies(run, few, tmp_path):
    names = [
        "--proxy",
        "swap",
        "--proxy",
        "regularised_swap",
        "--space-setting",
        "channels=2",
        "--batch-size",
        2,
    ]
    sizes = ["--setting", "regularised_swap.mu=1", "--setting", "regularised_swap.sigma=1e12"]
    code, _, err = run("proxies", few, "-o", tmp_path / "p.csv", *names, *sizes)
    assert (code, err) == (0, "")
    table = pd.read_csv(tmp_path / "p.csv", index_col=0)
    np.testing.assert_allclose(table["swap"], table["regularised_swap"], rtol=1e-6)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--space-setting", "channels", "NAME=VALUE"),
        ("--space-setting", "channel=2", "did you mean 'channels'"),
        ("--space-setting", "channels=many", "positive integer"),
        ("--setting", "mu=1", "PROXY.NAME=VALUE"),
        ("--setting", "zen.mu=1", "`settings` of 'zen'"),
        ("--input-shape", "32", "(channels, height, width)"),
    ],
)
def test_bad_settings_of_proxies(run, few, tmp_path, option, value, message):
    code, _, err = run("proxies", few, "-o", tmp_path / "p.csv", "--proxy", "params", option, value)
    assert code == 2
    assert err.count("\n") == 1
    assert message in err
