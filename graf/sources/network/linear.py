"""Products with weights: linear layers, their biases, position embeddings and folded batch norms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod

from graf.sources.network.einsum import axes_of, operands_of, sizes_of
from graf.sources.network.patterns import SAME_VALUES, bare, pairs, plain, through, uncopied
from graf.sources.network.step import Network, Step, is_fixed, unfixed, weights_of

__all__ = ["WITH_BIAS", "add_biases", "fold_batch_norms", "recognise_linear", "recognise_positions"]

WITH_BIAS = ("linear", "conv", "conv_transpose")
RESHAPING = ("reshape", *SAME_VALUES)
COUNTING = 4  # steps between a cumulative sum and the positions that it gives


def recognise_linear(network: Network) -> None:
    """Tell products of a tensor with a weight from those of two tensors, whatever they are called."""
    for step in network:
        if step.op in ("matmul", "linear") and len(step.reads) > 1:
            first, second, *bias = step.reads
            depth, trailing = contracted(step), None if "equation" in step.settings else 1
            if is_fixed(first) and not is_fixed(second):
                first, second = second, first
                trailing = trailing and (step.shape or (1,))[-1]
            op = "linear" if is_fixed(second) else "matmul"
            step.become(op, [first, second, *bias], contracted=depth, trailing=trailing)


def contracted(step: Step) -> int:
    """Number of products that are summed up for each element of the output of a product of tensors.

    Where the shape of the first factor is unknown, as behind operators that only some tools know, that of
    the second tells.
    """
    equation = step.settings.get("equation")
    if equation is None:
        return (step.reads[0].shape or (_rows(step),))[-1]
    operands, kept = operands_of(equation)
    sizes = sizes_of(*zip(operands, step.reads, strict=True))
    summed = sizes.keys() - axes_of(kept, len(step.shape or ()))
    return prod(sizes[axis] for axis in summed)


def _rows(step: Step) -> int:
    """Rows of the second factor, which only a layer may hold transposed; 0 if they are unknown."""
    shape = step.reads[1].shape or (0,)
    if step.op == "linear" and step.shape:
        return prod(shape) // max(step.shape[-1], 1)
    return shape[-2:][0]


def add_biases(network: Network) -> None:
    """A weight per channel that is added to the output of a layer without one is its bias.

    So are rows of a table with one for each expert, where the layer holds the weights of all of them.
    The output may have got another shape before, or its channels last, as TensorFlow and JAX write it.
    """
    readers = network.readers()
    for step in network:
        for operand, weight in pairs(step, "add"):
            layer = _layer_behind(operand, RESHAPING, readers)
            turned = layer or _layer_behind(operand, (*RESHAPING, "transpose"), readers)
            if turned is None:
                continue
            weight = _before_copies(weight, _n_channels(turned))
            if layer is None and _is_of_last_channels(weight, turned, operand):
                turned.become(turned.op, [*turned.reads, weight], **turned.settings)
                step.become("identity", [operand])
                break
            if layer is not None and _is_bias_of(weight, layer, operand):
                shape = step.shape if _has_one_axis(weight) else layer.shape
                bias = weight.reads[-1] if weight.op == "embedding" else weight
                step.become(layer.op, [*layer.reads, bias], **layer.settings)
                step.shape = shape
                break


def _layer_behind(step: Step, kinds: Sequence[str], readers: Counter[int]) -> Step | None:
    """The layer without a bias behind steps of some kinds, if nothing else reads it or them."""
    while step.op in kinds and step.reads and readers[id(step)] == 1:
        step = step.reads[0]
    return step if step.op in WITH_BIAS and len(step.reads) == 2 and readers[id(step)] == 1 else None


def _before_copies(weight: Step, size: int) -> Step:
    """A weight of a size as it was before it was copied to the shape of what it is added to, as JAX writes it."""
    row = uncopied(weight) if weight.op == "weight" else weight
    return row if row.size == size else weight


def _is_of_last_channels(weight: Step, layer: Step, operand: Step) -> bool:
    """Whether a weight has a number for each channel of a convolution, which stand last in what it is added to."""
    n_channels, own = _n_channels(layer), weight.shape or ()
    last = (operand.shape or ())[-1:] == own[-1:] == (n_channels,)
    return layer.op != "linear" and weight.op == "weight" and last and weight.size == n_channels


def _is_bias_of(weight: Step, layer: Step, operand: Step) -> bool:
    """Whether a weight has a number for each channel of a layer, and lies along them in what it is added to."""
    if weight.op == "embedding":
        return weight.reads[-1].op == "weight" and weight.reads[-1].size == _n_channels(layer)
    n_samples = (operand.shape or (1,))[0]
    is_copied = weight.settings.get("repeated") and (weight.shape or ())[:1] == (n_samples,)
    n_copies = n_samples if is_copied else 1  # as of a first state
    if weight.op != "weight" or weight.size != n_copies * _n_channels(layer) or operand.size != layer.size:
        return False
    trailing = layer.settings.get("trailing", 1)
    if layer.op != "linear":
        trailing = prod((layer.shape or ())[2 - len(layer.reads[1].shape or ()) :])
    if trailing is None:  # the axes of `einsum` may be in any order
        return operand is layer
    own, shape = weight.shape or (), operand.shape or ()
    axes = [i - len(own) for i, size in enumerate(own) if size > 1] or [-1]
    spanned, behind = shape[axes[0] : len(shape) + axes[-1] + 1], shape[len(shape) + axes[-1] + 1 :]
    return weight.size == 1 or (prod(spanned) == weight.size and prod(behind) == trailing)


def _has_one_axis(step: Step) -> bool:
    return sum(size > 1 for size in step.shape or ()) < 2


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
    those of a kind of token; nor are latents that a shortcut leads around their own attention to a tensor.
    """
    for step in network:
        for operand, other in pairs(step, "add"):
            if not is_fixed(operand) and (_is_of_places(other, operand) or _is_counted(through(other))):
                step.become("position_embedding", [operand, other])
                break


def _is_of_places(weight: Step, operand: Step) -> bool:
    spans = sum(size > 1 for size in uncopied(weight).shape or ()) > 1
    alike = weight.settings.get("repeated") or weight.settings.get("uniform")
    of_places = weight.op == "weight" or weight.settings.get("wave", False)
    return of_places and spans and not (alike or _is_bias(weight, operand) or _attended(weight, operand))


def _is_counted(step: Step) -> bool:
    """Whether it is a row of a table at a place counted by a cumulative sum, without padding perhaps (RoBERTa)."""
    return step.op in ("embedding", "gather") and any(_counts(read, COUNTING) for read in step.reads)


def _counts(step: Step, depth: int) -> bool:
    step = through(step)
    if step.op == "cumulative_sum" or depth == 0:
        return depth > 0
    return step.op in ("add", "subtract", "multiply") and any(_counts(read, depth - 1) for read in step.reads)


def _attended(weight: Step, operand: Step) -> bool:
    """Whether an operand is what the weight asked for by attention, as latents do (Jaegle et al., Perceiver, 2021)."""
    attention = plain(operand)
    while attention.op == "linear":
        attention = plain(attention.reads[0])
    if attention.op != "attention" or not is_fixed(attention.reads[0]):
        return False
    return not set(weights_of(weight)).isdisjoint(weights_of(attention.reads[0]))


def _is_bias(weight: Step, operand: Step) -> bool:
    """Whether the same weights are added to each position of a layer's output, or of a sum of such outputs."""
    layer = plain(operand)
    while layer.op in ("add", "subtract"):
        layer = plain(unfixed(layer.reads)[0])
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
