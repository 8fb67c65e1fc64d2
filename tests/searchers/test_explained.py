"""Mutations follow what the explanation says."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

import graf
from graf.exceptions import InputError
from graf.searchers import Search
from graf.searchers.strategies import Evolution, Explained

SPACE = graf.get_space("nasbench201")


def first_edge(cell):
    """Good cells have a 3x3 convolution on the first edge and none on the last."""
    choices = SPACE.parse(cell)
    return float(choices[0] == 2) - float(choices[5] == 1)


def children(strategy, n=40):
    search = Search(SPACE, strategy=strategy, seed=1)
    cells = list(dict.fromkeys(SPACE.sample(60, seed=3)))
    search.tell(cells, [first_edge(cell) for cell in cells])
    search.ask(n)
    return [trial for trial in search.trials if trial.parent is not None], search


def changed(trial, search):
    child, parent = (np.array(SPACE.parse(search.trials[i].candidate)) for i in (trial.number, trial.parent))
    return np.flatnonzero(child != parent), child


def test_weights_follow_the_explanation():
    def share_harmed(strategy):
        trials, search = children(strategy)
        values = [
            first_edge(trial.candidate) - first_edge(search.trials[trial.parent].candidate)
            for trial in trials
        ]
        assert all(len(changed(trial, search)[0]) == 1 for trial in trials)
        return np.mean(np.array(values) < 0)

    assert share_harmed(Explained(greed=3.0)) < 0.1 < share_harmed(Evolution())


def test_options_that_are_good_for_nothing_are_dropped():
    trials, search = children(Explained(greed=0.0, reduced=True))
    options = {(int(at[0]), int(child[at[0]])) for at, child in (changed(trial, search) for trial in trials)}
    assert not {(0, option) for option in (0, 1, 3, 4)} & options
    assert (5, 1) not in options
    assert len({position for position, _ in options}) >= 4


def test_options_are_dropped_only_by_more_trials_than_choices():
    strategy = Explained(population=4, greed=0.0, reduced=True)
    found = graf.search("nats_size", len, budget=9, strategy=strategy)  # 5 choices
    assert len(found.history) == 9


def test_lists_and_the_end_of_a_domain():
    cells = list(dict.fromkeys(SPACE.sample(40, seed=4)))
    found = graf.search(cells, first_edge, budget=100, strategy="explained", batch=20)
    assert sorted(found.history["architecture"]) == sorted(cells)


def test_what_it_cannot_do():
    with pytest.raises(InputError, match="`greed` must be a number of 0 or more, got -1"):
        Explained(greed=-1)
    with pytest.raises(InputError, match="needs architectures of a search space"):
        graf.search(
            ["a", "b", "c", *map(str, range(30))], len, RandomForestRegressor(5), 30, strategy="explained"
        )
