"""Slow, obvious twins of the zero-cost proxies that give a network weights of their own.

As `naive_proxies`. Weights are drawn one layer after the other, and inputs from other seeds.
"""

import copy
from itertools import pairwise

import numpy as np
import torch
from torch import nn


def drawing(seed):
    """Standard normal weights, one layer after the other."""
    generator = torch.Generator().manual_seed(seed)
    return lambda weight: torch.randn(weight.shape, generator=generator, dtype=weight.dtype)


def noise(shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def reset(model, draw):
    """A copy with drawn weights, in the order of the modules, biases 0 and norms 1."""
    model = copy.deepcopy(model).train()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                module.weight.copy_(draw(module.weight))
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                module.weight.fill_(1)
            if getattr(module, "bias", None) is not None:
                module.bias.zero_()
    return model


def inputs_of(model, kind, x):
    found = []
    (module,) = [m for m in model.modules() if isinstance(m, kind)]
    handle = module.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0].detach()))
    with torch.no_grad():
        model(x)
    handle.remove()
    return found[0]


def zen(model, x, y):
    model, first, second = reset(model, drawing(0)), noise(x.shape, 1), noise(x.shape, 2)
    both = first, first + 0.01 * second
    features = [inputs_of(model, nn.AdaptiveAvgPool2d, each).numpy() for each in both]
    change = np.mean([np.abs(a - b).sum() for a, b in zip(*features, strict=True)])
    scales = [m.running_var.mean().item() for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    return float(np.log(change) + sum(np.log(np.sqrt(scale)) for scale in scales))


def swap(model, x, y):
    """Different columns of the binary matrix."""
    model, found = reset(model, drawing(0)), []
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda m, i, output: found.append((output > 0).flatten(1)))
    with torch.no_grad():
        model(x)
    return len({tuple(column) for column in torch.cat(found, 1).T.tolist()})


def regularised_swap(model, x, y, mu, sigma):
    thousands = sum(p.numel() for p in model.parameters()) / 1000
    return swap(model, x, y) * np.exp(-((thousands - mu) ** 2) / sigma)


def epsinas(model, x, y):
    outputs = []
    for value in (1e-7, 1.0):
        with_value = reset(model, lambda weight, value=value: torch.full_like(weight, value))
        with torch.no_grad():
            for module in with_value.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.weight.fill_(value)
        features = inputs_of(with_value, nn.Linear, x).flatten().numpy()
        scaled = (features - features.min()) / (features.max() - features.min())
        outputs.append(np.where(scaled == 0, np.nan, scaled))
    return float(np.nanmean(np.abs(outputs[0] - outputs[1])) / np.nanmean(outputs))


def block_outputs(model, x):
    """Outputs, for noise, of the parts of a sequence that have parts themselves; Kaiming weights."""
    normal, found = drawing(3), []
    with_weights = reset(model, lambda w: normal(w) * np.sqrt(2 / w[0].numel()))
    for block in with_weights:
        if len(list(block.children())):
            block.register_forward_hook(lambda m, i, output: found.append(output))
    with_weights(noise(x.shape, 4))
    return found


def entropies(model, x):
    found = []
    for output in block_outputs(model, x):
        rows = output.detach().movedim(1, -1).flatten(0, -2).numpy()
        values = np.clip(np.linalg.eigvalsh(np.cov(rows.T, bias=True)), 0, None)
        share = values / values.sum()
        found.append(-(share * np.log(share + 1e-8)).sum())
    return found


def az_expressivity(model, x, y):
    return sum(entropies(model, x))


def az_progressivity(model, x, y):
    found = entropies(model, x)
    return min(after - before for before, after in pairwise(found))


def az_trainability(model, x, y):
    """Of blocks that keep the size of images."""
    outputs, generator, found = block_outputs(model, x), torch.Generator().manual_seed(5), []
    for before, after in pairwise(outputs):
        signs = torch.randint(0, 2, after.shape, generator=generator).double() * 2 - 1
        (gradient,) = torch.autograd.grad(after, [before], signs, retain_graph=True)
        n, _, height, width = after.shape
        jacobian = sum(
            np.outer(gradient[k, :, i, j], signs[k, :, i, j])
            for k in range(n) for i in range(height) for j in range(width)
        ) / (n * height * width)  # fmt: skip
        largest = np.linalg.svd(jacobian)[1].max()
        found.append(2 - largest - 1 / (largest + 1e-6))
    return np.mean(found)
