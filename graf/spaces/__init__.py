"""Search spaces: notation, enumeration, sampling, mutation, graphs and PyTorch models."""

from graf.spaces.autoformer import AutoFormer, AutoFormerBase, AutoFormerTiny
from graf.spaces.base import SearchSpace
from graf.spaces.darts import DARTS
from graf.spaces.fbnet import FBNet
from graf.spaces.flexibert import FlexiBERT
from graf.spaces.lhd import LHD
from graf.spaces.mnasnet import MnasNet
from graf.spaces.mobilenetv3 import MobileNetV3
from graf.spaces.nasbench101 import NASBench101
from graf.spaces.nasbench201 import NASBench201
from graf.spaces.nasbench_macro import NASBenchMacro
from graf.spaces.nasbench_nlp import NASBenchNLP
from graf.spaces.nats_size import NATSSize
from graf.spaces.proxylessnas import ProxylessNAS
from graf.spaces.reduced import ReducedSpace
from graf.spaces.registry import SPACES, get_space, infer_space
from graf.spaces.transnas_macro import TransNASMacro
from graf.spaces.transnas_micro import TransNASMicro

__all__ = [
    "DARTS",
    "LHD",
    "SPACES",
    "AutoFormer",
    "AutoFormerBase",
    "AutoFormerTiny",
    "FBNet",
    "FlexiBERT",
    "MnasNet",
    "MobileNetV3",
    "NASBench101",
    "NASBench201",
    "NASBenchMacro",
    "NASBenchNLP",
    "NATSSize",
    "ProxylessNAS",
    "ReducedSpace",
    "SearchSpace",
    "TransNASMacro",
    "TransNASMicro",
    "get_space",
    "infer_space",
]
