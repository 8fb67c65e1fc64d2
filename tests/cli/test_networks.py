"""Folders of networks on the command line."""

from io import StringIO

import pandas as pd
import pytest

from graf import PerformancePredictor, read_graph


def test_explanations_of_a_folder_name_its_files(run, networks, tmp_path):
    graphs = [read_graph(path) for path in sorted(networks.iterdir())]
    PerformancePredictor().fit(graphs, [1.0, 2.0]).save(tmp_path / "m")
    code, out, _ = run("explain", networks, "--model", tmp_path / "m")
    assert code == 0
    assert [line.split(",")[0] for line in out.splitlines()] == ["file", "a.onnx", "b.onnx"]


def test_predictions_of_several_targets_for_a_folder(run, networks, tmp_path):
    graphs = [read_graph(path) for path in sorted(networks.iterdir())]
    labels = pd.DataFrame({"speed": [1.0, 2.0], "size": [3.0, 3.0]})
    PerformancePredictor().fit(graphs, labels).save(tmp_path / "m")
    code, _, err = run("predict", networks, "--model", tmp_path / "m", "-o", tmp_path / "p.csv")
    assert (code, err) == (0, "")
    table = pd.read_csv(tmp_path / "p.csv", index_col="file")
    assert table.index.tolist() == ["a.onnx", "b.onnx"]
    assert table["speed"].between(1, 2).all() and (table["size"] == 3).all()


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


@pytest.mark.parametrize("way", ["./{}", "{folder}/{}", "1/../{}"])
def test_networks_are_found_however_their_paths_are_written(run, labelled, tmp_path, way):
    table, folder = labelled
    rows = pd.read_csv(table)
    rows["file"] = [way.format(name, folder=folder) for name in rows["file"]]
    rows.to_csv(tmp_path / "other.csv", index=False)
    found = []
    for path in (table, tmp_path / "other.csv"):
        asked = ["fit", path, "--networks", folder, "--model", "random_forest", "-o", tmp_path / path.stem]
        assert run(*asked)[0] == 0
        found.append(run("predict", folder, "--model", tmp_path / path.stem)[1])
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["../elsewhere.onnx", "1/3.txt"])
def test_files_that_are_no_networks_of_the_folder(run, labelled, tmp_path, name):
    table, folder = labelled
    (folder / name).write_text("x")
    table.write_text(table.read_text().replace("1/3.onnx", name))
    code, _, err = run("fit", table, "--networks", folder, "-o", tmp_path / "m")
    assert code == 2
    assert f"lacks 1 of the 12 files that the dataset names, the first '{name}'" in err


def test_networks_are_a_folder(run, labelled, tmp_path):
    table, _ = labelled
    code, _, err = run("fit", table, "--networks", table, "-o", tmp_path / "m")
    assert code == 2
    assert f"`--networks` must be a folder of .onnx files, got {table}" in err


def test_named_networks_of_which_none_can_be_read(run, labelled, tmp_path):
    table, folder = labelled
    for i in range(12):
        (folder / f"{i % 2}" / f"{i}.onnx").write_text("x")
    code, _, err = run("report", table, "--networks", folder, "-o", tmp_path / "r")
    assert code == 2
    assert "none of the 12 .onnx files that the dataset names could be read" in err


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
