"""One vocabulary for all sources: the names of PyTorch's and of ONNX's operations for each of graf's.

PyTorch's names are those of the `aten` operators without overload, and a trailing underscore (in
place) does not count. Convolutions and pools get their kernel, and convolutions their kind, in a
later pass (`graf.sources.network.naming`).
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["REARRANGEMENTS", "VOCABULARY", "Names", "from_aten", "from_onnx"]


class Names(NamedTuple):
    """What an operation is called in the sources, names separated by blanks."""

    aten: str = ""
    onnx: str = ""


# Steps that only move, copy or leave out elements: dropped, their reader reads what they read.
REARRANGEMENTS: dict[str, Names] = {
    "identity": Names(
        "alias clone contiguous detach dropout feature_dropout alpha_dropout native_dropout lift_fresh_copy"
        " resolve_conj resolve_neg requires_grad copy alias_copy lift_fresh detach_copy _conj conj positive"
        " feature_alpha_dropout conj_physical",
        "Identity MemcpyFromHost MemcpyToHost Dropout Optional OptionalGetElement SequenceConstruct SequenceInsert",
    ),
    "cast": Names(
        "to _to_copy type_as float half bfloat16 double int long bool fake_quantize_per_tensor_affine"
        " fake_quantize_per_channel_affine fused_moving_avg_obs_fake_quant quantized_decomposed_quantize_per_tensor"
        " quantized_decomposed_dequantize_per_tensor quantized_decomposed_quantize_per_channel"
        " quantized_decomposed_dequantize_per_channel",
        "Cast CastLike BitCast QuantizeLinear DequantizeLinear DynamicQuantizeLinear",
    ),
    "reshape": Names(
        "view reshape flatten unflatten squeeze unsqueeze view_as reshape_as _unsafe_view view_copy ravel"
        " view_as_real view_as_complex real imag view_as_real_copy atleast_1d atleast_2d atleast_3d",
        "Reshape Flatten Squeeze Unsqueeze",
    ),
    "transpose": Names(
        "transpose permute t movedim moveaxis swapaxes numpy_T mT mH adjoint channel_shuffle native_channel_shuffle"
        " swapdims pixel_shuffle pixel_unshuffle im2col col2im unfold rot90",
        "Transpose DepthToSpace SpaceToDepth Col2Im",
    ),
    "expand": Names(
        "expand expand_as broadcast_to repeat tile repeat_interleave expand_copy broadcast_tensors meshgrid",
        "Expand Tile",
    ),
    "slice": Names(
        "slice select narrow split split_with_sizes chunk tensor_split unbind diagonal hsplit vsplit dsplit"
        " slice_copy select_copy narrow_copy unbind_copy unsafe_split unsafe_chunk as_strided item",
        "Slice Split SplitToSequence SequenceAt",
    ),
    "pad": Names(
        "pad constant_pad_nd reflection_pad1d reflection_pad2d replication_pad2d zero_pad2d diag_embed diag diagflat",
        "Pad CenterCropPad",
    ),
    "roll": Names("roll flip fliplr flipud fft_fftshift fft_ifftshift", "ReverseSequence"),
    "getitem": Names("getitem"),
    "mask": Names("tril triu", "Trilu"),
}

CONSTANTS = Names(
    "arange zeros ones full empty zeros_like ones_like full_like empty_like new_zeros new_ones new_full"
    " new_empty scalar_tensor linspace eye rand randn rand_like randn_like randint randperm bernoulli_"
    " sym_size sym_numel sym_stride tril_indices triu_indices hann_window empty_permuted normal_ fill zero randint_like uniform exponential"
    " _assert_tensor_metadata _assert_async _assert_scalar sym_constrain_range_for_size",
    "Shape Size Constant ConstantOfShape Range RandomNormal RandomUniform RandomNormalLike RandomUniformLike"
    " EyeLike HannWindow HammingWindow BlackmanWindow MelWeightMatrix SequenceEmpty SequenceLength"
    " OptionalHasElement",
)

VOCABULARY: dict[str, Names] = {
    "conv": Names(
        "conv1d conv2d conv3d conv_tbc convolution _convolution", "Conv ConvInteger QLinearConv DeformConv"
    ),
    "conv_transpose": Names("conv_transpose1d conv_transpose2d conv_transpose3d", "ConvTranspose"),
    "linear": Names("linear addmm addmv", "Gemm"),
    "matmul": Names(
        "matmul mm bmm mv dot inner vdot tensordot addbmm baddbmm einsum linalg_matmul linalg_multi_dot chain_matmul _grouped_mm _sparse_mm"
        " transformers_grouped_mm_fallback",
        "MatMul Einsum MatMulInteger QLinearMatMul",
    ),
    "bilinear": Names("bilinear"),
    "attention": Names("scaled_dot_product_attention flex_attention", "Attention"),
    "lstm": Names("lstm lstm_cell", "LSTM"),
    "gru": Names("gru gru_cell", "GRU"),
    "rnn": Names("rnn_tanh rnn_relu rnn_tanh_cell rnn_relu_cell", "RNN"),
    "embedding": Names("embedding embedding_bag"),
    "rotary": Names("", "RotaryEmbedding"),
    "max_pool": Names(
        "max_pool1d max_pool2d max_pool3d max_pool2d_with_indices max_pool1d_with_indices"
        " max_pool3d_with_indices fractional_max_pool2d fractional_max_pool3d",
        "MaxPool",
    ),
    "avg_pool": Names("avg_pool1d avg_pool2d avg_pool3d", "AveragePool"),
    "lp_pool": Names("", "LpPool GlobalLpPool"),
    "adaptive_avg_pool": Names("adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d"),
    "adaptive_max_pool": Names("adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d"),
    "global_avg_pool": Names("", "GlobalAveragePool"),
    "global_max_pool": Names("", "GlobalMaxPool"),
    "batch_norm": Names(
        "batch_norm native_batch_norm _native_batch_norm_legit_no_training _batch_norm_impl_index"
        " cudnn_batch_norm",
        "BatchNormalization",
    ),
    "layer_norm": Names("layer_norm native_layer_norm", "LayerNormalization"),
    "rms_norm": Names("rms_norm _fused_rms_norm", "RMSNormalization SimplifiedLayerNormalization"),
    "group_norm": Names("group_norm native_group_norm", "GroupNormalization"),
    "instance_norm": Names("instance_norm", "InstanceNormalization MeanVarianceNormalization"),
    "local_response_norm": Names("", "LRN"),
    "l2_norm": Names("", "LpNormalization"),
    "relu": Names("relu", "Relu"),
    "relu6": Names("relu6"),
    "leaky_relu": Names("leaky_relu rrelu", "LeakyRelu"),
    "prelu": Names("prelu _prelu_kernel", "PRelu"),
    "elu": Names("elu", "Elu"),
    "selu": Names("selu", "Selu"),
    "celu": Names("celu", "Celu"),
    "gelu": Names("gelu", "Gelu"),
    "silu": Names("silu", "Swish"),
    "mish": Names("mish", "Mish"),
    "hardswish": Names("hardswish", "HardSwish"),
    "hardsigmoid": Names("hardsigmoid", "HardSigmoid"),
    "hardtanh": Names("hardtanh"),
    "sigmoid": Names("sigmoid special_expit", "Sigmoid"),
    "log_sigmoid": Names("log_sigmoid log_sigmoid_forward"),
    "tanh": Names("tanh", "Tanh"),
    "softplus": Names("softplus", "Softplus"),
    "softsign": Names("softsign", "Softsign"),
    "softmax": Names("softmax _softmax _safe_softmax special_softmax", "Softmax"),
    "log_softmax": Names("log_softmax _log_softmax special_log_softmax", "LogSoftmax"),
    "erf": Names(
        "erf erfc special_erf special_erfc", "Erf Erfc"
    ),  # the latter by tf2onnx, of no operator set
    "shrink": Names("hardshrink softshrink", "Shrink"),
    "threshold": Names("threshold", "ThresholdedRelu"),
    "glu": Names("glu"),
    "square": Names("square"),
    "rsqrt": Names("rsqrt"),
    "reciprocal": Names("reciprocal", "Reciprocal"),
    "addcmul": Names("addcmul addcdiv"),
    "add": Names("add __add__ __radd__", "Add Sum Mean"),
    "subtract": Names("sub rsub subtract", "Sub"),
    "multiply": Names("mul multiply outer ger kron cross linalg_cross", "Mul"),
    "divide": Names("div divide true_divide floor_divide", "Div"),
    "power": Names("pow float_power", "Pow"),
    "sqrt": Names("sqrt", "Sqrt"),
    "exp": Names("exp exp2 expm1 special_exp2 special_expm1", "Exp"),
    "log": Names("log log1p log2 log10 logit lgamma special_log1p special_logit special_gammaln", "Log"),
    "negate": Names("neg negative", "Neg"),
    "absolute": Names("abs absolute", "Abs"),
    "sin": Names("sin", "Sin"),
    "cos": Names("cos", "Cos"),
    "trigonometric": Names(
        "tan asin acos atan atan2 sinh cosh asinh acosh atanh polar angle"
        " arcsin arccos arctan arctan2 arcsinh arccosh arctanh",
        "Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh",
    ),
    "maximum": Names("maximum fmax", "Max"),
    "minimum": Names("minimum fmin", "Min"),
    "clamp": Names("clamp clamp_min clamp_max clip", "Clip"),
    "where": Names("where masked_fill lerp nan_to_num", "Where"),
    "compare": Names(
        "eq ne not_equal isnan isinf isfinite isclose isin searchsorted bucketize",
        "Equal IsNaN IsInf",
    ),
    "order": Names(
        "lt le gt ge less less_equal greater greater_equal", "Less LessOrEqual Greater GreaterOrEqual"
    ),
    "logical": Names(
        "logical_not logical_and logical_or logical_xor bitwise_not bitwise_and bitwise_or bitwise_xor __and__"
        " __or__ __xor__ any all",
        "And Or Not Xor BitwiseAnd BitwiseOr BitwiseXor BitwiseNot BitShift",
    ),
    "round": Names("round floor ceil trunc fix special_round", "Round Floor Ceil"),
    "sign": Names("sign sgn", "Sign"),
    "remainder": Names("remainder fmod frac", "Mod"),
    "sample": Names("bernoulli normal poisson", "Bernoulli"),
    "concat": Names(
        "cat concat concatenate stack hstack vstack dstack row_stack column_stack complex pad_sequence"
        " block_diag",
        "Concat ConcatFromSequence",
    ),
    "mean": Names("mean nanmean", "ReduceMean"),
    "sum": Names("sum nansum", "ReduceSum"),
    "max": Names("amax max", "ReduceMax"),
    "min": Names("amin min", "ReduceMin"),
    "product": Names("prod", "ReduceProd"),
    "argmax": Names("argmax argmin", "ArgMax ArgMin"),
    "norm": Names("norm linalg_vector_norm linalg_norm frobenius_norm", "ReduceL1 ReduceL2"),
    "sum_square": Names("", "ReduceSumSquare"),
    "variance": Names("var std var_mean std_mean"),
    "cumulative_sum": Names("cumsum cumprod cummax cummin logcumsumexp", "CumSum CumProd"),
    "logsumexp": Names("logsumexp special_logsumexp", "ReduceLogSumExp ReduceLogSum"),
    "distance": Names("cosine_similarity pairwise_distance cdist _cdist_forward pdist dist"),
    "loss": Names(
        "mse_loss l1_loss smooth_l1_loss huber_loss cross_entropy_loss nll_loss nll_loss_nd kl_div binary_cross_entropy"
        " binary_cross_entropy_with_logits"
    ),
    "topk": Names("topk", "TopK"),
    "sort": Names("sort msort argsort median nanmedian kthvalue mode quantile"),
    "resize": Names(
        "upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_bilinear2d upsample_bicubic2d"
        " upsample_trilinear3d upsample_linear1d _upsample_bilinear2d_aa _upsample_bicubic2d_aa"
        " _upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d interpolate",
        "Resize Upsample",
    ),
    "grid_sample": Names("grid_sampler grid_sampler_2d grid_sampler_3d", "GridSample"),
    "affine_grid": Names("affine_grid_generator", "AffineGrid"),
    "roi_align": Names("", "RoiAlign MaxRoiPool"),
    "gather": Names(
        "gather index index_select take take_along_dim masked_select",
        "Gather GatherElements GatherND Compress",
    ),
    "scatter": Names(
        "scatter scatter_add scatter_reduce index_put index_add index_copy masked_scatter slice_scatter"
        " select_scatter index_fill index_reduce put one_hot histc bincount max_unpool2d max_unpool3d",
        "Scatter ScatterElements ScatterND TensorScatter OneHot MaxUnpool",
    ),
    "nonzero": Names("nonzero argwhere unique _unique2", "NonZero Unique"),
    "non_max_suppression": Names("", "NonMaxSuppression"),
    "fft": Names(
        "fft_fft fft_fftn fft_ifftn fft_rfft fft_fft2 fft_rfft2 fft_irfft fft_irfft2 fft_ifft fft_ifft2 fft_rfftn"
        " fft_irfftn stft istft",
        "DFT STFT",
    ),
    "if": Names("cond", "If"),
    "loop": Names("while_loop scan associative_scan map_impl", "Loop Scan"),
}


def from_aten(name: str) -> str | None:
    """graf's name of an aten operator ("add_" or "add"), or of another one with its namespace; None if it is unknown."""
    return ATEN.get(name) or ATEN.get(name.removesuffix("_"))


def from_onnx(name: str) -> str | None:
    """graf's name of an ONNX operator; None if it is unknown."""
    return ONNX.get(name)


def _inverse(source: int) -> dict[str, str]:
    tables = {**VOCABULARY, **REARRANGEMENTS, "constant": CONSTANTS}
    return {name: op for op, names in tables.items() for name in names[source].split()}


ATEN, ONNX = _inverse(0), _inverse(1)
