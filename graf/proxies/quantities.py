"""What proxies may read: quantities that shared passes over a network compute."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["QUANTITIES", "Quantity"]


class Quantity(NamedTuple):
    """One of the results of a pass.

    Parameters
    ----------
    source : the pass that computes it, a file of `graf.proxies.passes`.
    needs : what it needs of data and network.
    meaning : definition and shape; N is the batch size.
    """

    source: str
    needs: frozenset[str]
    meaning: str


def _of(source: str, needs: str, **meanings: str) -> dict[str, Quantity]:
    words = frozenset(word.strip() for word in needs.split(",") if word.strip())
    return {name: Quantity(source, words, text) for name, text in meanings.items()}


LABELS = "weights, batch, labels, gradients"
QUANTITIES: dict[str, Quantity] = {
    **_of("structure", "", n_parameters="number of parameters of the network"),
    **_of(
        "structure",
        "weights",
        weights="kernels and matrices of its layers, a list (`Network.weights`)",
    ),
    **_of(
        "costs",
        "input shape",
        n_macs="multiply-adds of convolutions and matrix products, for one input",
        layer_operations="operations by layer as NAS-Bench-Suite-Zero counts them, for one input",
    ),
    **_of(
        "data",
        "weights, batch",
        agreement="on how many activations two inputs agree (input above zero or not), (N, N) float64",
    ),
    **_of("data", "labels", labels="class of each input, (N,) int64"),
    **_of("data", "weights, batch", n_classes="width of the output"),
    **_of(
        "data",
        LABELS,
        gradients="of the mean cross-entropy by `weights`, a list",
        hessian_gradients="Hessian of the loss times `gradients`, by `weights`, a list",
        layer_saliencies="(outputs, gradients of the loss by them, weight) of each call of a layer;"
        " outputs (N, channels, positions)",
    ),
    **_of(
        "data",
        LABELS + ", second batch",
        batch_gradients="`gradients` for each of two batches, a list of lists",
    ),
    **_of(
        "data",
        "weights, batch, gradients",
        input_gradients="of the sum of the outputs by the inputs, (N, D)",
    ),
    **_of(
        "samples",
        LABELS + ", per-sample gradients",
        sign_sums="signs of the loss gradients of single inputs, summed over inputs, by `weights`",
    ),
    **_of(
        "linear",
        "weights, input shape, own initialisation, gradients",
        linear_weights="absolute `weights`, float64, a list",
        linear_gradients="of the sum of outputs for an input of ones, absolute parameters and no batch"
        " norm, by `linear_weights`; float64",
        linear_roles='"attention" or "other", for each of `linear_weights`',
    ),
    **_of(
        "gaussian",
        "input shape, own initialisation",
        noise_features="inputs of the classifier for noise x, (N, ...), with standard normal weights",
        perturbed_features="the same for x + 0.01 x', x' more noise",
        running_variances="running variance of each batch norm after both, a list",
    ),
    **_of(
        "gaussian",
        "batch, own initialisation",
        patterns="bits of each activation over the batch: input above zero or not; (neurons, words) int64",
    ),
    **_of(
        "kaiming",
        "input shape, own initialisation",
        block_outputs="outputs of the blocks for noise, Kaiming normal weights: (N, channels, positions)",
    ),
    **_of(
        "kaiming",
        "input shape, own initialisation, gradients",
        block_gradients="(random signs at a block's output, their gradient at its input) of consecutive"
        " blocks, (N positions, channels) each",
    ),
    **_of(
        "constant",
        "batch, own initialisation",
        constant_outputs="inputs of the classifier where all weights are 1e-7, and where all are 1",
    ),
    **_of(
        "noise",
        "weights, input shape",
        feature_maps="first tensor that each module (but parametrizations of weights) gives for one noise"
        " input, (channels, positions)",
    ),
    **_of(
        "attention",
        "weights, batch",
        attention_weights="softmax over keys in each attention, (..., queries, keys)",
        projections="outputs of the linear layers inside attention modules, (N, tokens, features)",
    ),
    **_of(
        "attention",
        "weights, batch, gradients",
        attention_saliencies="(weight, gradient of the sum of outputs) of the linear layers inside"
        " attention modules",
    ),
}
