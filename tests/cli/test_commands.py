"""Every command has help; lists, measurements and a report from a person's side."""

import re
import subprocess
import sys

import pandas as pd
import pytest

import graf

COMMANDS = ["report", "features", "proxies", "fit", "predict", "explain", "measure", "list", "search"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_a_seed(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "--seed" in out


def test_version(run):
    assert run("--version") == (0, f"graf {graf.__version__}\n", "")


def test_report(run, table, tmp_path):
    code, out, err = run("report", table, "-o", tmp_path / "report", "--target", "size")
    assert (code, err) == (0, "")
    assert out.strip() == str(tmp_path / "report" / "index.html")
    assert list((tmp_path / "report" / "tables").glob("*.csv"))


def test_measure(run, tmp_path):
    code, out, err = run(
        "measure",
        "-o",
        tmp_path / "m",
        "-n",
        2,
        "--n-seeds",
        2,
        "--epochs",
        1,
        "--latency-rounds",
        2,
        "--jobs",
        1,
    )
    assert (code, err) == (0, "")
    assert len(pd.read_parquet(out.strip())) == 2


def test_measure_under_several_recipes(run, tmp_path):
    options = ("-n", 1, "--recipes", 2, "--n-seeds", 1, "--jobs", 1)
    code, out, err = run("measure", "-o", tmp_path / "m", *options)
    assert (code, err) == (0, "")
    table = pd.read_parquet(out.strip())
    assert table["recipe"].tolist() == [0, 1] and table["learning_rate"].nunique() == 2


def test_list(run):
    code, out, _ = run("list")
    assert code == 0
    for name in ("digits201", "op_count", "nasbench201", "random_forest"):
        assert name in out
    assert "transnas_micro" in run("list", "spaces")[1]
    assert (
        "input gradients of a class. [Lopes et al., 2021]" in run("list", "proxies")[1]
    )  # the whole sentence


def test_text_may_begin_with_a_byte_order_mark(run, cells, tmp_path):
    cells.write_bytes(b"\xef\xbb\xbf" + cells.read_bytes())
    assert run("features", cells, "-o", tmp_path / "f.csv") == (0, f"{tmp_path / 'f.csv'}\n", "")


def test_quiet_in_a_pipe_and_no_traceback_as_a_process(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "from graf.cli import main; main()", "features", "nowhere.txt", "-o", "x.csv"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("graf: nowhere.txt")


def test_operations_are_listed(run):
    code, out, _ = run("list", "operations")
    assert code == 0
    assert re.search(r"layer_norm +normalisation; PyTorch: layer_norm .*; ONNX: LayerNormalization", out)
