"""The commands from a person's side: files in, files out, one line for bad input."""

import json
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from onnx_models import saved, weight

import graf
from graf import PerformancePredictor, get_space, load_dataset, load_predictor, read_graph
from graf.cli import main

COMMANDS = ["report", "features", "proxies", "fit", "predict", "explain", "measure", "list", "search"]


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["graf", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        shown = capsys.readouterr()
        return stop.value.code, shown.out, shown.err

    return call


@pytest.fixture
def cells(tmp_path):
    path = tmp_path / "cells.txt"
    path.write_text("# a comment\n" + "\n".join(get_space("nasbench201").sample(30, seed=2)) + "\n\n")
    return path


@pytest.fixture
def table(tmp_path):
    space = get_space("nasbench201")
    cells = list(dict.fromkeys(space.sample(120, seed=4)))
    macs = [space.graph(cell).n_macs for cell in cells]
    frame = pd.DataFrame({"cell": cells, "speed": macs, "size": np.log1p(macs)})
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_a_seed(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "--seed" in out


def test_version(run):
    assert run("--version") == (0, f"graf {graf.__version__}\n", "")


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


def test_fit_then_predict(run, table, cells, tmp_path):
    model = tmp_path / "model.graf"
    code, _, err = run("fit", table, "--target", "speed", "--target", "size", "-o", model)
    assert (code, err) == (0, "")
    code, out, err = run("predict", cells, "--model", model)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "architecture,speed,size"
    assert len(out.splitlines()) == 31
    assert run("predict", cells, "--model", model, "-o", tmp_path / "p.csv")[0] == 0
    assert (tmp_path / "p.csv").read_text() == out


@pytest.mark.parametrize("command", ["features", "predict", "explain"])
def test_architectures_to_predict_may_repeat_in_tables_as_in_texts(run, table, cells, tmp_path, command):
    rows = cells.read_text().split()[-3:]
    rows += rows[:1]
    cells.write_text("\n".join(rows))
    pd.DataFrame({"cell": rows, "note": 0.5}).to_csv(tmp_path / "again.csv", index=False)
    run("fit", table, "--target", "size", "--model", "random_forest", "-o", tmp_path / "m")
    model = [] if command == "features" else ["--model", tmp_path / "m"]
    written = []
    for source in (cells, tmp_path / "again.csv"):
        assert run(command, source, *model, "-o", tmp_path / "out.csv")[::2] == (0, "")
        written.append((tmp_path / "out.csv").read_text())
    found = pd.read_csv(tmp_path / "out.csv", index_col="architecture")
    assert written[0] == written[1] and found.index.tolist() == rows
    assert found.iloc[0].equals(found.iloc[3]) and not found.iloc[0].equals(found.iloc[1])


def test_endings_of_tables_in_capitals_and_other_tables(run, table, tmp_path):
    loud, tabs = tmp_path / "TABLE.CSV", tmp_path / "table.tsv"
    loud.write_text(table.read_text())
    tabs.write_text(table.read_text().replace(",", "\t"))
    assert run("features", loud, "-o", tmp_path / "f.csv")[0] == 0
    code, _, err = run("features", tabs, "-o", tmp_path / "f.csv")
    assert code == 2 and "separated by commas" in err


def test_a_table_without_targets(run, table, tmp_path):
    pd.read_csv(table)[["cell"]].assign(share="5%").to_csv(table, index=False)
    for command, out in (("fit", "m"), ("report", "r"), ("search", "h.csv")):
        code, _, err = run(command, table, "-o", tmp_path / out)
        assert code == 2 and "has no column of numbers that is a target, only 'share'" in err


def test_fit_says_which_targets_it_took_and_which_not(run, table, tmp_path):
    code, _, err = run("fit", table, "--model", "random_forest", "-o", tmp_path / "m")
    assert (code, err) == (0, "graf: fitted speed; 1 not, name them by --target: size\n")
    assert load_predictor(tmp_path / "m").target_names_ == ["speed"]
    pd.read_csv(table).drop(columns="size").to_csv(table, index=False)
    assert run("fit", table, "--model", "random_forest", "-o", tmp_path / "m")[::2] == (0, "")


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line(run, table, cells, tmp_path):
    model, frame = tmp_path / "model.graf", pd.read_csv(table).head(20)
    PerformancePredictor("auto", warn_beyond=1e-6).fit(frame["cell"].tolist(), frame["size"]).save(model)
    code, out, err = run("predict", cells, "--model", model)
    assert (code, len(out.splitlines())) == (0, 31)
    assert err.startswith("graf: ") and "more than 1e-06 times as far" in err
    assert len(err.splitlines()) == 1


def test_fit_then_explain(run, table, cells, tmp_path):
    model, out = tmp_path / "model.graf", tmp_path / "e.parquet"
    targets = ["--target", "speed", "--target", "size"]
    run("fit", table, *targets, "--model", "random_forest", "-o", model)
    code, shown, err = run("explain", cells, "--model", model, "-o", out)
    assert (code, shown.strip(), err) == (0, str(out), "")
    values = pd.read_parquet(out)
    assert values["target"].tolist() == ["speed"] * 30 + ["size"] * 30
    added = values.drop(columns=["target", "prediction"]).sum(axis=1)
    np.testing.assert_allclose(added, values["prediction"], rtol=1e-6)
    predicted = pd.read_csv(StringIO(run("predict", cells, "--model", model)[1]), index_col=0)
    assert values.index[:30].tolist() == predicted.index.tolist()
    np.testing.assert_allclose(values["prediction"], predicted.to_numpy().T.ravel())
    one = ["--target", "size", "--importance", "operation"]
    code, shown, _ = run("explain", cells, "--model", model, *one)
    assert code == 0
    assert shown.splitlines()[0] == "operation,size"


def test_explain_checks_names_before_it_reads_and_explains(run, tmp_path):
    model = tmp_path / "model.graf"
    PerformancePredictor().fit(["0-0-0-0-0-1", "1-3-3-0-2-1"], pd.Series([1.0, 2.0], name="speed")).save(
        model
    )
    told = [
        run("explain", "no file", "--model", model, *given)[2]
        for given in (["--target", "sped"], ["--importance", "op"])
    ]
    assert "did you mean 'speed'" in told[0]
    assert "unknown grouping 'op'" in told[1]


def test_a_column_that_explanations_have_themselves(run, tmp_path):
    path, model = tmp_path / "networks.csv", tmp_path / "m"
    frame = pd.DataFrame({"prediction": range(20)}, pd.Index([f"net{i}" for i in range(20)], name="arch"))
    frame.to_csv(path)
    PerformancePredictor("random_forest", features="given").fit(frame, frame["prediction"] * 2.0).save(model)
    code, _, err = run("explain", path, "--model", model)
    assert code == 2
    assert "has a column 'prediction'" in err
    assert run("explain", path, "--model", model, "--importance", "feature")[0] == 0


def test_explanations_of_a_folder_name_its_files(run, networks, tmp_path):
    graphs = [read_graph(path) for path in sorted(networks.iterdir())]
    PerformancePredictor().fit(graphs, [1.0, 2.0]).save(tmp_path / "m")
    code, out, _ = run("explain", networks, "--model", tmp_path / "m")
    assert code == 0
    assert [line.split(",")[0] for line in out.splitlines()] == ["file", "a.onnx", "b.onnx"]


def test_the_same_seed_gives_the_same_predictions(run, table, cells, tmp_path):
    shown = []
    for name in ("a", "b"):
        run("fit", table, "--target", "size", "-o", tmp_path / name, "--seed", 7)
        shown.append(run("predict", cells, "--model", tmp_path / name)[1])
    assert shown[0] == shown[1]


def test_a_table_without_a_search_space_is_fitted_on_its_proxies(run, tmp_path):
    path = tmp_path / "networks.csv"
    frame = pd.DataFrame({"arch": [f"net{i}" for i in range(20)], "flops": range(20)})
    frame.assign(speed=frame["flops"] * 2.0).to_csv(path, index=False)
    assert run("fit", path, "-o", tmp_path / "m")[0] == 0
    code, out, _ = run("predict", path, "--model", tmp_path / "m")
    assert code == 0
    assert out.splitlines()[0] == "architecture,speed"


def test_targets_of_different_architectures_are_fitted_together(run, table, cells, tmp_path):
    frame = pd.read_csv(table)
    frame.loc[:59, "speed"] = None
    frame.loc[60:, "size"] = None
    frame.to_csv(table, index=False)
    targets = ["--target", "speed", "--target", "size"]
    code, _, err = run("fit", table, *targets, "--model", "random_forest", "-o", tmp_path / "m")
    assert (code, err) == (0, "")
    shown = run("predict", cells, "--model", tmp_path / "m")[1]
    assert pd.read_csv(StringIO(shown))[["speed", "size"]].notna().all(axis=None)


def test_early_results_without_a_search_space(run, tmp_path):
    path = tmp_path / "networks.csv"
    frame = pd.DataFrame({"arch": [f"net{i}" for i in range(20)], "early": range(20)})
    frame.assign(final=frame["early"] * 2.0).to_csv(path, index=False)
    path.with_suffix(".toml").write_text(
        'architecture = "arch"\nspace = "none"\n[[targets]]\ncolumns = ["final"]\n'
        '[[fidelities]]\ncolumns = ["early"]\n'
    )
    code, _, err = run("fit", path, "--fidelity", "early", "-o", tmp_path / "m")
    assert (code, err) == (0, "")


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


@pytest.mark.parametrize("place", ["a_folder.csv", "a_file/out.csv"])
@pytest.mark.parametrize("arguments", OUTPUTS, ids=lambda arguments: f"{arguments[0]}{arguments[-1]}")
def test_what_cannot_be_written_is_refused_before_the_work(run, tmp_path, monkeypatch, arguments, place):
    monkeypatch.chdir(tmp_path)
    Path("a_folder.csv").mkdir()
    Path("a_file").touch()
    code, _, err = run(*arguments, place)  # whose input is missing: that comes to light later
    assert code == 2
    assert ("must be a file" if place == "a_folder.csv" else "cannot write to the folder 'a_file'") in err


def test_text_may_begin_with_a_byte_order_mark(run, cells, tmp_path):
    cells.write_bytes(b"\xef\xbb\xbf" + cells.read_bytes())
    assert run("features", cells, "-o", tmp_path / "f.csv") == (0, f"{tmp_path / 'f.csv'}\n", "")


@pytest.mark.parametrize(
    "content", [b"", b"architecture,value\na,1\nb,1,2,3\n", b"architecture,value\n\xe9,1\n", b"PAR1\xff\x04"]
)
def test_measurements_that_cannot_be_read(run, tmp_path, content):
    path, out = tmp_path / "measured.csv", tmp_path / "next.csv"
    path.write_bytes(content)
    code, _, err = run("search", "nasbench201", "--measurements", path, "--ask", 1, "-o", out)
    assert (code, err.count("\n"), out.exists()) == (2, 1, False)
    assert err.startswith(f"graf: cannot read {path}")


def test_quiet_in_a_pipe_and_no_traceback_as_a_process(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "from graf.cli import main; main()", "features", "nowhere.txt", "-o", "x.csv"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("graf: nowhere.txt")


CONV = "g (float[1, 3, 8, 8] x) => (float[1, 4, 6, 6] y) { c = Conv (x, w) y = Relu (c) }"


@pytest.fixture
def networks(tmp_path):
    folder = tmp_path / "networks"
    folder.mkdir()
    for name in ("a.onnx", "b.onnx"):
        saved(folder, CONV, name=name, w=weight(4, 3, 3, 3))
    return folder


def test_predictions_of_several_targets_for_a_folder(run, networks, tmp_path):
    graphs = [read_graph(path) for path in sorted(networks.iterdir())]
    labels = pd.DataFrame({"speed": [1.0, 2.0], "size": [3.0, 3.0]})
    PerformancePredictor().fit(graphs, labels).save(tmp_path / "m")
    code, _, err = run("predict", networks, "--model", tmp_path / "m", "-o", tmp_path / "p.csv")
    assert (code, err) == (0, "")
    table = pd.read_csv(tmp_path / "p.csv", index_col="file")
    assert table.index.tolist() == ["a.onnx", "b.onnx"]
    assert table["speed"].between(1, 2).all() and (table["size"] == 3).all()


@pytest.fixture
def labelled(tmp_path):
    """A table of twelve networks with their labels, and the folder of these and one more."""
    folder = tmp_path / "many"
    for i in range(13):
        (folder / f"{i % 2}").mkdir(parents=True, exist_ok=True)
        saved(folder / f"{i % 2}", CONV.replace("4", f"{i + 1}"), name=f"{i}.onnx", w=weight(i + 1, 3, 3, 3))
    table = tmp_path / "labels.csv"
    table.write_text("file,ms\n" + "".join(f"{i % 2}/{i}.onnx,{i}\n" for i in range(12)))
    return table, folder


def test_a_folder_of_networks_is_fitted_on_and_predicted(run, labelled, tmp_path):
    table, folder = labelled
    (folder / "1" / "3.onnx").write_bytes(b"broken")
    code, out, err = run("fit", table, "--networks", folder, "--model", "random_forest", "-o", tmp_path / "m")
    assert (code, out.strip()) == (0, str(tmp_path / "m"))
    assert "1/3.onnx" in err
    code, out, _ = run("predict", folder, "--model", tmp_path / "m")
    found = pd.read_csv(StringIO(out), index_col="file")["ms"]
    assert code == 0
    assert len(found) == 12
    order = sorted(found.index, key=lambda name: int(name[2:].removesuffix(".onnx")))
    assert found[order].is_monotonic_increasing
    assert found["0/0.onnx"] < 3 < 8 < found["0/12.onnx"]


def test_a_report_on_networks(run, labelled, tmp_path):
    table, folder = labelled
    asked = ["report", table, "--networks", folder, "--model", "random_forest", "-o", tmp_path / "report"]
    code, out, _ = run(*asked)
    assert (code, out.strip()) == (0, str(tmp_path / "report" / "index.html"))
    assert "explained by graph features" in (tmp_path / "report" / "index.html").read_text()


def test_networks_that_a_dataset_names_must_be_there(run, labelled, tmp_path):
    table, folder = labelled
    (folder / "1" / "3.onnx").unlink()
    asked = ["fit", table, "--networks", folder, "-o", tmp_path / "m"]
    code, _, err = run(*asked)
    assert code == 2
    assert "lacks 1 of the 12 files that the dataset names, the first '1/3.onnx'" in err
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("command", ["fit", "report"])
def test_a_space_beside_networks_is_refused(run, labelled, tmp_path, command):
    table, folder = labelled
    asked = [command, table, "--networks", folder, "--space", "darts", "-o", tmp_path / "m"]
    code, _, err = run(*asked)
    assert code == 2
    assert "leave out `--space`" in err
    assert not (tmp_path / "m").exists()


def test_features_beside_networks_are_those_of_graphs(run, labelled, tmp_path):
    table, folder = labelled
    asked = ["fit", table, "--networks", folder, "-o", tmp_path / "m"]
    code, _, err = run(*asked, "--features", "all", "--fidelity", "ms")
    assert code == 2
    assert "leave out `--fidelity` and `--features`" in err


def test_features_of_an_onnx_file(run, networks, tmp_path):
    out = tmp_path / "features.csv"
    code, shown, err = run("features", networks / "a.onnx", "-o", out)
    assert (code, shown.strip(), err) == (0, str(out), "")
    table = pd.read_csv(out, index_col="file")
    assert table.index.tolist() == ["a.onnx"]
    assert table["total(n_macs)"].tolist() == [36 * 4 * 27]


def test_features_of_a_folder_and_a_table_of_what_failed(run, networks, tmp_path):
    (networks / "broken.onnx").write_bytes(b"broken")
    out = tmp_path / "features.parquet"
    code, shown, err = run("features", networks, "-o", out)
    assert (code, shown.strip()) == (0, str(out))
    assert pd.read_parquet(out).index.tolist() == ["a.onnx", "b.onnx"]
    assert "broken.onnx" in err
    assert "not an ONNX file" in " ".join(err.split())


def test_folders_without_any_network(run, networks, tmp_path):
    for path in networks.iterdir():
        path.write_bytes(b"broken")
    code, _, err = run("features", networks, "-o", tmp_path / "features.csv")
    assert code == 2
    assert err.strip().splitlines()[-1] == f"graf: none of the 2 .onnx files in {networks} could be read"
    code, _, err = run("features", networks / "a.onnx", "-o", tmp_path / "features.csv")
    assert code == 2
    assert err.count("\n") == 1
    assert "a.onnx is not an ONNX file" in err


def test_operations_are_listed(run):
    code, out, _ = run("list", "operations")
    assert code == 0
    assert re.search(r"layer_norm +normalisation; PyTorch: layer_norm .*; ONNX: LayerNormalization", out)


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


def test_search_in_a_dataset(run, tmp_path):
    out, checkpoint = tmp_path / "history.csv", tmp_path / "search.jsonl"
    options = ["--target", "test_acc", "--strategy", "evolution", "--checkpoint", checkpoint, "-o", out]
    limit = ["--constraint", "latency_b1_ms <= 0.5"]
    assert run("search", "digits201", "--budget", 10, *options, *limit)[0] == 0
    code, shown, err = run("search", "digits201", "--budget", 25, *options, *limit)
    assert (code, shown.strip(), err) == (0, str(out), "")
    history = pd.read_csv(out)
    assert history.columns.tolist()[:3] == ["number", "architecture", "value"]
    assert len(history) == 25
    data = load_dataset("digits201")
    assert data.targets.loc[history["architecture"], "latency_b1_ms"].max() <= 0.5
    code, _, err = run("search", "digits201", *options, "--seed", 1, *limit)
    assert code == 2
    assert "seed: 0 there, 1 now" in err


def test_search_by_files(run, tmp_path):
    table, following = tmp_path / "measured.csv", tmp_path / "next.csv"
    options = ["--target", "accuracy", "--minimize", "latency", "--strategy", "evolution", "-o", following]
    run("search", "nasbench201", "--ask", 8, *options)
    rows = pd.read_csv(following)
    table.write_text("architecture,accuracy,latency\n")  # before the first measurement
    assert run("search", "nasbench201", "--measurements", table, "--ask", 8, *options)[0] == 0
    assert pd.read_csv(following).equals(rows)
    rows["accuracy"] = rows["architecture"].str.count("conv_3x3").astype(float)
    rows["latency"] = rows["architecture"].str.count("conv")
    rows.loc[3, ["accuracy", "latency"]] = None
    rows["status"] = ["failed", *["ok"] * 7]
    rows.to_csv(table, index=False)
    for more in ([], ["--checkpoint", tmp_path / "a.jsonl"], ["--checkpoint", tmp_path / "a.jsonl"]):
        assert run("search", "nasbench201", *more, "--measurements", table, "--ask", 3, *options)[0] == 0
        asked = pd.read_csv(following)["architecture"]
        assert len(asked) == 3
        assert not set(asked) & set(rows["architecture"])
    code, _, err = run("search", "nasbench201", "--measurements", table, "--target", "speed", "-o", following)
    assert code == 2
    assert "lacks the column 'speed'" in err
    rows.astype({"latency": object}).replace({"latency": {3.0: "slow"}}).to_csv(table, index=False)
    code, _, err = run("search", "nasbench201", "--measurements", table, "--ask", 3, *options)
    assert code == 2
    assert f"must hold numbers, got 'slow' at index {rows['latency'].eq(3).idxmax()}" in err
    rows["architecture"] = rows["architecture"].where(rows.index != 2)
    rows.to_csv(table, index=False)
    code, _, err = run("search", "nasbench201", "--measurements", table, "--ask", 3, *options)
    assert code == 2
    assert "must name an architecture in every row, got none at index 2" in err


def test_search_by_a_predictor(run, table, tmp_path):
    model, out = tmp_path / "speed.graf", tmp_path / "history.parquet"
    run("fit", table, "--target", "speed", "-o", model)
    run("search", "nasbench201", "--predictor", model, "--budget", 20, "--strategy", "local", "-o", out)
    history = pd.read_parquet(out)
    assert history["value"].idxmax() > 5


def test_search_by_some_targets_of_a_predictor(run, cells, tmp_path):
    model, out = tmp_path / "model", tmp_path / "history.csv"
    names = cells.read_text().split()[-30:]
    convolutions = [name.count("conv") for name in names]
    labels = pd.DataFrame({"a": convolutions, "b": range(30), "c": range(30)}, index=names)
    PerformancePredictor().fit(names, labels).save(model)
    options = ["nasbench201", "--predictor", model, "--budget", 5, "--strategy", "random", "-o", out]
    assert run("search", *options, "--minimize", "a", "--target", "c")[0] == 0
    assert {"a", "c"} < set(pd.read_csv(out)) and "b" not in pd.read_csv(out)
    assert run("search", *options, "--minimize", "a")[0] == 0
    assert not {"b", "c"} & set(pd.read_csv(out))
    for option in ("--minimize", "--target"):
        code, _, err = run("search", *options, option, "d")
        assert (code, err) == (2, "graf: unknown target 'd'; known: 'a', 'b', 'c'\n")


def test_search_by_a_predictor_that_cannot_predict(run, cells, tmp_path):
    model, out = tmp_path / "model", tmp_path / "history.csv"
    names = cells.read_text().split()[-30:]
    given = pd.DataFrame({"flops": range(30)}, index=names)
    PerformancePredictor().fit(given, range(30)).save(model)
    code, _, err = run("search", "nasbench201", "--predictor", model, "--budget", 5, "-o", out)
    assert (code, err.count("\n"), out.exists()) == (2, 1, False)
    assert "none of 5 architectures could be measured" in err and "flops" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digits201"], "name an objective with --target, such as test_acc"),
        (["digits201", "--target", "test_accc"], "did you mean 'test_acc'"),
        (["digits2001", "--target", "a"], "did you mean 'digits201'"),
        (["nasbench2011", "--ask", "3"], "did you mean 'nasbench201'"),
        (["digits201", "--target", "ece", "--constraint", "ece = 3"], "must read NAME <= NUMBER"),
        (["digits201", "--target", "ece", "--constraint", "test_acc >= 2"], "the nearest of 1,682"),
        (["digits201", "--target", "ece", "--strategy", "gided"], "did you mean 'guided'"),
    ],
)
def test_bad_search(run, tmp_path, arguments, message):
    code, out, err = run("search", *arguments, "-o", tmp_path / "history.csv")
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
