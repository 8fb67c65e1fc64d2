import gzip
import json

import numpy as np
import pytest

import graf
from graf.exceptions import DatasetError, UnknownNameError

A, B = "(0, 2, 3, 2, 3, 1)", "(1, 1, 2, 3, 3, 0)"
SCORES = {
    A: {"arch": A, "idx": "1", "zen": {"score": 5.5, "time": 1.0}, "val_accuracy": 86.0},
    B: {"arch": B, "idx": "2", "zen": {"score": -1e8, "time": 1.0}, "val_accuracy": 10.0},
}


@pytest.fixture
def folder(graf_data):
    return graf_data / "formats/naslib"


def test_tasks_have_to_be_chosen(folder):
    path = folder / "zc_nasbench201.json"
    with pytest.raises(DatasetError, match="choose `task` among 'cifar10', 'cifar100'"):
        graf.load_dataset(path)
    with pytest.raises(UnknownNameError, match="did you mean 'cifar10'"):
        graf.load_dataset(path, task="cifar")
    data = graf.load_dataset(path, task="cifar10")
    assert data.name == "zc_nasbench201-cifar10" and data.space.name == "nasbench201"
    assert data.targets.loc[A, "val_accuracy"] == 86.06
    assert data.proxies.loc[A, "flops"] == 88.307392 and data.proxies.shape[1] == 12
    assert data.metadata.loc["val_accuracy", "protocol"].startswith("cifar10,")
    assert data.info.columns.tolist() == ["idx"]


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "zc_nasbench201.json"
    path.write_text(json.dumps({"cifar10": SCORES}), encoding="utf-8-sig")
    assert graf.load_dataset(path).architectures == [A, B]


def test_the_older_layout(folder):
    data = graf.load_dataset(folder / "zc_nasbench101.json")
    assert len(data) == 150 and data.space.name == "nasbench101" and data.proxies.shape[1] == 11
    assert data.targets["val_accuracy"].iloc[0] == 92.578125
    assert data.metadata["kind"].tolist() == ["measured training, one seed"]


def test_nasbench301_is_a_surrogate(folder):
    data = graf.load_dataset(folder / "zc_nasbench301.json")
    assert data.metadata["kind"].tolist() == ["surrogate prediction"] and data.space.name == "darts"
    parameters = [data.space.graph(cell).n_parameters / 1e6 for cell in data.architectures]
    np.testing.assert_allclose(parameters, data.proxies["params"])


def test_macro_accuracies_are_no_target(folder):
    data = graf.load_dataset(folder / "zc_transbench101_macro.json", task="jigsaw")
    assert data.targets.shape[1] == 0 and "val_accuracy" in data.info
    assert data.proxies["epe_nas"].min() > -1e8 or data.proxies["epe_nas"].isna().all()


def test_a_list_of_runs(folder):
    data = graf.load_dataset(folder / "benchmark--nasbench201--cifar10--0.json")
    assert len(data) == 150 and data.proxies.columns.tolist() == ["zen"]
    assert data.proxies.loc["(4, 0, 3, 1, 4, 3)", "zen"] == 63.38789367675781
    assert np.isnan(data.proxies.loc["(4, 4, 1, 2, 1, 1)", "zen"])
    assert data.metadata.loc["val_accuracy", "protocol"].startswith("cifar10,")


def test_the_task_tells_transnas(write):
    data = graf.load_dataset(write("mine.json", {"autoencoder": SCORES}))
    assert data.name == "mine" and data.space.name == "transnas_micro"
    assert data.metadata.loc["val_accuracy", "unit"] == ""
    assert graf.load_dataset(write("mine.json", {"cifar10": SCORES})).space.name == "nasbench201"


def test_packed_json(write):
    data = graf.load_dataset(write("mine.json.gz", gzip.compress(json.dumps({"cifar10": SCORES}).encode())))
    assert data.name == "mine" and data.proxies["zen"].tolist()[0] == 5.5


def test_proxies_are_the_union_over_architectures(write):
    scores = {A: {"zen": 1, "val_accuracy": 90}, B: {"snip": 2, "val_accuracy": 80}}
    proxies = graf.load_dataset(write("mine.json", {"nasbench201": {"cifar10": scores}})).proxies
    np.testing.assert_array_equal(proxies[["zen", "snip"]], [[1, np.nan], [np.nan, 2]])


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {},
        [1],
        {"cifar10": {}},
        {"cifar10": 3},
        {"cifar10": {A: 3}},
        {"a": {"b": {"c": {"d": {"e": 1}}}}},
        {"a": {"b": {A: {"zen": 1}}}, "c": {"b": {A: {"zen": 1}}}},
        [{"zen": 1}],
        [{"arch": 3, "zen": 1}],
    ],
)
def test_json_of_another_shape(write, payload):
    with pytest.raises(DatasetError, match=r"cannot read .*mine\.json: expected NASLib's JSON"):
        graf.load_dataset(write("mine.json", payload))


@pytest.mark.parametrize("text", ['{"cifar10": ', "[" * 100_000, "{]"])
def test_damaged_json(write, text):
    with pytest.raises(DatasetError, match=r"cannot read .*mine\.json"):
        graf.load_dataset(write("mine.json", text))


def test_an_integer_beyond_all_floats_is_undefined(write):
    path = write("mine.json", f'{{"cifar10": {{"{A}": {{"zen": 1{"0" * 5_000}, "acc": 1}}}}}}')
    data = graf.load_dataset(path)
    assert np.isnan(data.proxies.loc[A, "zen"]) and data.targets.loc[A, "acc"] == 1


def test_an_architecture_twice(write):
    with pytest.raises(DatasetError, match="more than once"):
        graf.load_dataset(write("mine.json", [{"arch": A, "zen": 1.0}, {"arch": A, "zen": 2.0}]))
