"""Search spaces: notation, enumeration, sampling, mutation, graphs and PyTorch models."""

from graf.spaces.base import SearchSpace
from graf.spaces.nasbench201 import NASBench201
from graf.spaces.registry import SPACES, get_space, infer_space
from graf.spaces.transnas_micro import TransNASMicro

__all__ = ["SPACES", "NASBench201", "SearchSpace", "TransNASMicro", "get_space", "infer_space"]
