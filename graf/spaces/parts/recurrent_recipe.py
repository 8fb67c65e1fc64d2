"""Recipes of recurrent cells: nodes by name, each with an operation and what it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from math import comb
from typing import Any, NamedTuple

import numpy as np

from graf.exceptions import ArchitectureError
from graf.spaces.parts.notation import literal, shown

__all__ = ["ARITY", "MAX_NODES", "MAX_STATES", "Node", "Recipe", "check", "count", "draw", "live", "read"]

KIND = "NAS-Bench-NLP recipe"
MAX_STATES = 3
MAX_NODES = 24
ARITY = {
    "linear": (1, 2, 3),
    "blend": (3,),
    "elementwise_prod": (2,),
    "elementwise_sum": (2,),
    "activation_tanh": (1,),
    "activation_sigm": (1,),
    "activation_leaky_relu": (1,),
}
DRAWN = ("linear", "linear", "linear", "blend", "elementwise_prod", "elementwise_sum")
ACTIVATIONS = [op for op in ARITY if op.startswith("activation")]
STATE = re.compile(r"h_new_[0-9]+")
RESERVED = re.compile(r"x|h_prev_[0-9]+")


class Node(NamedTuple):
    """An operation and the names of what it reads, in order."""

    op: str
    inputs: tuple[str, ...]


Recipe = dict[str, Node]


def read(source: Any) -> Recipe:
    """The checked recipe of a dict `{node: {"op": ..., "input": [...]}}`, or of the text of one."""
    recipe = literal(KIND, source) if isinstance(source, str) else source
    if not isinstance(recipe, Mapping):
        raise _fault(f"expected a dict of nodes, got {shown(recipe)}")
    nodes = {name: _node(name, entry) for name, entry in recipe.items()}
    check(nodes)
    return nodes


def check(recipe: Recipe) -> None:
    """Raise `ArchitectureError`, which names the node, unless all nodes can be computed."""
    n_states = _count_states(recipe)
    known = {"x", *(f"h_prev_{i}" for i in range(n_states)), *recipe}
    for name, (op, inputs) in recipe.items():
        if len(inputs) not in ARITY[op]:
            allowed = " or ".join(map(str, ARITY[op]))
            raise _fault(f"node {name!r:.40}: {op} reads {allowed} inputs, got {len(inputs)}")
        for source in inputs:
            if source not in known:
                raise _fault(f"node {name!r:.40} reads {source!r:.40}, which is not defined")
        if "x" in inputs and op != "linear":
            raise _fault(f"node {name!r:.40}: only linear reads x, whose width differs, got {op}")
    try:
        TopologicalSorter({name: node.inputs for name, node in recipe.items()}).prepare()
    except CycleError as error:
        cycle = " -> ".join(error.args[1])
        raise _fault(f"node {error.args[1][0]!r:.40} depends on itself: {cycle!r:.160}") from None


def live(recipe: Recipe) -> Recipe:
    """The nodes that reach a new hidden state, each after what it reads."""
    found: Recipe = {}

    def visit(name: str) -> None:
        if name in recipe and name not in found:
            for source in recipe[name].inputs:
                visit(source)
            found[name] = recipe[name]

    for name in recipe:
        if STATE.fullmatch(name):
            visit(name)
    return found


def count(n_states: int, n_nodes: int) -> int:
    """Number of acyclic recipes over `n_nodes` named nodes, of which `n_states` are new states.

    Inclusion and exclusion over the nodes that no other node reads, as for labelled acyclic
    digraphs (Robinson, 1973): removing k of them leaves a recipe of n - k nodes, of which each
    of the k may read any.
    """
    counts = [1]
    for n in range(1, n_nodes + 1):
        ways = [comb(n, k) * _options(n_states + n - k) ** k * counts[n - k] for k in range(1, n + 1)]
        counts.append(sum(ways[0::2]) - sum(ways[1::2]))
    return counts[n_nodes]


def draw(rng: np.random.Generator, n_states: int, n_nodes: int) -> Recipe:
    """A recipe as the published generator draws one, before nodes that nothing reads are removed.

    Linear (weight 3 of 6) reads two (weight 4 of 5) or three of `x`, the previous states and the
    activations, and an activation follows it; blend, product and sum (weight 1 each) read
    previous states and any node. Random nodes become the new states.
    """
    states = [f"h_prev_{i}" for i in range(n_states)]
    activations: list[str] = []
    nodes: Recipe = {}
    while len(nodes) < n_nodes:
        op = DRAWN[rng.integers(len(DRAWN))]
        if op != "linear":
            readable, n_inputs = [*states, *nodes], ARITY[op][0]
        else:
            readable = ["x", *states, *activations]
            n_inputs = min(2 if rng.integers(5) else 3, len(readable))
        if n_inputs > len(readable):
            continue
        name = f"node_{len(nodes)}"
        nodes[name] = Node(op, tuple(_choose(rng, readable, n_inputs)))
        if op == "linear":
            activations.append(f"node_{len(nodes)}")
            nodes[activations[-1]] = Node(ACTIVATIONS[rng.integers(3)], (name,))
    new = {name: f"h_new_{i}" for i, name in enumerate(_choose(rng, list(nodes), n_states))}
    return {
        new.get(name, name): Node(op, tuple(new.get(source, source) for source in inputs))
        for name, (op, inputs) in nodes.items()
    }


def _choose(rng: np.random.Generator, names: list[str], n: int) -> list[str]:
    return [names[i] for i in rng.permutation(len(names))[:n]]


def _options(n_readable: int) -> int:
    """Ways to fill a node that may read this many tensors, or `x` as well if it is linear."""
    return sum(
        (n_readable + (op == "linear")) ** n_inputs for op, arity in ARITY.items() for n_inputs in arity
    )


def _count_states(recipe: Recipe) -> int:
    states = [name for name in recipe if STATE.fullmatch(name)]
    wanted = [f"h_new_{i}" for i in range(len(states))]
    if not 1 <= len(states) <= MAX_STATES or set(states) != set(wanted):
        got = ", ".join(f"{name:.20}" for name in states[:4]) or "none"
        raise _fault(f"expected new states h_new_0 to h_new_{MAX_STATES - 1}, the first ones used, got {got}")
    if len(recipe) > MAX_NODES:
        raise _fault(f"expected at most {MAX_NODES} nodes, got {len(recipe)}")
    return len(states)


def _node(name: Any, entry: Any) -> Node:
    if not isinstance(name, str) or RESERVED.fullmatch(name):
        raise _fault(f"a node cannot be named {name!r:.40}")
    if not isinstance(entry, Mapping) or set(entry) != {"op", "input"}:
        raise _fault(f"node {name!r:.40}: expected a dict of 'op' and 'input', got {shown(entry)}")
    op, inputs = entry["op"], entry["input"]
    if not isinstance(op, str) or op not in ARITY:
        raise _fault(f"node {name!r:.40}: expected an op among {', '.join(ARITY)}, got {shown(op)}")
    inputs = inputs.tolist() if isinstance(inputs, np.ndarray) else inputs
    if not isinstance(inputs, (list, tuple)) or not all(isinstance(source, str) for source in inputs):
        raise _fault(f"node {name!r:.40}: expected a list of names as 'input', got {shown(inputs)}")
    return Node(op, tuple(inputs))


def _fault(problem: str) -> ArchitectureError:
    return ArchitectureError(f"not a {KIND}: {problem}")
