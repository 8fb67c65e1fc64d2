"""The table of search spaces, and which of them a notation belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import fields, replace
from typing import Any

from graf.exceptions import ArchitectureError, InputError, check_known
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
from graf.spaces.transnas_macro import TransNASMacro
from graf.spaces.transnas_micro import TransNASMicro

__all__ = ["SPACES", "get_space", "infer_space", "known_settings"]

SPACES: dict[str, type[SearchSpace]] = {
    space.name: space
    for space in (
        NASBench101,
        DARTS,
        LHD,
        NASBench201,
        TransNASMacro,
        TransNASMicro,
        NASBenchMacro,
        NATSSize,
        FBNet,
        MnasNet,
        MobileNetV3,
        ProxylessNAS,
        NASBenchNLP,
        AutoFormer,
        AutoFormerTiny,
        AutoFormerBase,
        FlexiBERT,
    )
}


def get_space(space: str | SearchSpace, **settings: object) -> SearchSpace:
    """The search space of a name, or a space itself, with settings such as `channels`.

    Raises `UnknownNameError`, which lists near names, for an unknown space or setting.

    Examples
    --------
    >>> len(get_space("nasbench201"))
    15625
    """
    if isinstance(space, str):
        check_known("search space", space, SPACES)
        space = SPACES[space]()
    if not isinstance(space, SearchSpace):
        raise InputError(f"`space` must be a name or a SearchSpace, got {type(space).__name__}")
    known = [field.name for field in fields(space)]
    for name in settings:
        check_known(f"setting of {space.name}", name, known)
    return replace(space, **settings) if settings else space


def known_settings(space: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the given values that are settings of the space of this name, which may be unknown.

    Examples
    --------
    >>> known_settings("nasbench201", {"channels": 8, "epochs": 3})
    {'channels': 8}
    """
    known = {field.name for field in fields(SPACES[space])} if space in SPACES else set()
    return {name: value for name, value in given.items() if name in known}


def infer_space(architectures: Sequence[Any]) -> SearchSpace:
    """The first space whose notation the first architecture has.

    A bare tuple of six numbers is read as NAS-Bench-201, where NASLib writes it.

    Examples
    --------
    >>> infer_space(["64-41414-1_02_333"]).name
    'transnas_micro'
    """
    if isinstance(architectures, str) or not isinstance(architectures, Sized):
        raise InputError(f"`architectures` must be a list, got {architectures!r:.60}; wrap one in a list")
    if len(architectures) == 0:
        raise InputError("`architectures` must hold at least one architecture, got none")
    first = next(iter(architectures))
    for space in SPACES.values():
        if space.recognises(first):
            return space()
    raise ArchitectureError(
        f"{first!r:.100} is not in the notation of any search space ({', '.join(SPACES)});"
        " name the space if it is"
    )
