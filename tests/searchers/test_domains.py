"""Domains: candidates and the choices that they consist of."""

import numpy as np
import pytest

import graf
from graf.searchers import Constraint, Search

SPACE = graf.get_space("nasbench201")
RECIPE = {"learning_rate": [0.1, 0.3], "augment": ["none", "shift", "both"]}
DOMAINS = {
    "space": Search(SPACE).problem.domain,
    "list": Search(SPACE.sample(300, seed=1)).problem.domain,
    "joint": Search(SPACE, recipe=RECIPE).problem.domain,
    "limited": Search(SPACE, constraints=[Constraint("n_parameters", at_most=500_000)]).problem.domain,
    "no space": Search(["a", "b", "c"]).problem.domain,
}


@pytest.mark.parametrize("name", DOMAINS)
def test_choices_lead_back_to_candidates(name):
    domain = DOMAINS[name]
    candidates = domain.sample(40, np.random.default_rng(0))
    choices = domain.choices(candidates)
    assert choices.shape == (40, len(domain.cardinalities))
    assert (choices < domain.cardinalities).all()
    assert domain.from_choices(choices) == candidates


def test_architectures_that_are_objects_are_named_by_their_space():
    matrix = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    cells = [{"matrix": matrix, "ops": ["input", op, "output"]} for op in ("maxpool3x3", "conv3x3-bn-relu")]
    domain = Search(cells).problem.domain
    assert domain.space.name == "nasbench101"
    assert domain.members == [
        "010|001|000:input|maxpool3x3|output",
        "010|001|000:input|conv3x3-bn-relu|output",
    ]


@pytest.mark.parametrize("name", ["list", "limited"])
def test_choices_that_make_no_candidate_are_left_out(name):
    domain, rng = DOMAINS[name], np.random.default_rng(0)
    rows = rng.integers(domain.cardinalities, size=(200, len(domain.cardinalities)))
    found = domain.from_choices(rows)
    assert 0 < len(found) < 200
    assert [row for row in rows.tolist() if SPACE.format(row) in set(found)] == domain.choices(found).tolist()
