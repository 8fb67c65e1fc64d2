"""Zero-cost proxies the way published libraries compute them: one by one, each on a copy of the network.

Written from their definitions and from what is known of how they run (Abdelfattah et al., Zero-Cost Proxies for
Lightweight NAS, 2021; Krishnakumar et al., NAS-Bench-Suite-Zero, 2022): a deep copy and passes of its own for each
proxy, sums over layers in Python, and values that are fetched from the device as soon as they are known. They free
the device's memory after each proxy, too, which is left out here in their favour.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

__all__ = ["PUBLISHED", "one_by_one"]

Measure = Callable[[nn.Module, Tensor, Tensor], float]


def one_by_one(names: list[str], module: nn.Module, x: Tensor, y: Tensor) -> dict[str, float]:
    """Values of proxies of a network, in training mode."""
    return {name: PUBLISHED[name](copy.deepcopy(module).train(), x.clone(), y) for name in names}


def layers(net: nn.Module) -> list[Any]:
    return [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]


def loss_gradients(net: nn.Module, x: Tensor, y: Tensor) -> None:
    net.zero_grad()
    F.cross_entropy(net(x), y).backward()


def summed(net: nn.Module, score: Callable[[Tensor], Tensor]) -> float:
    """Of the weights of layers, unused ones counting nothing."""
    return float(sum(score(m.weight).sum().detach() for m in layers(net) if m.weight.grad is not None))


def params(net: nn.Module, x: Tensor, y: Tensor) -> float:
    return sum(p.numel() for p in net.parameters()) / 1e6


def flops(net: nn.Module, x: Tensor, y: Tensor) -> float:
    """Counted in hooks while one input passes."""
    counts: list[float] = []

    def count(module: Any, given: Any, output: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            counts.append(output.numel() * module.weight[0].numel())
        elif isinstance(module, nn.Linear):
            counts.append(module.weight.numel())
        elif isinstance(module, nn.BatchNorm2d):
            counts.append(output.numel() * 2)
        elif isinstance(module, nn.ReLU):
            counts.append(output.numel())
        elif isinstance(module, nn.AvgPool2d):
            counts.append(output.numel() * 9 if module.kernel_size == 3 else output.numel() * 4)
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            counts.append(output.shape[1] * (given[0].shape[2] + 1) * (given[0].shape[3] + 1))

    for module in net.modules():
        module.register_forward_hook(count)
    with torch.no_grad():
        net.eval()(x[:1])
    return sum(counts) / 1e6


def l2_norm(net: nn.Module, x: Tensor, y: Tensor) -> float:
    return float(sum(m.weight.detach().norm() for m in layers(net)))


def grad_norm(net: nn.Module, x: Tensor, y: Tensor) -> float:
    loss_gradients(net, x, y)
    return summed(net, lambda weight: weight.grad.norm())


def snip(net: nn.Module, x: Tensor, y: Tensor) -> float:
    loss_gradients(net, x, y)
    return summed(net, lambda weight: (weight * weight.grad).abs())


def plain(net: nn.Module, x: Tensor, y: Tensor) -> float:
    loss_gradients(net, x, y)
    return summed(net, lambda weight: weight * weight.grad)


def fisher(net: nn.Module, x: Tensor, y: Tensor) -> float:
    outputs: list[tuple[Tensor, Any]] = []
    for layer in layers(net):
        layer.register_forward_hook(
            lambda m, _, output: (output.retain_grad(), outputs.append((output, m)))[1]
        )
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    loss_gradients(net, x, y)
    total = torch.zeros((), device=x.device)
    for output, layer in outputs:
        if output.grad is None:
            continue
        product = output * output.grad
        of_channels = product.flatten(2).sum(2) if product.ndim > 2 else product
        total += 0.5 * (of_channels**2).mean(0).sum() * layer.weight[0].numel()
    return total.item()


def grasp(net: nn.Module, x: Tensor, y: Tensor) -> float:
    weights = [m.weight for m in layers(net)]
    first = torch.autograd.grad(F.cross_entropy(net(x), y), weights, allow_unused=True)
    second = torch.autograd.grad(F.cross_entropy(net(x), y), weights, create_graph=True, allow_unused=True)
    pairs = zip(first, second, strict=True)
    sum((a.detach() * b).sum() for a, b in pairs if a is not None).backward()  # type: ignore[union-attr]  # tensors, all of them
    return summed(net, lambda weight: -weight * weight.grad)


def jacobian(net: nn.Module, x: Tensor) -> np.ndarray:
    net.zero_grad()
    x.requires_grad_()
    y = net(x)
    y.backward(torch.ones_like(y))
    return x.grad.reshape(len(x), -1).cpu().numpy()  # type: ignore[union-attr]  # tensors, all of them


def jacov(net: nn.Module, x: Tensor, y: Tensor) -> float:
    values = np.linalg.eig(np.corrcoef(jacobian(net, x)))[0].real + 1e-5
    return float(-np.sum(np.log(values) + 1 / values))


def epe_nas(net: nn.Module, x: Tensor, y: Tensor) -> float:
    found, labels = jacobian(net, x), y.cpu().numpy()
    of_classes = (np.corrcoef(found[labels == label]) for label in np.unique(labels))
    return float(sum(abs(np.log(np.abs(corr) + 1e-5).sum()) for corr in of_classes))


def nwot(net: nn.Module, x: Tensor, y: Tensor) -> float:
    kernel = np.zeros((len(x), len(x)))

    def see(module: Any, given: Any, output: Tensor) -> None:
        nonlocal kernel
        bits = (given[0].reshape(len(x), -1) > 0).float()
        kernel = kernel + (bits @ bits.t()).cpu().numpy() + ((1 - bits) @ (1 - bits.t())).cpu().numpy()

    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
            module.register_forward_hook(see)
    net(x)
    return float(np.linalg.slogdet(kernel)[1])


def synflow(net: nn.Module, x: Tensor, y: Tensor) -> float:
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.forward = lambda value: value  # type: ignore[method-assign, assignment]  # as published
    net = net.double()
    with torch.no_grad():
        for value in net.state_dict().values():
            value.abs_()
    net(torch.ones_like(x[:1], dtype=torch.float64)).sum().backward()
    return float(np.log(summed(net, lambda weight: (weight * weight.grad).abs())))


def zen(net: nn.Module, x: Tensor, y: Tensor) -> float:
    pooled: list[Tensor] = []
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            module.register_forward_hook(lambda m, given, output: pooled.append(given[0]))
    with torch.no_grad():
        noise = torch.randn_like(x)
        net(noise)
        net(noise + 0.01 * torch.randn_like(x))
    score = (pooled[0] - pooled[1]).abs().sum((1, 2, 3)).mean().log().item()
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    return score + sum(float(np.log(m.running_var.mean().sqrt().item())) for m in norms)  # type: ignore[union-attr]  # tensors, all of them


PUBLISHED: dict[str, Measure] = {
    measure.__name__: measure
    for measure in (
        epe_nas, fisher, flops, grad_norm, grasp, jacov, l2_norm, nwot, params, plain, snip, synflow, zen,
    )
}  # fmt: skip
