import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from graf.datasets.formats import open_table
from graf.exceptions import DatasetError


def store(path, facts):
    content = pa.table({"cell": ["a"], "acc": [1.0]})
    parquet.write_table(content.replace_schema_metadata({b"graf": facts.encode()}), path)
    return path


def test_head_is_text_and_rows_are_typed(write):
    table = open_table(write("a.csv", "cell,id,acc\n01,007,1.5\n02,008,2.5\n"))
    assert table.head.iloc[0].tolist() == ["01", "007", "1.5"]
    rows = table.read(["cell"])
    assert rows["cell"].tolist() == ["01", "02"] and rows["acc"].tolist() == [1.5, 2.5]


def test_a_byte_order_mark_is_no_part_of_the_first_name(write):
    assert open_table(write("a.csv", "\ufeffcell,acc\na,1\n")).head.columns[0] == "cell"


def test_blanks_behind_commas_are_no_part_of_names_or_values(write):
    table = open_table(write("a.csv", 'cell, acc, "told"\n01, 1.5, "a, b"\n'))
    assert table.head.columns.tolist() == ["cell", "acc", "told"]
    assert table.read(["cell", "told"]).iloc[0].tolist() == ["01", 1.5, "a, b"]


def test_blanks_around_names_are_no_part_of_them(write):
    table = open_table(write("a.csv", '\n cell , acc ,"told ",\n01,1.5,x\n'))
    assert table.head.columns.tolist() == ["cell", "acc", "told", "Unnamed: 3"]
    assert table.read(["cell"]).iloc[0, :3].tolist() == ["01", 1.5, "x"]


@pytest.mark.parametrize("header", ["cell,acc,acc", "cell,acc ,acc"])
def test_names_that_occur_twice(write, header):
    with pytest.raises(DatasetError, match=r"a\.csv: the column name 'acc' occurs more than once; rename"):
        open_table(write("a.csv", f"{header}\na,1,2\n"))


def test_indices_that_pandas_wrote_twice_are_told_apart(write):
    columns = open_table(write("a.csv", ",Unnamed: 0,cell,acc\n0,1,a,1\n")).head.columns
    assert columns.is_unique and columns[1:].tolist() == ["Unnamed: 0", "cell", "acc"]


def test_columns_separated_by_semicolons_although_a_name_has_a_comma(write):
    with pytest.raises(DatasetError, match="separated by commas, got ';'"):
        open_table(write("a.csv", "cell;acc, mean;lat\na;0,5;1,5\n"))
    assert len(open_table(write("b.csv", 'cell,"acc; mean; all"\na,0.5\n')).head.columns) == 2


def test_numbers_that_change_type_late_are_read(write):
    rows = "\n".join(f"a{i},{i}" for i in range(20_000))
    table = open_table(write("a.csv", f"cell,acc\n{rows}\nlast,0.5\n"))
    assert table.read(["cell"])["acc"].iloc[-1] == 0.5


def test_noise_ceilings_are_read_and_unknown_ones_left_out(tmp_path):
    path = store(tmp_path / "a.parquet", json.dumps({"noise_ceiling": {"acc": 0.5, "b": None}, "date": "x"}))
    assert open_table(path).noise_ceiling == {"acc": 0.5}


def test_the_space_that_was_measured_is_read_with_its_settings(tmp_path):
    settings = {"space": "nasbench201", "channels": 8, "input_shape": [1, 8, 8], "recipe": {"epochs": 1}}
    read = open_table(store(tmp_path / "a.parquet", json.dumps({"settings": settings}))).description
    assert read.space == "nasbench201"
    assert read.space_settings == {"channels": 8, "input_shape": [1, 8, 8]}


@pytest.mark.parametrize("settings", [[], {}, {"space": ["nasbench201"]}, {"space": "none of graf's"}])
def test_other_settings_name_no_space(tmp_path, settings):
    assert (
        open_table(store(tmp_path / "a.parquet", json.dumps({"settings": settings}))).description.space
        is None
    )


@pytest.mark.parametrize("facts", ["{", "[]", '{"noise_ceiling": 3}'])
def test_damaged_metadata(tmp_path, facts):
    with pytest.raises(DatasetError, match=r"cannot read .*a\.parquet"):
        open_table(store(tmp_path / "a.parquet", facts))
