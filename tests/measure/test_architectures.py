from itertools import islice

import pytest

from graf.exceptions import InputError
from graf.measure import distinct_architectures
from graf.spaces import NASBench201, get_space

NOTHING = (1,) * 6
USELESS = (2, 1, 0, 1, 1, 1)  # 1-2 leads nowhere


class Few(NASBench201):
    """Only five cells, of which two do the same and two are useless."""

    def enumerate(self):
        cells = [NOTHING, USELESS, (1, 1, 0, 1, 1, 1), (0, 1, 1, 1, 0, 1), (1, 1, 2, 1, 1, 1)]
        return [self.format(choices) for choices in cells]


def test_connected_and_pairwise_different(space):
    found = distinct_architectures(space, 60)
    graphs = [space.graph(architecture) for architecture in found]
    assert len({graph.simplified().canonical_hash for graph in graphs}) == 60
    assert all(graph.connected for graph in graphs)


def test_seed_decides(space):
    assert distinct_architectures(space, 5, seed=1) == distinct_architectures(space, 5, seed=1)
    assert distinct_architectures(space, 5, seed=1) != distinct_architectures(space, 5, seed=2)


def test_more_are_the_same_and_more(space):
    assert distinct_architectures(space, 9)[:4] == distinct_architectures(space, 4)


def test_is_not_the_first_of_the_space(space):
    assert set(distinct_architectures(space, 5)).isdisjoint(islice(space, 5))


def test_leaves_out_useless_and_repeated_functions():
    space = Few()
    found = distinct_architectures(space, 2)
    assert space.format((1, 1, 2, 1, 1, 1)) in found
    assert len({*found} & {space.format((1, 1, 0, 1, 1, 1)), space.format((0, 1, 1, 1, 0, 1))}) == 1


@pytest.mark.parametrize(
    ("n", "said"), [(3, "at most 2"), (0, "an integer of 1 or more"), (1.5, "an integer")]
)
def test_impossible_number(n, said):
    with pytest.raises(InputError, match=said):
        distinct_architectures(Few(), n)


@pytest.mark.parametrize("name", ["darts", "fbnet", "mnasnet", "lhd"])
def test_spaces_too_large_to_list_are_drawn_from(name):
    space = get_space(name)
    found = distinct_architectures(space, 4)
    assert len({space.graph(one).simplified().canonical_hash for one in found}) == 4
    assert distinct_architectures(space, 2) == found[:2]
