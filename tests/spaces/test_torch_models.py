"""The PyTorch networks: what they compute, and that graphs count them right."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from counting import check_counts, examples  # noqa: E402 - needs torch

from graf.spaces import get_space  # noqa: E402 - after what it may lack
from graf.spaces.torch_models.cell import Cell  # noqa: E402 - needs torch
from graf.spaces.torch_models.state import seeded  # noqa: E402 - needs torch

pytestmark = pytest.mark.usefixtures("torch")


def test_counts_of_small_networks(small_space):
    for cell in small_space.sample(8, seed=4):
        check_counts(small_space, cell)


@pytest.mark.parametrize(("name", "side"), [("transnas_macro", 8), ("lhd", 1)])
def test_a_strided_shortcut_is_one_where_nothing_is_left_to_halve(name, side):
    """As for digits of 8 x 8 pixels, which the stem of TransNAS-Bench-101 makes 2 x 2."""
    space = get_space(name, channels=4, input_shape=(1, side, side))
    for cell in space.sample(8, seed=1):
        check_counts(space, cell)


def test_counts_of_published_networks(space):
    check_counts(space, space.sample(1, seed=1)[0])


def test_outputs_and_gradients(small_space):
    for cell in small_space.sample(3, seed=6):
        model = small_space.model(cell)
        logits = model(examples(small_space, 3))
        assert len(logits) == 3
        assert logits.shape[-1] == getattr(small_space, "n_classes", logits.shape[-1])
        assert torch.isfinite(logits).all()
        logits.sum().backward()
        assert all(torch.isfinite(w.grad).all() for w in model.parameters() if w.grad is not None)


def test_the_seed_fixes_the_weights_and_leaves_torch_alone(small_space):
    cell = small_space.sample(1, seed=2)[0]
    state = torch.get_rng_state()
    first, again, other = (small_space.model(cell, seed=seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_the_random_state_survives_an_error():
    state = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), seeded(3):
        torch.rand(1)
        raise ZeroDivisionError
    assert torch.equal(torch.get_rng_state(), state)


EDGES = ((1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4))


@pytest.mark.parametrize(
    ("names", "factor"),
    [
        (["none"] * 6, 0),
        (["skip"] * 6, 4),
        (["none", "none", "skip", "none", "none", "none"], 1),
        (["skip", "none", "none", "skip", "none", "skip"], 1),
        (["skip", "none", "none", "skip", "skip", "skip"], 2),
    ],
)
def test_a_cell_of_identities_counts_its_paths(names, factor):
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(Cell(EDGES, names, 3, 3)(x), factor * x)


def test_the_order_of_edges_does_not_matter():
    x = torch.randn(2, 3, 4, 4)
    names = np.array(["skip", "avg_pool3x3", "none", "skip", "none", "skip"])
    order = [5, 2, 0, 4, 1, 3]
    shuffled = Cell([EDGES[i] for i in order], names[order], 3, 3)
    torch.testing.assert_close(shuffled(x), Cell(EDGES, names, 3, 3)(x))


@pytest.mark.parametrize(("c_out", "stride", "size"), [(4, 1, 7), (8, 2, 7), (6, 2, 8), (7, 1, 5)])
def test_every_operation_has_the_same_output_shape(c_out, stride, size):
    x = torch.randn(2, 4, size, size)
    for name in ["none", "skip", "conv1x1", "conv3x3", *["avg_pool3x3"] * (c_out == 4)]:
        shape = Cell([(1, 2)], [name], 4, c_out, stride)(x).shape
        assert shape == (2, c_out, -(-size // stride), -(-size // stride))


def test_pooling_does_not_count_the_border():
    ones = torch.ones(1, 2, 4, 4)
    torch.testing.assert_close(Cell([(1, 2)], ["avg_pool3x3"], 2, 2)(ones), ones)
