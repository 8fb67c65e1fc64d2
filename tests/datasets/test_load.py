"""Tables loaded from files of every kind, with and without a description."""

import gzip

import pandas as pd
import pytest

import graf
from graf.spaces import NASBench201, get_space


@pytest.mark.parametrize("name", ["mine.csv", "mine.csv.gz", "mine.parquet"])
def test_every_container_holds_the_same(write, table, name):
    plain = graf.load_dataset(write("plain.csv", table))
    other = graf.load_dataset(str(write(name, table)))
    assert other.name == "mine"
    for part in ("targets", "proxies", "metadata"):
        pd.testing.assert_frame_equal(getattr(other, part), getattr(plain, part))
    assert other.architectures == plain.architectures


def test_a_file_is_what_it_contains(write, table):
    path = write("packed.csv", gzip.compress(table.to_csv(index=False).encode()))
    assert len(graf.load_dataset(path)) == 3


def test_a_sidecar_describes_its_table(write, table):
    write("mine.toml", 'space = "none"\nproxies = []\n[[targets]]\ncolumns = "accuracy"\nunit = "percent"\n')
    data = graf.load_dataset(write("mine.csv.gz", table))
    assert data.space is None
    assert data.metadata["unit"].to_dict() == {"accuracy": "percent"}
    assert data.proxies.shape == (3, 0)
    assert "synflow" in data.info


def test_a_description_can_be_given(write, table):
    described = {
        "space": "nasbench201",
        "space_settings": {"channels": 8},
        "targets": [{"columns": ["acc*"], "noise_ceiling": 0.9}],
    }
    path = write("mine.csv", table)
    data = graf.load_dataset(path, description=described)
    assert data.space == NASBench201(channels=8)
    assert data.metadata["noise_ceiling"].tolist() == [0.9, 0.9]
    file = write("other.toml", '[[targets]]\ncolumns = ["accuracy"]\n')
    assert graf.load_dataset(path, description=file).targets.columns.tolist() == ["accuracy"]


def test_a_shipped_table_is_loaded_by_name(tmp_path, monkeypatch, write):
    monkeypatch.setenv("GRAF_DATA", str(tmp_path))
    write("vitas_small.csv", "code,depth,acc_fraction\n0-1,12,0.79\n0-2,13,0.8\n")
    data = graf.load_dataset("vitas_small")
    assert data.metadata.loc["acc_fraction", "unit"] == "fraction"
    assert "depth" in data.info


def test_a_file_of_a_published_name_is_described_if_it_fits(write, table):
    fitting = graf.load_dataset(write("nasbench301.csv", "compact,val_acc_pct\n[],92.5\n"))
    assert fitting.metadata["kind"].tolist() == ["surrogate prediction"]
    part = graf.load_dataset(write("nasbench301_rest.csv", "compact,val_acc_pct\n[],92.5\n"))
    assert part.metadata.equals(fitting.metadata)
    other = graf.load_dataset(write("nasbench101.csv", table))
    assert set(other.metadata["kind"]) == {"not stated"}


def test_the_order_of_columns_of_a_published_table_does_not_matter(write):
    network = get_space("mnasnet").sample(1)[0]
    names = [f"block{i}_{key}" for i in range(7) for key in ("e", "k", "l", "se")]
    row = pd.DataFrame([network.split(":")], columns=names).assign(val_top1_pct=70.5)
    path = write("accel_nasbench_imagenet_rest.csv", row[["val_top1_pct", *sorted(names, reverse=True)]])
    data = graf.load_dataset(path)
    assert data.architectures == [network]
