"""Reduced spaces: everything stays inside, and is what it is in the whole space."""

import itertools
import math

import numpy as np
import pytest

from graf import GraphFeatures, ZeroCostProxies, get_space, search
from graf.exceptions import ArchitectureError, InputError, UnsupportedError
from graf.measure.checks import digits_space
from graf.spaces import ReducedSpace

LEFT = {
    "transnas_micro": {0: [2, 3], 3: [0], 5: [1, 2, 3]},
    "nasbench201": {0: [2], 1: [1, 2]},
    "fbnet": {i: [0, 3, 8] for i in range(22)},
    "mnasnet": {0: [0, 2], 3: [1], 27: [0]},
    "darts": {1: [0, 1]},
}


@pytest.fixture(params=LEFT)
def pair(request):
    whole = get_space(request.param)
    return whole, whole.reduced(LEFT[request.param])


def inside(space, architectures):
    rows = space.space.choices(architectures)
    return all(set(rows[:, i].tolist()) <= set(options) for i, options in enumerate(space.options))


def test_sampling_and_mutation_stay_inside(pair):
    _, reduced = pair
    drawn = reduced.sample(20, seed=1)
    assert drawn == reduced.sample(20, seed=1)
    assert inside(reduced, drawn)
    assert inside(reduced, [reduced.mutate(a, seed=3) for a in drawn])
    around = reduced.neighbours(drawn[0])
    assert around
    assert inside(reduced, around)
    assert inside(reduced, [reduced.crossover(a, b) for a, b in itertools.pairwise(drawn)])


def test_neighbours_are_those_of_the_space_that_are_left(pair):
    whole, reduced = pair
    start = reduced.sample(1, seed=5)[0]
    left = [a for a in whole.neighbours(start) if inside(reduced, [a])]
    assert reduced.neighbours(start) == left


def test_enumeration_is_what_is_left_of_the_whole():
    whole = get_space("transnas_micro")
    reduced = whole.reduced(LEFT["transnas_micro"])
    assert reduced.enumerate() == [a for a in whole.enumerate() if inside(reduced, [a])]
    assert len(reduced) == 2 * 4 * 4 * 1 * 4 * 3


def test_graphs_and_features_are_those_of_the_space(pair):
    whole, reduced = pair
    drawn = reduced.sample(3, seed=2)
    assert [reduced.graph(a) for a in drawn] == [whole.graph(a) for a in drawn]
    columns = ["live.depth", "op_count(skip)"] if "skip" in whole.ops else ["live.depth"]
    mine, theirs = (GraphFeatures(space, columns).fit_transform(drawn) for space in pair)
    np.testing.assert_array_equal(mine, theirs)


def test_published_features_see_how_an_architecture_is_written():
    whole = get_space("transnas_macro")
    written = ["64-1234-basic", " 64-1234-basic", "1-2-3-4-0-0"]
    mine, theirs = (
        GraphFeatures(space, compat="zc_combine").fit_transform(written)
        for space in (whole.reduced({0: [1, 2]}), whole)
    )
    np.testing.assert_array_equal(mine, theirs)
    assert (mine.iloc[0] == mine.iloc[1]).all()
    assert (mine.iloc[0] != mine.iloc[2]).any()
    with pytest.raises(ArchitectureError, match="architecture 0: "):
        whole.reduced({0: [2]}).published_batch(written)


def test_sampling_draws_usual_architectures():
    reduced = get_space("darts").reduced({1: [0, 1], 4: [1], 16: [0]})
    drawn = reduced.sample(50, seed=0)
    assert all(reduced.is_usual(reduced.parse(a)) for a in drawn)
    assert len(set(drawn)) == 50


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("lhd", {1: [2, 3], 5: [1]}),
        ("nasbench_nlp", {0: [0, 1]}),
        ("mobilenetv3", {0: [1, 2], 20: [0, 2]}),
        ("nasbench101", {0: [1], 21: [0, 2]}),
        ("autoformer", {1: [0, 1], 5: [0, 1]}),
    ],
)
def test_sampling_where_few_combinations_fit(name, options):
    reduced = get_space(name).reduced(options)
    drawn = reduced.sample(5, seed=0)
    assert len(set(drawn)) > 1
    assert inside(reduced, drawn)


def test_options_that_do_not_fit_together():
    reduced = get_space("transnas_macro").reduced({0: [0]})
    assert reduced.size == 0
    assert reduced.enumerate() == []
    with pytest.raises(UnsupportedError, match=r"transnas_macro .* leave more options at module\.0$"):
        reduced.sample(1)


def test_size_is_counted_or_an_upper_bound():
    macro = get_space("transnas_macro")
    assert macro.reduced({}).size == macro.size
    few = macro.reduced({0: [1, 2], 4: [0]})
    assert few.size == len(few.enumerate()) == sum(inside(few, [a]) for a in macro.enumerate())
    darts = get_space("darts").reduced({1: [0, 1]})
    assert darts.size == math.prod(map(len, darts.options))
    assert darts.reduced({3: [0]}).sample(1)
    with pytest.raises(UnsupportedError, match="too many to list"):
        darts.enumerate()


def test_a_search_runs_in_a_large_reduced_space():
    reduced = get_space("darts").reduced({1: [0, 1]})
    result = search(reduced, lambda genotype: genotype.count("sep"), budget=20, seed=0)
    assert inside(reduced, result.history["architecture"])


def test_what_was_taken_out_is_refused():
    reduced = get_space("nasbench201").reduced({0: [2]})
    with pytest.raises(ArchitectureError, match="1->2 must be one of conv3x3 in the reduced space, got none"):
        reduced.parse((1, 0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({9: [0]}, "6 choices"),
        ({0: []}, "0 to 4"),
        ({0: [7]}, "0 to 4"),
        ({0: 2}, "choice 0 must be a list of some of 0 to 4, got 2"),
        ({0: ["skip", 1]}, "got .'skip', 1"),
        ([[0]], "must map positions of choices"),
    ],
)
def test_options_that_there_are_not_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        get_space("nasbench201").reduced(options)


def test_a_search_runs_inside():
    reduced = get_space("nasbench201").reduced({0: [2, 3], 5: [2, 3]})
    assert isinstance(reduced, ReducedSpace)
    result = search(reduced, lambda cell: cell.count("conv_3x3"), budget=30, seed=0)
    assert inside(reduced, result.history["architecture"])


def test_spaces_that_are_not_the_same_are_told_apart(tmp_path):
    """By checkpoints of searches and caches of proxies, too."""
    whole = get_space("transnas_micro", n_classes=3)
    first, second = whole.reduced({0: [2, 3]}), whole.reduced({1: [2, 3]})
    others = [second, get_space("transnas_micro").reduced({0: [2, 3]})]
    assert repr(first) == f"{whole!r}.reduced({{0: [2, 3]}})"
    assert len({*map(repr, others), repr(first)}) == 3
    kept = {"budget": 3, "strategy": "random", "checkpoint": tmp_path / "search.jsonl"}
    search(first, len, **kept)
    with pytest.raises(InputError, match="written with other settings"):
        search(second, len, **kept)


def test_networks_read_the_images_of_the_whole_space():
    whole = get_space("nasbench201", channels=4, cells_per_stage=1, input_shape=(1, 8, 8))
    reduced = whole.reduced({0: [2]})
    scores = [
        ZeroCostProxies(["snip"], space=space, batch_size=4).fit_transform(reduced.sample(2))
        for space in (reduced, whole)
    ]
    np.testing.assert_array_equal(*scores)
    assert digits_space(reduced.reduced({1: [0]})) == whole
    words = get_space("nasbench_nlp").reduced({0: [0, 1]})
    assert not hasattr(words, "input_shape")
