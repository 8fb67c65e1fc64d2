"""Accuracy on attacked and corrupted images."""

from __future__ import annotations

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn
from torch.nn import functional

from graf.measure.digits import Images

__all__ = ["accuracy", "blurred", "fgsm", "noisy", "pgd", "robustness"]

EPSILONS = (0.02, 0.05, 0.1)
NOISE_SIGMAS = (0.1, 0.2, 0.3)
BLUR_SIGMAS = (0.5, 0.75, 1.0)


def robustness(model: nn.Module, images: Images) -> dict[str, float]:
    """Accuracy under every attack and corruption, by column name.

    The model is in evaluation mode, and its weights stay as they are. Attacks are bounded in
    the maximum norm by epsilon, in units of the pixel range [0, 1].
    """
    found = {f"fgsm_{eps:g}_acc": accuracy(model, fgsm(model, images, eps)) for eps in EPSILONS}
    found |= {f"pgd_{eps:g}_acc": accuracy(model, pgd(model, images, eps)) for eps in EPSILONS}
    found |= {f"noise_{sigma:g}_acc": accuracy(model, noisy(images, sigma)) for sigma in NOISE_SIGMAS}
    found |= {f"blur_{sigma:g}_acc": accuracy(model, blurred(images, sigma)) for sigma in BLUR_SIGMAS}
    return found


def accuracy(model: nn.Module, images: Images) -> float:
    """Share of images whose largest output is their class."""
    with torch.no_grad():
        return float((model(images.x).argmax(1) == images.y).double().mean())


def fgsm(model: nn.Module, images: Images, epsilon: float) -> Images:
    """Images after one step of size epsilon along the sign of the gradient (Goodfellow et al., 2015)."""
    return images._replace(x=_step(model, images.x, images.y, epsilon))


def pgd(model: nn.Module, images: Images, epsilon: float, steps: int = 7) -> Images:
    """Images after projected gradient descent without random start (Madry et al., 2018).

    Steps have size 2.5 epsilon / steps; the result stays within epsilon and within [0, 1].
    """
    x = images.x
    for _ in range(steps):
        x = _step(model, x, images.y, 2.5 * epsilon / steps)
        x = torch.clamp(x, images.x - epsilon, images.x + epsilon)
    return images._replace(x=x)


def _step(model: nn.Module, x: Tensor, y: Tensor, size: float) -> Tensor:
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(functional.cross_entropy(model(x), y), x)
    return (x.detach() + size * gradient.sign()).clamp(0, 1)


def noisy(images: Images, sigma: float, seed: int = 0) -> Images:
    """Images with Gaussian noise of standard deviation sigma, the same for every model."""
    noise = torch.randn(images.x.shape, generator=torch.Generator().manual_seed(seed))
    return images._replace(x=(images.x + sigma * noise).clamp(0, 1))


def blurred(images: Images, sigma: float) -> Images:
    """Images under a Gaussian filter of standard deviation sigma pixels."""
    smooth = gaussian_filter(images.x.numpy(), sigma=(0, 0, sigma, sigma))
    return images._replace(x=torch.from_numpy(smooth))
