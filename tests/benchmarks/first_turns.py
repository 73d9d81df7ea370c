"""What a registered model says to the first turns of real people: sixty requests and twenty dialogues.

    python -m tests.benchmarks.first_turns --home .muse [--uri models:/muse@candidate] [--json]
        [--transcript FILE]

Loads the model through `mlflow.pyfunc`, as anybody would, and asks what stands in `first_turns.jsonl`:
written by hand in English, Hindi and Hinglish, with the language of each turn. A dialogue goes on from the
answers' own `messages`. Prints the share of replies in the shopper's language, by language with a Wilson
interval, then counts of what must not be shown: replies with a tag, empty replies, values of another item or
of none; and what was repaired, by reason. `--transcript` writes every turn for reading, the worst first:
what must not be shown, then another language, then what was repaired.

Not covered: whether the right products were found (`muse eval` measures that).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from muse_core.scoring.groundedness import check
from muse_core.scoring.language_match import language_match
from muse_core.tools.references import items_of
from muse_core.types import LANGUAGES, Language

DATA = Path(__file__).with_suffix(".jsonl")
_TAG = re.compile(r"</?\s*(?:tool|result)\b|<\||\|>")
_Z = 1.96


class Model(Protocol):
    """What `mlflow.pyfunc.load_model` gives."""

    def predict(self, data: Any) -> Any: ...


@dataclass(frozen=True)
class Talk:
    """A first turn, or a dialogue; `languages`: of each turn."""

    name: str
    languages: tuple[Language, ...]
    turns: tuple[str, ...]


@dataclass(frozen=True)
class Heard:
    """One turn and what came back. `values`: those of all results of the dialogue so far."""

    name: str
    language: Language
    asked: str
    answer: Mapping[str, Any]
    values: tuple[Any, ...]

    @property
    def text(self) -> str:
        return str(self.answer["text"])

    @property
    def has_tag(self) -> bool:
        return bool(_TAG.search(self.text))

    @property
    def is_empty(self) -> bool:
        return not any(char.isalnum() for char in self.text)

    @property
    def false_values(self) -> list[str]:
        """What the reply says that is not so, judged on the words that the shopper reads."""
        return check(self.text, self.values, self.language).unknown

    @property
    def is_in_language(self) -> bool:
        items = [item for value in self.values for item in items_of(value)]
        names = [str(item[key]) for item in items for key in ("title", "brand") if item.get(key)]
        return not self.is_empty and language_match(self.text, self.language, names)

    @property
    def repaired(self) -> str | None:
        """Reason and remedy, as `value: sample`."""
        found = self.answer.get("repaired")
        return f"{found['fault']}: {found['by']}" if found else None

    @property
    def badness(self) -> int:
        broken = self.has_tag or self.is_empty or bool(self.false_values)
        return 4 * broken + 2 * (not self.is_in_language) + bool(self.repaired)


def load_talks(path: Path = DATA) -> list[Talk]:
    """The turns and dialogues of a file."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [Talk(row["id"], tuple(row["languages"]), tuple(row["turns"])) for row in rows]


def hold_talks(model: Model, talks: Sequence[Talk]) -> list[Heard]:
    """Every turn answered, the talks side by side: one batch of all first turns, then of all second ones."""
    histories: dict[str, list[dict[str, Any]]] = {talk.name: [] for talk in talks}
    values: dict[str, list[Any]] = {talk.name: [] for talk in talks}
    heard: list[Heard] = []
    for turn in range(max(len(talk.turns) for talk in talks)):
        going = [talk for talk in talks if turn < len(talk.turns)]
        for talk in going:
            histories[talk.name].append({"role": "user", "content": talk.turns[turn]})
        asked = [_request(histories[talk.name]) for talk in going]
        for talk, answer in zip(going, model.predict(asked), strict=True):
            histories[talk.name] += answer["messages"]
            values[talk.name] += [call["result"] for call in answer["calls"] if not call.get("error")]
            known = tuple(values[talk.name])
            name = f"{talk.name}.{turn + 1}"
            heard.append(Heard(name, talk.languages[turn], talk.turns[turn], answer, known))
    return heard


def _request(history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"messages": list(history)} if len(history) > 1 else {"utterance": history[0]["content"]}


def summary(heard: Sequence[Heard]) -> dict[str, Any]:
    """The figures; shares with `n` and a 95 % Wilson interval."""
    firsts = [one for one in heard if one.name.endswith(".1")]
    by_language = {
        language: share([one.is_in_language for one in heard if one.language == language])
        for language in LANGUAGES
    }
    return {
        "turns": len(heard),
        "in_language": share([one.is_in_language for one in heard]),
        "in_language_first_turns": share([one.is_in_language for one in firsts]),
        "in_language_by_language": by_language,
        "tags": sum(one.has_tag for one in heard),
        "empty": sum(one.is_empty for one in heard),
        "false_values": sum(bool(one.false_values) for one in heard),
        "repaired": dict(Counter(one.repaired for one in heard if one.repaired)),
    }


def share(hits: Sequence[bool]) -> dict[str, float]:
    """A share with its Wilson interval (Wilson 1927)."""
    n = len(hits)
    if not n:
        return {"value": 0.0, "low": 0.0, "high": 1.0, "n": 0}
    p, z2 = sum(hits) / n, _Z**2
    centre, spread = p + z2 / (2 * n), _Z * (p * (1 - p) / n + z2 / (4 * n * n)) ** 0.5
    low, high = ((centre + sign * spread) / (1 + z2 / n) for sign in (-1, 1))
    return {"value": round(p, 4), "low": round(low, 4), "high": round(high, 4), "n": n}


def transcript(heard: Sequence[Heard]) -> str:
    """Every turn as it was heard, the worst first."""
    return "\n".join(_lines(one) for one in sorted(heard, key=lambda one: (-one.badness, one.name)))


def _lines(one: Heard) -> str:
    marks = [
        name
        for name, found in (
            ("TAG", one.has_tag),
            ("EMPTY", one.is_empty),
            (f"FALSE {one.false_values}", bool(one.false_values)),
            ("OTHER LANGUAGE", not one.is_in_language),
            (f"repaired ({one.repaired})", bool(one.repaired)),
        )
        if found
    ]
    calls = "".join(f"\n    -> {call['name']}({call['arguments']})" for call in one.answer["calls"])
    head = f"{one.name} [{one.language}] {'; '.join(marks)}".rstrip()
    return f"{head}\n  shopper: {one.asked}{calls}\n  muse:    {one.text}\n"


def as_text(found: Mapping[str, Any]) -> str:
    """The figures for people."""
    shares = {
        "all turns": found["in_language"],
        "first turns": found["in_language_first_turns"],
        **found["in_language_by_language"],
    }
    lines = ["in the shopper's language:"]
    for name, one in shares.items():
        value, low, high = (100 * one[key] for key in ("value", "low", "high"))
        lines.append(f"  {name:12} {value:5.1f} % [{low:.1f}, {high:.1f}], n = {one['n']}")
    lines += [f"{name}: {found[name]}" for name in ("tags", "empty", "false_values", "repaired")]
    return "\n".join(lines)


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="What a registered model says to the turns of real people")
    parser.add_argument("--home", type=Path, default=Path(".muse"))
    parser.add_argument("--uri", default="models:/muse@candidate")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, nothing else")
    parser.add_argument("--transcript", type=Path, help="a file for every turn, the worst first")
    options = parser.parse_args(given)
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{options.home / 'mlflow.db'}")
    heard = hold_talks(mlflow.pyfunc.load_model(options.uri), load_talks())
    if options.transcript:
        options.transcript.write_text(transcript(heard), "utf-8")
    found = summary(heard)
    print(json.dumps(found, ensure_ascii=False) if options.json else as_text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
