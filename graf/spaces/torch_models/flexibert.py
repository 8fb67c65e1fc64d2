"""The encoder of NAS-Bench-BERT (Serianni & Kalita, ACL 2023), in FlexiBERT's space."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from graf.spaces.torch_models.encoder import Residual, mlp
from graf.spaces.torch_models.state import seeded

if TYPE_CHECKING:
    from graf.spaces.flexibert import FlexiBERT

__all__ = ["build"]


class Embedding(nn.Module):
    """Token numbers to vectors: sums of token, position and type, norm, projection."""

    def __init__(self, space: FlexiBERT, width: int) -> None:
        super().__init__()
        rows = (space.vocabulary_size, space.max_positions, 2)
        self.tokens, self.positions, self.types = (nn.Embedding(n, space.embedding) for n in rows)
        self.norm = nn.LayerNorm(space.embedding)
        self.projection = nn.Identity() if space.embedding == width else nn.Linear(space.embedding, width)

    def forward(self, tokens: Tensor) -> Tensor:
        positions = self.positions.weight[: tokens.shape[1]]
        vectors: Tensor = self.projection(
            self.norm(self.tokens(tokens) + positions + self.types.weight[0])  # a single segment
        )
        return vectors


def split(x: Tensor, heads: int) -> Tensor:
    """(batch, length, width) as (batch, heads, length, width / heads)."""
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def join(x: Tensor) -> Tensor:
    """The inverse of `split`."""
    return x.transpose(1, 2).flatten(2)


class Attention(nn.Module):
    """Self-attention; with `weighted`, queries pass through one more linear map."""

    def __init__(self, width: int, inner: int, heads: int, *, weighted: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, inner) for _ in range(3))
        self.weight = nn.Linear(inner, inner, bias=False) if weighted else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(x, self.weight(self.query(x)))

    def attend(self, x: Tensor, queries: Tensor) -> Tensor:
        """Sums over the tokens of `x`, weighted by how well their keys match the queries."""
        q, k, v = (split(y, self.heads) for y in (queries, self.key(x), self.value(x)))
        scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
        return join(scores.softmax(dim=-1) @ v)


class SpanConvolution(nn.Module):
    """Attention, and as many heads of a convolution whose kernels depend on the span around."""

    def __init__(self, width: int, heads: int, kernel: int) -> None:
        super().__init__()
        inner = width // 2
        self.heads, self.kernel = heads // 2, kernel
        self.attention = Attention(width, inner, self.heads)
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width, bias=False)
        self.pointwise = nn.Conv1d(width, inner, 1)
        self.kernels = nn.Linear(inner, self.heads * kernel)
        self.projection = nn.Linear(width, inner)

    def forward(self, x: Tensor) -> Tensor:
        queries: Tensor = self.attention.query(x)
        span = self.pointwise(self.depthwise(x.transpose(1, 2))).transpose(1, 2)
        kernels = self.kernels(span * queries).reshape(*x.shape[:2], self.heads, self.kernel, 1)
        padding = self.kernel // 2
        windows = nn.functional.pad(self.projection(x), (0, 0, padding, padding)).unfold(1, self.kernel, 1)
        windows = windows.reshape(*x.shape[:2], self.heads, -1, self.kernel)
        convolved = (windows @ kernels.softmax(dim=-2)).flatten(2)
        return torch.cat([self.attention.attend(x, queries), convolved], dim=-1)


def _cosine_transform(x: Tensor) -> Tensor:
    """The cosine transform (type II, twice its sum) along the last dimension, by a fast Fourier one."""
    n = x.shape[-1]
    mirrored = torch.fft.fft(torch.cat([x, x.flip(-1)], dim=-1))[..., :n]
    turn = torch.arange(n, device=x.device, dtype=x.dtype) * (pi / (2 * n))
    return mirrored.real * turn.cos() + mirrored.imag * turn.sin()


class Transform(nn.Module):
    """A linear map, then a Fourier or cosine transform over positions and channels of each head."""

    def __init__(self, width: int, heads: int, kind: str) -> None:
        super().__init__()
        self.heads, self.kind, self.linear = heads, kind, nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = split(self.linear(x), self.heads)
        if self.kind == "DFT":
            return join(torch.fft.fft2(x).real)
        return join(_cosine_transform(_cosine_transform(x).transpose(-2, -1)).transpose(-2, -1))


class Classifier(nn.Module):
    """Two linear maps of the first token."""

    def __init__(self, width: int, n_classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, n_classes))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.body(x[:, 0])
        return logits


def mixer(width: int, layer: dict[str, Any]) -> nn.Module:
    """What mixes the positions in one layer."""
    heads, parameter = layer["num_operation_heads"], layer["operation_parameter"]
    if layer["operation_type"] == "LT":
        return Transform(width, heads, parameter)
    if layer["operation_type"] == "DSC":
        body: nn.Module = SpanConvolution(width, heads, parameter)
    else:
        body = Attention(width, width, heads, weighted=parameter == "WMA")
    return nn.Sequential(Residual(body, nn.Linear(width, width)), nn.LayerNorm(width))


def build(space: FlexiBERT, config: dict[str, Any], seed: int) -> nn.Sequential:
    """Embedding, mixer and feed-forward part of each layer with norms after, classifier."""
    width = config["hidden_size"]
    with seeded(seed):
        parts: list[nn.Module] = [Embedding(space, width)]
        for layer in config["layers"]:
            feed_forward = mlp(width, layer["feed_forward_dimension"], layer["num_feed_forward"])
            parts += [mixer(width, layer), Residual(feed_forward), nn.LayerNorm(width)]
        return nn.Sequential(*parts, Classifier(width, space.n_classes))
