"""Pages from their templates: HTML that needs no other file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

import graf

__all__ = ["render_page"]

HERE = Path(__file__).parent


def render_page(template: str, filters: Iterable[Callable[..., Any]] = (), **content: Any) -> str:
    """The page of a template of this folder, whose other files it takes in by `asset`."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {function.__name__: function for function in filters}
    return environment.get_template(template).render(
        asset=_asset, plotly=Markup(get_plotlyjs()), version=graf.__version__, **content
    )


def _asset(name: str) -> Markup:
    return Markup((HERE / name).read_text(encoding="utf-8"))
