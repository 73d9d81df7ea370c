"""The benchmark of first turns sees what is wrong, and its turns are as it says."""

from __future__ import annotations

from typing import Any

from muse_core.language.scripts import language_of_turns
from tests.benchmarks.first_turns import hold_talks, load_talks, share, summary, transcript

ITEMS = [
    {"id": "p1", "title": "Nadi Kurta", "price": 500},
    {"id": "p2", "title": "Sutra Kurta", "price": 900},
]


class Stubborn:
    """Says one thing to everybody; keeps what it was asked."""

    def __init__(self, text: str) -> None:
        self.text, self.asked = text, list[list[dict[str, Any]]]()

    def predict(self, data: Any) -> Any:
        self.asked.append(data)
        call = {"name": "search", "arguments": {}, "result": {"items": ITEMS, "total": 2}}
        said = [{"role": "assistant", "content": self.text, "tool_calls": []}]
        return [{"text": self.text, "calls": [call], "messages": said, "repaired": None} for _ in data]


def test_sixty_turns_and_twenty_dialogues_in_three_languages() -> None:
    talks = load_talks()
    assert sum(len(talk.turns) == 1 for talk in talks) == 60 and len(talks) == 80
    assert {len(talk.turns) for talk in talks} == {1, 3, 4, 5} and len({talk.name for talk in talks}) == 80
    labelled = [(talk.turns[: k + 1], one) for talk in talks for k, one in enumerate(talk.languages)]
    assert all(len(talk.turns) == len(talk.languages) for talk in talks)
    differs = sum(language_of_turns(turns) != one for turns, one in labelled)
    assert differs <= 0.02 * len(labelled), "what people call the language is what is found"


def test_each_fault_is_seen() -> None:
    talks = load_talks()[:3]
    faults = {"tags": "Nadi Kurta </tool>", "empty": " ", "false_values": "Nadi Kurta at ₹900"}
    for name, text in faults.items():
        found = summary(hold_talks(Stubborn(text), talks))
        assert {key: found[key] for key in faults} == dict.fromkeys(faults, 0) | {name: 3}


def test_language_and_order() -> None:
    talks = load_talks()
    model = Stubborn("Here you are: Nadi Kurta at ₹500, take a look please")
    heard = hold_talks(model, talks)
    found = summary(heard)
    assert found["in_language_by_language"]["en"]["value"] == 1.0
    assert found["in_language_by_language"]["hi"]["value"] == 0.0
    assert "OTHER LANGUAGE" in transcript(heard).splitlines()[0]
    assert "OTHER" not in transcript(heard).split("\n\n")[-1]
    roles = [[message["role"] for message in one["messages"]] for one in model.asked[2]]
    assert roles == [["user", "assistant", "user", "assistant", "user"]] * 20


def test_wilson() -> None:
    assert share([True] * 57 + [False] * 3) == {"value": 0.95, "low": 0.863, "high": 0.9829, "n": 60}
    assert share([]) == {"value": 0.0, "low": 0.0, "high": 1.0, "n": 0}
