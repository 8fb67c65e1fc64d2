"""The vision transformer of AutoFormer (Chen et al., ICCV 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from graf.spaces.torch_models.encoder import Residual, mlp
from graf.spaces.torch_models.state import seeded

if TYPE_CHECKING:
    from graf.spaces.autoformer import AutoFormer

__all__ = ["build"]

STD = 0.02


def learnt(*shape: int) -> nn.Parameter:
    """A parameter drawn from a narrow truncated normal distribution."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(*shape), std=STD))


class PatchEmbedding(nn.Module):
    """Images to tokens: patches projected by a convolution, a class token, absolute positions."""

    def __init__(self, channels: int, width: int, patch: int, n_patches: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(channels, width, patch, stride=patch)
        self.class_token = learnt(1, 1, width)
        self.positions = learnt(1, n_patches + 1, width)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.projection(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(images), -1, -1), patches], dim=1)
        return tokens + self.positions


class RelativePositions(nn.Module):
    """One vector for each pair of tokens, by vertical and horizontal distance of their patches."""

    vertical: Tensor
    horizontal: Tensor

    def __init__(self, grid: tuple[int, int], furthest: int, head_dim: int) -> None:
        super().__init__()
        rows, columns = torch.meshgrid(*map(torch.arange, grid), indexing="ij")
        for name, place in (("vertical", rows.flatten()), ("horizontal", columns.flatten())):
            distance = (place[None] - place[:, None]).clamp(-furthest, furthest) + furthest + 1
            with_class_token = nn.functional.pad(distance, (1, 0, 1, 0))
            self.register_buffer(name, with_class_token, persistent=False)
        self.tables = nn.ParameterList(learnt(2 * furthest + 2, head_dim) for _ in range(2))

    def forward(self) -> Tensor:
        vectors: Tensor = self.tables[0][self.vertical] + self.tables[1][self.horizontal]
        return vectors


class Attention(nn.Module):
    """Self-attention with heads of a fixed size and relative positions in keys and values."""

    def __init__(self, width: int, heads: int, space: AutoFormer) -> None:
        super().__init__()
        self.heads, self.scale = heads, space.head_dim**-0.5
        self.qkv = nn.Linear(width, 3 * heads * space.head_dim)
        self.keys, self.values = (
            RelativePositions(space.grid, space.max_relative_position, space.head_dim) for _ in range(2)
        )
        self.projection = nn.Linear(heads * space.head_dim, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).reshape(*x.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) + torch.einsum("bhnd,nmd->bhnm", q, self.keys())
        weights = (scores * self.scale).softmax(dim=-1)
        heads = weights @ v + torch.einsum("bhnm,nmd->bhnd", weights, self.values())
        projected: Tensor = self.projection(heads.transpose(1, 2).flatten(2))
        return projected


class Classifier(nn.Module):
    """Layer norm, mean over the patches, and a linear map to logits."""

    def __init__(self, width: int, n_classes: int) -> None:
        super().__init__()
        self.norm, self.linear = nn.LayerNorm(width), nn.Linear(width, n_classes)

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.linear(self.norm(tokens)[:, 1:].mean(dim=1))
        return logits


def build(space: AutoFormer, config: dict[str, Any], seed: int) -> nn.Sequential:
    """Patch embedding, attention and MLP of each layer with pre-norm residuals, classifier."""
    width = config["embed_dim"][0]
    with seeded(seed):
        parts: list[nn.Module] = [
            PatchEmbedding(space.input_shape[0], width, space.patch, space.grid[0] * space.grid[1])
        ]
        for heads, ratio in zip(config["num_heads"], config["mlp_ratio"], strict=True):
            parts.append(Residual(nn.LayerNorm(width), Attention(width, heads, space)))
            parts.append(Residual(nn.LayerNorm(width), mlp(width, int(width * ratio))))
        return nn.Sequential(*parts, Classifier(width, space.n_classes))
