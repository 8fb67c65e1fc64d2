"""Which columns of a table are architectures, targets, proxies and information."""

import pandas as pd
import pytest

import graf
from graf.features import FEATURES
from graf.features.columns import column_of
from graf.features.published import VARIANTS, published_columns
from graf.spaces import NASBench201


def test_a_table_without_description_is_guessed(write, table, cells):
    data = graf.load_dataset(write("mine.csv", table))
    assert data.name == "mine"
    assert data.architectures == cells
    assert data.space == NASBench201()
    assert data.targets.columns.tolist() == ["phone_latency", "accuracy"]
    assert data.proxies.columns.tolist() == ["synflow"]
    assert data.info.columns.tolist() == ["accuracy_seed0", "remark"]
    assert set(data.metadata["kind"]) == {"not stated"}
    assert data.metadata["direction"].to_dict() == {"phone_latency": "min", "accuracy": "max"}
    assert data.metadata["group"].to_dict() == {"phone_latency": "latency", "accuracy": "other"}


def test_names_tell_units_and_which_costs_are(write, cells):
    costs = [
        "latency_ms",
        "latency (ms)",
        "Latency",
        "phone latency",
        "energy_mj",
        "chip_energy",
        "train_time",
    ]
    counts = ["params_m", "FLOPs"]
    names = [*costs, "top1_pct", "acc", *counts]
    rows = pd.DataFrame(1.5, pd.Index(cells, name="architecture"), names)
    data = graf.load_dataset(write("mine.csv", rows.reset_index()))
    facts = data.metadata.loc[[*costs, "top1_pct", "acc"]]
    assert facts["unit"].tolist() == ["ms", "ms", "", "", "mJ", "", "", "percent", ""]
    assert facts["direction"].tolist() == ["min"] * 7 + ["max"] * 2
    assert facts["group"].tolist() == ["latency"] * 4 + ["energy"] * 2 + ["cost"] + ["other"] * 2
    assert list(data.proxies) == counts


def test_errors_are_minimised_and_numbers_of_runs_are_no_targets(write, cells):
    costs = ["peak_memory_mb", "Memory (MB)", "loss", "val loss", "Loss (test)", "Test error (%)"]
    better = ["glossy", "Top-1 Acc. (%)"]
    runs = ["id", "Run ID", "model_id", "seed"]
    rows = pd.DataFrame(1.5, pd.Index(cells, name="architecture"), [*runs, *costs, *better])
    data = graf.load_dataset(write("mine.csv", rows.reset_index()))
    assert list(data.info) == runs
    assert list(data.targets) == [*costs, *better]
    assert data.metadata["direction"].tolist() == ["min"] * len(costs) + ["max"] * len(better)


def test_features_of_graphs_are_no_targets(write, cells):
    arguments = {"graph": (), "pair": ("skip", "zero")}
    own = [
        str(column_of(name, arguments.get(declared.over, ("skip",)), stat, simplified=simplified))
        for name, declared in FEATURES.items()
        for stat in declared.stats
        for simplified in (False, True)
    ]
    published = [
        c.name for variant, spaces in VARIANTS.items() for s in spaces for c in published_columns(s, variant)
    ]
    features = list(dict.fromkeys([*own, "choice(1->2=skip)", *published]))
    rows = pd.DataFrame(1.5, pd.Index(cells, name="architecture"), ["latency (ms)", *features])
    data = graf.load_dataset(write("mine.csv", rows.reset_index()))
    assert list(data.targets) == ["latency (ms)"] and data.proxies.empty
    assert list(data.info) == features


def test_what_graf_measures_is_known_by_its_names(write, cells):
    pytest.importorskip("torch")
    from graf.proxies import PROXIES

    info = ["recipe", "temperature", "latency_b1_spread_ms", "n_parameters", "n_macs", "test_acc_seed0"]
    targets = ["latency_b1_ms", "ece", "nll_ts", "train_seconds", "test_acc"]
    rows = pd.DataFrame(1.5, pd.Index(cells, name="architecture"), [*PROXIES, *info, *targets])
    data = graf.load_dataset(write("mine.csv", rows.reset_index()))
    assert list(data.proxies) == list(PROXIES) and list(data.info) == info
    assert list(data.targets) == targets
    assert data.metadata["direction"].tolist() == ["min", "min", "min", "min", "max"]


def test_a_column_of_numbers_with_a_few_texts_does_not_pass_silently(write, cells):
    rows = pd.DataFrame({"cell": cells, "acc": ["90.5", "failed", "85"], "ms": [1.0, None, 2.0]})
    path = write("mine.csv", rows.assign(remark=["1", "good", "bad"]))
    with pytest.warns(
        UserWarning, match=r"column 'acc' of .* 1 of 3 cells are no .*'failed' at index 1; leave"
    ):
        assert list(graf.load_dataset(path).targets) == ["ms"]
    assert list(graf.load_dataset(path, targets="ms").targets) == ["ms"]


def test_the_column_of_architectures_is_found_by_its_notation(write, table, cells):
    path = write("mine.csv", table.rename(columns={"cell": "design"})[["remark", "accuracy", "design"]])
    assert graf.load_dataset(path).architectures == cells


def test_an_unnamed_index_can_be_the_architecture(tmp_path, table, cells):
    table.set_index("cell").rename_axis(None).to_csv(tmp_path / "mine.csv")
    assert graf.load_dataset(tmp_path / "mine.csv").architectures == cells


def test_a_stored_index_can_be_the_architecture(tmp_path, table, cells):
    table.rename(columns={"cell": "architecture"}).set_index("architecture").to_parquet(
        tmp_path / "a.parquet"
    )
    assert graf.load_dataset(tmp_path / "a.parquet").architectures == cells


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet"])
def test_row_numbers_that_pandas_stored_are_no_target(tmp_path, table, name):
    path, rows = tmp_path / name, table.iloc[[1, 2, 0]]
    (rows.to_parquet if path.suffix == ".parquet" else rows.to_csv)(path)
    assert list(graf.load_dataset(path).targets) == ["phone_latency", "accuracy"]


@pytest.mark.parametrize(
    "name", ["val_loss", "loss", "test_error", "error_top1", "perplexity", "lat", "phone_lat", "time_ms"]
)
def test_of_errors_losses_and_times_less_is_better(write, table, name):
    data = graf.load_dataset(write("mine.csv", table.rename(columns={"accuracy": name})))
    assert data.metadata.loc[name, "direction"] == "min"
    worst = data.targets[name].idxmax()
    assert graf.search(data, name, budget=3).best["architecture"] != worst


def test_arguments_overrule_the_guess(write, table):
    facts = {"accuracy*": {"unit": "percent", "kind": "measured training, one seed", "primary": True}}
    data = graf.load_dataset(write("mine.csv", table), targets=facts, proxies=["phone_*"])
    assert data.targets.columns.tolist() == ["accuracy", "accuracy_seed0"]
    assert data.proxies.columns.tolist() == ["phone_latency"]
    assert data.metadata["unit"].tolist() == ["percent"] * 2
    assert data.metadata["primary"].all()
    assert "synflow" in data.info


def test_named_targets_keep_what_is_known_of_them(write, table):
    data = graf.load_dataset(write("mine.csv", table), targets=["phone_latency", "accuracy"])
    assert data.metadata["direction"].to_dict() == {"phone_latency": "min", "accuracy": "max"}
    assert data.targets.columns.tolist() == ["phone_latency", "accuracy"]


def test_a_column_named_target_is_no_proxy(write, table):
    data = graf.load_dataset(write("mine.csv", table), targets="synflow")
    assert data.targets.columns.tolist() == ["synflow"] and data.proxies.empty


def test_other_columns_of_published_tables_are_targets(write, cells):
    rows = "arch,connected,room_layout_neg_loss,room_layout__zcp_zen\n0-0-0-0-0-1,1,-2.5,3\n"
    data = graf.load_dataset(write("transnas_micro.csv", rows))
    assert (list(data.targets), list(data.proxies)) == (["room_layout_neg_loss"], ["room_layout__zcp_zen"])
    rows = pd.DataFrame({"cell": cells, "connected": 1, "ImageNet16-120_val_acc": [40.5, 1, 30]})
    data = graf.load_dataset(write("nasbench201.csv", rows))
    assert data.metadata["unit"].to_dict() == {"ImageNet16-120_val_acc": "percent"}
