"""What the filter did, in numbers, and the guard that refuses a filter that cannot tell.

A scorer that cannot read results keeps and drops at random. So, before any row is published: on the
dev side the gold calls must score above the calls that are wrong on purpose (median, and AUC at least
`augmentation.min_auc`), and each tool must keep at least `augmentation.min_yield` of its calls.
Perturbed calls that show exactly what the gold call shows are counted but not judged: no continuation
can tell them apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from muse_core.augmentation.candidates import WRONG_KINDS
from muse_core.augmentation.filter import Measured, ScoredAct
from muse_core.config.run_config import AugmentationConfig
from muse_core.errors import MuseError
from muse_core.types import AugmentedText

THRESHOLDS = (0.5, 1.0, 2.0)  # times augmentation.threshold
MIN_JUDGED = 20  # fewer rows than this judge nothing
WAY_OUT = "set augmentation.filter=gold to keep every gold call (the report says so)"

Value = Callable[[Measured], float]


def from_anchor(one: Measured) -> float:
    """The utility the filter uses."""
    return one.utility


def from_call(one: Measured) -> float:
    """The utility with the paper's own start."""
    return one.from_call


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """P(a positive is above a negative), ties half; 0.5 when one side is empty."""
    if not positives or not negatives:
        return 0.5
    order = np.sort(np.asarray(negatives))
    below = np.searchsorted(order, positives, side="left")
    ties = np.searchsorted(order, positives, side="right") - below
    return float((below + ties / 2).sum() / (len(positives) * len(negatives)))


def metrics(
    scored: Sequence[ScoredAct], rows: Sequence[AugmentedText], config: AugmentationConfig
) -> dict[str, float]:
    """The manifest's numbers. Names after a slash are a tool, a reason, a kind or a side."""
    numbers: dict[str, float] = {
        "rows": len(rows),
        "kept": sum(row.kept for row in rows),
        "yield": _share([row.kept for row in rows]),
        "not_replaying": sum(not one.replays for one in scored),
    }
    for reason, count in sorted(Counter(row.drop_reason for row in rows if row.drop_reason).items()):
        numbers[f"dropped/{reason}"] = count
    for tool in sorted({_tool(row) for row in rows}):
        numbers[f"rows/{tool}"] = sum(_tool(row) == tool for row in rows)
        numbers[f"yield/{tool}"] = _share([row.kept for row in rows if _tool(row) == tool])
    numbers |= _at_thresholds(scored, config.threshold) | _of_sampled(scored, config.threshold)
    numbers |= _separation(scored, "", from_anchor, config.threshold)
    numbers |= _separation(scored, "from_call/", from_call, config.threshold)
    dev = [one for one in scored if one.row.side == "dev"]
    return numbers | _separation(dev, "dev/", from_anchor, config.threshold)


def _at_thresholds(scored: Sequence[ScoredAct], threshold: float) -> dict[str, float]:
    """Precision and recall of what is kept, at half, once and twice the threshold: of all acts, of each tool
    and of each language of the shoppers."""
    numbers: dict[str, float] = {}
    for name, group in _groups(scored):
        for factor in THRESHOLDS:
            limit = factor * threshold
            precision, recall = _precision_recall(group, from_anchor, limit)
            numbers[f"precision_at_{limit:g}" + name] = precision
            numbers[f"recall_at_{limit:g}" + name] = recall
    return numbers


def _groups(scored: Sequence[ScoredAct]) -> list[tuple[str, list[ScoredAct]]]:
    """All acts, and those of each tool and language, with what stands behind a figure's name."""
    groups = {"": list(scored)}
    for one in scored:
        for name in (_tool(one.row), one.row.language):
            groups.setdefault(f"/{name}", []).append(one)
    return sorted(groups.items())


def _of_sampled(scored: Sequence[ScoredAct], threshold: float) -> dict[str, float]:
    """Of the calls that the base has sampled itself: how many are right, which means that they show what the
    gold call shows; of those kept at half, once and twice the threshold; and of the acts that could be
    scored, those that a right one is kept for."""
    if not any(one.sampled for one in scored):
        return {}
    numbers: dict[str, float] = {}
    for name, group in _groups([one for one in scored if one.gold is not None and one.row.act == 0]):
        calls = [call for one in group for call in one.sampled]
        numbers["sampled/calls" + name] = len(calls)
        numbers["sampled/acts" + name] = _share([bool(one.sampled) for one in group])
        numbers["sampled/right" + name] = _share([call.same_result for call in calls])
        for factor in THRESHOLDS:
            limit = factor * threshold
            kept = [[call.same_result for call in one.sampled if call.utility >= limit] for one in group]
            numbers[f"sampled/precision_at_{limit:g}" + name] = _share([one for act in kept for one in act])
            numbers[f"sampled/recall_at_{limit:g}" + name] = _share([any(act) for act in kept])
    return numbers


def _precision_recall(scored: Sequence[ScoredAct], value: Value, threshold: float) -> tuple[float, float]:
    """Kept gold calls of all kept ones, wrong calls that show the same result left out; and of all acts."""
    gold = sum(one.gold is not None and value(one.gold) >= threshold for one in scored)
    wrong = sum(value(bad) >= threshold for one in scored for bad in one.wrong if not bad.same_result)
    return gold / max(1, gold + wrong), gold / max(1, len(scored))


def _separation(scored: Sequence[ScoredAct], prefix: str, value: Value, threshold: float) -> dict[str, float]:
    """Gold against perturbed: AUC (all, and per kind), medians, precision and recall at the threshold."""
    gold = [value(one.gold) for one in scored if one.gold is not None]
    every = [wrong for one in scored for wrong in one.wrong]
    wrong = [value(one) for one in every if not one.same_result]
    numbers = {
        "auc": auc(gold, wrong),
        "median_gold": _median(gold),
        "median_perturbed": _median(wrong),
        "perturbed": len(wrong),
        "perturbed_same_result": len(every) - len(wrong),
        "auc_with_same_result": auc(gold, [value(one) for one in every]),
    }
    numbers["precision"], numbers["recall"] = _precision_recall(scored, value, threshold)
    for kind in WRONG_KINDS:
        of_kind = [value(one) for one in every if one.kind == kind and not one.same_result]
        numbers[f"auc/{kind}"] = auc(gold, of_kind)
    return {prefix + name: number for name, number in numbers.items()}


def check(scored: Sequence[ScoredAct], rows: Sequence[AugmentedText], config: AugmentationConfig) -> str:
    """Raises MuseError when the filter cannot be trusted; else says on which side it was judged."""
    if config.filter == "gold":
        return "not judged: augmentation.filter=gold"
    side, judged = _judged_side(scored)
    if judged:
        _check_separation(judged, side, config)
    _check_yields(rows, config)
    return side


def _judged_side(scored: Sequence[ScoredAct]) -> tuple[str, list[ScoredAct]]:
    """dev; a run too small for that is judged on all its rows, or not at all."""
    for name, wanted in (("dev", ("dev",)), ("train+dev", ("train", "dev"))):
        chosen = [one for one in scored if one.row.side in wanted]
        if sum(one.gold is not None for one in chosen) >= MIN_JUDGED:
            return name, chosen
    return "not judged: too few rows", []


def _check_separation(scored: Sequence[ScoredAct], side: str, config: AugmentationConfig) -> None:
    found = _separation(scored, "", from_anchor, config.threshold)
    if found["perturbed"] < MIN_JUDGED:
        return
    if found["auc"] >= config.min_auc and found["median_gold"] > found["median_perturbed"]:
        return
    raise MuseError(
        f"augment: the {config.scorer} scorer cannot tell right calls from wrong ones on {side}: AUC "
        f"{found['auc']:.3f} (expected at least {config.min_auc}), median utility {found['median_gold']:.3f} "
        f"nats for gold and {found['median_perturbed']:.3f} for perturbed calls. Use a scorer that can read "
        f"results (augmentation.scorer=ngram, or lm with a pretrained base), or {WAY_OUT}."
    )


def _check_yields(rows: Sequence[AugmentedText], config: AugmentationConfig) -> None:
    low = []
    for tool in sorted({_tool(row) for row in rows}):
        kept = [row.kept for row in rows if _tool(row) == tool]
        if len(kept) >= MIN_JUDGED and _share(kept) < config.min_yield:
            low.append(f"{tool} keeps {sum(kept)} of {len(kept)} ({_share(kept):.0%})")
    if low:
        raise MuseError(
            f"augment: at threshold {config.threshold} nats too few calls are kept: {'; '.join(low)}; "
            f"expected at least {config.min_yield:.0%} of each tool (augmentation.min_yield). Lower "
            f"augmentation.threshold or augmentation.min_yield, or {WAY_OUT}."
        )


def _tool(row: AugmentedText) -> str:
    return row.tool_calls[0].tool_name


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else 0.0
