"""What PyTorch counts of the networks of search spaces."""

import torch
from torch.utils.flop_counter import FlopCounterMode


def examples(space, n, device=None):
    """What the network of a space takes: images, or token ids (n, steps)."""
    if hasattr(space, "input_shape"):
        return torch.randn(n, *space.input_shape, device=device)
    return torch.randint(space.vocabulary_size, (n, space.sequence_length), device=device)


def check_counts(space, cell):
    """Parameters and multiply-adds of the graph are those that PyTorch counts."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        model = space.model(cell).eval()
        model(examples(space, 1, "meta"))
    graph = space.graph(cell)
    assert graph.n_parameters == sum(weights.numel() for weights in model.parameters())
    assert 2 * graph.n_macs == counter.get_total_flops()
