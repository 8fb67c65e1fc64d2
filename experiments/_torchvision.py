"""Lets torchvision be imported where its compiled operators do not load.

They load only beside the build of torch that they were made for. timm and transformers import
torchvision but no network of theirs calls these operators, so declaring them is enough. Import
this before either of them.
"""

from __future__ import annotations

import torch

__all__: list[str] = []

SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_library = torch.library.Library("torchvision", "FRAGMENT")
for _operator in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, _operator):
        _library.define(_operator + SIGNATURE)
