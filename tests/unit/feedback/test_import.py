"""From `feedback.jsonl` to the quarantine: what is masked, what is refused, what is kept of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data_contracts.schemas import SCHEMAS
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError, ContractViolation
from muse_core.evaluation.cases.handwritten.one_shop import handwritten_cases
from muse_core.evaluation.cases.handwritten.three_shops import people_cases
from muse_core.feedback.held_out import held_out_frames
from muse_core.feedback.queue import accepted, publish, queue
from muse_core.feedback.row import Feedback, as_table
from muse_core.wordings.book import shipped
from tasks.gate import open_store
from tests import builders
from tests.unit.feedback.builders_feedback import (
    ASKED,
    calling,
    imported,
    one,
    piece,
    reply,
    talking,
    values,
)

MAIL, CARD, PHONE = "asha.k@example.org", "4111 1111 1111 1111", "98765 43210"
HOME = "flat 12, MG road, near the temple, Pune 411001"


def stored(folder: Path) -> str:
    """Every byte of every table below a folder, as its rows say it."""
    store = ArtifactStore(folder / "artifacts")
    tables = [store.read_table(ref).to_pylist() for ref in store.list() if ref.kind in SCHEMAS]
    return json.dumps(tables, ensure_ascii=False)


@pytest.mark.parametrize(
    ("secret", "kind"), [(MAIL, "email"), (CARD, "card"), (PHONE, "phone"), (HOME, "address")]
)
@pytest.mark.parametrize("place", ["said", "history", "wish", "reply", "argument", "profile", "error"])
def test_personal_data_is_in_no_table(tmp_path: Path, secret: str, kind: str, place: str) -> None:
    line = planted(secret, place)
    row = one(tmp_path, line)
    assert row.status == "refused" and row.reason == "personal data" and kind in row.personal
    assert row.answer == () and row.better is None and len(row.asked) == 1
    assert secret not in stored(tmp_path) and secret.split()[0] not in stored(tmp_path)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"messages": [{"role": "assistant", "content": "x", "tool_calls": 7}]}, "tool_calls"),
        ({"messages": [{"role": "assistant", "content": "x", "tool_calls": ["y"]}]}, "tool_calls"),
        ({"messages": [{"role": "user", "content": {"a": 1}}]}, "content"),
        ({"answer": calling() | {"messages": [{"role": "assistant", "content": 3}]}}, "content"),
        ({"answer": calling() | {"calls": [{"result": float("nan")}]}}, "expected what `muse serve` writes"),
    ],
)
def test_a_line_of_another_shape_is_told_and_the_others_are_read(
    tmp_path: Path, broken: dict[str, Any], told: str
) -> None:
    found = imported(tmp_path, piece(**broken), piece())
    assert len(found.rows) == 1 and len(found.bad) == 1 and told in found.bad[0]


def planted(secret: str, place: str) -> dict[str, Any]:
    """A piece of feedback with a secret somewhere in it."""
    if place == "said":
        return piece(f"{ASKED}, write to {secret}", wanted=values("black"))
    if place == "history":
        before = [{"role": "user", "content": f"I am {secret}"}, {"role": "assistant", "content": "Hello!"}]
        return piece(wanted=values("black")) | {"messages": [*before, {"role": "user", "content": ASKED}]}
    if place == "wish":
        return piece(wanted=reply(f"We wrote to {secret}."))
    if place == "reply":
        return piece(answer=talking(f"I have noted {secret}."), wanted=values("black"))
    if place == "argument":
        return piece(answer=calling(query=f"shirt {secret}"), wanted=values("black"))
    if place == "profile":
        return piece(wanted=values("black"), profile=f"women | {secret}")
    answer = calling(query="shirt")
    answer["messages"][0]["tool_calls"][0]["arguments"]["note"] = [secret]
    return piece(answer=answer, wanted=values("black"))


def test_a_held_out_conversation_a_case_and_a_wording_are_refused_by_name(tmp_path: Path) -> None:
    talk = builders.conversation(
        conversation_id="c7",
        side="test",
        messages=(builders.Message("system", "en"), *builders.search_turn(ASKED)),
    )
    case = next(case for case in handwritten_cases() if not case.attachments and case.language == "en")
    people = people_cases()[0]
    texts = {
        f"{ASKED.upper()}!": "c7.0",
        case.utterance: f"case {case.case_id}",
        people.utterance: f"people {people.case_id}",
    }
    found = imported(tmp_path, *(piece(said, wanted=values("black")) for said in texts), talks=(talk,))
    assert [row.status for row in found.rows] == ["refused"] * 3
    assert [row.overlaps for row in found.rows] == list(texts.values())
    assert {hit["overlaps"] for hit in found.as_json()["held_out"]} == set(texts.values())  # type: ignore
    assert all(row.answer == () and row.better is None for row in found.rows)


def test_what_a_held_out_conversation_says_elsewhere_in_the_talk_counts_too(tmp_path: Path) -> None:
    talk = builders.conversation(
        conversation_id="c7",
        side="dev",
        messages=(builders.Message("system", "en"), *builders.search_turn(ASKED)),
    )
    before = [{"role": "user", "content": ASKED}, *calling(query="shirt")["messages"]]
    line = piece(wanted=values("black"))
    line["messages"] = [*before, {"role": "user", "content": "any of those in black, then"}]
    assert one(tmp_path, line, (talk,)).overlaps == "c7.0"


def test_frames_are_those_of_dev_and_test_wordings_alone() -> None:
    sides = {wording.text: wording.side for wordings in shipped().values() for wording in wordings}
    assert len(held_out_frames()) > 100
    assert {sides[text] for text in held_out_frames().values()} == {"dev", "test"}


def test_a_held_out_wording_with_values_of_this_shop_is_refused(tmp_path: Path) -> None:
    frames = held_out_frames()
    said = next(
        text.replace("{np}", "black shirt")
        for text in frames.values()
        if text.count("{") == 1 and "{np}" in text and text.isascii() and not set("()|*[]/") & set(text)
    )
    row = one(tmp_path, piece(said, wanted=values("black")))
    assert row.status == "refused" and str(row.overlaps).startswith("wording "), said


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"messages": [{"role": "user", "content": [{"type": "picture"}]}]}, "a picture stands in it"),
        (
            {"messages": [{"role": "user", "content": ASKED}, {"role": "tool", "content": "{}"}]},
            "the client ran the tools",
        ),
        ({"answer": {**calling(), "messages": calling()["messages"][:1]}}, "the client ran the tools"),
    ],
)
def test_what_cannot_be_run_again_is_refused(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    row = one(tmp_path, piece(wanted=values("black")) | change)
    assert row.status == "refused" and str(row.reason).startswith(why)


def test_bad_lines_are_counted_and_named(tmp_path: Path) -> None:
    bad = ["{", {"thumb": "sideways"}, {**piece(), "answer": 3}, {**piece(), "id": "no id of ours"}]
    found = imported(tmp_path, *bad, piece(wanted=values("black")))
    assert len(found.rows) == 1 and len(found.bad) == 4
    assert [line.partition(":")[0] for line in found.bad] == [f"line {n}" for n in (1, 2, 3, 4)]


def test_a_second_import_takes_what_is_new_and_keeps_decisions(tmp_path: Path) -> None:
    first, second = (
        piece(wanted=values("black")),
        piece("black shirts below 2000 rupees", wanted=values("black")),
    )
    store = ArtifactStore(tmp_path / "artifacts")
    imported(tmp_path, first)
    publish(store, [row.with_status("accepted") for row in queue(store)])
    name = accepted(store)
    again = imported(tmp_path, first, second)
    assert (len(again.rows), again.known) == (1, 1)
    assert {row.feedback_id: row.status for row in queue(store)} == {
        first["id"]: "accepted",
        second["id"]: "waiting",
    }
    assert accepted(store) == name  # what waits re-runs nothing


def test_the_last_word_about_an_answer_counts(tmp_path: Path) -> None:
    thumb = piece(thumb="down")
    wish = {**piece(wanted=values("black")), "completion": thumb["completion"]}
    imported(tmp_path, thumb)
    imported(tmp_path, thumb, wish)
    assert [row.feedback_id for row in queue(ArtifactStore(tmp_path / "artifacts"))] == [wish["id"]]


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"archive|cannot be read"):
        imported(tmp_path, "PK\x03\x04")
    with pytest.raises(ConfigError, match="cannot be read"):
        imported(tmp_path, "no json", "at all")


def test_the_contract_stops_what_slips_through(tmp_path: Path) -> None:
    row = one(tmp_path, piece(wanted=values("black")))
    store = open_store(tmp_path / "artifacts")
    slipped = Feedback(**{**vars(row), "profile": f"women | {MAIL}"})
    with pytest.raises(ContractViolation, match="personal_left"):
        publish(store, [slipped])
    with pytest.raises(ContractViolation, match="unclean_is_refused"):
        publish(store, [Feedback(**{**vars(row), "overlaps": "c7.0"}).with_status("accepted")])


def test_equal_rows_are_equal_tables(tmp_path: Path) -> None:
    rows = [one(tmp_path / name, piece(wanted=values("black"))) for name in "ab"]
    assert as_table("feedback", rows).equals(as_table("feedback", rows[::-1]))
