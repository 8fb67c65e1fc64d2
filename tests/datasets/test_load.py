import gzip
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import graf
from graf.datasets import catalogue
from graf.exceptions import DatasetError, InputError, UnknownNameError
from graf.features import FEATURES
from graf.features.columns import column_of
from graf.features.published import VARIANTS, published_columns
from graf.spaces import NASBench201, get_space


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

    info = ["recipe", "latency_b1_spread_ms", "test_acc_seed0"]
    targets = ["latency_b1_ms", "ece", "nll_ts", "train_seconds", "test_acc"]
    rows = pd.DataFrame(1.5, pd.Index(cells, name="architecture"), [*PROXIES, *info, *targets])
    data = graf.load_dataset(write("mine.csv", rows.reset_index()))
    assert list(data.proxies) == list(PROXIES) and list(data.info) == info
    assert list(data.targets) == targets
    assert data.metadata["direction"].tolist() == ["min", "min", "min", "min", "max"]


def test_sentinels_become_nan(write, table):
    table["index"] = [1, 2, -100_000_000]
    data = graf.load_dataset(write("mine.csv", table))
    np.testing.assert_array_equal(data.proxies["synflow"], [1, np.nan, 3])
    np.testing.assert_array_equal(data.targets["phone_latency"], [1.5, np.nan, 2.5])
    np.testing.assert_array_equal(data.info["index"], [1, 2, np.nan])
    assert data.targets.dtypes.eq(float).all() and data.proxies.dtypes.eq(float).all()


def test_a_column_of_numbers_with_a_few_texts_does_not_pass_silently(write, cells):
    rows = pd.DataFrame({"cell": cells, "acc": ["90.5", "failed", "85"], "ms": [1.0, None, 2.0]})
    path = write("mine.csv", rows.assign(remark=["1", "good", "bad"]))
    with pytest.warns(
        UserWarning, match=r"column 'acc' of .* 1 of 3 cells are no .*'failed' at index 1; leave"
    ):
        assert list(graf.load_dataset(path).targets) == ["ms"]
    assert list(graf.load_dataset(path, targets="ms").targets) == ["ms"]


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


@pytest.mark.parametrize("name", ["mine.csv", "mine.csv.gz", "mine.parquet"])
def test_every_container_holds_the_same(write, table, name):
    plain = graf.load_dataset(write("plain.csv", table))
    other = graf.load_dataset(str(write(name, table)))
    assert other.name == "mine"
    for part in ("targets", "proxies", "metadata"):
        pd.testing.assert_frame_equal(getattr(other, part), getattr(plain, part))
    assert other.architectures == plain.architectures


def test_a_file_is_what_it_contains(write, table):
    path = write("packed.csv", gzip.compress(table.to_csv(index=False).encode()))
    assert len(graf.load_dataset(path)) == 3


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


@pytest.mark.parametrize(
    "name", ["val_loss", "loss", "test_error", "error_top1", "perplexity", "lat", "phone_lat", "time_ms"]
)
def test_of_errors_losses_and_times_less_is_better(write, table, name):
    data = graf.load_dataset(write("mine.csv", table.rename(columns={"accuracy": name})))
    assert data.metadata.loc[name, "direction"] == "min"
    worst = data.targets[name].idxmax()
    assert graf.search(data, name, budget=3).best["architecture"] != worst


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


def test_a_sidecar_describes_its_table(write, table):
    write("mine.toml", 'space = "none"\nproxies = []\n[[targets]]\ncolumns = "accuracy"\nunit = "percent"\n')
    data = graf.load_dataset(write("mine.csv.gz", table))
    assert data.space is None
    assert data.metadata["unit"].to_dict() == {"accuracy": "percent"}
    assert data.proxies.shape == (3, 0)
    assert "synflow" in data.info


def test_a_description_can_be_given(write, table):
    described = {
        "space": "nasbench201",
        "space_settings": {"channels": 8},
        "targets": [{"columns": ["acc*"], "noise_ceiling": 0.9}],
    }
    path = write("mine.csv", table)
    data = graf.load_dataset(path, description=described)
    assert data.space == NASBench201(channels=8)
    assert data.metadata["noise_ceiling"].tolist() == [0.9, 0.9]
    file = write("other.toml", '[[targets]]\ncolumns = ["accuracy"]\n')
    assert graf.load_dataset(path, description=file).targets.columns.tolist() == ["accuracy"]


def test_a_space_can_be_named_or_given(write):
    path = write("mine.csv", 'net,acc\n"(1, 0, 2, 3, 3, 3)",1\n')
    assert graf.load_dataset(path).space.name == "nasbench201"
    assert graf.load_dataset(path, space="transnas_micro").space == get_space("transnas_micro")
    assert graf.load_dataset(path, space="none").space is None
    small = NASBench201(channels=4)
    assert graf.load_dataset(path, space=small).space is small


def test_settings_hold_for_a_space_that_is_inferred(write, table):
    data = graf.load_dataset(write("mine.csv", table), description={"space_settings": {"channels": 8}})
    assert data.space == NASBench201(channels=8)


def test_naming_the_described_space_keeps_its_settings(write, table):
    described = {"space": "nasbench201", "space_settings": {"channels": 8}}
    data = graf.load_dataset(write("mine.csv", table), description=described, space="nasbench201")
    assert data.space.channels == 8


def test_a_faulty_first_cell_does_not_hide_the_space(write, cells):
    path = write("mine.csv", pd.DataFrame({"cell": ["|bad~0|", *cells], "acc": range(4)}))
    assert graf.load_dataset(path).space.name == "nasbench201"


def test_a_first_row_that_looks_like_another_space_does_not_hide_the_space(write):
    path = write("mine.csv", "arch,acc\n1-2-3-3-1-1,0.5\n1-2-3-4,0.6\n1-1-4-4-1,0.7\n")
    assert graf.load_dataset(path).space.name == "transnas_macro"


def test_foreign_notation_has_no_space(write):
    assert graf.load_dataset(write("mine.csv", 'net,acc\n"(1, 0, 2)",1\n')).space is None


def test_a_shipped_table_is_loaded_by_name(tmp_path, monkeypatch, write):
    monkeypatch.setenv("GRAF_DATA", str(tmp_path))
    write("vitas_small.csv", "code,depth,acc_fraction\n0-1,12,0.79\n0-2,13,0.8\n")
    data = graf.load_dataset("vitas_small")
    assert data.metadata.loc["acc_fraction", "unit"] == "fraction"
    assert "depth" in data.info


def test_a_file_of_a_published_name_is_described_if_it_fits(write, table):
    fitting = graf.load_dataset(write("nasbench301.csv", "compact,val_acc_pct\n[],92.5\n"))
    assert fitting.metadata["kind"].tolist() == ["surrogate prediction"]
    part = graf.load_dataset(write("nasbench301_rest.csv", "compact,val_acc_pct\n[],92.5\n"))
    assert part.metadata.equals(fitting.metadata)
    other = graf.load_dataset(write("nasbench101.csv", table))
    assert set(other.metadata["kind"]) == {"not stated"}


def test_the_order_of_columns_of_a_published_table_does_not_matter(write):
    network = get_space("mnasnet").sample(1)[0]
    names = [f"block{i}_{key}" for i in range(7) for key in ("e", "k", "l", "se")]
    row = pd.DataFrame([network.split(":")], columns=names).assign(val_top1_pct=70.5)
    path = write("accel_nasbench_imagenet_rest.csv", row[["val_top1_pct", *sorted(names, reverse=True)]])
    data = graf.load_dataset(path)
    assert data.architectures == [network]


def test_other_columns_of_published_tables_are_targets(write, cells):
    rows = "arch,connected,room_layout_neg_loss,room_layout__zcp_zen\n0-0-0-0-0-1,1,-2.5,3\n"
    data = graf.load_dataset(write("transnas_micro.csv", rows))
    assert (list(data.targets), list(data.proxies)) == (["room_layout_neg_loss"], ["room_layout__zcp_zen"])
    rows = pd.DataFrame({"cell": cells, "connected": 1, "ImageNet16-120_val_acc": [40.5, 1, 30]})
    data = graf.load_dataset(write("nasbench201.csv", rows))
    assert data.metadata["unit"].to_dict() == {"ImageNet16-120_val_acc": "percent"}


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


def test_blanks_around_names_and_architectures(write):
    data = graf.load_dataset(write("a.csv", "cell , acc \n1-2-3-4 ,0.5\n 1-2-3-3,0.6 \n"))
    assert data.architectures == ["1-2-3-4", "1-2-3-3"] and data.targets["acc"].tolist() == [0.5, 0.6]
    with pytest.raises(DatasetError, match="occurs more than once"):
        graf.load_dataset(write("b.csv", "cell,acc\n1-2-3-4 ,0.5\n1-2-3-4,0.6\n"))


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
