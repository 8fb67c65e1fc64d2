"""Zero-cost proxies: scores of networks that nobody has trained.

Each is declared once, in a file of `graf.proxies.scores`, as a function of quantities
(`QUANTITIES`) that shared passes over the network compute. A proxy of one's own is a function and a
line:

>>> from graf.proxies import PROXIES, proxy
>>> @proxy(direction="max", reference="mine")
... def mean_gradient(gradients):
...     return sum(gradient.abs().mean() for gradient in gradients)
>>> sorted(PROXIES.pop("mean_gradient").needs)
['batch', 'gradients', 'labels', 'weights']
"""

from graf.exceptions import require

require("torch", extra="torch")

from graf.proxies import scores  # noqa: F401 - declares the proxies
from graf.proxies.quantities import QUANTITIES, Quantity
from graf.proxies.ranks import az_nas_rank
from graf.proxies.registry import PROXIES, Proxy, proxy
from graf.proxies.transformer import ZeroCostProxies
from graf.proxies.undefined import Undefined

__all__ = [
    "PROXIES",
    "QUANTITIES",
    "Proxy",
    "Quantity",
    "Undefined",
    "ZeroCostProxies",
    "az_nas_rank",
    "proxy",
]
