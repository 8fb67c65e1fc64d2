"""Operations of cells, blocks and layers of search spaces."""

from __future__ import annotations

from itertools import product

from graf.ops.operation import Operation

__all__ = ["CELL_OPERATIONS"]

CELL_OPERATIONS = (
    Operation("none", "zero", zero=True, stateless=True, linear=True),
    Operation("skip", "identity", identity=True, stateless=True, linear=True),
    Operation("conv1x1", "convolution"),
    Operation("conv3x3", "convolution"),
    Operation("avg_pool3x3", "pool", stateless=True, linear=True),
    Operation("max_pool3x3", "pool", stateless=True),
    Operation("sep_conv3x3", "convolution"),
    Operation("sep_conv5x5", "convolution"),
    Operation("sep_conv7x7", "convolution"),
    Operation("dil_conv3x3", "convolution"),
    Operation("dil_conv5x5", "convolution"),
    Operation("conv7x1_1x7", "convolution"),
    *(
        Operation(f"mbconv{kernel}x{kernel}_e{expansion}{form}", "block")
        for form, kernel, expansion in product(("", "_g2", "_se"), (3, 5, 7), (1, 3, 4, 6))
    ),
    Operation("resnet_block", "block"),
    Operation("resnet_module", "block"),
    Operation("resnet_module_wide", "block"),
    Operation("resnet_module_strided", "block"),
    Operation("resnet_module_wide_strided", "block"),
    Operation("complement", "elementwise", stateless=True),
    Operation("blend", "elementwise", stateless=True),
    Operation("patch_embedding", "embedding"),
    Operation("attention_sdp", "attention"),
    Operation("attention_wma", "attention"),
    Operation("fourier", "transform"),
    Operation("cosine", "transform"),
    Operation("span_conv5", "span_convolution"),
    Operation("span_conv9", "span_convolution"),
    Operation("mlp", "mlp"),
    Operation("mlp3", "mlp"),
    Operation("classifier", "classifier"),
)
