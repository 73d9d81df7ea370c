"""The results in the founding guide's form (docs/seed.md): three stages, five columns, its numbers set apart.

Input is the rows of the `metrics` table; output plain lists and dicts that the terminal, Prefect and the
HTML report print. A figure that was not measured is a dash, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from muse_core.errors import ConfigError
from muse_core.records import Row

DASH = "–"
COLUMNS = ("Stage", "Tool accuracy", "Response quality", "User satisfaction", "Training time")
STAGES = (("base", "Baseline"), ("sft", "SFT"), ("dpo", "SFT + DPO"))
NOT_MEASURED = "User satisfaction needs the closed loop: set evaluation.closed_loop_goals above 0."
CEILING = "User satisfaction of the expert policy, the ceiling: {}."
CANNOT_CALL = "The base has not learnt to call."

SFT_METRICS = (
    ("tool_accuracy", "Tool selection, strict"),
    ("tool_accuracy_lenient", "Tool selection, lenient"),
    ("tool_macro_f1", "Macro-F1 over seven decisions"),
    ("exact_call", "Exact call"),
    ("execution_equal", "Execution-equal"),
    ("argument_quality", "Argument quality"),
    ("position_bce", "Position BCE"),
    ("position_bce_constant", "Position BCE of the constant rate"),
    ("position_bce_last_word", "Position BCE, always last word"),
    ("position_average_precision", "Position average precision"),
    ("position_skill", "Position skill"),
    ("fluency", "Fluency"),
    ("call_rate", "Call rate"),
    ("slot_rate", "Slot rate"),
    ("relevance_rate", "Relevance rate"),
    ("completion_rate", "Completion rate"),
    ("abstained", "Abstained where no call is due"),
    ("malformed_call", "Malformed call where none is due"),
    ("called_without_need", "Called where no call is due"),
    ("planning", "Planning"),
    ("exact_plan", "Exact plan"),
    ("groundedness", "Groundedness, per item and field"),
    ("groundedness_served", "Groundedness, as served"),
    ("reply_language", "Reply in the shopper's language, as served"),
    ("reply_language_anonymous", "Reply in the shopper's language, without profile"),
    ("tool_accuracy_anonymous", "Tool selection, strict, without profile"),
    ("tool_accuracy_unseen_shops", "Tool selection, strict, in unseen shops"),
    ("exact_call_unseen_shops", "Exact call, in unseen shops"),
    ("argument_f1_unseen_shops", "Argument F1, in unseen shops"),
    ("groundedness_unseen_shops", "Groundedness, in unseen shops"),
    ("reference_faults", "Replies with an empty reference"),
    ("reply_faults", "Turns that could not be shown and were repaired"),
    ("fault_tag", "… because of a tag"),
    ("fault_unfinished", "… because it was cut off or could not be read"),
    ("fault_empty", "… because it said nothing"),
    ("fault_reference", "… because of an empty reference"),
    ("fault_value", "… because of a value that is not that product's"),
    ("fault_words", "… because nobody had taught it that sentence"),
    ("safe_sentences", "Turns served as a safe sentence"),
    ("reply_faults_anonymous", "Turns that could not be shown, without profile"),
    ("argument_language_mismatch", "Argument left in Hindi"),
    ("response_quality", "Response quality"),
    ("user_satisfaction", "User satisfaction, closed loop"),
    ("closed_loop_success", "Goal reached"),
    ("closed_loop_pass_1", "Goal reached, pass^1"),
    ("closed_loop_pass_2", "Goal reached in 2 of 2, pass^2"),
    ("closed_loop_pass_3", "Goal reached in 3 of 3, pass^3"),
    ("closed_loop_pass_4", "Goal reached in 4 of 4, pass^4"),
    ("closed_loop_soft", "Soft wishes met"),
    ("closed_loop_turns", "Turns of a conversation"),
    ("closed_loop_excess", "Turns beyond the expert's"),
    ("closed_loop_language", "Turns in the shopper's language, as served"),
    ("closed_loop_repaired", "Turns that were repaired"),
    ("closed_loop_no_faults", "Conversations without a fault"),
    ("simulator_faults", "Conversations in which the simulator was at fault"),
    ("conversation_quality", "Conversation quality"),
    ("labelled_tool_accuracy", "Customers, by people: tool selection, strict"),
    ("labelled_tool_accuracy_lenient", "Customers, by people: tool selection, lenient"),
    ("labelled_tool_macro_f1", "Customers, by people: macro-F1"),
    ("labelled_exact_call", "Customers, by people: exact call"),
    ("labelled_argument_f1", "Customers, by people: argument F1"),
    ("labelled_invented_value", "Customers, by people: calls with a value that was not asked for"),
    ("labelled_abstained", "Customers, by people: abstained where no call is due"),
    ("labelled_malformed_call", "Customers, by people: malformed call"),
    ("labelled_called_without_need", "Customers, by people: called where no call is due"),
    ("logged_tool_accuracy", "Customers, by rules: tool selection, strict"),
    ("logged_tool_accuracy_lenient", "Customers, by rules: tool selection, lenient"),
    ("logged_tool_macro_f1", "Customers, by rules: macro-F1"),
    ("logged_exact_call", "Customers, by rules: exact call"),
    ("logged_argument_f1", "Customers, by rules: argument F1"),
    ("logged_invented_value", "Customers, by rules: calls with a value that was not asked for"),
    ("logged_abstained", "Customers, by rules: abstained where no call is due"),
    ("logged_malformed_call", "Customers, by rules: malformed call"),
    ("logged_called_without_need", "Customers, by rules: called where no call is due"),
    ("people_tool_accuracy", "Requests in three other shops: tool selection, strict"),
    ("people_tool_accuracy_lenient", "Requests in three other shops: tool selection, lenient"),
    ("people_tool_macro_f1", "Requests in three other shops: macro-F1"),
    ("people_exact_call", "Requests in three other shops: exact call"),
    ("people_argument_f1", "Requests in three other shops: argument F1"),
    ("people_invented_value", "Requests in three other shops: calls with a value that was not asked for"),
    ("people_abstained", "Requests in three other shops: abstained where no call is due"),
    ("people_malformed_call", "Requests in three other shops: malformed call"),
    ("people_called_without_need", "Requests in three other shops: called where no call is due"),
    ("handwritten_tool_accuracy", "Hand-written cases: tool selection, strict"),
    ("handwritten_tool_accuracy_lenient", "Hand-written cases: tool selection, lenient"),
    ("handwritten_tool_macro_f1", "Hand-written cases: macro-F1"),
    ("handwritten_exact_call", "Hand-written cases: exact call"),
    ("handwritten_argument_f1", "Hand-written cases: argument F1"),
    ("handwritten_invented_value", "Hand-written cases: calls with a value that was not asked for"),
    ("handwritten_abstained", "Hand-written cases: abstained where no call is due"),
    ("handwritten_malformed_call", "Hand-written cases: malformed call"),
    ("handwritten_called_without_need", "Hand-written cases: called where no call is due"),
)
DPO_METRICS = (
    ("preference_accuracy", "Preference accuracy, implicit reward"),
    ("preference_margin", "Reward margin"),
    ("chosen_drift", "Chosen log-prob drift"),
    ("preference_length_correlation", "Length correlation of the margin"),
    ("likelihood_accuracy", "Log-likelihood accuracy, summed"),
    ("likelihood_accuracy_per_token", "Log-likelihood accuracy, per token"),
)
# The founding guide's names for more than one metric of ours (docs/seed.md).
GROUPS = {
    "conversation_quality": ("response_quality", "argument_quality", "fluency", "groundedness"),
    "user_satisfaction": (
        "closed_loop_success", "closed_loop_turns", *(f"closed_loop_pass_{k}" for k in range(1, 5)),
    ),
}  # fmt: skip
WITHOUT_LABEL = ("argument_f1", "leak_exact", "leak_ngram", "leak_similar")

ENOUGH, ENOUGH_TALKS = 400, 100  # cases that a figure should stand on; conversations of the closed loop
LOOP = ("user_satisfaction", "closed_loop_", "simulator_faults", "conversation_quality")
FEW = "†"

CLAIMED_UPSTREAM = {
    "title": "Claimed upstream, not reproduced",
    "rows": [
        ["Tool accuracy", "45.2 % → 68.4 % → 91.2 % (baseline → SFT → SFT + DPO)"],
        ["Argument quality", "3.1 → 4.2"],
        ["Position BCE", "0.23 → 0.15"],
        ["Fluency", "3.8 → 4.1"],
        ["Preference accuracy", "72.3 % … 91.2 % over five epochs"],
        ["User satisfaction", "2.8 → 3.2 → 4.3"],
        ["Planning", "+39.3 %"],
        ["Training time", "SFT 12 h, DPO +3 h"],
    ],
}


def results_table(
    metrics: Sequence[Row], seconds: Mapping[str, float | None] | None = None, method: str = "dpo"
) -> dict[str, Any]:
    """`{"columns", "rows", "sft", "dpo", "claimed_upstream", "notes"}`, all of text.

    `seconds`: training seconds by model (`sft`, `dpo`); those behind SFT are shown on top of SFT's. `method`
    (`post.method`): by what the model that stands as `dpo` in the metrics was trained.
    """
    by_key = {(row["model"], row["metric"]): row for row in metrics if row["slice"] == "all"}
    times = seconds or {}
    labels = dict(STAGES) | {"dpo": after_sft(method)}
    rows = [[label, *_stage_cells(by_key, stage), _time(stage, times)] for stage, label in labels.items()]
    notes = [_satisfaction_note(by_key)]
    if ("base", "tool_accuracy") in by_key and ("base", "exact_call") not in by_key:
        rows[0][1] = f"{rows[0][1]} (cannot call)"
        notes.append(CANNOT_CALL)
    return {
        "columns": list(COLUMNS),
        "rows": rows,
        "sft": metric_list(by_key, SFT_METRICS),
        "dpo": metric_list(by_key, DPO_METRICS),
        "claimed_upstream": CLAIMED_UPSTREAM,
        "notes": notes,
    }


def after_sft(method: str) -> str:
    """`SFT + DPO`: what the model that was trained on by this method is called."""
    return f"SFT + {method.upper()}"


def check_names(names: Sequence[str]) -> None:
    """ConfigError that lists every name of `evaluation.metrics` that is no metric."""
    known = [name for name, _ in (*SFT_METRICS, *DPO_METRICS)] + list(WITHOUT_LABEL)
    unknown = sorted(set(names) - set(known))
    close = {name: get_close_matches(name, known, n=1, cutoff=0.5) for name in unknown}
    if unknown:
        problems = [
            f"{name}" + (f", did you mean {close[name][0]}?" if close[name] else "") for name in unknown
        ]
        raise ConfigError("evaluation.metrics names what is no metric (docs/metrics.md has them):", problems)


def only_metrics(table: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """The rows that `evaluation.metrics` asks to be shown; nothing named means all."""
    wanted = {metric for name in names for metric in (name, *GROUPS.get(name, ()))}
    return [row for row in table if not names or row["metric"] in wanted]


def _stage_cells(by_key: Mapping[tuple[str, str], Row], stage: str) -> list[str]:
    return [
        cell(by_key.get((stage, name))) for name in ("tool_accuracy", "response_quality", "user_satisfaction")
    ]


def _satisfaction_note(by_key: Mapping[tuple[str, str], Row]) -> str:
    ceiling = by_key.get(("expert", "user_satisfaction"))
    return CEILING.format(cell(ceiling)) if ceiling else NOT_MEASURED


def metric_list(by_key: Mapping[tuple[str, str], Row], names: Sequence[tuple[str, str]]) -> list[list[str]]:
    """`[label, base, SFT, SFT + DPO, n]` for every metric that some model has."""
    listed = []
    for name, label in names:
        found = [by_key.get((stage, name)) for stage, _ in STAGES]
        if any(found):
            n = max(row["n"] for row in found if row)
            listed.append([label, *(cell(row) for row in found), f"{n} {FEW}" if is_few(name, n) else str(n)])
    return listed


def is_few(metric: str, n: int) -> bool:
    """Whether a figure stands on fewer cases than it should. pass^k has one value per goal of four talks."""
    if "_pass_" in metric:
        return 4 * n < ENOUGH_TALKS
    return n < (ENOUGH_TALKS if metric.startswith(LOOP) else ENOUGH)


def comparison(
    metrics: Sequence[Row], models: Mapping[str, str], pairs: Sequence[tuple[str, str]], names: Sequence[str]
) -> list[list[str]]:
    """Any models side by side: a head line, then `[metric, cell per model, paired difference per pair, n]`
    for each of `names` that was measured. `models`: name -> what it is called."""
    by_key = {(row["model"], row["metric"]): row for row in metrics if row["slice"] == "all"}
    labels = dict((*SFT_METRICS, *DPO_METRICS))
    lines = [
        ["Metric", *models.values(), *(f"{models[new]} against {models[old]}" for new, old in pairs), "n"]
    ]
    for name in names:
        found = [by_key.get((model, name)) for model in models]
        if any(found):
            gaps = [cell(by_key.get((f"{new}-{old}", name))) for new, old in pairs]
            n = max(row["n"] for row in found if row)
            lines.append([labels.get(name, name), *(cell(row) for row in found), *gaps, str(n)])
    return lines


def cell(row: Row | None) -> str:
    """`86.4 % [83.1, 89.2]`, `4.21 [4.10, 4.30]`, or a dash."""
    if row is None or row["value"] is None:
        return DASH
    value, low, high = (number(row[key], row["unit"]) for key in ("value", "low", "high"))
    percent = " %" if row["unit"] in ("share", "share_difference") else ""
    return f"{value}{percent} [{low}, {high}]" if DASH not in (low, high) else f"{value}{percent}"


def number(value: float | None, unit: str) -> str:
    """A value as people read it: shares in per cent."""
    if value is None or not math.isfinite(value):
        return DASH
    sign = "+" if unit.endswith("_difference") and value > 0 else ""
    if unit.startswith("share"):
        return f"{sign}{100 * value:.1f}"
    return f"{sign}{value:.2f}" if unit.startswith("score") else f"{sign}{value:.3f}"


def duration(seconds: float | None) -> str:
    """`42 s`, `3 min 10 s`, `2 h 5 min`."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _time(stage: str, seconds: Mapping[str, float | None]) -> str:
    shown = duration(seconds.get(stage))
    return f"+ {shown}" if stage == "dpo" and shown != DASH else shown
