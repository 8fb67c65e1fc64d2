"""The strategy that samples a Boltzmann machine."""

import dimod
import numpy as np
import pytest

import graf
from graf.exceptions import InputError, UnknownNameError
from graf.searchers.boltzmann import Annealer
from graf.searchers.strategies import Boltzmann

SPACE = graf.get_space("nasbench201")
CHAINS = ["cd", "pcd", "annealer", Annealer(settings={"num_sweeps": 20})]


def agreement(cell):
    """Pairs of edges with the same operation: no operation is better than another."""
    a, b, c, d, e, f = SPACE.parse(cell)
    return (a == b) + (c == d) + (e == f)


@pytest.mark.parametrize("chains", CHAINS)
def test_pairs_of_choices_are_learned(chains):
    """Where single choices say nothing, couplings must; random search has 0.6 of 3 pairs."""
    strategy = Boltzmann(chains=chains, start=200, decay=0.01, learning_rate=1.0, steps=60)
    history = graf.search(SPACE, agreement, budget=240, strategy=strategy, batch=40).history
    assert history["architecture"].is_unique
    assert history["value"][:200].mean() < 0.9
    assert history["value"][200:].mean() > 1.1


@pytest.mark.parametrize("name", ["nasbench101", "darts", "nats_size"])
def test_other_spaces_are_searched_too(name):
    """Also where most combinations of options are no architecture."""
    space = graf.get_space(name)
    history = graf.search(space, lambda a: sum(space.parse(a)), budget=30, strategy="boltzmann").history
    assert len(history) == history["architecture"].nunique() == 30
    assert history["value"][20:].mean() > history["value"][:20].mean()


def test_members_of_a_list_are_searched_to_the_last():
    cells = SPACE.sample(40, seed=1)
    history = graf.search(cells, agreement, budget=100, strategy="boltzmann").history
    assert sorted(history["architecture"]) == sorted(set(cells))
    names = list("abcdefghijklmnopqrstuvwxyz")
    assert len(graf.search(names, ord, budget=30, strategy="boltzmann").history) == 26


def test_a_checkpoint_knows_the_sampler(tmp_path):
    def run(budget, sampler):
        strategy = Boltzmann(chains=Annealer(sampler), start=5)
        path = tmp_path / "search.jsonl"
        return graf.search(SPACE, agreement, budget=budget, strategy=strategy, checkpoint=path).history

    first, longer = run(10, dimod.RandomSampler()), run(15, dimod.RandomSampler())
    assert longer["architecture"][:10].tolist() == first["architecture"].tolist()
    with pytest.raises(InputError, match="strategy"):
        run(15, dimod.ExactSolver())


def test_nothing_measured_is_nothing_learned():
    def broken(cell):
        raise ValueError(cell)

    history = graf.search(SPACE, broken, budget=30, strategy="boltzmann").history
    assert (history["status"] == "failed").all()
    assert len(np.unique(history["architecture"])) == 30


def test_bad_parameters_are_named():
    with pytest.raises(InputError, match="`good` of boltzmann must be above 0 and at most 1, got 0"):
        Boltzmann(good=0)
    with pytest.raises(InputError, match="`steps`"):
        Boltzmann(steps=0)
    with pytest.raises(InputError, match="`learning_rate` must be above 0"):
        Boltzmann(learning_rate=0.0)  # not after all the first trials were measured
    with pytest.raises(UnknownNameError, match="annealer"):
        Boltzmann(chains="anealer")
