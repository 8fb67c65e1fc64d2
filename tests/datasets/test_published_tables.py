"""The tables of GRAF_DATA, each whole."""

import pandas as pd
import pytest

import graf
from graf.datasets.catalogue import dataset_names, shipped_description
from graf.datasets.description import KINDS

TABLES = {  # rows, targets, proxies, space
    "accel_nasbench_imagenet": (5_125, 11, 2, "mnasnet"),
    "darts_cifar10": (1_759, 2, 2, "darts"),
    "fbnet_devices": (5_000, 27, 13, "fbnet"),
    "flexibert": (491, 10, 15, "flexibert"),
    "hat_latency": (16_000, 2, 10, None),
    "nasbench101": (15_028, 3, 2, "nasbench101"),
    "nasbench101_proxies": (500, 1, 11, "nasbench101"),
    "nasbench201": (15_625, 45, 13, "nasbench201"),
    "nasbench201_devices": (15_625, 18, 0, "nasbench201"),
    "nasbench301": (725, 1, 12, "darts"),
    "timm_accuracy": (720, 2, 3, None),
    "timm_speed": (4_710, 2, 3, None),
    "transnas_macro": (3_256, 5, 11, "transnas_macro"),
    "transnas_micro": (4_096, 5, 25, "transnas_micro"),
    "vitas_small": (5_000, 1, 0, "autoformer"),
}


@pytest.fixture(scope="module")
def nasbench201(graf_data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAF_DATA", str(graf_data))
        return graf.load_dataset("nasbench201")


def test_every_published_name_has_a_table_here():
    assert {*TABLES, "digits201", "digits201_recipes"} == set(dataset_names())


@pytest.mark.parametrize("name", TABLES)
def test_table(graf_data, name):
    path = graf_data / f"{name}.csv.gz"
    data = graf.load_dataset(path)
    space = data.space.name if data.space else None
    assert (len(data), data.targets.shape[1], data.proxies.shape[1], space) == TABLES[name]
    assert set(data.metadata["kind"]) <= set(KINDS)
    assert data.metadata["primary"].any()
    assert not {"ep10", "ep12", "seed0", "std"} & {c.split("_")[-1] for c in [*data.targets, *data.proxies]}
    shipped_description(name).check(pd.read_csv(path, nrows=0).columns.tolist())


def test_nasbench201_numbers(nasbench201):
    data = nasbench201
    assert data.targets["hw_edgetpu_latency"].isna().sum() == 4_699
    assert data.info["connected"].sum() == 9_445
    assert data.select(data.info["connected"] == 1).targets["cifar10_val_acc"].notna().all()
    assert data.targets["cifar10_val_acc"].max() == 91.57
    assert {"index", "naslib_ops", "isomorph_id"} <= set(data.info)
    assert data.info["naslib_ops"].iloc[0] == "4-4-4-4-4-4"
    assert data.metadata.query("primary").index.tolist() == [
        "cifar10_val_acc",
        "hw_edgegpu_latency",
        "hw_edgegpu_energy",
        "rob_pgd_linf_1.0",
    ]


def test_kinds_of_nasbench201(nasbench201):
    kinds = nasbench201.metadata["kind"]
    assert kinds["cifar10_val_acc"] == "measured training, one seed"
    assert kinds["cifar10_test_acc_mean"] == "measured training, mean of seeds"
    assert kinds["hw_raspi4_latency"] == "measured on device"
    assert kinds["hw_fpga_latency"] == kinds["hw_eyeriss_energy"] == "analytic model"


def test_keys_keep_their_zeros(graf_data):
    fbnet = graf.load_dataset(graf_data / "fbnet_devices.csv.gz")
    assert fbnet.architectures[0].startswith("0-0-0-0-8")
    hat = graf.load_dataset(graf_data / "hat_latency.csv.gz")
    assert hat.architectures[0] == "iwslt14deen:gpu_titanxp:0000"
    assert hat.select(hat.info["device"] == "gpu_titanxp").targets.shape[0] > 1_000
