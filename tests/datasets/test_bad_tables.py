"""What is said of files and arguments that make no dataset."""

import gzip

import pandas as pd
import pytest

import graf
from graf.datasets import catalogue
from graf.exceptions import DatasetError, InputError, UnknownNameError


@pytest.mark.parametrize(
    ("argument", "error", "message"),
    [
        ({"targets": ["acuracy"]}, UnknownNameError, "'accuracy'"),
        ({"proxies": ["synflw"]}, UnknownNameError, "'synflow'"),
        ({"architecture": "cel"}, UnknownNameError, "'cell'"),
        ({"targets": [3]}, DatasetError, "`targets`"),
        ({"architecture": 3}, DatasetError, "`architecture`"),
        ({"targets": {"accuracy": {"kind": "guess"}}}, UnknownNameError, "kind"),
        ({"targets": {"accuracy": {"units": "ms"}}}, UnknownNameError, "'unit'"),
        ({"targets": {"accuracy": 3}}, DatasetError, "table of keys"),
        ({"targets": ["remark"]}, DatasetError, "must hold numbers, got 'good' at index 0"),
        ({"space": "nasbench210"}, UnknownNameError, "'nasbench201'"),
        ({"space": 3}, InputError, "`space`"),
        ({"description": {"space": "nasbench201", "space_settings": {"depth": 3}}}, InputError, "depth"),
        ({"description": {"targets": [{"columns": "acuracy"}]}}, UnknownNameError, "'accuracy'"),
        ({"description": "missing.toml"}, DatasetError, "missing.toml"),
        ({"task": "cifar10"}, UnknownNameError, "task"),
    ],
)
def test_wrong_arguments(write, table, argument, error, message):
    with pytest.raises(error, match=message):
        graf.load_dataset(write("mine.csv", table), **argument)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", "", "empty"),
        ("blank.csv", " \n\n", "empty"),
        ("header.csv", "cell,acc\n", "no rows"),
        (
            "names.csv",
            "1-2-3-4,0.5\n1-2-3-3,0.6\n",
            "no row of column names: its first row holds .* '1-2-3-4'",
        ),
        ("marks.csv", "cell;acc\n1-2-3-4;0,5\n", "separated by commas, got ';' in 'cell;acc'"),
        ("tabs.tsv", "cell\tacc\n1-2-3-4\t0.5\n", "separated by commas"),
        ("long.csv", "cell,acc\n(1),1\n(2),2,3\n", "cannot read"),
        ("note.csv", "# a note\ncell,acc\n(1),1\n", "a row has more cells than there are column names"),
        ("binary.csv", b"\xff\xfe\x00a", "cannot read"),
        (
            "latin.csv",
            "cell,acc,note\n(1),1,über\n".encode("latin-1"),
            "not text in UTF-8 .*; save it as such",
        ),
        ("packed.csv.zip", b"PK\x03\x04;\xd7;\x0b~]", "not text in UTF-8"),
        ("cut.csv.gz", gzip.compress(b"cell,acc\n" * 99, mtime=0)[:-20], "cannot read"),
        ("damaged.csv.gz", b"\x1f\x8b\x08\x00" + b"rubbish" * 9, "cannot read"),
        ("wrong.parquet", "cell,acc\n(1),1\n", "cannot read"),
        ("keyless.csv", "model,acc\nvit,1\n", "no column of .* holds architectures.*'model', 'acc'"),
        ("hole.csv", "cell,acc\n(1),1\n,2\n", "no architecture at index 1"),
        ("numbers.parquet", pd.DataFrame({"cell": [0.5], "acc": [1]}), "must hold architectures as text"),
        ("twice.csv", "cell,acc\n(1),1\n(2),2\n(1),3\n", r"'\(1\)' occurs more than once"),
        ("mixed.csv", "cell,acc\n(1),1\n(2),high\n", "'high' at index 1"),
        ("undefined.csv", "cell,acc\n(1),\n(2),\n", "'acc' .* has no number"),
        ("dates.parquet", pd.DataFrame({"cell": ["a"], "acc": pd.to_datetime(["2020-01-01"])}), "numbers"),
    ],
)
def test_bad_files(write, name, content, message):
    path = write(name, content)
    with pytest.raises(DatasetError, match=message) as caught:
        graf.load_dataset(path, targets=None if "keyless" in name else ["acc"])
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "\n" not in str(caught.value)


def test_a_truncated_parquet(write, table):
    path = write("mine.parquet", table)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DatasetError, match=r"cannot read .*mine\.parquet"):
        graf.load_dataset(path)


def test_a_column_that_occurs_twice_in_parquet(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table([["a"], [1], [2]], names=["cell", "acc", "acc"]), tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match="more than once"):
        graf.load_dataset(tmp_path / "a.parquet")


@pytest.mark.parametrize("content", ["targets = 3", "[[targets]\n", "colour = 1", b"\xff"])
def test_a_bad_sidecar(write, table, content):
    write("mine.toml", content)
    with pytest.raises(InputError, match=r"mine\.toml"):
        graf.load_dataset(write("mine.csv", table))


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(DatasetError, match=r"missing\.csv: No such file"):
        graf.load_dataset(tmp_path / "missing.csv")
    with pytest.raises(DatasetError, match="directory"):
        graf.load_dataset(tmp_path)


def test_an_unknown_name():
    with pytest.raises(UnknownNameError, match="unknown dataset 'digits20'; did you mean 'digits201'"):
        graf.load_dataset("digits20")
    with pytest.raises(InputError, match="`name_or_path`"):
        graf.load_dataset(3)


def test_a_published_table_that_is_not_here(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "TABLES", tmp_path)
    monkeypatch.delenv("GRAF_DATA", raising=False)
    with pytest.raises(DatasetError, match="GRAF_DATA"):
        graf.load_dataset("nasbench201")
