"""Modules scored on a few small images."""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import ZeroCostProxies


def images(n=16):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 2, 8, 8, generator=generator), torch.arange(n) % 3


def scored(names, *modules, data=None, batch_size=8, **kw):
    proxies = ZeroCostProxies(names, "cpu", data=data or images(), batch_size=batch_size, **kw)
    return proxies.fit_transform(list(modules)), proxies


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.repeated, self.classifier = nn.Linear(128, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = F.gelu(self.first(x.flatten(1)))
        return self.classifier(F.gelu(self.repeated(F.gelu(self.repeated(x)))))
