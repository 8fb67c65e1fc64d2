"""Columns of whole networks in plain words; `graf.report.words` says what the braces stand for."""

from __future__ import annotations

__all__ = ["NETWORK_PHRASES"]

MET = {
    "all": "operations",
    "pass": "operations that pass gradients on",
    "shrink": "operations that shrink gradients",
    "gate": "operations that gate gradients",
    "mix": "operations that mix gradients",
}
WAYS = {
    "min": "{n} MET on the shortest way from the loss to parameters",
    "farthest": "{n} MET on the shortest way from the loss to the farthest parameters",
    "mean": "{n} MET on the average way from the loss to parameters",
}
OP_COSTS = {
    "parameters": "{h}parameters of {ops}",
    "macs": "{h}multiply-adds of {ops}",
    "elementary": "{h}elementary computations of {ops}",
    "activations": "{h}activations that {ops} write",
    "bytes": "{h}memory traffic of {ops}",
}
BLOCKS = {
    "blocks": "{n} attention blocks",
    "cross": "{n} attention blocks over another sequence",
    "global": "{n} attention blocks over all tokens",
    "windowed": "{n} attention blocks over windows",
    "grouped_query": "{n} attention blocks with grouped queries",
    "causal": "{n} attention blocks over earlier tokens",
    "relative": "{n} attention blocks with a bias of relative positions",
    "rotary": "{n} rotary position embeddings",
    "absolute": "{n} absolute position embeddings",
    "heads": "{n} attention heads on average",
    "kv_heads": "{n} heads of keys and values on average",
    "head_dim": "{h}head size on average",
    "sequence": "{n} tokens that attend on average",
    "key_sequence": "{n} tokens that are attended to on average",
    "windows": "{n} windows of attention on average",
    "max_heads": "{n} attention heads at most",
    "max_sequence": "{n} tokens that attend at most",
    "max_key_sequence": "{n} tokens that are attended to at most",
}
NETWORK_PHRASES = {
    "n_adjacent": "{n} edges from {kind} to {second}",
    "log_paths": "{n} live paths, on a log scale",
    "effective_depth.min": "{n} layers on the shortest path",
    "effective_depth.mean": "{n} layers on the average path",
    "effective_depth.std": "{h}spread of the number of layers over all paths",
    "effective_depth.max": "{n} layers on the longest path",
    "effective_depth.mean_ops": "{n} operations on the average path",
    "effective_depth.std_ops": "{h}spread of the number of operations over all paths",
    "shortcut.n": "{n} shortcuts that end in {ops}",
    "shortcut.mean": "{n} operations that a shortcut into {ops} skips on average",
    "shortcut.std": "{h}spread of what shortcuts into {ops} skip",
    "shortcut.max": "{n} operations that the longest shortcut into {ops} skips",
    **{
        f"gradient_path.{way}_{kind}": phrase.replace("MET", met)
        for kind, met in MET.items()
        for way, phrase in WAYS.items()
    },
    **{f"attention.{stat}": phrase for stat, phrase in BLOCKS.items()},
    "mlp.n": "{n} MLPs inside of the network",
    "mlp.ratio": "{h}MLP ratio on average",
    "mlp.min_ratio": "{h}least MLP ratio",
    "mlp.max_ratio": "{h}greatest MLP ratio",
    "depth_count.q": "{n} operations of {ops} in quarter {i} of the depth",
    "depth_mean.q": "{h}mean of {attribute} in quarter {i} of the depth",
    "depth_share.q": "{h}share of {attribute} in quarter {i} of the depth",
    "log_total": "{h}total of {attribute}, on a log scale",
    **{f"op_cost.{cost}": phrase for cost, phrase in OP_COSTS.items()},
    "arithmetic_intensity.network": "{n} computations per byte of memory traffic",
    "arithmetic_intensity.mean": "{n} computations per byte in the average operation",
    "arithmetic_intensity.low": "{h}share of traffic in operations that wait for memory",
    "peak_memory.bytes": "{h}peak of live activations",
    "peak_memory.log": "{h}peak of live activations, on a log scale",
    "peak_memory.share": "{h}share of all activations that is live at the peak",
    "peak_memory.at": "{h}part of the network that runs before the peak of memory",
    "receptive_field.size": "{h}side of the receptive field",
    "receptive_field.log": "{h}side of the receptive field, on a log scale",
    "receptive_field.of_input": "{h}share of the input's side that the receptive field covers",
    "receptive_field.global_at": "{h}part of the depth before anything sees the whole input",
    "laplacian.e": "{h}eigenvalue {i} of the graph's Laplacian",
}
