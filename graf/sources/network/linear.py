"""Products with weights: linear layers, their biases, position embeddings and folded batch norms."""

from __future__ import annotations

from math import prod

from graf.sources.network.einsum import axes_of, operands_of, sizes_of
from graf.sources.network.patterns import bare, pairs, plain, through, uncopied
from graf.sources.network.step import Network, Step, is_fixed

__all__ = ["add_biases", "fold_batch_norms", "recognise_linear", "recognise_positions"]

WITH_BIAS = ("linear", "conv", "conv_transpose")
COUNTING = 4  # steps between a cumulative sum and the positions that it gives


def recognise_linear(network: Network) -> None:
    """Tell products of a tensor with a weight from those of two tensors, whatever they are called."""
    for step in network:
        if step.op in ("matmul", "linear") and len(step.reads) > 1:
            first, second, *bias = step.reads
            depth = contracted(step)
            if is_fixed(first) and not is_fixed(second):
                first, second = second, first
            op = "linear" if is_fixed(second) else "matmul"
            step.become(op, [first, second, *bias], contracted=depth)


def contracted(step: Step) -> int:
    """Number of products that are summed up for each element of the output of a product of tensors."""
    equation = step.settings.get("equation")
    if equation is None:
        return (step.reads[0].shape or (1,))[-1]
    operands, kept = operands_of(equation)
    sizes = sizes_of(*zip(operands, step.reads, strict=True))
    summed = sizes.keys() - axes_of(kept, len(step.shape or ()))
    return prod(sizes[axis] for axis in summed)


def add_biases(network: Network) -> None:
    """A weight per channel that is added to the output of a layer without one is its bias.

    So are rows of a table with one for each expert, where the layer holds the weights of all of them.
    """
    readers = network.readers()
    for step in network:
        for layer, weight in pairs(step) if step.op == "add" else ():
            free = layer.op in WITH_BIAS and len(layer.reads) == 2 and readers[id(layer)] == 1
            weight = weight.reads[-1] if weight.op == "embedding" else weight
            if free and weight.op == "weight" and weight.size == _n_channels(layer):
                step.become(layer.op, [*layer.reads, weight], **layer.settings)
                break


def _n_channels(step: Step) -> int:
    """Outputs of a layer, which a product may put on several axes, such as heads and their width."""
    if step.op == "linear":
        return step.reads[1].size // max(step.settings["contracted"], 1)
    shape = step.shape or (0,)
    return shape[-1] if len(shape) < 2 else shape[1]


def recognise_positions(network: Network) -> None:
    """Weights that differ by position, or sines of it, added to a tensor, are position embeddings.

    So are rows that a running count of tokens looks up. A weight for each output of a layer, or of a part
    of them, is not, even if heads and their width are two axes; nor is a row that many positions take, as
    those of a kind of token.
    """
    for step in network:
        for operand, other in pairs(step) if step.op == "add" else ():
            if not is_fixed(operand) and (_is_of_places(other, operand) or _is_counted(through(other))):
                step.become("position_embedding", [operand, other])
                break


def _is_of_places(weight: Step, operand: Step) -> bool:
    spans = sum(size > 1 for size in uncopied(weight).shape or ()) > 1
    alike = weight.settings.get("repeated", False)
    of_places = weight.op == "weight" or weight.settings.get("wave", False)
    return of_places and spans and not alike and not _is_bias(weight, operand)


def _is_counted(step: Step) -> bool:
    """Whether it is a row of a table at a place counted by a cumulative sum, without padding perhaps (RoBERTa)."""
    return step.op in ("embedding", "gather") and any(_counts(read, COUNTING) for read in step.reads)


def _counts(step: Step, depth: int) -> bool:
    step = through(step)
    if step.op == "cumulative_sum" or depth == 0:
        return depth > 0
    return step.op in ("add", "subtract", "multiply") and any(_counts(read, depth - 1) for read in step.reads)


def _is_bias(weight: Step, operand: Step) -> bool:
    """Whether the same weights are added to each position of a layer's output."""
    layer = plain(operand)
    return layer.op in WITH_BIAS and operand.size * _n_channels(layer) == weight.size * layer.size


def fold_batch_norms(network: Network) -> None:
    """A batch norm that alone reads a convolution or a linear layer becomes part of it."""
    readers = network.readers()
    for step in network:
        layer = bare(step.reads[0]) if step.op == "batch_norm" else step
        if layer is not step and layer.op in WITH_BIAS and readers[id(layer)] == 1:
            folded = layer.settings.get("folded_norms", 0) + 1
            own = [read for read in step.reads[1:] if is_fixed(read)]
            step.module = layer.module
            step.become(layer.op, [*layer.reads, *own], **layer.settings | {"folded_norms": folded})
