"""Predictors are fitted, predict and explain from the command line."""

import json
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from graf import PerformancePredictor, get_space, load_predictor


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


def test_a_task_of_a_naslib_file_is_chosen(run, tmp_path):
    cells = get_space("nasbench201").sample(20)
    records = {cell: {"val_accuracy": cell.count("conv"), "zen": {"score": 1.0}} for cell in cells}
    path = tmp_path / "zc_nasbench201.json"
    path.write_text(json.dumps({"cifar10": records, "cifar100": records}))
    fit = ["fit", path, "--model", "random_forest", "-o", tmp_path / "m"]
    code, _, err = run(*fit)
    assert code == 2 and "choose `task` among 'cifar10', 'cifar100'" in err
    assert run(*fit, "--task", "cifar100")[0] == 0
    search = ["search", path, "--target", "val_accuracy", "--strategy", "random", "--budget", 3]
    assert run(*search, "--task", "cifar100", "-o", tmp_path / "history.csv")[0] == 0
