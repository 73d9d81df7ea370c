"""`feedback.jsonl` → the quarantine: scrubbed, held against what is held out, read by rules, replayed.

What was imported before keeps its decision. Of several pieces about one answer the last counts, unless
somebody has decided about the earlier one. Every row that cannot be learnt from says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from muse_core.artifacts import ArtifactStore
from muse_core.conversation_files.chat_turns import BadLine
from muse_core.feedback.better import Rules, Unclear
from muse_core.feedback.held_out import HeldOut
from muse_core.feedback.queue import changing, publish
from muse_core.feedback.row import STATUSES, Feedback
from muse_core.feedback.served import read_feedback
from muse_core.types import JsonValue

OVERLAPS = "its words are held out"
DECIDED = ("accepted", "rejected")
SHOWN = 20


@dataclass(frozen=True)
class Imported:
    """`rows`: what was new; `bad`: lines that are no feedback; `known`: pieces that were there already or
    that a later one about the same answer replaces."""

    rows: tuple[Feedback, ...]
    bad: tuple[str, ...] = ()
    known: int = 0

    def as_json(self) -> dict[str, JsonValue]:
        """Counts by status and reason, kinds of personal data, and what of the held-out words was hit."""
        status = Counter(one.status for one in self.rows)
        reasons = Counter(grouped(one.reason) for one in self.rows if one.reason)
        personal = Counter(kind for one in self.rows for kind in one.personal)
        hits: list[JsonValue] = [
            {"id": one.feedback_id, "overlaps": one.overlaps} for one in self.rows if one.overlaps
        ]
        counts: dict[str, JsonValue] = {name: status[name] for name in STATUSES if status[name]}
        return {
            "new": len(self.rows), "known": self.known, "bad_lines": list(self.bad[:SHOWN]),
            "bad": len(self.bad), "status": counts, "reasons": dict(sorted(reasons.items())),
            "personal": dict(sorted(personal.items())), "held_out": hits,
        }  # fmt: skip


def grouped(reason: str) -> str:
    """A reason without what it names: `words that nothing explains: zorblax` is the same as of another."""
    return reason.partition(":")[0].partition(";")[0]


def import_feedback(store: ArtifactStore, file: Path, rules: Rules, held_out: HeldOut) -> Imported:
    """Reads the file and publishes the queue. ConfigError for a file that is none of `muse serve`'s."""
    lines = list(read_feedback(file))
    bad = tuple(line for line in lines if isinstance(line, str))
    read = [line for line in lines if isinstance(line, Feedback)]
    with changing(store) as before:
        fresh = _fresh(read, before)
        rows = tuple(judged(fresh, rules, held_out))
        replaced = {one.completion for one in rows}
        kept = [one for one in before if one.status in DECIDED or one.completion not in replaced]
        if rows:
            publish(store, [*kept, *rows])
    return Imported(rows, bad, len(read) - len(rows))


def _fresh(read: Sequence[Feedback], before: Sequence[Feedback]) -> list[Feedback]:
    """The last piece about each answer that is not in the queue yet."""
    known = {one.feedback_id for one in before}
    last = {one.completion: one for one in read}
    return [one for one in last.values() if one.feedback_id not in known]


def judged(rows: Sequence[Feedback], rules: Rules, held_out: HeldOut) -> Iterator[Feedback]:
    """Each row with its status: what overlaps is refused before anything is made of it."""
    open_rows = [one for one in rows if one.status not in ("refused", *DECIDED)]
    hits = _hits(open_rows, held_out)
    for one in rows:
        if one.status == "refused":
            yield one
        elif one.feedback_id in hits:
            overlapping = replace(one, overlaps=hits[one.feedback_id], answer=(), better=None)
            yield overlapping.with_status("refused", OVERLAPS)
        else:
            yield _read(one, rules)


def _hits(rows: Iterable[Feedback], held_out: HeldOut) -> dict[str, str]:
    texts = {f"{one.feedback_id} {turn}": text for one in rows for turn, text in enumerate(one.said)}
    found: dict[str, str] = {}
    for name, like in held_out.overlaps(texts).items():
        found.setdefault(name.rpartition(" ")[0], like)
    return found


def _read(one: Feedback, rules: Rules) -> Feedback:
    try:
        served = rules.replayed(one, one.answer)
    except BadLine as problem:
        return replace(one, answer=(), better=None).with_status("refused", f"does not replay: {problem}")
    try:
        return replace(one, better=rules.better(one, served)).with_status("waiting")
    except Unclear as problem:
        return replace(one, better=None).with_status("unclear", str(problem))
