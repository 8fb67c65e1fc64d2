"""Slow, obvious twins of the zero-cost proxies, from their definitions; one network run per proxy.

They know `nn.Conv2d`, `nn.Linear`, `nn.BatchNorm2d` and `nn.ReLU` modules alone, work on copies, and
use hooks and numpy where graf uses modes and batched algebra.
"""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name


def layers(model):
    return [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]


def trained(model, x, y):
    """A copy in training mode after a backward of the loss."""
    model = copy.deepcopy(model).train()
    F.cross_entropy(model(x), y).backward()
    return model


def params(model, x, y):
    return sum(p.numel() for p in model.parameters()) / 1e6


def outputs_of(model, x):
    """Every module without parts, and what it gives for the first input."""
    found, model = [], copy.deepcopy(model).eval()
    for module in model.modules():
        if not list(module.children()):
            module.register_forward_hook(lambda m, i, output: found.append((m, i[0][0], output[0])))
    model(x[:1])
    return found


def products(module, output):
    """Multiply-adds of a layer: one for each weight that an entry of the output reads."""
    return sum(module.weight[0].numel() for _ in output.flatten())


def macs(model, x, y):
    layers = (nn.Conv2d, nn.Linear)
    return sum(products(m, out) for m, _, out in outputs_of(model, x) if isinstance(m, layers)) / 1e6


def flops(model, x, y):
    total = 0
    for module, given, output in outputs_of(model, x):
        if isinstance(module, nn.Conv2d):
            total += products(module, output) + (0 if module.bias is None else output.numel())
        elif isinstance(module, nn.Linear):
            total += products(module, output)
        elif isinstance(module, nn.BatchNorm2d):
            total += 2 * output.numel()
        elif isinstance(module, nn.ReLU):
            total += output.numel()
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            channels, height, width = given.shape
            total += channels * (height + 1) * (width + 1)
    return total / 1e6


def l2_norm(model, x, y):
    return sum(float(np.sqrt((m.weight.detach().numpy() ** 2).sum())) for m in layers(model))


def grad_norm(model, x, y):
    return sum(float(np.sqrt((m.weight.grad.numpy() ** 2).sum())) for m in layers(trained(model, x, y)))


def snip(model, x, y):
    """As published: by a mask of ones on every weight."""
    model = copy.deepcopy(model).train()
    masks = []
    for layer in layers(model):
        weight = layer.weight.detach().clone()
        del layer.weight
        masks.append(torch.ones_like(weight, requires_grad=True))
        layer.weight = weight * masks[-1]
    F.cross_entropy(model(x), y).backward()
    return sum(float(mask.grad.abs().sum()) for mask in masks)


def plain(model, x, y):
    return sum((m.weight * m.weight.grad).sum().item() for m in layers(trained(model, x, y)))


def grasp(model, x, y):
    """Hessian times gradient by central differences of the gradient."""
    gradients = [m.weight.grad for m in layers(trained(model, x, y))]
    step, shifted = 1e-5, []
    for sign in (1, -1):
        moved = copy.deepcopy(model)
        with torch.no_grad():
            for layer, gradient in zip(layers(moved), gradients, strict=True):
                layer.weight += sign * step * gradient
        shifted.append([m.weight.grad for m in layers(trained(moved, x, y))])
    return -sum(
        (layer.weight * (up - down) / (2 * step)).sum().item()
        for layer, up, down in zip(layers(model), *shifted, strict=True)
    )


def fisher(model, x, y):
    model = copy.deepcopy(model).train()
    outputs = []

    def keep(module, inputs, output):
        output.retain_grad()
        outputs.append((module, output))
        return output * 1.0

    for layer in layers(model):
        layer.register_forward_hook(keep)
    F.cross_entropy(model(x), y).backward()
    total = 0.0
    for layer, output in outputs:
        product = (output.detach() * output.grad).numpy()
        for channel in range(product.shape[1]):
            sums = [product[i, channel].sum() for i in range(len(product))]
            total += 0.5 * np.mean(np.square(sums)) * layer.weight[0].numel()
    return total


def jacobian(model, x):
    x = x.clone().requires_grad_()
    copy.deepcopy(model).train()(x).sum().backward()
    return x.grad.flatten(1).numpy()


def jacov(model, x, y):
    values = np.linalg.eig(np.corrcoef(jacobian(model, x)))[0].real
    return -float(np.sum(np.log(values + 1e-5) + 1 / (values + 1e-5)))


def epe_nas(model, x, y):
    jacobians, found = jacobian(model, x), []
    for label in np.unique(y.numpy()):
        entries = np.corrcoef(jacobians[y.numpy() == label]).reshape(-1)
        found.append(sum(np.log(abs(value) + 1e-5) for value in entries))
    if model(x).shape[1] <= 100:
        return sum(abs(one) for one in found)
    counts = [int((y == label).sum()) for label in np.unique(y.numpy())]
    means = [one / n for one, n in zip(found, counts, strict=True) if n > 1]
    return sum(abs(a - b) for a in means for b in means) / len(means)


def nwot(model, x, y):
    model, kernel = copy.deepcopy(model).train(), np.zeros((len(x), len(x)))

    def count(module, inputs, output):
        bits = (inputs[0] > 0).flatten(1).numpy().astype(float)
        kernel[:] += bits @ bits.T + (1 - bits) @ (1 - bits).T

    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(count)
    with torch.no_grad():
        model(x)
    return float(np.linalg.slogdet(kernel)[1])


def absolute(model, x):
    """A copy of absolute parameters without batch norm, after the backward of ones."""
    model = copy.deepcopy(model).double()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.forward = lambda x: x
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.abs_()
    model(torch.ones_like(x[:1]).double()).sum().backward()
    return model


def synflow(model, x, y):
    return float(
        np.log(sum((m.weight * m.weight.grad).abs().sum().item() for m in layers(absolute(model, x))))
    )


def logsynflow(model, x, y):
    return sum((m.weight * (1 + m.weight.grad).log()).sum().item() for m in layers(absolute(model, x)))


def gradsign(model, x, y):
    """Each input alone."""
    signs = None
    for i in range(len(x)):
        one = trained(model, x[i : i + 1], y[i : i + 1])
        found = np.concatenate([m.weight.grad.sign().flatten().numpy() for m in layers(one)])
        signs = found if signs is None else signs + found
    return float(np.abs(signs).sum())


def zico(model, x, y, second):
    batches = [trained(model, x, y), trained(model, *second)]
    total = 0.0
    for pair in zip(*map(layers, batches), strict=True):
        gradients = np.stack([layer.weight.grad.numpy() for layer in pair])
        mean, deviation = np.abs(gradients).mean(0), gradients.std(0)
        ratio = (mean[deviation > 0] / deviation[deviation > 0]).sum()
        total += np.log(ratio) if ratio else 0
    return total


def meco(model, x, y):
    """Each module's output for one image of noise."""
    model, found = copy.deepcopy(model).train(), []

    def least(module, inputs, output):
        maps = output[0].detach().reshape(len(output[0]), -1).numpy()
        if maps.shape[1] > 1:
            with np.errstate(all="ignore"):
                correlation = np.nan_to_num(np.corrcoef(maps)).reshape(len(maps), len(maps))
            found.append(np.linalg.eig(correlation)[0].real.min())

    for module in model.modules():
        module.register_forward_hook(least)
    noise = torch.randn(1, x.shape[1], 64, 64, generator=torch.Generator().manual_seed(6), dtype=x.dtype)
    model(noise)
    return float(sum(found))
