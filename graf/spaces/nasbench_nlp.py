"""NAS-Bench-NLP (Klyuchnikov et al., IEEE Access 2022): recurrent cells of a language model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graf.exceptions import ArchitectureError
from graf.graph import ComputationGraph
from graf.ops import OpSet
from graf.spaces.base import SearchSpace
from graf.spaces.parts import recurrent_recipe
from graf.spaces.parts.recurrent_recipe import ARITY, MAX_NODES, MAX_STATES, Node, Recipe

if TYPE_CHECKING:
    import torch

__all__ = ["NASBenchNLP"]

PUBLISHED = {
    "linear": "linear",
    "blend": "blend",
    "elementwise_prod": "multiply",
    "elementwise_sum": "add",
    "activation_tanh": "tanh",
    "activation_sigm": "sigmoid",
    "activation_leaky_relu": "leaky_relu",
}
NODES = tuple(f"node_{i}" for i in range(MAX_NODES))
SLOTS = (*NODES, *(f"h_new_{i}" for i in range(MAX_STATES)))
NOTHING = ""
SOURCES = (NOTHING, "x", *(f"h_prev_{i}" for i in range(MAX_STATES)), *SLOTS)
MAX_INPUTS = 3
INTERMEDIATE = (7, 14, 21)


@dataclass(frozen=True)
class NASBenchNLP(SearchSpace):
    """Recurrent cells of at most 24 nodes and 3 hidden states, stacked in a language model.

    Notation: the published JSON recipe, `{node: {"op": ..., "input": [...]}}`, or such a dict.
    A node reads the token `x`, previous states `h_prev_i`, and other nodes; `h_new_i` are the
    next states, and `h_new_0` goes to the next layer. `blend` of (f, a, b) is f a + (1 - f) b.
    `x`, whose width differs, is read by `linear` alone.

    Choices are four numbers for each of `node_0` to `node_23`, then `h_new_0` to `h_new_2`: the
    operation and up to three inputs, where 0 is none. Nodes with other names take free numbers
    in the order in which they are written; names, order of inputs, and nodes that reach no new
    state are kept, so that published recipes come back as they are written.

    Samples follow the published generator: one to three states, and 7, 14 or 21 further nodes
    before those that reach no state are removed; `x` and all states are used, and no new state
    reads an old one directly. The space itself demands neither.

    Parameters
    ----------
    embedding_size : width of token embeddings and of the last layer, which shares its weights
        with the decoder.
    hidden_size : width of the other layers.
    n_layers : number of stacked cells.
    vocabulary_size : number of tokens (10,000 for the Penn Treebank).
    sequence_length : tokens of an example; multiply-adds are counted for all of them.

    Examples
    --------
    >>> space = NASBenchNLP()
    >>> recipe = '{"f": {"op": "linear", "input": ["x", "h_prev_0"]},'
    >>> recipe += ' "h_new_0": {"op": "activation_tanh", "input": ["f"]}}'
    >>> space.format(space.parse(recipe))[:53]
    '{"node_0": {"op": "linear", "input": ["x", "h_prev_0"'
    >>> space.graph(recipe).n_parameters
    5731600
    """

    name: ClassVar[str] = "nasbench_nlp"
    ops: ClassVar[OpSet] = OpSet((*PUBLISHED.values(), "complement"))

    embedding_size: int = 400
    hidden_size: int = 600
    n_layers: int = 3
    vocabulary_size: int = 10_000
    sequence_length: int = 1

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Seven operations and, for each input, all that a node can read; once per node."""
        return (len(ARITY), *[len(SOURCES)] * MAX_INPUTS) * len(SLOTS)

    @property
    def size(self) -> int:
        """Number of recipes; those that differ in names or order of inputs count as different."""
        return sum(
            comb(len(NODES), n_others) * recurrent_recipe.count(n_states, n_states + n_others)
            for n_states in range(1, MAX_STATES + 1)
            for n_others in range(MAX_NODES - n_states + 1)
        )

    def choice_name(self, position: int) -> str:
        """The node, and its operation or one of its inputs."""
        slot, number = divmod(position, 1 + MAX_INPUTS)
        return f"{SLOTS[slot]} {f'input {number}' if number else 'operation'}"

    def choice_kind(self, position: int) -> str:
        """Operation or input."""
        return "input" if position % (1 + MAX_INPUTS) else "operation"

    def option_name(self, position: int, option: int) -> str:
        """The operation, or what is read, "nothing" for none."""
        names = SOURCES if position % (1 + MAX_INPUTS) else tuple(ARITY)
        return names[option] or "nothing"

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it is a dict, or the text of one, with a new state `h_new_0`."""
        if isinstance(text, str):
            return text.lstrip().startswith("{") and "h_new_0" in text
        return isinstance(text, Mapping) and "h_new_0" in text

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices of a recipe as text or dict, or of a tuple of choices."""
        if isinstance(architecture, Mapping):
            return _choices(recurrent_recipe.read(architecture))
        return super().parse(architecture)

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of a recipe as JSON or as Python prints it; the error names the node."""
        return _choices(recurrent_recipe.read(text))

    def format(self, choices: Sequence[int]) -> str:
        """The recipe as JSON, nodes in the order of their numbers, new states last."""
        recipe = _recipe(self.check_choices(choices))
        return json.dumps({name: {"op": op, "input": inputs} for name, (op, inputs) in recipe.items()})

    def check(self, choices: tuple[int, ...]) -> None:
        """Raise `ArchitectureError`, which names the node, unless the choices are a recipe."""
        recurrent_recipe.check(_recipe(choices))

    def draw(self, rng: np.random.Generator) -> tuple[int, ...]:
        """The choices of a recipe from the published generator."""
        n_states = int(rng.integers(1, MAX_STATES + 1))
        n_nodes = n_states + INTERMEDIATE[rng.integers(len(INTERMEDIATE))]
        states = {f"h_prev_{i}" for i in range(n_states)}
        while True:
            recipe = recurrent_recipe.live(recurrent_recipe.draw(rng, n_states, n_nodes))
            used = {source for node in recipe.values() for source in node.inputs}
            short = any(states & set(recipe[f"h_new_{i}"].inputs) for i in range(n_states))
            if not short and used >= {"x", *states}:
                return _choices(recipe)

    def layers(self) -> list[tuple[int, int]]:
        """Width of `x` and of the states in each layer."""
        inner = [self.hidden_size] * (self.n_layers - 1)
        return list(zip([self.embedding_size, *inner], [*inner, self.embedding_size], strict=True))

    def graph(self, architecture: Any) -> ComputationGraph:
        """The cell's graph; `x` and `h_prev_i` are its inputs, `h_new_i` its outputs.

        A blend is drawn as it is computed, since predecessors have no order: the products
        `n.first` and `n.second` with the gate and its `n.complement` meet in the node n. Which
        input is the previous value of which output is told by the names alone. Costs are sums
        over the layers; the embedding is counted at `x`, the decoder at `h_new_0`.
        """
        recipe = recurrent_recipe.live(_recipe(self.parse(architecture)))
        outputs = [name for name in SLOTS[MAX_NODES:] if name in recipe]
        inputs = ["x", *(f"h_prev_{i}" for i in range(len(outputs)))]
        drawn = list(_drawn(recipe))
        names = [*inputs, *(name for name, _, _ in drawn)]
        widths = [float(self.hidden_size if name != "x" else self.embedding_size) for name in names]
        number = {name: i for i, name in enumerate(names)}
        parameters, macs = np.array([self._cost(name, recipe) for name in names], np.int64).T
        return ComputationGraph.from_edges(
            [*[None] * len(inputs), *(op for _, op, _ in drawn)],
            [(number[source], number[name]) for name, _, sources in drawn for source in sources],
            inputs=range(len(inputs)),
            outputs=[number[name] for name in outputs],
            ops=self.ops,
            names=names,
            attributes={
                "n_parameters": parameters,
                "n_macs": macs * self.sequence_length,
                "channels": widths,
            },
        )

    def _cost(self, name: str, recipe: Recipe) -> tuple[int, int]:
        """Parameters and multiply-adds for one token, in all layers, of what is at a node."""
        decoder = self.vocabulary_size * self.embedding_size
        if name == "x":
            return decoder, 0  # the embedding, whose weights the decoder shares
        biases, weights = 0, 0
        if name in recipe and recipe[name].op == "linear":
            for width_x, width in self.layers():
                biases += width
                weights += width * sum(width_x if source == "x" else width for source in recipe[name].inputs)
        if name == "h_new_0":
            return biases + weights + self.vocabulary_size, weights + decoder
        return biases + weights, weights

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The language model: logits (batch, steps, vocabulary_size) from token ids (batch, steps)."""
        from graf.spaces.torch_models import nasbench_nlp

        return nasbench_nlp.build(self, recurrent_recipe.live(_recipe(self.parse(architecture))), seed)


def _recipe(choices: tuple[int, ...]) -> Recipe:
    """The nodes that choices fill; `ArchitectureError` names one with a gap."""
    recipe, step = {}, 1 + MAX_INPUTS
    for i, name in enumerate(SLOTS):
        op, *codes = choices[i * step : (i + 1) * step]
        inputs = tuple(SOURCES[code] for code in codes if code)
        if any(codes[len(inputs) :]) or (op and not inputs):
            raise ArchitectureError(f"{name}: an operation needs inputs, and these come first, got {codes}")
        if inputs:
            recipe[name] = Node(tuple(ARITY)[op], inputs)
    return recipe


def _choices(recipe: Recipe) -> tuple[int, ...]:
    """The choices of a checked recipe; nodes with other names take the free numbers."""
    free = iter([name for name in NODES if name not in recipe])
    slot = {name: name if name in SLOTS else next(free) for name in recipe}
    rows = dict.fromkeys(SLOTS, (0,) * (1 + MAX_INPUTS))
    for name, (op, inputs) in recipe.items():
        codes = [SOURCES.index(slot.get(source, source)) for source in inputs]
        rows[slot[name]] = (list(ARITY).index(op), *codes, *[0] * (MAX_INPUTS - len(codes)))
    return tuple(choice for row in rows.values() for choice in row)


def _drawn(recipe: Recipe) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, operation and predecessors of the nodes of the graph."""
    for name, (op, inputs) in recipe.items():
        if op == "blend":
            gate, first, second = inputs
            yield f"{name}.complement", "complement", (gate,)
            yield f"{name}.first", "multiply", (gate, first)
            yield f"{name}.second", "multiply", (f"{name}.complement", second)
            inputs = (f"{name}.first", f"{name}.second")
        yield name, PUBLISHED[op], inputs
