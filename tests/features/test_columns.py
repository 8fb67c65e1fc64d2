"""Column names and what they mean."""

import pytest

from graf import ComputationGraph, GraphFeatures, get_space
from graf.exceptions import InputError, UnknownNameError
from graf.features import Column, parse_column
from graf.spaces import SPACES


@pytest.mark.parametrize("name", SPACES)
def test_every_name_parses_back(name):
    space = get_space(name)
    names = GraphFeatures(space).fit(space.sample(1)).get_feature_names_out()
    assert [str(parse_column(column)) for column in names] == names.tolist()
    assert not any(set(",[]<") & set(column) for column in names)


def test_names_of_attributes_and_cells_parse_back():
    graph = ComputationGraph.from_edges(
        ["skip"], [], attributes={"cost-per_pass/€": [1.0], "channels": [1]}, cells={"stage_1": [0]}
    )
    names = GraphFeatures().fit([graph]).get_feature_names_out()
    asked = [*names, "total(cost-per_pass/€)@stage_1", "total(cost-per_pass/€)@simplified.stage_1"]
    assert any("@stage_1" in column for column in names)
    assert [str(parse_column(column)) for column in asked] == asked
    assert GraphFeatures(columns=asked[-2:]).fit_transform([graph]).to_numpy().tolist() == [[1, 1]]


def test_parts_of_a_name():
    assert parse_column("n_follow(skip+conv1x1)@normal") == Column(
        "n_follow", ("skip", "conv1x1"), "", "normal"
    )
    assert parse_column("profile(kernel).at3") == Column("profile", (), "at3", "", "kernel")


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("op_count", InputError, "op_count takes one operation in parentheses"),
        ("op_count(skip+none)", InputError, "op_count takes one operation"),
        ("n_follow(skip)", InputError, "n_follow takes two operations in order"),
        ("live(skip).depth", InputError, "live takes nothing"),
        ("total", InputError, "total takes one attribute of nodes"),
        ("profile(kernel).at99", UnknownNameError, "statistic of profile 'at99'"),
        ("op_cuont(skip)", UnknownNameError, "did you mean 'op_count'"),
        ("op_count(skip", InputError, "must be named"),
        (3, InputError, "must be named"),
    ],
)
def test_faulty_names(name, error, message):
    with pytest.raises(error, match=message):
        parse_column(name)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("op_count(conv9x9)", "operation 'conv9x9'"),
        ("op_count(skip)@normla", "cell 'normla'; did you mean 'normal'"),
        ("total(n_mac)", "attribute of nodes 'n_mac'; did you mean 'n_macs'"),
    ],
)
def test_names_that_the_graphs_do_not_have(column, message):
    space = get_space("darts")
    with pytest.raises(UnknownNameError, match=message):
        GraphFeatures(space, [column]).fit(space.sample(1))
