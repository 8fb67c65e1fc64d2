"""The ProxylessNAS space of once-for-all (Cai et al., ICLR 2019 and 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graf.ops import OpSet
from graf.spaces.parts.costs import Shape
from graf.spaces.parts.inverted_residual import Convolution, Layer, Linear
from graf.spaces.parts.once_for_all import OnceForAllSpace, Unit, operations

__all__ = ["ProxylessNAS"]


@dataclass(frozen=True)
class ProxylessNAS(OnceForAllSpace):
    """Five units of two to four blocks and a last block, kernel 3, 5 or 7, expansion 3, 4 or 6.

    Notation: once-for-all's dictionary {"ks": [...], "e": [...], "d": [...]} of 21 kernels, 21
    expansions and 6 depths, or its text, as `MobileNetV3` reads it. The last depth is that of
    the last block, 1 whatever is written, and may be left out. Also read: six lists of names
    such as mbconv2_e6_k5, as GENNAPE (Mills et al., AAAI 2023) writes them.

    Parameters
    ----------
    width_percent : width multiplier in percent; once-for-all publishes 130 only.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = ProxylessNAS()
    >>> choices = space.parse({"ks": [7] * 21, "e": 6, "d": [2, 2, 2, 2, 2, 1]})
    >>> space.format(choices)
    '{"ks":[7,7,3,3,7,7,3,3,7,7,3,3,7,7,3,3,7,7,3,3,7],"e":[6,6,3,3,6,6,3,3,6,6,3,3,6,6,3,3,6,6,3,3,6],"d":[2,2,2,2,2,1]}'
    """

    name: ClassVar[str] = "proxylessnas"
    title: ClassVar[str] = "ProxylessNAS"
    prefix: ClassVar[str] = "mbconv2"
    ops: ClassVar[OpSet] = operations(squeezes=False)
    stem_channels: ClassVar[int] = 32
    stem_activation: ClassVar[str] = "relu6"
    units: ClassVar[tuple[Unit, ...]] = (
        Unit(4, 24, 2), Unit(4, 40, 2), Unit(4, 80, 2), Unit(4, 96, 1), Unit(4, 192, 2), Unit(1, 320, 1),
    )  # fmt: skip

    width_percent: int = 130

    def head(self, before: Shape) -> dict[str, list[Layer]]:
        """A last convolution, and the classifier."""
        last = Convolution(before, self.width(1280), activation="relu6")
        return {"head": [last], "classifier": [Linear(last.after, self.n_classes)]}
