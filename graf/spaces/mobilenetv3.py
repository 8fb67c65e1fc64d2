"""The MobileNetV3 space of once-for-all (Cai et al., ICLR 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graf.ops import OpSet
from graf.spaces.parts.costs import Shape
from graf.spaces.parts.inverted_residual import Convolution, Layer, Linear, PooledConvolution
from graf.spaces.parts.once_for_all import OnceForAllSpace, Unit, operations

__all__ = ["MobileNetV3"]


@dataclass(frozen=True)
class MobileNetV3(OnceForAllSpace):
    """Five units of two to four blocks with kernel 3, 5 or 7 and expansion 3, 4 or 6.

    Notation: once-for-all's dictionary {"ks": [...], "e": [...], "d": [...]} of 20 kernels, 20
    expansions and 5 depths, or its text; blocks beyond the depth of their unit may have any
    option or 0, and get the first one. One number stands for a whole list. "wid", "r" and
    "image_size" may stand beside them with null or the value of the settings. Also read: five
    lists of names such as mbconv3_e6_k5, as GENNAPE (Mills et al., AAAI 2023) writes them.

    Parameters
    ----------
    width_percent : width multiplier in percent (once-for-all publishes 100 and 120).
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = MobileNetV3()
    >>> smallest = space.parse({"ks": 3, "e": 3, "d": 2})
    >>> space.graph(smallest).op_names[2:8]
    ('mbconv3x3_e3', 'mbconv3x3_e3', 'mbconv3x3_e3_se', 'mbconv3x3_e3_se', 'mbconv3x3_e3', 'mbconv3x3_e3')
    """

    name: ClassVar[str] = "mobilenetv3"
    title: ClassVar[str] = "MobileNetV3"
    prefix: ClassVar[str] = "mbconv3"
    ops: ClassVar[OpSet] = operations(squeezes=True)
    stem_channels: ClassVar[int] = 16
    stem_activation: ClassVar[str] = "hard_swish"
    units: ClassVar[tuple[Unit, ...]] = (
        Unit(4, 24, 2, squeezes=False, activation="relu"),
        Unit(4, 40, 2, squeezes=True, activation="relu"),
        Unit(4, 80, 2, squeezes=False, activation="hard_swish"),
        Unit(4, 112, 1, squeezes=True, activation="hard_swish"),
        Unit(4, 160, 2, squeezes=True, activation="hard_swish"),
    )

    def head(self, before: Shape) -> dict[str, list[Layer]]:
        """A last convolution, one more after pooling, and the classifier."""
        last = Convolution(before, self.width(960), activation="hard_swish")
        mixed = PooledConvolution(last.after, self.width(1280), activation="hard_swish")
        return {"head": [last], "mix": [mixed], "classifier": [Linear(mixed.after, self.n_classes)]}
