"""Bad input is one line on the command line, and leaves no file."""

import os
from pathlib import Path

import pytest


def bad_inputs(tmp_path):
    cases = {
        "missing.txt": None, "empty.txt": b"", "binary.txt": bytes(range(256)),
        "malformed.txt": b"|nor_conv_3x3~0|+|none~0|none~\n", "unknown_op.txt":
        b"|nor_conv_9x9~0|+|none~0|none~1|+|none~0|none~1|none~2|\n", "truncated.parquet": b"PAR1\x15\x04",
        "nothing.csv": b"", "no_architecture.csv": b"a,b\n1,2\n",
    }  # fmt: skip
    for name, content in cases.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        yield path


def test_bad_input_is_one_line_and_code_2_and_leaves_no_file(run, tmp_path):
    for path in bad_inputs(tmp_path):
        code, out, err = run("features", path, "-o", tmp_path / "out.csv")
        assert (code, out) == (2, ""), path
        assert err.startswith("graf: "), path
        assert len(err.strip().splitlines()) == 1, path
        assert "Traceback" not in err
        assert not (tmp_path / "out.csv").exists()


def test_measure_names_the_architecture_that_cannot_be_read(run, tmp_path):
    path = tmp_path / "sizes.txt"
    path.write_text("8:16:24:32:40\n8:8:8:8:9\n")
    code, _, err = run("measure", path, "--space", "nats_size", "-o", tmp_path / "x")
    assert code == 2
    assert err.startswith("graf: architecture 1: not a NATS-Bench size network")


def test_measure_says_which_spaces_read_no_images(run, tmp_path):
    code, _, err = run("measure", "--space", "flexibert", "-o", tmp_path / "x")
    assert (code, err) == (2, "graf: networks of flexibert do not read images; give another `space`\n")


OUTPUTS = [
    ("features", "none.txt", "-o"),
    ("proxies", "none.txt", "-o"),
    ("fit", "none.csv", "-o"),
    ("predict", "none.txt", "--model", "none.graf", "-o"),
    ("explain", "none.txt", "--model", "none.graf", "-o"),
    ("search", "none.csv", "--target", "a", "-o"),
    ("search", "none.csv", "--target", "a", "-o", "h.csv", "--page"),
]


def test_other_refusals(run, cells, table, tmp_path):
    refused = [
        ("features", cells, "-o", tmp_path / "out.xlsx"),
        ("features", cells, "-o", "/proc/graf/out.csv"),
        ("features", cells, "-o", tmp_path / "out.csv", "--space", "nasbench2O1"),
        ("predict", cells, "--model", table),
        ("predict", cells, "--model", tmp_path / "missing.graf"),
        ("explain", cells, "--model", tmp_path / "missing.graf"),
        ("fit", table, "--target", "sped", "-o", tmp_path / "m"),
        ("fit", "nasbench2O1", "-o", tmp_path / "m"),
        ("fit", table, "--model", "random_forrest", "-o", tmp_path / "m"),
        ("report", table, "-o", "/proc/graf"),
        ("measure", "--space", "nasbench", "-o", tmp_path / "x"),
        ("measure", "--recipes", 2, "--epochs", 3, "-o", tmp_path / "x"),
    ]
    for arguments in refused:
        code, _, err = run(*arguments)
        assert code == 2, arguments
        assert len(err.strip().splitlines()) == 1, err
    assert "did you mean 'speed'" in run(*refused[6])[2]
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("place", ["a_folder.csv", "a_pipe.csv", "a_file/out.csv"])
@pytest.mark.parametrize("arguments", OUTPUTS, ids=lambda arguments: f"{arguments[0]}{arguments[-1]}")
def test_what_cannot_be_written_is_refused_before_the_work(run, tmp_path, monkeypatch, arguments, place):
    monkeypatch.chdir(tmp_path)
    Path("a_folder.csv").mkdir()
    os.mkfifo("a_pipe.csv")
    Path("a_file").touch()
    code, _, err = run(*arguments, place)  # whose input is missing: that comes to light later
    assert code == 2
    assert (
        "must be a file"
        if place.startswith(("a_folder", "a_pipe"))
        else "cannot write to the folder 'a_file'"
    ) in err
