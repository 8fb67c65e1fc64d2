"""Search on the command line."""

import pandas as pd
import pytest

from graf import PerformancePredictor, load_dataset


@pytest.mark.parametrize(
    "content", [b"", b"architecture,value\na,1\nb,1,2,3\n", b"architecture,value\n\xe9,1\n", b"PAR1\xff\x04"]
)
def test_measurements_that_cannot_be_read(run, tmp_path, content):
    path, out = tmp_path / "measured.csv", tmp_path / "next.csv"
    path.write_bytes(content)
    code, _, err = run("search", "nasbench201", "--measurements", path, "--ask", 1, "-o", out)
    assert (code, err.count("\n"), out.exists()) == (2, 1, False)
    assert err.startswith(f"graf: cannot read {path}")


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
