"""Model classes of transformers, built from their configuration, as graphs.

    pip install transformers pillow && pip install --no-deps torchvision
    python experiments/transformers_zoo.py [results] [class ...]

Nothing is downloaded: a configuration with its default values makes the model, on the meta device.
Where the published size is too large to capture in seconds, it has fewer layers or tokens, as
written below. Parameters are compared with those of the module, each counted once (some modules have
weights that their forward pass does not read), and multiply-adds with PyTorch's own counter over the
captured program, which also counts what depends on no input. Seconds are processor seconds of one
thread. A class that is in the table already is not read again.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import _torchvision  # noqa: F401  must come before transformers
import numpy as np
import pandas as pd
import torch
import transformers
from _provenance import output_path, write_csv, write_json
from _reading import Reading, read
from torch.utils.flop_counter import FlopCounterMode

from graf.exceptions import GrafError

Inputs = dict[str, torch.Tensor]
INSTALLED = re.compile(r"/\S*/site-packages/")  # where packages are, which is of no interest


def tokens(length: int = 128, **others: torch.Tensor) -> Inputs:
    """Token ids of one text."""
    return {"input_ids": _ids(length), **others}


def two_texts(masks: bool = False) -> Inputs:
    """A text to read, and the beginning of one to write; with masks that hide nothing."""
    hidden = {"attention_mask": _ids(128) + 1, "decoder_attention_mask": _ids(64) + 1} if masks else {}
    return {"input_ids": _ids(128), "decoder_input_ids": _ids(64), **hidden}


def image(side: int = 224) -> Inputs:
    """One image."""
    return {"pixel_values": torch.zeros(1, 3, side, side)}


def video() -> Inputs:
    """Sixteen frames."""
    return {"pixel_values": torch.zeros(1, 16, 3, 224, 224)}


def sound() -> Inputs:
    """One second at 16 kHz."""
    return {"input_values": torch.zeros(1, 16_000)}


def spectrogram(*shape: int, name: str = "input_features", written: int = 0) -> Inputs:
    """Mel features of one recording, and the beginning of its text."""
    features = {name: torch.zeros(1, *shape)}
    return features | ({"decoder_input_ids": _ids(written)} if written else {})


def _ids(length: int) -> torch.Tensor:
    return torch.zeros(1, length, dtype=torch.long)


class Entry(NamedTuple):
    """A class, and what differs from its configuration's defaults."""

    inputs: Callable[[], Inputs] = tokens
    settings: Mapping[str, Any] = MappingProxyType({})


SHORT = Entry(lambda: tokens(16), {"num_hidden_layers": 2})  # the scan over tokens is captured step by step
ZOO: dict[str, dict[str, Entry]] = {
    "encoder": {
        "BertModel": Entry(),
        "RobertaModel": Entry(),
        "DistilBertModel": Entry(),
        "AlbertModel": Entry(),
        "ElectraModel": Entry(),
        "DebertaV2Model": Entry(),
        "ModernBertModel": Entry(),
        "MPNetModel": Entry(),
        "MobileBertModel": Entry(),
        "SqueezeBertModel": Entry(),
        "FNetModel": Entry(),
        "EsmModel": Entry(settings={"vocab_size": 33, "pad_token_id": 1}),
        "NystromformerModel": Entry(),
        "BigBirdModel": Entry(settings={"attention_type": "original_full"}),
        "LongformerModel": Entry(),
        "ConvBertModel": Entry(),
        "FunnelModel": Entry(),
        "RoFormerModel": Entry(),
        "CanineModel": Entry(),
    },
    "decoder": {
        "GPT2LMHeadModel": Entry(),
        "GPTNeoXForCausalLM": Entry(settings={"num_hidden_layers": 12}),
        "OPTForCausalLM": Entry(),
        "LlamaForCausalLM": Entry(),
        "MistralForCausalLM": Entry(),
        "Qwen3ForCausalLM": Entry(),
        "Gemma2ForCausalLM": Entry(),
        "Phi3ForCausalLM": Entry(),
        "FalconForCausalLM": Entry(),
        "BloomForCausalLM": Entry(),
        "MptForCausalLM": Entry(),
        "GPTBigCodeForCausalLM": Entry(),
    },
    "encoder-decoder": {
        "T5ForConditionalGeneration": Entry(two_texts),
        "MT5ForConditionalGeneration": Entry(two_texts),
        "BartForConditionalGeneration": Entry(two_texts),
        "MarianMTModel": Entry(two_texts),
        "PegasusForConditionalGeneration": Entry(two_texts),
        "ProphetNetModel": Entry(two_texts),
        "M2M100ForConditionalGeneration": Entry(two_texts),
        "LEDForConditionalGeneration": Entry(two_texts),
    },
    "mixture of experts": {
        "MixtralForCausalLM": Entry(settings={"num_hidden_layers": 8}),
        "Qwen3MoeForCausalLM": Entry(settings={"num_hidden_layers": 8}),
        "DeepseekV3ForCausalLM": Entry(settings={"num_hidden_layers": 5}),
        "GptOssForCausalLM": Entry(settings={"num_hidden_layers": 8}),
        "OlmoeForCausalLM": Entry(),
        "GraniteMoeForCausalLM": Entry(settings={"num_hidden_layers": 8}),
        "SwitchTransformersForConditionalGeneration": Entry(lambda: two_texts(masks=True)),
    },
    "state space": {
        "MambaForCausalLM": SHORT,
        "Mamba2ForCausalLM": Entry(settings={"num_hidden_layers": 8}),
        "FalconMambaForCausalLM": SHORT,
        "JambaForCausalLM": Entry(lambda: tokens(16), {"num_hidden_layers": 8}),
        "RwkvForCausalLM": SHORT,
        "xLSTMForCausalLM": Entry(lambda: tokens(64), {"num_hidden_layers": 2, "num_blocks": 2}),
    },
    "vision": {
        "ViTForImageClassification": Entry(image),
        "DeiTForImageClassification": Entry(image),
        "BeitForImageClassification": Entry(image),
        "SwinForImageClassification": Entry(image),
        "Swinv2ForImageClassification": Entry(image),
        "ConvNextForImageClassification": Entry(image),
        "ResNetForImageClassification": Entry(image),
        "RegNetForImageClassification": Entry(image),
        "Dinov2Model": Entry(image),
        "SegformerForSemanticSegmentation": Entry(lambda: image(512)),
        "MobileNetV2ForImageClassification": Entry(image),
        "MobileViTForImageClassification": Entry(lambda: image(256)),
        "PvtV2ForImageClassification": Entry(image),
        "CvtForImageClassification": Entry(image),
        "LevitForImageClassification": Entry(image),
        "YolosForObjectDetection": Entry(lambda: image(512)),
        "DPTForDepthEstimation": Entry(lambda: image(384)),
        "VideoMAEModel": Entry(video),
        "CLIPModel": Entry(lambda: tokens(77, **image())),
        "SiglipVisionModel": Entry(image),
    },
    "speech": {
        "WhisperForConditionalGeneration": Entry(lambda: spectrogram(80, 3000, written=32)),
        "Wav2Vec2Model": Entry(sound),
        "HubertModel": Entry(sound),
        "WavLMModel": Entry(sound),
        "SEWModel": Entry(sound),
        "ASTForAudioClassification": Entry(lambda: spectrogram(1024, 128, name="input_values")),
        "Speech2TextForConditionalGeneration": Entry(lambda: spectrogram(584, 80, written=32)),
        "EncodecModel": Entry(lambda: {"input_values": torch.zeros(1, 1, 24_000)}),
    },
}


def main(folder: Path, names: list[str]) -> None:
    """Read what is not in the table, write the table, and say what it holds."""
    path = folder / "transformers_zoo.csv"
    table = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["class"])
    table = table[~table["class"].isin(names)]
    for kind, entries in ZOO.items():
        for name in sorted(set(entries) - set(table["class"]), key=list(entries).index):
            if not names or name in names:
                table = pd.concat([table, pd.DataFrame([row(name, kind, entries[name])])], ignore_index=True)
                write_csv(whole_numbers(table), path)
    order = [name for entries in ZOO.values() for name in entries]
    table = table.sort_values("class", key=lambda names: names.map(order.index), ignore_index=True)
    write_csv(whole_numbers(table), path)
    write_json(facts(table), folder / "transformers_zoo.json")
    print(
        table.drop(columns="error", errors="ignore").to_string(index=False),
        json.dumps(facts(table)["read"], indent=1),
        sep="\n",
    )


def row(name: str, kind: str, entry: Entry) -> dict[str, Any]:
    """What is known of one class, or why it could not be read."""
    module = build(name, entry.settings)
    n_parameters = sum(weight.numel() for weight in module.parameters())
    facts = {"class": name, "kind": kind, "module_parameters": n_parameters}
    inputs = entry.inputs()
    try:
        reading = read(module, inputs)
    except GrafError as error:
        return facts | {"error": INSTALLED.sub("", f"{error}")[:300]}
    return facts | described(reading) | {"counted_macs": counted_macs(reading.program, inputs)}


def build(name: str, settings: Mapping[str, Any]) -> torch.nn.Module:
    """The model of a class with its default configuration, without a cache, in evaluation mode."""
    model = getattr(transformers, name)
    configuration = model.config_class(**settings)
    if hasattr(configuration, "use_cache"):
        configuration.use_cache = False
    with torch.device("meta"):
        return model(configuration).eval().to("meta")  # some weights are made elsewhere


def described(reading: Reading) -> dict[str, Any]:
    """Sizes, attention and time of a reading."""
    graph = reading.graph
    attention = np.array([op == "attention" for op in graph.op_names])
    heads = np.unique(graph.attributes["heads"][attention])
    return {
        "nodes": graph.n_nodes,
        "parameters": graph.n_parameters,
        "macs": graph.n_macs,
        "attention_blocks": int(attention.sum()),
        "heads": " ".join(f"{count:g}" for count in heads),
        "export_seconds": reading.export_seconds,
        "graf_seconds": reading.graf_seconds,
        "unknown": reading.unknown,
    }


def counted_macs(program: torch.export.ExportedProgram, inputs: Inputs) -> float:
    """Half the FLOPs that PyTorch counts while the program runs; NaN where it cannot without values."""
    experts = {torch.ops.transformers.grouped_mm_fallback: _flops_of_experts}
    try:
        with torch.no_grad(), FlopCounterMode(display=False, custom_mapping=experts) as counter:
            program.module()(**{name: value.to("meta") for name, value in inputs.items()})
    except (RuntimeError, NotImplementedError, TypeError, AssertionError):
        return float("nan")
    return counter.get_total_flops() / 2


def whole_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The table with counts as integers, although classes that were not read have none."""
    counts = ["module_parameters", "nodes", "parameters", "macs", "counted_macs", "attention_blocks"]
    return table.astype({name: "Int64" for name in counts if name in table})


def _flops_of_experts(
    tokens: torch.Size, experts: torch.Size, *_: Any, out_shape: torch.Size | None = None
) -> int:
    """FLOPs of a product in which each token meets the weights of one expert."""
    return 2 * tokens[0] * tokens[1] * experts[2]


def facts(table: pd.DataFrame) -> dict[str, Any]:
    """Provenance, and totals over the classes."""
    read_ones = table[table["nodes"].notna()]
    ratio = read_ones["macs"] / read_ones["counted_macs"]
    return {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "read": {
            "classes": len(table),
            "read": len(read_ones),
            "same_parameters": int((read_ones["parameters"] == read_ones["module_parameters"]).sum()),
            "macs_compared": int(ratio.notna().sum()),
            "macs_within_1_percent": int((ratio.sub(1).abs() <= 0.01).sum()),
            "graf_seconds_per_export_second": read_ones["graf_seconds"].sum()
            / read_ones["export_seconds"].sum(),
        },
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    main(output_path("results"), sys.argv[2:])
