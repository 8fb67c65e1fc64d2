import pytest
import torch

from graf.exceptions import InputError
from graf.measure import Recipe
from graf.measure.digits import digits
from graf.measure.robustness import accuracy
from graf.measure.train import _shifted, logits, train


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


@pytest.mark.parametrize(
    "changed", [{"optimiser": "adamw", "learning_rate": 0.02}, {"label_smoothing": 0.2}, {"shift": 1}]
)
def test_every_setting_matters_and_still_learns(space, architectures, changed):
    plain, other = Recipe(epochs=5), Recipe(**{"epochs": 5} | changed)
    models = [trained(space, architectures[0], 0, recipe) for recipe in (plain, other, other)]
    weights = [torch.cat([p.flatten() for p in model.parameters()]) for model in models]
    assert not torch.equal(weights[0], weights[1]) and torch.equal(weights[1], weights[2])
    assert accuracy(models[1], digits()["train"]) > 0.3


def test_shifts_move_images_by_whole_pixels():
    x = torch.zeros(500, 1, 8, 8)
    x[:, 0, 3, 4] = 1
    moved = _shifted(x, 1, torch.Generator().manual_seed(0))
    assert moved.shape == x.shape
    places = moved.nonzero()[:, 2:]
    assert len(places) == 500
    assert {tuple(place) for place in places.tolist()} == {(r, c) for r in (2, 3, 4) for c in (3, 4, 5)}
    x = torch.ones(50, 1, 8, 8)
    assert (_shifted(x, 1, torch.Generator().manual_seed(0)).sum((1, 2, 3)) < 64).any()


def test_looking_after_epochs_does_not_change_training(space, architectures, quick):
    seen = []
    model = space.model(architectures[0])

    def look(epoch):
        seen.append((epoch, model.training))
        logits(model, digits()["test"].x[:5])

    train(model, digits()["train"], quick, 3, look)
    same = trained(space, architectures[0], 3, quick).state_dict()
    assert seen == [(1, False)]
    assert all(torch.equal(value, same[name]) for name, value in model.state_dict().items())
