"""The language model of NAS-Bench-NLP (Klyuchnikov et al., IEEE Access 2022)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from graf.spaces.torch_models.state import seeded

if TYPE_CHECKING:
    from graf.spaces.nasbench_nlp import NASBenchNLP
    from graf.spaces.parts.recurrent_recipe import Node, Recipe

__all__ = ["RecurrentLayer", "build"]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "activation_tanh": torch.tanh,
    "activation_sigm": torch.sigmoid,
    "activation_leaky_relu": functional.leaky_relu,
}


class RecurrentLayer(nn.Module):
    """A cell, given by a recipe whose nodes follow what they read, unrolled over the steps."""

    def __init__(self, recipe: Recipe, width_x: int, width: int) -> None:
        super().__init__()
        self.recipe, self.width = recipe, width
        self.n_states = sum(name.startswith("h_new_") for name in recipe)
        self.linears = nn.ModuleDict()
        for name, (op, inputs) in recipe.items():
            if op == "linear":
                width_in = sum(width_x if source == "x" else width for source in inputs)
                self.linears[name] = nn.Linear(width_in, width)
        for weights in self.parameters():
            nn.init.uniform_(weights, -(width**-0.5), width**-0.5)

    def step(self, x: Tensor, states: list[Tensor]) -> list[Tensor]:
        """New states, each (batch, width), from a token (batch, width_x) and the states before."""
        values = {"x": x, **{f"h_prev_{i}": state for i, state in enumerate(states)}}
        for name, node in self.recipe.items():
            values[name] = self._value(name, node, [values[source] for source in node.inputs])
        return [values[f"h_new_{i}"] for i in range(self.n_states)]

    def _value(self, name: str, node: Node, inputs: list[Tensor]) -> Tensor:
        if node.op == "linear":
            value: Tensor = self.linears[name](torch.cat(inputs, dim=-1))
            return value
        if node.op == "blend":
            gate, first, second = inputs
            return gate * first + (1 - gate) * second
        if node.op in ACTIVATIONS:
            return ACTIVATIONS[node.op](inputs[0])
        return inputs[0] * inputs[1] if node.op == "elementwise_prod" else inputs[0] + inputs[1]

    def forward(self, x: Tensor) -> Tensor:
        """First states after every step, (batch, steps, width), from (batch, steps, width_x)."""
        states = [x.new_zeros(len(x), self.width)] * self.n_states
        outputs = []
        for token in x.unbind(dim=1):
            states = self.step(token, states)
            outputs.append(states[0])
        return torch.stack(outputs, dim=1)


class LanguageModel(nn.Module):
    """Embedding, stacked layers, and a decoder that shares the weights of the embedding."""

    def __init__(self, embedding: nn.Embedding, layers: nn.Sequential) -> None:
        super().__init__()
        self.embedding, self.layers = embedding, layers
        self.bias = nn.Parameter(torch.zeros(embedding.num_embeddings))
        nn.init.uniform_(embedding.weight, -0.1, 0.1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (batch, steps, vocabulary) of what follows each of the tokens (batch, steps)."""
        return functional.linear(self.layers(self.embedding(tokens)), self.embedding.weight, self.bias)


def build(space: NASBenchNLP, recipe: Recipe, seed: int) -> LanguageModel:
    """The published model; its dropout belongs to the training and is left out."""
    with seeded(seed):
        layers = [RecurrentLayer(recipe, *widths) for widths in space.layers()]
        embedding = nn.Embedding(space.vocabulary_size, space.embedding_size)
        return LanguageModel(embedding, nn.Sequential(*layers))
