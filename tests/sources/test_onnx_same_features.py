"""The same network read from PyTorch and from ONNX has the same features."""

import contextlib
import io
import logging
import warnings

import numpy as np
import pytest
import torch
import zoo

from graf import GraphFeatures, read_graph

EXPORTERS = {"torchscript": [11, 13, 17, 18, 20], "dynamo": [18, 20]}
FROM_17 = ("vit", "vit written out", "translator")  # the older exporter wants newer opsets for these
COUNTED = "n_parameters|n_bytes|arithmetic_intensity"  # what counts weights


def exported(folder, name, exporter, opset):
    module, inputs = zoo.network(name)
    path = folder / "model.onnx"
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            torch.onnx.export(
                module, inputs, path, opset_version=opset, dynamo=exporter == "dynamo", verbose=False
            )
        finally:
            logging.disable(logging.NOTSET)
    return read_graph(path)


def cases():
    """Each network by both exporters, old and new opsets in turn."""
    for i, name in enumerate(zoo.NETWORKS):
        scripted = [opset for opset in EXPORTERS["torchscript"] if opset > 16 or name not in FROM_17]
        yield name, "torchscript", scripted[i % len(scripted)]
        yield name, "dynamo", EXPORTERS["dynamo"][i % 2]


def n_folded(graph):
    """Numbers that go when scale and shift of a batch norm become the bias that there was none of."""
    folded = np.nan_to_num(graph.attributes["folded_norms"])
    return int((folded * graph.attributes["channels"])[folded > 0].sum())


@pytest.mark.parametrize(("name", "exporter", "opset"), list(cases()))
def test_features_are_equal(tmp_path, name, exporter, opset):
    """All features but what a batch norm's scale counts, which exporters fold into the convolution."""
    module, inputs = zoo.network(name)
    ours, theirs = read_graph(module, inputs), exported(tmp_path, name, exporter, opset)
    assert theirs.n_parameters == ours.n_parameters - n_folded(ours)
    assert theirs.n_macs == ours.n_macs
    features = GraphFeatures().fit_transform([ours, theirs])
    counted = features.columns.str.contains(COUNTED)
    kept = features.loc[:, ~counted | (n_folded(ours) == 0)]
    differing = kept.columns[~((kept.iloc[0] == kept.iloc[1]) | kept.isna().all())]
    assert kept.shape[1] > 100
    assert list(differing) == []
