"""Files of architectures in, tables of features out."""

import pandas as pd
import pytest


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_features(run, cells, tmp_path, ending):
    out = tmp_path / f"features.{ending}"
    code, shown, err = run("features", cells, "-o", out)
    assert (code, shown.strip(), err) == (0, str(out), "")
    table = pd.read_parquet(out) if ending == "parquet" else pd.read_csv(out, index_col=0)
    assert len(table) == 30
    assert "op_count(conv3x3)" in table


def test_published_features(run, cells, tmp_path):
    assert run("features", cells, "-o", tmp_path / "f.csv", "--compat", "zc_combine")[0] == 0
    assert pd.read_csv(tmp_path / "f.csv", index_col=0).shape == (30, 191)


def test_features_and_choices(run, cells, tmp_path):
    assert run("features", cells, "-o", tmp_path / "f.csv", "--choices")[0] == 0
    chosen = pd.read_csv(tmp_path / "f.csv", index_col=0).filter(regex=r"^choice\(1->2=")
    assert chosen.shape == (30, 5)
    assert (chosen.sum(axis=1) == 1).all()
