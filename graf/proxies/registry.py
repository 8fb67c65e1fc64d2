"""The table of zero-cost proxies: each is declared once, at the function that computes it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from graf.directions import DIRECTIONS
from graf.exceptions import InputError, check_known
from graf.proxies.quantities import QUANTITIES

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["PROXIES", "Direction", "Proxy", "chosen", "proxy"]

Direction = Literal["max", "min"]
NUMBER = re.compile(r"\b(float|int)\b")
NOT_FINITE = "the value is not a finite number"


@dataclass(frozen=True)
class Proxy:
    """A score of an untrained network.

    Parameters
    ----------
    name : of the function and of the column.
    direction : "max" where higher promises a better network, "min" where lower does.
    unit : unit of the values, "" for none.
    cost : what it costs beside the shared passes that it reads.
    reference : paper and year of the definition.
    quantities : what it reads of the shared passes (`graf.proxies.QUANTITIES`): the names of the
        function's positional parameters.
    settings : names of its keyword-only parameters, which a user may set.
    undefined : what a value that is not a finite number means.
    finish : None, or what turns the stacked results of many networks, (n, ...), into their
        scores, (n,), so that the linear algebra of all networks is one call.
    compute : the function.
    """

    name: str
    direction: Direction
    unit: str
    cost: str
    reference: str
    quantities: tuple[str, ...]
    settings: tuple[str, ...]
    undefined: str
    finish: Callable[[Tensor], Tensor] | None
    compute: Callable[..., Any]

    @property
    def description(self) -> str:
        """The definition in a sentence: the first paragraph of the function's docstring."""
        return " ".join((self.compute.__doc__ or "").split("\n\n", maxsplit=1)[0].split())

    @property
    def numbers(self) -> frozenset[str]:
        """The settings that are annotated as numbers."""
        hints = self.compute.__annotations__
        return frozenset(name for name in self.settings if NUMBER.search(str(hints.get(name, ""))))

    @property
    def needs(self) -> frozenset[str]:
        """What it needs of the data and of the network: "labels", "gradients", "own initialisation", ..."""
        return frozenset().union(*(QUANTITIES[name].needs for name in self.quantities))


PROXIES: dict[str, Proxy] = {}


def proxy(
    *,
    direction: Direction = "max",
    unit: str = "",
    cost: str = "",
    reference: str = "",
    undefined: str = NOT_FINITE,
    finish: Callable[[Tensor], Tensor] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the function below as the proxy of its name.

    Its positional parameters name the quantities it reads (`graf.proxies.QUANTITIES`) and must not
    change, as others read them too; its keyword-only ones are settings. It returns a number or a tensor without dimensions, and raises
    `graf.proxies.Undefined` with a reason where there is none.

    Raises
    ------
    InputError
        If a proxy of this name is declared already, or the function reads no quantity.
    UnknownNameError
        If a parameter is no quantity.

    Examples
    --------
    >>> @proxy()
    ... def largest_weight(weights):
    ...     return max(weight.abs().max() for weight in weights)
    >>> PROXIES.pop("largest_weight").needs
    frozenset({'weights'})
    """
    if direction not in DIRECTIONS:
        raise InputError(f"`direction` must be 'max' or 'min', got {direction!r}")

    def declare(compute: Callable[..., Any]) -> Callable[..., Any]:
        name = compute.__name__
        if name in PROXIES:
            raise InputError(
                f"proxy {name!r} is declared already, in {PROXIES[name].compute.__module__};"
                " give the function another name"
            )
        parameters = inspect.signature(compute).parameters.values()
        settings = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        read = tuple(p.name for p in parameters if p.name not in settings)
        if not read:
            raise InputError(
                f"proxy {name!r} must have a positional parameter, the name of a quantity it reads"
            )
        for quantity in read:
            check_known(f"quantity of proxy {name!r}", quantity, QUANTITIES)
        PROXIES[name] = Proxy(
            name, direction, unit, cost, reference, read, settings, undefined, finish, compute
        )
        return compute

    return declare


def chosen(names: str | Iterable[str] | None) -> list[Proxy]:
    """The proxies of names, in their order; all for None. `UnknownNameError` for one that is none."""
    if names is None:
        return list(PROXIES.values())
    if not isinstance(names, Iterable):
        raise InputError(f"`names` must be names of proxies, got {names!r:.60}")
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        check_known("proxy", name, PROXIES)
    if not names or len(set(names)) < len(names):
        raise InputError(f"`names` must be different names of proxies, at least one, got {names}")
    return [PROXIES[name] for name in names]
