import pytest
import torch

from graf.exceptions import InputError
from graf.measure import Recipe
from graf.measure.digits import digits
from graf.measure.robustness import accuracy
from graf.measure.train import logits, train


def trained(space, architecture, seed, recipe):
    model = space.model(architecture)
    train(model, digits()["train"], recipe, seed)
    return model


def test_same_seed_same_weights(space, architectures, quick):
    one, same, other = (trained(space, architectures[0], seed, quick).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_leaves_callers_random_state(space, architectures, quick):
    before = torch.get_rng_state()
    trained(space, architectures[0], 0, quick)
    assert torch.equal(torch.get_rng_state(), before)


def test_learns(space, architectures):
    model = trained(space, architectures[0], 0, Recipe(epochs=4))
    assert accuracy(model, digits()["train"]) > 0.4


def test_ends_in_evaluation_mode(space, architectures, quick):
    assert not any(m.training for m in trained(space, architectures[0], 0, quick).modules())


def test_incomplete_batches_are_left_out(space, architectures):
    model, sizes = space.model(architectures[0]), []
    model.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    train(model, digits()["train"], Recipe(epochs=2, batch_size=300), 0)
    assert sizes == [300] * 4


def test_learning_rate_falls_to_zero(space, architectures, monkeypatch):
    seen = []
    step = torch.optim.SGD.step
    monkeypatch.setattr(
        torch.optim.SGD, "step", lambda self: (seen.append(self.param_groups[0]["lr"]), step(self))[1]
    )
    trained(space, architectures[0], 0, Recipe(epochs=2, batch_size=400))
    assert seen == pytest.approx([0.3, 0.3 * 0.853553, 0.15, 0.3 * 0.146447], rel=1e-5)


def test_batch_larger_than_the_data(space, architectures):
    with pytest.raises(InputError, match="`batch_size` must be at most 800"):
        trained(space, architectures[0], 0, Recipe(batch_size=801))


def test_logits_have_no_gradient(space, architectures):
    outputs = logits(space.model(architectures[0]).eval(), digits()["test"].x[:3])
    assert outputs.shape == (3, 10) and not outputs.requires_grad
