"""Reports on networks that are in no search space."""

from dataclasses import replace

import pandas as pd
import pytest

from graf import write_report
from graf.exceptions import InputError
from graf.report.choices import features_of
from graf.report.networks import with_networks
from graf.report.properties import properties


@pytest.fixture
def networks(data):
    """The graphs of the cells and of one more."""
    cells = [*data.architectures, "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"]
    return pd.Series([data.space.graph(cell) for cell in cells], index=cells, dtype=object)


@pytest.fixture
def named(data):
    """The dataset as of networks whose space nobody knows."""
    return replace(data, space=None)


def test_features_of_the_graphs_are_columns(named, networks, data):
    found = with_networks(named, networks)
    assert found.architectures == data.architectures
    assert features_of(found) == {"graph features": "given"}
    macs = [data.space.graph(cell).n_macs for cell in data.architectures]
    assert found.info["n_macs"].tolist() == macs
    assert found.proxies.nunique(dropna=False).min() > 1
    assert not found.proxies.T.duplicated().any()
    assert "n_parameters" in properties(found)
    assert {name.partition("(")[0] for name in properties(found)} <= {
        "n_parameters",
        "n_macs",
        "op_count",
        "live.depth",
    }


def test_what_is_known_already_stays(named, networks):
    known = pd.DataFrame({"zcp_mine": range(len(named))}, named.targets.index, dtype=float)
    stated = pd.DataFrame({"n_macs": 1.0}, named.targets.index)
    found = with_networks(replace(named, proxies=known, info=stated), networks)
    assert features_of(found) == {"graph features + proxies": "given"}
    assert found.info["n_macs"].eq(1).all()
    assert "zcp_mine" in properties(found)


def test_rows_without_a_network_are_left_out(named, networks):
    assert len(with_networks(named, networks.iloc[10:])) == len(named) - 10


def test_a_space_has_graphs_of_its_own(data, networks):
    with pytest.raises(InputError, match="datasets without a search space, got one of nasbench201"):
        with_networks(data, networks)


def test_a_report_tells_families_and_free_rows(named, networks, quick, tmp_path):
    quick = {
        name: quick[name] for name in ("model", "n_explained", "train_sizes", "seeds", "n_jobs", "n_refits")
    }
    write_report(named, tmp_path / "report", networks=networks, **quick)
    tables = tmp_path / "report" / "tables"
    assert set(pd.read_csv(tables / "scores.csv")["predictor"]) == {"graph features", "FLOPs", "parameters"}
    assert "op_count" in set(pd.read_csv(tables / "importance_by_family.csv")["family"])
    assert "explained by graph features" in (tmp_path / "report" / "index.html").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict, "must be a Series of graphs indexed by architecture, got dict"),
        (lambda networks: pd.concat([networks, networks]), "must hold one graph of each architecture"),
        (lambda networks: networks.iloc[:0], r"must be indexed by architectures of .*; got \[\]"),
        (
            lambda networks: networks.reset_index(drop=True),
            r"must be indexed by architectures of .*; got \[0\]",
        ),
    ],
)
def test_networks_are_told_by_architecture(named, networks, change, message):
    with pytest.raises(InputError, match=message):
        with_networks(named, change(networks))
