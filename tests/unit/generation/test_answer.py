"""What must not be shown is repaired, counted, and kept apart from what the model did."""

from __future__ import annotations

import re

import pytest

from muse_core.generation.answer import TRIES, Answered, answer
from muse_core.generation.assistant import TurnRequest
from muse_core.generation.faults import fault_of
from muse_core.generation.sampling import Sampling
from muse_core.language.scripts import detect_language
from muse_core.models.chat_format import END, RESULT
from muse_core.tools.base import new_world
from muse_core.types import Message
from tests.unit.generation.builders_answer import SEARCH, Script, roomy_model, said, script_model, shop

ASKS = {
    "en": "show me shirts please",
    "hi": "मुझे शर्ट दिखाइए",
    "mixed": "mujhe shirt dikhao na",
}
BROKEN = {
    "tag": said("Try [1].</tool>"),
    "unfinished": ["<tool>search(query=</tool>" + RESULT],
    "empty": said("  "),
    "reference": said("Try [3] at [3:price]."),
    "value": said("[1] ki rating [1:rating] hai par [2] ki [1:rating]."),
}
GOOD = "[1] [1:price], [2] [2:price]."


def ask(text: str, **changes: object) -> TurnRequest:
    context = (Message("system", "en"), Message("user", text))
    return TurnRequest(context, new_world(shop()), 0, **changes)  # type: ignore[arg-type]


def greedy_then(first: list[str], then: list[str]) -> Script:
    """`first` when greedy, the last act of `then` when a repair draws (its calls stay)."""
    return lambda prompt, sampling: first if sampling.temperature == 0 else then


def is_clean(one: Answered) -> bool:
    is_shown = not re.search(r"[<>\[\]|]", one.text) and any(map(str.isalnum, one.text))
    return is_shown and fault_of(ask("x").context, one.messages, False, one.language) is None


@pytest.mark.parametrize("language", ASKS)
@pytest.mark.parametrize("fault", BROKEN)
def test_another_sample_stands_in(monkeypatch: pytest.MonkeyPatch, fault: str, language: str) -> None:
    again = said(GOOD) if fault == "unfinished" else [GOOD + END]
    script_model(monkeypatch, greedy_then(BROKEN[fault], again))
    (one,) = answer(roomy_model(), [ask(ASKS[language])])
    assert (one.fault, one.repair, one.language) == (fault, "sample", language)
    assert one.text == "Aravali Blue Cotton Shirt ₹949, Nadi Red Linen Shirt ₹2,599." and is_clean(one)
    assert one.messages != one.own.messages and [m.role for m in one.messages].count("tool") == 1


@pytest.mark.parametrize("language", ASKS)
@pytest.mark.parametrize("fault", BROKEN)
def test_a_safe_sentence_stands_in_at_last(
    monkeypatch: pytest.MonkeyPatch, fault: str, language: str
) -> None:
    recorder = script_model(monkeypatch, lambda prompt, sampling: BROKEN[fault])
    request = ask(ASKS[language])
    (one,) = answer(roomy_model(), [request])
    assert (one.fault, one.repair) == (fault, "sentence") and is_clean(one)
    assert detect_language(one.text.replace("Aravali Blue Cotton Shirt", "")) == language
    assert ("Aravali Blue Cotton Shirt" in one.text) == (fault != "unfinished")
    assert len(recorder.batches) == 1 + TRIES
    assert request.world.session.last_ids == (("p1", "p2") if fault != "unfinished" else ())


def test_the_world_stands_behind_what_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample that is thrown away leaves no trace: its calls are as if they had not been."""
    narrowed = ["<tool>filter(colour='red')</tool>" + RESULT, "</tool>" + END]
    script_model(monkeypatch, greedy_then(BROKEN["tag"], narrowed))
    request = ask(ASKS["en"])
    (one,) = answer(roomy_model(), [request])
    assert one.repair == "sentence" and request.world.session.last_ids == ("p1", "p2")
    script_model(monkeypatch, greedy_then(BROKEN["tag"], [narrowed[0], "[1] at [1:price]." + END]))
    request = ask(ASKS["en"])
    (one,) = answer(roomy_model(), [request])
    assert one.repair == "sample" and one.text == "Nadi Red Linen Shirt at ₹2,599."
    assert request.world.session.last_ids == ("p2",)
    ids = [call.call_id for message in one.messages for call in message.tool_calls]
    assert ids == ["c0.0", "c0.1"]


def test_faults_stay_where_they_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = script_model(monkeypatch, greedy_then(BROKEN["value"], [GOOD + END]))
    (one,) = answer(roomy_model(), [ask(ASKS["en"])], repairs=False)
    assert one.fault == "value" and one.repair is None and one.messages == one.own.messages
    assert recorder.batches == [1]


def test_only_broken_turns_are_asked_again_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(prompt: str, sampling: Sampling) -> list[str]:
        if sampling.temperature:
            return [GOOD + END]
        return BROKEN["tag"] if "odd" in prompt else said(GOOD)

    recorder = script_model(monkeypatch, script)
    asked = [ask(f"{'odd' if number % 2 else 'even'} shirts please {number}") for number in range(64)]
    answered = answer(roomy_model(), asked)
    assert recorder.batches == [64, 32]
    assert [one.repair for one in answered] == [None, "sample"] * 32


def test_a_turn_without_a_fault_is_the_models_own(monkeypatch: pytest.MonkeyPatch) -> None:
    script_model(monkeypatch, lambda prompt, sampling: said(GOOD))
    (one,) = answer(roomy_model(), [ask(ASKS["en"])])
    assert one.fault is None and one.repair is None and one.messages == one.own.messages


def test_endless_calls_end_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    script_model(monkeypatch, lambda prompt, sampling: [SEARCH] * 9)
    (one,) = answer(roomy_model(), [ask(ASKS["hi"])])
    assert (one.fault, one.repair, one.own.stopped) == ("unfinished", "sentence", "calls")
    assert one.text == "यह मिला है: Aravali Blue Cotton Shirt, दाम ₹949।"


def test_the_line_is_that_of_the_last_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever line a client sends, and where the shopper has switched."""
    seen: list[str] = []

    def script(prompt: str, sampling: Sampling) -> list[str]:
        seen.append(prompt.split("<|end|>")[0].split("\n")[-1])
        return ["ठीक है, धन्यवाद।" + END]

    script_model(monkeypatch, script)
    spoken = (
        Message("user", "show me shirts"),
        Message("assistant", "Which size?"),
        Message("user", "धन्यवाद"),
    )
    lines = ["en", "mixed | women | 25-34", "women | 25-34", ""]
    contexts = [(Message("system", line), *spoken) for line in lines] + [spoken]
    answer(roomy_model(), [TurnRequest(context, new_world(shop()), 1) for context in contexts])
    tail = [line.rsplit("<|system|>", 1)[-1].strip() for line in seen]
    assert tail == ["hi", "hi | women | 25-34", "hi | women | 25-34", "", "hi"]
