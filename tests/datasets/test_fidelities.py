"""Results known before training ends: declared as such, and predicted from only on demand."""

import numpy as np
import pytest

import graf
from graf.exceptions import DatasetError, UnknownNameError
from graf.report.choices import features_of, items_of

FACTS = {
    "architecture": "cell",
    "info": ["acc_*"],
    "targets": [{"columns": ["acc", "acc_*"]}],
    "fidelities": [{"columns": ["acc_ep3"], "epochs": 3, "checkpoint": True, "protocol": "p"}],
}


@pytest.fixture
def path(write, table):
    early = {"acc_ep3": [0.3, np.nan, 0.1], "acc_ep9": [0.5, 0.2, 0.3]}
    return write("mine.csv", table[["cell", "synflow"]].assign(acc=[0.9, 0.1, 0.8], **early))


def test_description_says_what_they_cost(path):
    data = graf.load_dataset(path, description=FACTS)
    assert list(data.fidelities) == ["acc_ep3"] and list(data.targets) == ["acc"]
    assert data.fidelity_metadata.loc["acc_ep3"].to_dict() == {
        "epochs": 3,
        "checkpoint": True,
        "protocol": "p",
    }
    assert "acc_ep9" in data.info and "acc_ep3" not in data.info


def test_argument_overrules_and_states_facts(path):
    data = graf.load_dataset(path, description=FACTS, fidelities={"acc_ep*": {"epochs": 9}})
    assert list(data.fidelities) == ["acc_ep3", "acc_ep9"]
    assert data.fidelity_metadata["epochs"].tolist() == [9, 9]
    assert data.fidelity_metadata["checkpoint"].tolist() == [True, False]
    named = graf.load_dataset(path, fidelities="acc_ep9")
    assert list(named.fidelities) == ["acc_ep9"] and named.fidelity_metadata["epochs"].isna().all()


def test_a_column_has_one_role(path):
    data = graf.load_dataset(path, description=FACTS, targets=["acc", "acc_ep3"])
    assert list(data.targets) == ["acc", "acc_ep3"] and data.fidelities.shape == (3, 0)
    data = graf.load_dataset(path, fidelities=["acc"])
    assert "acc" not in data.targets and list(data.fidelities) == ["acc"]


def test_never_predicted_from_unless_named(path):
    data = graf.load_dataset(path, description=FACTS | {"proxies": ["synflow"]})
    assert list(data.items()) == list(items_of(data)) == ["synflow"]
    assert list(data.items(["acc_ep3"])) == list(data.items("acc_ep3")) == ["synflow", "acc_ep3"]
    predictor = graf.PerformancePredictor(features="given").fit(data.items(["acc_ep3"]), data.targets["acc"])
    assert predictor.feature_names_.tolist() == ["synflow", "acc_ep3"]
    assert "graph features" in features_of(data)


def test_unknown_names(path):
    with pytest.raises(UnknownNameError, match="fidelity 'acc_ep4'; did you mean 'acc_ep3'"):
        graf.load_dataset(path, description=FACTS).items(["acc_ep4"])
    with pytest.raises(UnknownNameError, match="did you mean 'acc_ep9'"):
        graf.load_dataset(path, fidelities=["acc_ep99"])
    with pytest.raises(UnknownNameError, match="'epochs'"):
        graf.load_dataset(path, fidelities={"acc_ep3": {"epoch": 3}})
    with pytest.raises(DatasetError, match="must be a number"):
        graf.load_dataset(path, fidelities={"acc_ep3": {"epochs": "3"}})


@pytest.mark.parametrize(("name", "n"), [("nasbench101", 3), ("nasbench201", 4), ("darts_cifar10", 1)])
def test_published_tables_declare_them(graf_data, name, n):
    data = graf.load_dataset(graf_data / f"{name}.csv.gz")
    assert data.fidelities.shape[1] == n and (data.fidelity_metadata["epochs"] > 0).all()
    assert not {*data.fidelities} & {*data.targets, *data.proxies, *data.items(), *data.info}
