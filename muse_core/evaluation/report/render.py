"""From content to a page: the templates beside this module and a file that is whole or absent."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from muse_core.durable import explained, write_text

PACKAGE_DATA = ("*.jinja", "style.css")  # templates include each other


def write(path: Path, template: str, content: Mapping[str, Any]) -> Path:
    """Renders a template and writes the page, whole or not at all."""
    page = render(template, content)
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, page)
    return path


def render(template: str, content: Mapping[str, Any]) -> str:
    """The page as text; what comes from data is escaped."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("muse_core.evaluation.report", ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["ci"] = _with_interval
    return environment.get_template(template).render(**content)


def _with_interval(text: str) -> Any:
    """`4.2 [4.1, 4.3]` with the interval as a unit that does not break."""
    from markupsafe import Markup, escape

    value, bracket, rest = str(text).partition(" [")
    interval, closed, after = rest.partition("]")
    if not (bracket and closed):
        return text
    return Markup("{} <span class=ci>[{}]</span>{}").format(escape(value), interval, after)


def with_code(text: str) -> str:
    """Escaped text in which `words` in backquotes are code."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
