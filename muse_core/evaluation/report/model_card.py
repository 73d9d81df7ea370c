"""The card of a registered model: base, data, licences, held-out figures with intervals, limits, the verdict.

It begins with the card of its export. What is nothing but a folder of this machine is not told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from muse_core.config.run_config import RunConfig
from muse_core.evaluation.score.promotion import Promotion
from muse_core.evaluation.score.table import cell
from muse_core.records import Row
from muse_core.types import LANGUAGES

SIMULATED = (
    ("tool_accuracy", "Right tool"),
    ("exact_call", "Exact call"),
    ("groundedness", "Replies grounded in results"),
    ("reply_language", "Reply in the shopper's language"),
    ("called_without_need", "Called without need (less is better)"),
    ("user_satisfaction", "User satisfaction, simulated, 1 to 5"),
    ("preference_accuracy", "Preference accuracy"),
)
PEOPLE = (
    ("handwritten_tool_accuracy", "Right tool, sixty hand-written requests"),
    ("handwritten_exact_call", "Exact call, sixty hand-written requests"),
    ("people_tool_accuracy", "Right tool, requests in three other shops"),
    ("people_exact_call", "Exact call, requests in three other shops"),
    ("people_invented_value", "Calls with a value that nobody asked for, in three other shops"),
    ("labelled_exact_call", "Exact call, the shop's own customers, labelled by people"),
)
BY_LANGUAGE = (("tool_accuracy", "Right tool"), ("exact_call", "Exact call"))


def model_card(
    export_card: str,
    config: RunConfig,
    sizes: Mapping[str, int],
    rows: Sequence[Row],
    promotion: Promotion | None,
    source: Mapping[str, str],
) -> str:
    """Markdown. `sizes`: stage -> rows of its table; `rows`: the metrics, [] where nothing was measured;
    `source`: what its numbers come from (`run`, `configuration`, stages) -> id or digest."""
    known = {(row["model"], row["metric"], row["slice"]): row for row in rows}
    parts = [export_card.rstrip(), "", *_origin(config, sizes), *_licences(config)]
    told = (f"- {name}: `{digest}`" for name, digest in source.items())
    parts += ["## Where its numbers come from", "", *told, ""]
    parts += ["## Held-out figures", "", *_figures(known), ""]
    parts += ["## Limits", "", *_limits(known), ""]
    if promotion is not None:
        parts += ["## Promotion", "", *(f"- {line.strip()}" for line in promotion.lines()), ""]
    return "\n".join(parts)


def _origin(config: RunConfig, sizes: Mapping[str, int]) -> Iterator[str]:
    base, talks = config.base, config.conversations
    yield from ("## Base and data", "")
    if base.source == "scratch":
        yield f"- Base: trained from scratch, {base.num_layers} layers of width {base.hidden_size}."
    else:
        yield f"- Base: {_base(config)}, fine-tuned."
    source = (
        f"the user's file {_name(config.catalog.file)}" if config.catalog.file else "MUSE's synthetic shop"
    )
    yield f"- Catalogue: {source}, {sizes.get('catalog', 0):,} products."
    made = f"the user's chats ({_name(talks.file)})" if talks.file else "simulated by MUSE"
    yield f"- Conversations: {sizes.get('conversations', 0):,}, {made}."
    yield f"- Preset {config.preset}, seed {config.seed}."
    if talks.utterances:
        yield f"- Customers' own words: {len(talks.utterances)} logs."
    if config.llm.share:
        yield f"- Words of a language model, under its maker's terms: asked for in {config.llm.share:.0%}."
    yield ""


def _base(config: RunConfig) -> str:
    """The hub id, or the name of a local folder or file."""
    given = config.base.model or ""
    is_local = given.startswith((".", "/", "~")) or given.endswith(".gguf") or "\\" in given
    return _name(given) if is_local else given


def _name(path: str | None) -> str:
    """The file's name alone: a card travels, a folder's name does not belong on it."""
    return (path or "").replace("\\", "/").rpartition("/")[2]


def _licences(config: RunConfig) -> Iterator[str]:
    yield from ("## Licences", "", "- Code, and data that MUSE simulates: Apache-2.0.")
    if config.base.source == "scratch":
        yield "- Weights: no base, so that nobody else's licence is on them."
    else:
        yield f"- Weights: derived from {_base(config)}, whose licence holds for them; read it first."
    if config.catalog.file or config.conversations.file or config.conversations.utterances:
        yield "- The user's own files: the user's; the catalogue is part of the registered model."
    yield ""


def _figures(known: Mapping[tuple[str, str, str], Row]) -> list[str]:
    if not known:
        return ["Nothing was measured: `muse run --stage evaluate` does it."]
    lines = ["95 % intervals; the test side, which training has not seen.", ""]
    lines += ["| figure | SFT | this model | cases |", "|---|---|---|---|"]
    for name, label in (*SIMULATED, *PEOPLE):
        sft, dpo = (known.get((model, name, "all")) for model in ("sft", "dpo"))
        if dpo is not None:
            lines.append(f"| {label} | {cell(sft)} | {cell(dpo)} | {dpo['n']} |")
    for name, label in BY_LANGUAGE:
        for language in LANGUAGES:
            sft, dpo = (known.get((model, name, f"language={language}")) for model in ("sft", "dpo"))
            if dpo is not None:
                lines.append(f"| {label}, {language} | {cell(sft)} | {cell(dpo)} | {dpo['n']} |")
    return lines


def _limits(known: Mapping[tuple[str, str, str], Row]) -> Iterator[str]:
    yield "- English, Hindi and Hinglish; one shop, whose catalogue it was trained with."
    yield "- It calls tools that look at products. It knows no orders, payments or addresses."
    wrong = known.get(("dpo", "exact_call", "all"))
    if wrong is not None:
        yield f"- {1 - wrong['value']:.0%} of its calls are not exactly what was asked for."
    yield "- The shoppers of the first figures are programs; rows on people's requests say more."
    yield "- Replies name products by their place (`[1]`): MUSE fills in titles and prices, and replaces what"
    yield "  cannot be shown. A server that shows the model's words as they are does neither."
