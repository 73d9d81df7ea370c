"""Served turns against training turns: what drifts is told, what does not is not."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from flows.cli import app
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.evaluation.monitor.drift import drift_of
from muse_core.evaluation.monitor.turns import read_turns, training_counts
from muse_core.evaluation.monitor.watch import Bounds, watch, write_page
from muse_core.records import side_of, to_table
from muse_core.types import Conversation, Message, TurnLabel
from tests import builders

TRAIN = [name for name in (f"u{n}" for n in range(400)) if side_of(name) == "train"][:200]
BOUNDS = Bounds(0.25, 10.0)


def talk(name: str, hindi: bool) -> Conversation:
    """A search and a greeting."""
    said = ("मुझे लाल कुर्ता दिखाओ", "नमस्ते") if hindi else ("show me shirts under 2000", "hello there")
    turns = (*builders.search_turn(said[0]), Message("user", said[1]), Message("assistant", "Hello!"))
    labels = (
        TurnLabel(0, "complete", "f", "search", plans=(("search",),), position=3),
        TurnLabel(1, "chit_chat", "f", "none"),
    )
    return builders.conversation(
        conversation_id=f"c-{name}", profile_id=name, language="hi" if hindi else "en", labels=labels,
        messages=(Message("system", "en"), *turns),
    )  # fmt: skip


TALKS = [talk(name, number % 4 == 0) for number, name in enumerate(TRAIN)]


def line(language: str = "en", decision: str = "search", **more: Any) -> dict[str, Any]:
    return {
        "id": "x", "time": "2026-11-30T05:00:00+00:00", "model": "model/1", "format": "f",
        "language": language, "decision": decision, "calls": 1, "errors": 0, "empty": False,
        "declined": False, "repaired": None,
        "seconds": 1.0, "prompt_tokens": 9, "completion_tokens": 9, **more,
    }  # fmt: skip


def write(path: Path, rows: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def drawn(count: int, share_hindi: float, share_search: float, **more: Any) -> list[dict[str, Any]]:
    """Turns with these shares, drawn with a seed."""
    rng = np.random.default_rng(5)
    languages = np.where(rng.random(count) < share_hindi, "hi", "en")
    decisions = np.where(rng.random(count) < share_search, "search", "none")
    return [line(str(a), str(b), **more) for a, b in zip(languages, decisions, strict=True)]


def test_the_index_by_hand() -> None:
    found = drift_of("language", {"en": 300, "hi": 100}, {"en": 100, "hi": 300})
    shares = np.array([300.5, 100.5]) / 401
    assert math.isclose(found.psi, 2 * (shares[0] - shares[1]) * math.log(shares[0] / shares[1]))
    assert found.is_alert and found.by_chance == pytest.approx(6.635 * 2 / 400, abs=1e-3)


def test_equal_samples_have_no_index_and_a_new_category_is_finite() -> None:
    assert drift_of("x", {"a": 500, "b": 500}, {"a": 500, "b": 500}).psi == pytest.approx(0)
    assert drift_of("x", {"a": 500}, {"a": 30}).psi == 0 and not drift_of("x", {"a": 5}, {"a": 3}).is_alert
    found = drift_of("x", {"a": 500}, {"a": 250, "b": 250})
    assert found.is_alert and math.isfinite(found.psi) and found.expected == {"a": 1.0, "b": 0.0}


def test_chance_alone_is_above_its_bound_about_once_in_a_hundred() -> None:
    """2,000 pairs of samples of one distribution, of 400 and 150 turns in four categories."""
    rng = np.random.default_rng(7)
    shares, above = (0.5, 0.3, 0.15, 0.05), 0
    for _ in range(2000):
        one, other = rng.multinomial(400, shares), rng.multinomial(150, shares)
        counts = [dict(zip("abcd", map(int, sample), strict=True)) for sample in (one, other)]
        found = drift_of("x", *counts)
        above += found.psi > found.by_chance
    assert 5 <= above <= 45


def test_small_samples_raise_no_alert_by_chance() -> None:
    """Of eight categories an index above 0.25 is common in 40 turns; it must also be more than chance."""
    rng = np.random.default_rng(11)
    shares = np.full(8, 1 / 8)
    large = alerts = 0
    for _ in range(300):
        drawn = [map(int, rng.multinomial(40, shares)) for _ in range(2)]
        found = drift_of("x", *(dict(zip("abcdefgh", one, strict=True)) for one in drawn))
        large += found.psi > 0.25
        alerts += found.is_alert
    assert large > 100 and alerts <= 15


def test_training_turns_of_the_train_side_are_counted_once() -> None:
    counts = training_counts([*TALKS, builders.conversation(side="test")])
    assert counts["decision"] == Counter(search=200, none=200)
    assert counts["language"] == Counter(en=300, hi=100)
    assert counts["empty"] == Counter(no=400) and counts["errors"] == Counter(no=400)


def test_an_unshifted_log_is_quiet_and_a_shifted_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "turns.jsonl"
    quiet = watch(read_turns(write(file, drawn(600, 0.25, 0.5)), 1000), TALKS, BOUNDS)
    assert quiet.alerts == [] and quiet.is_enough
    shifted = watch(read_turns(write(file, drawn(600, 0.8, 0.5)), 1000), TALKS, BOUNDS)
    assert [text.partition(":")[0] for text in shifted.alerts] == ["language"]
    empty = watch(read_turns(write(file, drawn(600, 0.25, 0.5, empty=True)), 1000), TALKS, BOUNDS)
    assert [text.partition(":")[0] for text in empty.alerts] == ["nothing found"]
    failing = watch(read_turns(write(file, drawn(600, 0.25, 0.5, errors=1)), 1000), TALKS, BOUNDS)
    assert [text.partition(":")[0] for text in failing.alerts] == ["a call failed"]


def test_slow_turns_are_an_alert_and_few_turns_say_nothing(tmp_path: Path) -> None:
    slow = [*drawn(570, 0.25, 0.5), *drawn(30, 0.25, 0.5, seconds=30.0)]
    found = watch(read_turns(write(tmp_path / "a.jsonl", slow), 1000), TALKS, BOUNDS)
    assert found.alerts == ["p95 30.0 s, at most 10 s"]
    few = watch(read_turns(write(tmp_path / "b.jsonl", drawn(99, 1.0, 0.0)), 1000), TALKS, BOUNDS)
    assert few.alerts == [] and not few.is_enough and any(one.is_alert for one in few.drifts)


def test_the_last_turns_count_and_bad_lines_are_counted(tmp_path: Path) -> None:
    file = write(tmp_path / "turns.jsonl", [*drawn(500, 1.0, 0.0), {"no": "turn"}, *drawn(200, 0.25, 0.5)])
    served = read_turns(file, 200)
    assert (len(served.turns), served.bad) == (200, 1)
    assert watch(served, TALKS, BOUNDS).alerts == []
    with pytest.raises(ConfigError, match="cannot be read"):
        read_turns(tmp_path / "none.jsonl", 5)


def test_the_page_escapes_and_shows_every_figure(tmp_path: Path) -> None:
    rows = drawn(150, 0.25, 0.5, model="<script>alert(1)</script>")
    found = watch(read_turns(write(tmp_path / "t.jsonl", rows), 1000), TALKS, BOUNDS)
    text = write_page(found, "conversations/f11c", tmp_path).read_text("utf-8")
    assert "<script>" not in text and "first tool of a turn" in text and "conversations/f11c" in text


@pytest.mark.parametrize(("share", "code"), [(0.25, 0), (0.8, 1)])
def test_the_command_fails_where_something_has_drifted(tmp_path: Path, share: float, code: int) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    store.write_table("conversations", to_table("conversations", TALKS), "a" * 64)
    write(tmp_path / "serving" / "turns.jsonl", drawn(400, share, 0.5))
    done = CliRunner().invoke(app, ["feedback", "report", "--home", str(tmp_path), "--json"])
    assert done.exit_code == code, done.output
    found = json.loads(done.stdout)
    assert found["turns"] == 400 and bool(found["alerts"]) == bool(code)
    assert Path(found["page"]).is_file()


def test_without_turns_the_command_says_what_writes_them(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["feedback", "report", "--home", str(tmp_path)])
    assert done.exit_code == 2
