"""The deployment that trains when feedback has come in: what it counts, and what it runs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows import challenger as module
from muse_core.config.load import load_config
from muse_core.feedback.fresh import fresh_feedback
from tests.unit.feedback.builders_feedback import calling, piece, values
from tests.unit.feedback.test_stages import BLACK, Home


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the pipeline was called with."""
    calls: list[tuple[Any, ...]] = []

    def run(*given: Any) -> dict[str, Any]:
        calls.append(given)
        return {"report": "here"}

    monkeypatch.setattr(module, "muse", SimpleNamespace(fn=run))
    return calls


def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Two rows are accepted, one is refused: it has a card number."""
    made = Home(
        folder,
        piece(wanted=values("black")),
        piece(answer=calling(**BLACK), thumb="up"),
        piece("my card is 4111 1111 1111 1111, black shirts", wanted=values("black")),
    )
    monkeypatch.setattr(module, "prepare", lambda: SimpleNamespace(artifacts=made.store.root))
    return made


def test_too_little_feedback_runs_nothing_and_says_how_much_there_is(tmp_path, monkeypatch, ran, caplog):
    home(tmp_path, monkeypatch)
    caplog.set_level("INFO")
    told = module.challenger.fn("quickstart", ["feedback.min_new=3"])
    assert told["is_trained"] is False and ran == []
    assert "2 accepted pieces of feedback are new, expected at least 3 (feedback.min_new)" in caplog.text


def test_enough_feedback_is_a_run_on_what_is_accepted_under_the_rule_of_promotion(tmp_path, monkeypatch, ran):
    made = home(tmp_path, monkeypatch)
    told = module.challenger.fn("quickstart", ["feedback.min_new=2", "seed=7"])
    assert told["is_trained"] is True and told["report"] == "here"
    [(preset, overrides, stage)] = ran
    config = load_config(preset, overrides=overrides)[0]
    assert (stage, config.seed, config.conversations.feedback) == ("all", 7, made.name)
    assert config.promotion.set_champion
    module.challenger.fn("quickstart", ["feedback.min_new=2", "promotion.set_champion=false"])
    assert not load_config(preset, overrides=ran[1][1])[0].promotion.set_champion


def test_what_a_run_has_had_is_not_new(tmp_path, monkeypatch, ran):
    made = home(tmp_path, monkeypatch)
    assert len(fresh_feedback(made.store)) == 2
    made.talk(made.name)
    assert fresh_feedback(made.store) == []
    assert module.challenger.fn("quickstart", ["feedback.min_new=1"])["is_trained"] is False and ran == []
    made.talk(None, "d")  # a newer run without feedback has learnt none of it
    assert len(fresh_feedback(made.store)) == 2


def test_an_empty_home_has_nothing_to_learn_from(tmp_path, monkeypatch, ran):
    monkeypatch.setattr(module, "prepare", lambda: SimpleNamespace(artifacts=tmp_path / "artifacts"))
    assert "0 accepted pieces" in module.challenger.fn("quickstart", [])["said"] and ran == []
