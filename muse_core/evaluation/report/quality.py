"""The figures of docs/metrics.md#figures-of-the-data as rows for the template: what, measured, goal, met.

Every figure was measured by the stage that owns the data and is read from its manifest; a stage that
did not run, or ran before a figure existed, has no row. A row without a goal carries no mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muse_core.config.run_config import AugmentationConfig
from muse_core.evaluation.report.figures import NAMES
from muse_core.evaluation.report.inputs import ReportInputs
from muse_core.evaluation.report.quality_lines import (
    PERCENT,
    Line,
    Numbers,
    as_auc,
    as_count,
    as_number,
    as_share,
    judged_line,
    plain_line,
    reasons,
)  # fmt: skip
from muse_core.evaluation.report.teacher_lines import teacher_lines
from muse_core.preferences.lint import LENGTH_BLOCK, TEXT_BLOCK, TEXT_WARN
from muse_core.tools.toolbox import TOOL_NAMES
from muse_core.types import LANGUAGES

# Words per utterance of people, by script, and whose: the simulator should be within a quarter of it.
HUMAN_WORDS = {
    "en": ("English", 6.6, "typed queries"),
    "hi": ("Hindi", 13.8, "X-RiSAWOZ"),
    "roman": ("Hinglish in Latin letters", 8.6, "Hinglish-TOP"),
    "both": ("Hinglish in two scripts", 13.3, "X-RiSAWOZ"),
}
RECALL, PRECISION = "recall_at_", "precision_at_"
WORDS_WITHIN = 0.25
MAX_NEAR_DUPLICATES = 0.005
MIN_AUC, MIN_YIELD = AugmentationConfig().min_auc, AugmentationConfig().min_yield  # a run may ask for less
AUCS = (
    ("wrong_tool", "against calls of a wrong tool"),
    ("wrong_value", "against calls with a wrong value"),
    ("dropped_limit", "against calls that drop a limit"),
)


@dataclass(frozen=True)
class Group:
    """The figures under one heading."""

    title: str
    lines: tuple[Line, ...]


def groups(inputs: ReportInputs) -> list[Group]:
    """All that was measured, in the order of the stages."""
    made: tuple[tuple[str, Callable[[ReportInputs], Iterator[Line]]], ...] = (
        ("Replay and contracts", _replay),
        ("Augmentation", _augmentation),
        ("Diversity", _diversity),
        ("Languages and scripts", _scripts),
        ("Lengths", _lengths),
        ("A teacher’s words", _taught),
        ("Preference pairs", _pairs),
    )
    found = [Group(title, tuple(lines(inputs))) for title, lines in made]
    return [group for group in found if group.lines]


def verdict(found: Sequence[Group]) -> dict[str, int]:
    """How many goals are met and missed."""
    marks = [line.mark for group in found for line in group.lines]
    return {"met": marks.count("met"), "missed": marks.count("missed")}


def kept_calls(inputs: ReportInputs) -> dict[str, Any]:
    """Per tool and language, at each threshold: the share of gold calls that the filter keeps, and of the
    calls that it keeps, wrong ones made on purpose among them, the share that is gold."""
    numbers = inputs.numbers("augment")
    limits = sorted({_threshold(name) for name in numbers if name.startswith(RECALL)})
    named = {name.partition("/")[2] for name in numbers if name.startswith(RECALL)}
    groups = [name for name in (*TOOL_NAMES, *LANGUAGES) if name in named]
    lines = [
        [name, as_count(numbers.get(f"rows/{name}")), *_cells(numbers, limits, f"/{name}")] for name in groups
    ]
    if not lines:
        return {}
    lines.append(["all", as_count(numbers.get("rows")), *_cells(numbers, limits, "")])
    return {
        "heads": ["", "calls", *(f"≥ {limit:g} nats: recall, precision" for limit in limits)],
        "lines": lines,
    }


def _cells(numbers: Mapping[str, float], limits: Sequence[float], group: str) -> list[str]:
    found = ((numbers.get(f"{kind}{limit:g}{group}") for kind in (RECALL, PRECISION)) for limit in limits)
    return [", ".join(map(as_share, pair)) for pair in found]


def _threshold(name: str) -> float:
    return float(name.removeprefix(RECALL).partition("/")[0])


# ---- the groups -----------------------------------------------------------------------------------


def _replay(inputs: ReportInputs) -> Iterator[Line]:
    talks, augment = inputs.numbers("conversations"), inputs.numbers("augment")
    if "replay_rate" in talks:
        rate, of = talks["replay_rate"], as_count(talks.get("replayed"))
        yield judged_line(
            "Conversations that replay",
            as_share(rate),
            f"100{PERCENT}",
            rate == 1,
            f"{of} conversations run again",
        )
    if augment.get("rows") and "not_replaying" in augment:
        rate = 1 - augment["not_replaying"] / augment["rows"]
        note = f"all {as_count(augment['rows'])} scored acts run again"
        yield judged_line("Augmented rows that replay", as_share(rate), f"100{PERCENT}", rate == 1, note)
    for stage in ("conversations", "augment", "pairs"):
        approval = str(inputs.manifests.get(stage, {}).get("validated_by", ""))
        if approval:
            yield Line(f"Contract of {stage}", "no violation", "", "", approval)


def _augmentation(inputs: ReportInputs) -> Iterator[Line]:
    numbers = inputs.numbers("augment")
    if not numbers:
        return
    judged = str(inputs.about("augment").get("judged_on") or "")
    yield from plain_line(numbers, "precision", "Precision at the threshold", "kept calls that are gold")
    yield from plain_line(numbers, "recall", "Recall at the threshold", "gold calls that are kept")
    worst = min((numbers[f"yield/{tool}"] for tool in TOOL_NAMES if f"yield/{tool}" in numbers), default=None)
    if worst is not None:
        yield judged_line(
            "Lowest yield of a tool", as_share(worst), f"≥ {100 * MIN_YIELD:g}{PERCENT}", worst >= MIN_YIELD
        )
    if "auc" in numbers:
        name = f"{judged}/auc" if f"{judged}/auc" in numbers else "auc"
        note = f"on {judged}" if name != "auc" else ""
        met = numbers[name] >= MIN_AUC
        yield judged_line("AUC, gold against perturbed", as_auc(numbers[name]), f"≥ {MIN_AUC:g}", met, note)
    for kind, title in AUCS:
        yield from plain_line(numbers, f"auc/{kind}", f"· {title}", "all sides", as_auc)
    yield from plain_line(
        numbers,
        "from_call/auc",
        "· AUC with weights from the call",
        "the paper’s start; ours is the anchor",
        as_auc,
    )
    if "median_gold" in numbers:
        both = f"{numbers['median_gold']:.2f} / {numbers.get('median_perturbed', 0):.2f}"
        yield Line("Median utility, gold / perturbed", both, "", "", "nats")
    dropped = reasons(numbers, "dropped/")
    if dropped:
        yield Line("Dropped", dropped)


def _diversity(inputs: ReportInputs) -> Iterator[Line]:
    numbers = inputs.numbers("conversations")
    if "near_duplicates" in numbers:
        share = numbers["near_duplicates"]
        yield judged_line(
            "Near-duplicate conversations",
            f"{100 * share:.2f}{PERCENT}",
            f"≤ {100 * MAX_NEAR_DUPLICATES:g}{PERCENT}",
            share <= MAX_NEAR_DUPLICATES,
            "all that the shopper says; MinHash, Jaccard of word 3-grams ≥ 0.9",
        )
    sample = f"{as_count(numbers.get('diversity_sample'))} utterances"
    for name, title in (("distinct_2", "distinct-2"), ("self_bleu_4", "self-BLEU-4")):
        if name in numbers:
            each = [
                f"{NAMES[language]} {numbers[f'{name}/{language}']:.2f}"
                for language in LANGUAGES
                if f"{name}/{language}" in numbers
            ]
            better = "higher is more varied" if name == "distinct_2" else "lower is more varied"
            yield Line(title, f"{numbers[name]:.3f}", "", "", f"{sample}, {better}; {', '.join(each)}")


def _scripts(inputs: ReportInputs) -> Iterator[Line]:
    numbers = inputs.numbers("conversations")
    shares = [f"{NAMES[name]}\u00a0{as_share(numbers.get(f'share_{name}'))}" for name in LANGUAGES]
    if "share_en" in numbers:
        yield Line("Conversations by language", " · ".join(shares))
    if "script/both" in numbers:
        parts = [
            f"{name}\u00a0{as_share(numbers[f'script/{key}'])}"
            for key, name in (("latin", "Latin"), ("devanagari", "Devanagari"), ("both", "both"))
        ]
        yield Line("User turns by script", " · ".join(parts))
    yield from plain_line(
        numbers,
        "devanagari_words_in_both",
        "Devanagari words in two-script turns",
        "people: about 63 % (X-RiSAWOZ)",
    )


def _lengths(inputs: ReportInputs) -> Iterator[Line]:
    numbers = inputs.numbers("conversations")
    for script, (title, human, whose) in HUMAN_WORDS.items():
        if f"words/{script}" in numbers:
            mean = numbers[f"words/{script}"]
            low, high = human * (1 - WORDS_WITHIN), human * (1 + WORDS_WITHIN)
            yield judged_line(
                f"Words per utterance, {title}",
                f"{mean:.1f}",
                f"{low:.1f}–{high:.1f}",
                low <= mean <= high,
                f"people: {human} ({whose}) ± {100 * WORDS_WITHIN:.0f} %",
            )
    if "user_turns_mean" in numbers:
        spread = f"{as_count(numbers['user_turns_fewest'])} to {as_count(numbers['user_turns_most'])}"
        yield Line("User turns per conversation", f"{numbers['user_turns_mean']:.1f}", "", "", spread)


def _taught(inputs: ReportInputs) -> Iterator[Line]:
    yield from teacher_lines(inputs.numbers("conversations"))


def _pairs(inputs: ReportInputs) -> Iterator[Line]:
    numbers = inputs.numbers("pairs")
    for key, title in LINT_AUCS.items():
        if key in numbers:
            found = numbers[key]
            goal, met = _lint_goal(key, found)
            note = _lower(numbers, key)
            yield (
                judged_line(title, as_auc(found), goal, met, note)
                if goal
                else Line(title, as_auc(found), "", "", note)
            )
    known = {*LINT_AUCS, "lint/judged", *(f"{key}_low" for key in LINT_AUCS)}
    for key, value in numbers.items():
        if key.startswith("lint/") and key not in known and not key.endswith("_low"):
            yield Line(f"Lint: {key.removeprefix('lint/').replace('_', ' ')}", as_number(value))
    of = numbers.get("pairs") or numbers.get("kept")
    for key, value in numbers.items():
        if key.startswith("pairs/"):
            share = as_share(value / of) if of else ""
            yield Line(
                f"Pairs: {key.removeprefix('pairs/').replace('_', ' ').replace('/', ', ')}",
                as_count(value),
                "",
                "",
                share,
            )
    yield from plain_line(numbers, "replay", "Pairs whose calls replay", "run again on the same catalogue")


LINT_AUCS = {
    "lint/length_auc": "Told by reply length alone, AUC",
    "lint/turn_length_auc": "Told by the length of the whole turn, AUC",
    "lint/text_auc": "Told by reply words alone, AUC",
}


def _lint_goal(key: str, found: float) -> tuple[str, bool]:
    """The goal of a lint figure and whether it is met; no text where there is none."""
    if key == "lint/length_auc":
        return f"≤ {LENGTH_BLOCK:.2f}", found <= LENGTH_BLOCK
    if key == "lint/text_auc":
        return f"≤ {TEXT_WARN:.2f}, blocks above {TEXT_BLOCK:.2f}", found <= TEXT_WARN
    return "", True


def _lower(numbers: Numbers, key: str) -> str:
    low = numbers.get(f"{key}_low")
    return f"lower bound {low:.3f}; cross-validated, grouped by prompt" if low is not None else ""
