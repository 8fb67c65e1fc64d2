"""Columns of choices: what an architecture chose, in every space, by names that parse back."""

import numpy as np
import pytest

from graf import GraphFeatures, get_space
from graf.exceptions import InputError, UnknownNameError
from graf.explainers.witnesses import witness
from graf.features import parse_column
from graf.features.choices import choice_columns
from graf.report.words import words
from graf.spaces import SPACES


@pytest.mark.parametrize("name", SPACES)
def test_names_are_distinct_and_parse_back(name):
    columns = choice_columns(get_space(name))
    names = [str(column) for column in columns]
    assert [parse_column(text) for text in names] == list(columns)
    assert len(set(names)) == len(names) == sum(get_space(name).cardinalities)
    assert not set(",[]<") & set("".join(names))


@pytest.mark.parametrize("name", SPACES)
def test_every_space_says_what_its_choices_are_about(name):
    space = get_space(name)
    assert not any(space.choice_name(i).startswith("choice ") for i in range(len(space.cardinalities)))
    assert "option" not in {space.choice_kind(i) for i in range(len(space.cardinalities))}


def test_values_are_one_hot():
    space = get_space("mnasnet")
    networks = space.sample(20, seed=1)
    table = GraphFeatures(space, choices=True).fit_transform(networks)
    plain = GraphFeatures(space).fit_transform(networks)
    n_options = sum(space.cardinalities)
    np.testing.assert_array_equal(table.iloc[:, -n_options:], space.one_hot(networks))
    np.testing.assert_array_equal(table.iloc[:, :-n_options], plain)


def test_named_columns_come_in_the_order_asked_for():
    cells = get_space("nasbench201").sample(9)
    names = ["choice(1->2=skip)", "op_count(skip)", "choice(3->4=none)"]
    table = GraphFeatures(columns=names).fit_transform(cells)
    assert list(table) == names
    np.testing.assert_array_equal(table[names[0]], [cell.startswith("|skip_connect") for cell in cells])
    np.testing.assert_array_equal(table[names[2]], [cell.endswith("none~2|") for cell in cells])


def test_spaces_of_very_many_choices_have_none_by_default():
    space = get_space("nasbench_nlp")
    recipes = space.sample(3)
    assert list(GraphFeatures(space, choices=True).fit_transform(recipes)) == list(
        GraphFeatures(space).fit_transform(recipes)
    )


@pytest.mark.parametrize("name", ["nasbench201", "transnas_micro", "nasbench_macro", "transnas_macro"])
def test_the_witness_of_a_choice_is_the_node_of_its_name(name):
    space = get_space(name)
    for architecture in space.sample(5, seed=2):
        graph = space.graph(architecture)
        values = space.one_hot([architecture])[0]
        for column, value in zip(choice_columns(space), values, strict=True):
            found = witness(column, graph)
            choice, option = column.attribute.split("=")
            if choice not in graph.names:
                assert not found
                continue
            assert found.nodes == (graph.names.index(choice),)
            assert found.shares() == {found.nodes[0]: 1.0}
            assert found.words == f"{choice} is {'' if found.value else 'not '}{option}"
            assert found.value == value or option == "skip"  # which may be a convolution, if it has a stride


def test_choices_without_a_node_have_no_witness():
    space = get_space("fbnet")
    (network,) = space.sample(1)
    assert not witness("choice(layer 3=k3_e6)", space.graph(network))


def test_words():
    assert words("choice(1->2=skip)", 1) == "choice of 1->2=skip"
    assert words("choice(1->2=skip)", -1) == "another choice than 1->2=skip"


def test_graphs_of_no_space_have_no_choices():
    graphs = [get_space("nasbench201").graph(cell) for cell in get_space("nasbench201").sample(2)]
    with pytest.raises(InputError, match="graphs of none have no choices"):
        GraphFeatures(columns=["choice(1->2=skip)"]).fit(graphs)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("choice(1->2)", InputError, "takes a choice and its option"),
        ("choice", InputError, "takes a choice and its option"),
        ("choice(1->2=skip).mean", InputError, "takes a choice and its option"),
        ("choice(1->9=skip)", UnknownNameError, "unknown choice '1->9=skip'; did you mean"),
    ],
)
def test_bad_names_get_a_clear_error(name, error, message):
    with pytest.raises(error, match=message):
        GraphFeatures("nasbench201", columns=[name]).fit(get_space("nasbench201").sample(2))
