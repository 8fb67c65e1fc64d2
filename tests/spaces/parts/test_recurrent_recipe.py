"""Reading, checking and counting recipes of recurrent cells."""

from itertools import product

import pytest
from recurrent import recipe

from graf.exceptions import ArchitectureError
from graf.spaces.parts import recurrent_recipe
from graf.spaces.parts.recurrent_recipe import ARITY, Node


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (recipe(h_new_0="linear h_new_0"), "node 'h_new_0' depends on itself"),
        (
            recipe(h_new_0="linear a", a="linear b", b="activation_tanh a"),
            "node 'a' depends on itself: 'a -> b -> a'",
        ),
        (recipe(h_new_0="linear q"), "node 'h_new_0' reads 'q', which is not defined"),
        (recipe(h_new_0="linear x h_prev_1"), "node 'h_new_0' reads 'h_prev_1', which is not defined"),
        (recipe(h_new_0="activation_tanh x"), "only linear reads x, whose width differs, got activation_tanh"),
        (recipe(h_new_0="blend h_prev_0 h_prev_0"), "blend reads 3 inputs, got 2"),
        (recipe(h_new_0="linear x x x x"), "linear reads 1 or 2 or 3 inputs, got 4"),
        (recipe(h_new_0="relu x"), "node 'h_new_0': expected an op among linear, .* got 'relu'"),
        (recipe(h_new_1="linear x"), "expected new states h_new_0 to h_new_2, .* got h_new_1"),
        ({f"h_new_{i}": {"op": "linear", "input": ["x"]} for i in range(4)}, "got h_new_0, h_new_1, h_new_2, h_new_3"),
        ({}, "expected new states .* got none"),
        (recipe(h_new_0="linear x", **{f"n{i}": "linear x" for i in range(24)}), "at most 24 nodes, got 25"),
        (recipe(x="linear h_prev_0", h_new_0="linear x"), "a node cannot be named 'x'"),
        ({"h_new_0": {"op": "linear"}}, "node 'h_new_0': expected a dict of 'op' and 'input'"),
        ({"h_new_0": {"op": "linear", "input": "x"}}, "node 'h_new_0': expected a list of names as 'input', got 'x'"),
        ({"h_new_0": {"op": "linear", "input": [1]}}, "expected a list of names as 'input', got \\[1\\]"),
        ({"h_new_0": {"op": ["linear"], "input": ["x"]}}, "expected an op among"),
    ],
)  # fmt: skip
def test_bad_recipes(nodes, message):
    for written in (nodes, str(nodes)):
        with pytest.raises(ArchitectureError, match=f"not a NAS-Bench-NLP recipe: .*{message}") as error:
            recurrent_recipe.read(written)
        assert len(str(error.value)) <= 300


def test_names_are_texts():
    with pytest.raises(ArchitectureError, match="a node cannot be named 7"):
        recurrent_recipe.read({7: {}})


def test_json_is_taken_as_it_is():
    written = '{"it\'s (x, None)": {"op": "linear", "input": ["x"]}, "h_new_0": {"op": "linear", "input": ["it\'s (x, None)"]}}'
    assert list(recurrent_recipe.read(written)) == ["it's (x, None)", "h_new_0"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"h_new_0" {"op": 1}}', "expected JSON .* at character 11, got .* >>> {\"op"),
        ('{"h_new_0": {}, "h_new_0": {}}', "'h_new_0' is given twice"),
        ("[1, 2]", r"expected a dict of nodes, got \[1, 2\]"),
        ("[" * 9999, "expected .*fewer brackets at character 0"),
        ('{"h_new_0": ' + "[" * 400 + "]" * 400 + "}", r"expected a dict of 'op' and 'input', got \[\["),
    ],
)  # fmt: skip
def test_the_place_of_a_fault(text, message):
    with pytest.raises(ArchitectureError, match=message):
        recurrent_recipe.read(text)


def test_live_nodes_follow_what_they_read():
    nodes = recurrent_recipe.read(
        recipe(a="linear b", dead="linear a", b="linear x", h_new_0="activation_tanh a", c="linear dead")
    )
    assert list(recurrent_recipe.live(nodes)) == ["b", "a", "h_new_0"]


def test_the_number_of_recipes():
    readable = {1: ["x", "h_prev_0", "h_new_0"], 2: ["x", "h_prev_0", "h_new_0", "node_0"]}
    for n, sources in readable.items():
        nodes = [
            Node(op, inputs)
            for op, arity in ARITY.items()
            for k in arity
            for inputs in product(sources, repeat=k)
        ]
        recipes = (dict(zip(sources[2:], choice, strict=True)) for choice in product(nodes, repeat=n))
        assert sum(map(accepted, recipes)) == recurrent_recipe.count(1, n)


def accepted(nodes):
    try:
        recurrent_recipe.check(nodes)
    except ArchitectureError:
        return False
    return True
