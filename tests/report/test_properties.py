"""Properties: what architectures can be filtered by."""

from dataclasses import replace

import pandas as pd

from graf.report.properties import properties


def test_costs_depth_and_counts(data):
    found = properties(data)
    assert found.index.equals(data.targets.index)
    assert {"n_parameters", "n_macs", "live.depth", "op_count(conv3x3)"} <= set(found)
    cell = data.architectures[0]
    assert found.loc[cell, "op_count(conv3x3)"] == cell.count("conv_3x3")
    assert found.loc[cell, "n_macs"] == data.space.graph(cell).n_macs


def test_what_the_dataset_states_comes_first(data):
    info = pd.DataFrame({"n_macs": range(len(data)), "other": 1.0}, index=data.targets.index)
    found = properties(replace(data, info=info))
    assert found["n_macs"].tolist() == list(range(len(data)))
    assert "other" not in found


def test_constant_ones_are_left_out_and_without_a_space_proxies_serve(proxies):
    table = proxies.proxies.assign(constant=1.0)
    assert list(properties(replace(proxies, space=None, proxies=table))) == ["telling", "idle"]
