"""A rater's page: one HTML file with its style, its script and its items inside; it loads nothing.

The page's security policy forbids the network, and its script puts every text of the pack in as text,
so that nothing that a user or a model wrote can become markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from muse_core.durable import explained, write_text
from muse_core.evaluation.human.study import Pack
from muse_core.records import canonical_json

QUESTIONS = (
    {
        "id": "tool_appropriateness",
        "name": "Right action",
        "ask": "Did it use the right tool, or rightly none?",
        "low": "wrong or missing",
        "high": "exactly right",
    },
    {
        "id": "argument_quality",
        "name": "Right details",
        "ask": "Did the call carry what was asked for? No call and none needed: 5. Needed but missing: 1.",
        "low": "all wrong",
        "high": "complete and exact",
    },
    {
        "id": "fluency",
        "name": "Language",
        "ask": "Does the reply read as a native speaker of the shopper's language would write it?",
        "low": "unreadable",
        "high": "natural",
    },
    {
        "id": "helpfulness",
        "name": "Helpful",
        "ask": "Does the answer bring this shopper forward?",
        "low": "useless",
        "high": "just what was needed",
    },
)


def write_page(path: Path, pack: Pack) -> Path:
    """Writes one rater's page, whole or not at all."""
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, render_page(pack))
    return path


def render_page(pack: Pack) -> str:
    """The page as text."""
    from jinja2 import Environment

    source = _text("page.html.jinja")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    content = {**pack.body, "digest": pack.digest, "questions": QUESTIONS}
    return template.render(
        rater=pack.rater_id,
        study=pack.body["study"],
        data=_script_safe(content),
        style=_text("page.css"),
        script=_text("page.js.jinja"),
    )


def _text(name: str) -> str:
    return (resources.files("muse_core.evaluation.human") / name).read_text(encoding="utf-8")


def _script_safe(content: Mapping[str, Any]) -> str:
    """JSON that cannot end its script element."""
    return canonical_json(content).replace("<", "\\u003c")
