"""timm's architectures, built without weights on the meta device."""

from __future__ import annotations

import _torchvision  # noqa: F401  must come before timm
import timm
import torch

__all__ = ["build"]


def build(name: str, img_size: int) -> tuple[torch.nn.Module, torch.Tensor]:
    """The architecture for images of this size in evaluation mode, and one image.

    Raises whatever timm raises for a name or a size that it cannot build.
    """
    config = timm.get_pretrained_cfg(name)  # None for names that timm keeps for older code
    fixed = config is not None and config.fixed_input_size and config.input_size[-1] != img_size
    with torch.device("meta"):
        model = timm.create_model(name, pretrained=False, **({"img_size": img_size} if fixed else {}))
        return model.eval(), torch.empty(1, 3, img_size, img_size)
