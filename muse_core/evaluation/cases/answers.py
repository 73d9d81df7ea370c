"""What a model answered to cases, kept while it answers: a run that is killed goes on where it stopped.

One file per model, one line per answered case, written as the answers come::

    {"case": "9f…", "id": "h7", "calls": [{"name": "search", "arguments": {"query": "shoes"}}],
     "malformed": false, "text": "<tool_call>…"}

`case` is a digest of everything the answer depends on besides the model (the words before it, its
pictures), so that a corrected expectation asks nothing again and a changed utterance does. Failures are
not kept: the next run asks those cases again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from muse_core.durable import explained
from muse_core.errors import TransientError
from muse_core.evaluation.cases.case import EvalCase
from muse_core.profiles.system_line import addressed, system_content, system_line
from muse_core.progress import Progress
from muse_core.records import canonical_json
from muse_core.types import Message, ToolCall


@dataclass(frozen=True)
class Answer:
    """A model's first act on a case: its calls, or a reply (no calls), or a call that cannot be read.
    `failure` says why there is no answer; `text` is what the model wrote."""

    calls: tuple[ToolCall, ...] = ()
    malformed: bool = False
    text: str = ""
    failure: str | None = None


class Answerer(Protocol):
    """A model of any kind. `digest` names everything an answer depends on besides the case."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    def answers(self, cases: Sequence[EvalCase]) -> Iterator[tuple[EvalCase, Answer]]:
        """One answer per case, as they come; loads whatever it needs at the first one."""


@dataclass(frozen=True)
class Collected:
    """Answers in the order of the cases; how many were asked now and how many an earlier run had kept."""

    answers: tuple[Answer, ...]
    asked: int
    kept: int
    path: Path


def context_of(case: EvalCase) -> tuple[Message, ...]:
    """System message (the shop's facets, the language of the utterance, the case's profile), history and
    utterance."""
    spoken = (*case.history, Message("user", case.utterance))
    told = system_content(case.schema.facets, system_line("en", case.profile or ""))
    return addressed((Message("system", told), *spoken))


def case_digest(case: EvalCase) -> str:
    """sha256 of what a model is shown."""
    pictures = {
        name: hashlib.sha256(Path(path).read_bytes()).hexdigest() for name, path in case.attachments.items()
    }
    said = [[message.role, message.content] for message in context_of(case)]
    return hashlib.sha256(canonical_json({"said": said, "pictures": pictures}).encode()).hexdigest()


def collect(
    answerer: Answerer,
    cases: Sequence[EvalCase],
    folder: Path,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Collected:
    """Every case answered, kept in `folder`; `fresh` forgets what earlier runs kept. TransientError
    lists the cases that failed, with their lines; the others stay."""
    path = folder / f"answers-{answerer.digest[:16]}.jsonl"
    known = {} if fresh else _read(path)
    keys = {case.case_id: case_digest(case) for case in cases}
    open_ = [case for case in cases if keys[case.case_id] not in known]
    failures: list[str] = []
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if fresh:
            path.unlink(missing_ok=True)
        for done, (case, answer) in enumerate(answerer.answers(open_) if open_ else (), start=1):
            if answer.failure is None:
                _append(path, _line(keys[case.case_id], case, answer))
                known[keys[case.case_id]] = answer
            else:
                failures.append(f"line {case.line} ({case.case_id}): {answer.failure}")
            if progress is not None:
                progress.update(done, len(open_), "cases")
    if failures:
        raise TransientError(_failed(answerer.name, failures, len(cases), path))
    answers = tuple(known[keys[case.case_id]] for case in cases)
    return Collected(answers, len(open_), len(cases) - len(open_), path)


def _failed(name: str, failures: Sequence[str], total: int, path: Path) -> str:
    return (
        f"{name} answered {total - len(failures)} of {total} cases; these are kept in {path}. "
        "Run the same command again to ask only the others:" + "".join(f"\n  - {one}" for one in failures)
    )


def _line(key: str, case: EvalCase, answer: Answer) -> str:
    calls = [{"name": call.name, "arguments": call.arguments} for call in answer.calls]
    row = {
        "case": key,
        "id": case.case_id,
        "calls": calls,
        "malformed": answer.malformed,
        "text": answer.text,
    }
    return json.dumps(row)


def _append(path: Path, line: str) -> None:
    """One whole line, behind a line that a kill may have torn."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, 2)
            line = line if file.read(1) == b"\n" else "\n" + line
        file.write(line.encode() + b"\n")


def _read(path: Path) -> dict[str, Answer]:
    """The answers of a file; a line that cannot be read is as if it were not there."""
    found: dict[str, Answer] = {}
    for line in path.read_bytes().split(b"\n") if path.exists() else ():
        try:
            row = json.loads(line)
            calls = [
                ToolCall(f"c.{k}", call["name"], call["arguments"]) for k, call in enumerate(row["calls"])
            ]
            found[row["case"]] = Answer(tuple(calls), row["malformed"], row["text"])
        except (ValueError, LookupError, TypeError):
            continue
    return found
