"""Simulated shoppers with hidden goals: against the expert, a random model, and a stubborn assistant."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from muse_core.dialogue.families import all_families
from muse_core.dialogue.goal_driven_shopper import MAX_TURNS, PATIENCE
from muse_core.evaluation.closed_loop.audit import audit, contradicts, simulator_faults
from muse_core.evaluation.closed_loop.play import Market, Played, open_market, play_expert, play_model
from muse_core.evaluation.closed_loop.reading import read_turn
from muse_core.evaluation.closed_loop.record import (
    Record,
    expert_records,
    read_talks,
    records_of,
    talk_rows,
    turns_of,
)
from muse_core.evaluation.closed_loop.rows import about_loop, conversation_quality, loop_rows
from muse_core.evaluation.score.fluency import learn_judge
from muse_core.records import from_table, to_table, tool_message
from muse_core.scoring.constraints import satisfied
from muse_core.types import Message, ToolCall, ToolResult
from tests.unit.dialogue.builders_dialogue import index, profiles
from tests.unit.models.builders_models import tiny_model

GOALS = 60


@lru_cache(maxsize=1)
def market() -> Market:
    return open_market(index(), profiles(), GOALS, 0.15, 17)


@lru_cache(maxsize=1)
def expert() -> list[Played]:
    return play_expert(market(), "references")


@lru_cache(maxsize=1)
def babbling() -> list[Played]:
    few = replace(market(), goals=market().goals[:3])
    return play_model(tiny_model(), few, 8)


@lru_cache(maxsize=1)
def kept_expert() -> list[Record]:
    return expert_records(expert())


@lru_cache(maxsize=1)
def kept_babbling() -> list[Record]:
    return records_of(babbling(), turns_of(kept_expert()))


def test_goals_are_of_test_shoppers_and_can_be_met() -> None:
    assert len(market().goals) == GOALS and market().noise == 0.30
    assert {goal.profile.side for goal in market().goals} == {"test"}
    for goal in market().goals:
        assert satisfied(goal.target, {"product_type": goal.target.product_type, **goal.wanted})
    assert open_market(index(), [one for one in profiles() if one.side == "train"], 5, 0.1, 1).goals == ()


def test_the_expert_makes_shoppers_happy() -> None:
    judged = [one.verdict for one in kept_expert()]
    assert len(judged) == 4 * GOALS
    assert np.mean([one.score for one in judged]) > 4.9
    assert np.mean([one.success for one in judged]) > 0.98
    assert all(one.excess == 0.0 for one in judged)


def test_shoppers_speak_in_frames_of_the_test_side_only() -> None:
    sides = {spoken.said.family.side for played in expert() for spoken in played.spoken}
    assert sides == {"test"}
    assert {spoken.said.family.family_id for played in expert() for spoken in played.spoken} <= set(
        all_families().by_id
    )


def test_conversations_differ_in_opening_order_and_detours() -> None:
    acts = Counter(spoken.act for played in expert() for spoken in played.spoken)
    assert {"open", "tell", "answer", "detour", "compare"} <= set(acts)
    kinds = {played.spoken[0].said.turn_type for played in expert()}
    assert {"complete", "missing_slot", "recommendation", "chit_chat"} <= kinds
    turns = [played.turns for played in expert()]
    assert 2 <= np.mean(turns) <= 5 and max(turns) <= MAX_TURNS


def test_the_simulator_is_rarely_at_fault() -> None:
    found = audit(kept_expert())
    faults = sum(found["faults"].values())  # type: ignore[union-attr, arg-type]
    assert faults / int(str(found["turns"])) < 0.05, found


def test_the_same_seed_gives_the_same_words_whatever_the_others_do() -> None:
    again = play_expert(replace(market(), goals=market().goals[:3]), "references")
    assert [one.messages for one in again] == [one.messages for one in expert()[:12]]
    other = play_expert(replace(market(), goals=market().goals[:3], seed=18), "references")
    assert [one.messages for one in other] != [one.messages for one in expert()[:12]]
    for babble, right in zip(babbling(), expert(), strict=False):
        assert babble.spoken[0].text == right.spoken[0].text


def test_a_random_model_is_given_up_on() -> None:
    played = babbling()
    assert {one.ending for one in played} == {"gave up"}
    assert all(PATIENCE <= one.turns <= PATIENCE + 3 for one in played)
    judged = [one.verdict for one in kept_babbling()]
    assert all(one.score <= 1.4 and not one.success and not one.recommended for one in judged)


def test_who_recommends_nothing_right_is_corrected_and_then_left() -> None:
    """Plays the shopper by hand: the assistant shows one and the same wrong product."""
    from muse_core.evaluation.closed_loop.play import _talks  # the shopper as the loop makes it

    stubborn = 0
    for talk in _talks(market()):
        shopper = talk.shopper
        wrong = next(one for one in index().catalog if one.product_type != shopper.goal.target.product_type)
        while (spoken := shopper.say()) is not None:
            talk.messages.append(Message("user", spoken.text))
            call = ToolCall("c0.0", "search", {"query": "x"})
            value = {"items": [{"id": wrong.product_id, "title": wrong.title}], "total": 1}
            turn = [Message("assistant", "", (call,)), tool_message(ToolResult("c0.0", value))]
            talk.take([*turn, Message("assistant", "[1]")])
        stubborn += 1
        assert shopper.ending == "gave up" and not simulator_faults(talk.ended())[1:]
        if stubborn == 12:
            break
    assert stubborn == 12


def test_what_a_shopper_reads() -> None:
    shop = index()
    first, second = shop.catalog.products[:2]
    call = ToolCall("c0.0", "search", {"query": "x"})
    value = {"items": [{"id": one.product_id, "title": one.title} for one in (first, second)], "total": 2}
    done = (Message("assistant", "", (call,)), tool_message(ToolResult("c0.0", value)))

    def read(reply: str) -> tuple[list[str], tuple[str, ...]]:
        heard = read_turn((), (*done, Message("assistant", reply)), "en", shop)
        return [one.product_id for one in heard.recommended], heard.faults

    assert read("Take [2].") == ([second.product_id], ())
    assert read(f"Take {first.title.upper()}!") == ([first.product_id], ())  # plain replies
    assert read("Take [5].") == ([], ())
    failed = (done[0], tool_message(ToolResult("c0.0", None, "no")), Message("assistant", "Sorry."))
    assert read_turn((), failed, "en", shop).faults == ("failed call",)
    repaired = read_turn((), (*done, Message("assistant", "[1]")), "en", shop, "tag", "sentence")
    assert repaired.faults == ("tag",) and repaired.repair == "sentence"
    assert not read_turn((), (Message("assistant", "यह लीजिए, बहुत अच्छा है"),), "en", shop).fits
    asked = read_turn((), (Message("assistant", "Which size do you wear?"),), "en", shop)
    assert asked.asked == "size" and asked.fits


def test_the_audit_finds_planted_faults() -> None:
    played = next(
        one
        for one in expert()
        if len(one.spoken) > 2 and one.spoken[-1].act == "tell" and not simulator_faults(one)
    )
    again = replace(played, spoken=(played.spoken[0], played.spoken[0], *played.spoken[2:]))
    assert "repeats" in {fault.kind for fault in simulator_faults(again)}
    assert [fault.kind for fault in simulator_faults(replace(played, ending="gave up"))] == ["wrong ending"]
    asked = next(one for one in expert() if one.spoken[1:] and one.spoken[1].act == "answer")
    deaf = replace(asked, spoken=(asked.spoken[0], played.spoken[-1], *asked.spoken[2:]))
    assert played.spoken[-1].act == "tell" and "ignores" in {fault.kind for fault in simulator_faults(deaf)}
    goal = next(one for one in market().goals if one.hard.get("colour") == "black")
    assert contradicts("show me red ones", goal) and not contradicts("show me black ones", goal)
    dear = next(one for one in market().goals if one.hard.get("max_price") == 500)
    assert contradicts("under 900 please", dear) and not contradicts("under 500 please", dear)


def test_rows_have_intervals_slices_and_differences() -> None:
    twelve = kept_expert()[:12]
    talks = {"expert": twelve, "sft": kept_babbling(), "dpo": twelve}
    rows = loop_rows(talks, learn_judge([("en", "hello there")]), 50, 17)
    known = {(row["model"], row["metric"], row["slice"]): row for row in rows}
    best, worst = known["dpo", "user_satisfaction", "all"], known["sft", "user_satisfaction", "all"]
    assert best["n"] == 12 and best["unit"] == "score_1_5" and worst["value"] <= 1.4 < 4.5 < best["value"]
    better = known["dpo-sft", "user_satisfaction", "all"]
    assert better["value"] == pytest.approx(best["value"] - worst["value"]) and better["low"] > 2
    assert known["sft", "closed_loop_pass_4", "all"]["n"] == 3
    assert known["sft", "closed_loop_success", "all"]["value"] == 0.0
    assert [known["dpo", f"closed_loop_pass_{k}", "all"]["value"] for k in range(1, 5)] == pytest.approx(
        [1.0] * 4
    )
    assert any(where.startswith("language=") for _, _, where in known)
    quality = {"model": "dpo", "metric": "response_quality", "slice": "all", "unit": "score_1_5", "n": 40}
    [half] = conversation_quality([*rows, quality | {"value": 3.0, "low": 2.8, "high": 3.2}])
    assert half["value"] == pytest.approx((3.0 + best["value"]) / 2) and half["n"] == 12


def test_what_is_kept_to_look_at() -> None:
    talks = {"expert": kept_expert()[:12], "dpo": kept_babbling()}
    about = about_loop(talks, {"base": "cannot call"})
    assert (
        about["goals"] == 3 and about["conversations"] == 12 and about["left_out"] == {"base": "cannot call"}
    )
    assert about["endings"]["dpo"] == {"gave up": 12}  # type: ignore[index, call-overload]
    examples: Any = about["examples"]
    assert [one["kind"] for one in examples] == ["best"] * 10 + ["worst"] * 2
    first = examples[0]["players"]["expert"]
    assert first["turns"][0]["user"] and first["score"] > 1


def test_conversations_are_the_same_when_read_from_their_table() -> None:
    for player, records in (("expert", kept_expert()[:12]), ("sft", kept_babbling())):
        table = to_table("talks", talk_rows(player, records))
        assert read_talks(from_table("talks", table)) == records
        assert set(table["player"].to_pylist()) == {player}
    assert read_talks(from_table("talks", to_table("talks", []))) == []
