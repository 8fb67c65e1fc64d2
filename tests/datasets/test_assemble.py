"""What becomes of the values and the architectures of a table."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import graf
from graf.exceptions import DatasetError


def test_sentinels_become_nan(write, table):
    table["index"] = [1, 2, -100_000_000]
    data = graf.load_dataset(write("mine.csv", table))
    np.testing.assert_array_equal(data.proxies["synflow"], [1, np.nan, 3])
    np.testing.assert_array_equal(data.targets["phone_latency"], [1.5, np.nan, 2.5])
    np.testing.assert_array_equal(data.info["index"], [1, 2, np.nan])
    assert data.targets.dtypes.eq(float).all() and data.proxies.dtypes.eq(float).all()


def test_sentinels_count_for_no_mean_of_repeats(write):
    rows = {"arch": ["a", "a", "b"], "acc": [10, -1, 5], "flops": [-1e8, 2, 3], "speed": [np.inf, 4, 6]}
    described = {
        "architecture": "arch", "average_repeats": True, "space": "none", "proxies": ["flops"],
        "targets": [{"columns": ["acc", "speed"], "missing": [-1]}],
    }  # fmt: skip
    rows |= {"remark": ["first", "second", "third"], "seed": [1, 2, 3]}
    data = graf.load_dataset(write("mine.csv", pd.DataFrame(rows)), description=described)
    assert data.architectures == ["a", "b"]
    assert data.targets.to_dict("list") == {"acc": [10, 5], "speed": [4, 6]}
    assert data.proxies["flops"].tolist() == [2, 3]
    assert data.info.to_dict("list") == {"remark": ["first", "third"], "seed": [1.5, 3]}


def test_decimals_are_numbers(tmp_path, cells):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"architecture": cells[:2], "latency": [Decimal("1.5"), None]}).to_parquet(path)
    targets = graf.load_dataset(path).targets
    assert targets["latency"].iloc[0] == 1.5 and np.isnan(targets["latency"].iloc[1])


def test_infinite_values_become_nan(write, cells):
    data = graf.load_dataset(write("mine.csv", pd.DataFrame({"cell": cells, "a": [1, np.inf, -np.inf]})))
    np.testing.assert_array_equal(data.targets["a"], [1, np.nan, np.nan])


def test_leading_zeros_stay(write):
    path = write("mine.csv", "name,acc\n0010,1\n0011,2\n")
    assert graf.load_dataset(path, architecture="name").architectures == ["0010", "0011"]


def test_integer_keys_become_text(write):
    path = write("mine.parquet", pd.DataFrame({"id": [7, 8], "acc": [0.5, 0.6]}))
    assert graf.load_dataset(path, architecture="id").architectures == ["7", "8"]


def test_several_key_columns_are_joined_and_kept(write):
    path = write("mine.csv", "model,size,acc\nvit,064,1\nvit,128,2\n")
    data = graf.load_dataset(path, architecture=["model", "size"])
    assert data.architectures == ["vit:064", "vit:128"]
    assert data.info.columns.tolist() == ["model", "size"]
    assert data.targets.columns.tolist() == ["acc"]


def test_blanks_around_names_and_architectures(write):
    data = graf.load_dataset(write("a.csv", "cell , acc \n1-2-3-4 ,0.5\n 1-2-3-3,0.6 \n"))
    assert data.architectures == ["1-2-3-4", "1-2-3-3"] and data.targets["acc"].tolist() == [0.5, 0.6]
    with pytest.raises(DatasetError, match="occurs more than once"):
        graf.load_dataset(write("b.csv", "cell,acc\n1-2-3-4 ,0.5\n1-2-3-4,0.6\n"))
