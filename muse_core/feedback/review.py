"""What a person decides about feedback: by ids, or in a table that comes back from a spreadsheet.

    id, status, thumb, wish, said, served, learnt, reason, decision, tool, arguments, reply

`decision` is `accept` or `reject`. Where nothing can be learnt yet (`unclear`), or something else should be,
`tool` with `arguments` as `--utterances` takes them, or `reply`, say what: read, replayed and held against
what is held out like any other row. What was refused stays so, whatever the table says.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from muse_core.durable import explained
from muse_core.errors import ConfigError
from muse_core.feedback.better import Rules
from muse_core.feedback.bring_in import judged
from muse_core.feedback.held_out import HeldOut
from muse_core.feedback.row import Chat, Feedback, Status, Wish
from muse_core.feedback.served import PERSONAL
from muse_core.tools.call_syntax import render
from muse_core.utterances.guarded_cells import guarded, unguarded
from muse_core.utterances.personal import without_personal
from muse_core.utterances.text_file import TextFile

COLUMNS = (
    "id", "status", "thumb", "wish", "said", "served", "learnt", "reason",
    "decision", "tool", "arguments", "reply",
)  # fmt: skip
DECISIONS: Mapping[str, Status] = {"accept": "accepted", "reject": "rejected"}
SHORTEST_ID = 4

Judge = Callable[[Sequence[Feedback]], Iterable[Feedback]]


@dataclass
class Decided:
    """The queue behind some decisions; `problems`: what could not be done, and why."""

    rows: dict[str, Feedback]
    accepted: int = 0
    rejected: int = 0
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Iterable[Feedback]) -> Decided:
        return cls({one.feedback_id: one for one in rows})

    def decide(self, name: str, status: Status) -> None:
        """Accepts or rejects the one row whose id begins so."""
        hits = [key for key in self.rows if len(name) >= SHORTEST_ID and key.startswith(name)]
        if len(hits) != 1:
            self.problems.append(
                f"{name!r} names {len(hits)} pieces of feedback; expected the first {SHORTEST_ID} letters of "
                "one id, or more (`muse feedback review` lists them)"
            )
            return
        one = self.rows[hits[0]]
        if one.status == "refused" or (status == "accepted" and one.better is None):
            self.problems.append(f"{name[:8]} is {one.status} ({one.reason}); it cannot be {status}")
            return
        self.rows[one.feedback_id] = one.with_status(status)
        self.accepted += status == "accepted"
        self.rejected += status == "rejected"

    def complete(self, name: str, wish: Mapping[str, str], judge: Judge) -> bool:
        """Puts a person's own turn in place of what the shopper had wished for; whether it can be learnt."""
        one = self.rows.get(name)
        if one is None or one.status == "refused":
            self.problems.append(
                f"{name[:8]!r} is {'refused' if one else 'not known'}; it cannot be completed"
            )
            return False
        found = next(iter(judge([_wished(one, wish)])))
        self.rows[name] = found
        if found.status != "waiting":
            self.problems.append(f"{name[:8]}: {found.reason}")
        return found.status == "waiting"


def _wished(one: Feedback, wish: Mapping[str, str]) -> Feedback:
    """The row with what a person wrote, as if the shopper had: masked like it, too."""
    tool, arguments, reply = (wish[key].strip() for key in ("tool", "arguments", "reply"))
    kind: Wish = "reply" if reply else "values" if arguments else "tool"
    text = reply or (f"{tool}({arguments})" if tool and arguments else arguments or tool)
    clean, found = without_personal(text)
    asked = replace(one, wish=kind, wish_text=clean or "[address]", better=None)
    if found:
        return asked.with_status("refused", PERSONAL)
    return asked.with_status("waiting")


def review(
    rows: Iterable[Feedback], accept: Sequence[str], reject: Sequence[str], everything: bool
) -> Decided:
    """The decisions of the command line. `everything`: whatever waits is accepted."""
    found = Decided.of(rows)
    for name in accept:
        found.decide(name, "accepted")
    for name in reject:
        found.decide(name, "rejected")
    if everything:
        for one in [one for one in found.rows.values() if one.status == "waiting"]:
            found.decide(one.feedback_id, "accepted")
    return found


def review_table(rows: Iterable[Feedback], file: Path, rules: Rules, held_out: HeldOut) -> Decided:
    """The decisions of a table. ConfigError for a file that is no such table."""
    found = Decided.of(rows)
    for row in _table(file):
        name, decision = row["id"], row["decision"].strip().lower()
        if decision and decision not in DECISIONS:
            found.problems.append(f"{name[:8]}: decision is {decision[:20]!r}; write accept or reject")
            continue
        is_open = True
        if decision != "reject" and any(row[key].strip() for key in ("tool", "arguments", "reply")):
            is_open = found.complete(name, row, lambda one: judged(one, rules, held_out))
        if decision and is_open:
            found.decide(name, DECISIONS[decision])
    return found


def write_table(file: Path, rows: Iterable[Feedback]) -> int:
    """What waits and what is unclear; how many rows. A mark in front lets a spreadsheet tell the letters."""
    text, count = io.StringIO(newline=""), 0
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for one in rows:
        if one.status in ("waiting", "unclear"):
            table.writerow([guarded(cell) for cell in _cells(one)])
            count += 1
    with explained(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\ufeff" + text.getvalue(), encoding="utf-8", newline="")
    return count


def _cells(one: Feedback) -> tuple[str, ...]:
    wish = "" if one.wish == "nothing" else f"{one.wish}: {one.wish_text}"
    learnt = shown(one.better) if one.better is not None else ""
    said = " / ".join(one.said)
    return (
        one.feedback_id, one.status, one.thumb, wish, said, shown(one.answer), learnt, one.reason or "",
        "", "", "", "",
    )  # fmt: skip


def shown(turn: Chat) -> str:
    """A turn in one line: its calls as they are written, and its reply."""
    parts: list[str] = []
    for message in turn:
        parts += [render(call["name"], call["arguments"]) for call in message.get("tool_calls") or []]
        if message["role"] == "assistant" and message.get("content"):
            parts.append(message["content"])
    return " → ".join(parts)


def _table(file: Path) -> list[dict[str, str]]:
    lines = TextFile.look(file).lines()
    table = csv.DictReader(line.removeprefix("\ufeff") for line in lines)
    missing = [name for name in ("id", *COLUMNS[8:]) if name not in (table.fieldnames or ())]
    if missing:
        raise ConfigError(
            f"{file}: the column {', '.join(missing)} is missing; expected a table of "
            "`muse feedback review --csv FILE`"
        )
    return [{key: unguarded(row.get(key) or "") for key in COLUMNS} for row in table]
