import numpy as np
import pytest
import torch
from torch.nn import functional

from graf.measure import Recipe
from graf.measure.digits import Images, digits
from graf.measure.robustness import accuracy, blurred, fgsm, noisy, pgd, robustness
from graf.measure.train import train


@pytest.fixture(scope="module")
def model(space, architectures):
    model = space.model(architectures[0])
    train(model, digits()["train"], Recipe(epochs=5), 0)
    model.zero_grad()
    return model


@pytest.fixture(scope="module")
def images():
    return digits()["test"]


def loss(model, images):
    with torch.no_grad():
        return functional.cross_entropy(model(images.x), images.y).item()


@pytest.mark.parametrize("attack", [fgsm, pgd])
@pytest.mark.parametrize("epsilon", [0.02, 0.1])
def test_attack_stays_near_and_hurts(model, images, attack, epsilon):
    attacked = attack(model, images, epsilon)
    assert (attacked.x - images.x).abs().max() <= epsilon + 1e-6
    assert attacked.x.min() >= 0 and attacked.x.max() <= 1
    assert loss(model, attacked) > loss(model, images)
    assert accuracy(model, attacked) < accuracy(model, images)
    assert torch.equal(attacked.y, images.y)


def test_fgsm_against_its_definition(model, images):
    x = images.x[:5].clone().requires_grad_()
    functional.cross_entropy(model(x), images.y[:5], reduction="sum").backward()
    expected = torch.clamp(images.x[:5] + 0.05 * x.grad.sign(), 0, 1)
    assert torch.equal(fgsm(model, Images(images.x[:5], images.y[:5]), 0.05).x, expected)
    model.zero_grad()


def test_pgd_is_stronger_than_fgsm(model, images):
    assert loss(model, pgd(model, images, 0.1)) > loss(model, fgsm(model, images, 0.1))


def test_attack_of_size_zero_changes_nothing(model, images):
    assert torch.equal(pgd(model, images, 0.0).x, images.x)


def test_model_and_images_stay_as_they_are(model, images):
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    x = images.x.clone()
    robustness(model, images)
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.equal(images.x, x) and not images.x.requires_grad


def test_columns(model, images):
    found = robustness(model, images)
    assert list(found) == [
        "fgsm_0.02_acc", "fgsm_0.05_acc", "fgsm_0.1_acc", "pgd_0.02_acc", "pgd_0.05_acc", "pgd_0.1_acc",
        "noise_0.1_acc", "noise_0.2_acc", "noise_0.3_acc", "blur_0.5_acc", "blur_0.75_acc", "blur_1_acc",
    ]  # fmt: skip
    assert found["fgsm_0.05_acc"] == accuracy(model, fgsm(model, images, 0.05))
    assert found["blur_1_acc"] == accuracy(model, blurred(images, 1.0))


def test_accuracy_counts(model, images):
    with torch.no_grad():
        hits = [int(model(x[None]).argmax()) == int(y) for x, y in zip(*images, strict=True)]
    assert accuracy(model, images) == pytest.approx(np.mean(hits), abs=1e-12)


def test_noise_is_the_same_for_every_model(images):
    state = torch.get_rng_state()
    first = noisy(images, 0.2).x
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(3)
    assert torch.equal(noisy(images, 0.2).x, first)
    inner = (first > 0) & (first < 1)
    middle = inner & (images.x > 0.4) & (images.x < 0.6)
    assert (first - images.x)[middle].std() == pytest.approx(0.2, rel=0.05)
    assert first.min() >= 0 and first.max() <= 1


def test_blur_smooths_within_an_image_only():
    x = torch.zeros(2, 1, 8, 8)
    x[0, 0, 4, 4] = 1
    smooth = blurred(Images(x, torch.zeros(2)), 0.5).x
    assert torch.all(smooth[1] == 0)
    assert smooth.sum() == pytest.approx(1, abs=1e-5)
    assert smooth[0, 0, 4, 4] < 0.7 and smooth[0, 0, 4, 5] == smooth[0, 0, 3, 4] > 0
    flat = Images(torch.full((1, 1, 8, 8), 0.3), torch.zeros(1))
    torch.testing.assert_close(blurred(flat, 1.0).x, flat.x)
