"""Ratings come back: every fault is listed with its place, and the figures are those of a hand count."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.commands.human_eval import import_ratings
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError, ContractViolation
from muse_core.evaluation.human import figures
from muse_core.evaluation.human.agreement import alpha
from muse_core.evaluation.human.items import test_items, train_items
from muse_core.evaluation.human.key import write_key
from muse_core.evaluation.human.ratings_file import checksum
from muse_core.evaluation.human.record import record_ratings
from muse_core.evaluation.human.study import make_study
from muse_core.preferences.people import pairs_of_people, with_people
from muse_core.records import from_table
from muse_core.types import ArtifactRef, Message
from tests.unit.evaluation.human.builders_human import finished_run, rate, save

SCORES = {"base": 1, "sft": 3, "dpo": 4, "chosen": 4, "rejected": 2}
Draw = Callable[..., Any]


@pytest.fixture(autouse=True)
def short_bootstrap(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here looks at where an interval ends."""
    monkeypatch.setattr(figures, "RESAMPLES", 50)


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, ArtifactStore, dict[str, Any], dict[str, Any]]:
    import numpy as np

    home = tmp_path_factory.mktemp("home")
    store = finished_run(home)
    keys = []
    for draw in (test_items, train_items):
        study = make_study(draw(store, 9, np.random.default_rng(3)), 3, 3)
        write_key(home, study)
        keys.append(study.key)
    return home, store, keys[0], keys[1]


def test_figures_are_those_of_a_hand_count(run: Any, tmp_path: Path) -> None:
    home, store, key, _ = run
    files = [save(tmp_path, rate(key, rater, SCORES.__getitem__)) for rater in ("r1", "r2", "r3")]
    said = record_ratings(home, store, files, False)
    assert said["ratings"] == 27 and said["skipped"] == 0 and len(said["raters"]) == 3
    assert all(said["alpha"][name]["value"] == 1.0 for name in said["alpha"])
    assert said["means"]["base"]["fluency"]["value"] == 1.0
    wins = {(one["model"], one["opponent"]): one for one in said["preferences"]}
    for (model, opponent), one in wins.items():
        met = [i for i in key["items"].values() if set(i["models"]) == {model, opponent}]
        equal = sum(i["same"] for i in met)
        assert (one["won"], one["tied"], one["lost"]) == (3 * (len(met) - equal), 3 * equal, 0)
        assert one["value"] == pytest.approx((len(met) - equal / 2) / len(met))
    assert said["headline"][-1].startswith("preference (alpha 1.00): sft over base 100 %")
    table = store.read_table(ArtifactRef(**store.latest("ratings", "human-eval")["ref"]))  # type: ignore[index]
    for row in table.to_pylist():
        models = key["items"][row["item_id"]]["models"]
        flipped = row["item_id"] in key["raters"][row["rater_id"]]["second_is_a"]
        assert [row["model_a"], row["model_b"]] == (models[::-1] if flipped else models)
        assert row["preferred_model"] == ("tie" if row["same_answer"] else models[-1])
    assert json.loads(json.dumps(said, allow_nan=False)) == said


def test_raters_who_disagree_give_no_headline(run: Any, tmp_path: Path) -> None:
    home, store, key, _ = run
    against = {"base": 5, "sft": 2, "dpo": 1}
    files = [
        save(tmp_path, rate(key, "r1", SCORES.__getitem__)),
        save(tmp_path, rate(key, "r2", against.__getitem__)),
    ]
    said = record_ratings(home, store, files, False)
    assert said["alpha"]["preference"]["value"] < 0
    assert all(line.startswith("no headline for") and "below 0.67" in line for line in said["headline"])
    alone = record_ratings(home, store, files[:1], False)
    assert alone["headline"][-1] == "no headline for preference: no item was rated by two people"
    assert alone["alpha"]["fluency"]["value"] is None


def test_the_order_of_files_and_skipped_items(run: Any, tmp_path: Path) -> None:
    home, store, key, _ = run
    gone = {"status": "skipped", "a": None, "b": None, "preference": None}
    files = [
        save(tmp_path, rate(key, "r1", SCORES.__getitem__, i001=gone, i005=gone)),
        save(tmp_path, rate(key, "r2", SCORES.__getitem__)),
    ]
    one, two = record_ratings(home, store, files, False), record_ratings(home, store, files[::-1], False)
    assert one == two and one["ratings"] == 16 and one["skipped"] == 2
    all_gone = rate(key, "r3", SCORES.__getitem__, **dict.fromkeys(key["items"], gone))
    with pytest.raises(ConfigError, match="every item was skipped"):
        record_ratings(home, store, [save(tmp_path, all_gone)], False)


def test_alpha_is_the_published_one() -> None:
    """Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, the example of section D."""
    table = [
        "1 2 3 3 2 1 4 1 2 * * *", "1 2 3 3 2 2 4 1 2 5 * 3",
        "* 3 3 3 2 3 4 2 2 5 1 *", "1 2 3 3 2 4 4 1 2 5 1 *",
    ]  # fmt: skip
    votes: dict[Any, dict[str, Any]] = {}
    for rater, row in enumerate(table):
        for unit, value in enumerate(row.split()):
            if value != "*":
                votes.setdefault(unit, {})[str(rater)] = int(value)
    assert alpha(votes, "nominal") == pytest.approx(0.743, abs=5e-4)
    assert alpha(votes, "ordinal") == pytest.approx(0.815, abs=5e-4)
    assert alpha({1: {"a": 3, "b": 3}}, "ordinal") is None


# ---- bad input ------------------------------------------------------------------------------------


def _edit(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body["ratings"][2].update(values)


BAD: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (_edit(seconds=31), "its check"),
    (_edit(preference="C"), r"line 4, item i003: preference is 'C', expected A, B or tie"),
    (_edit(seconds=-1), "seconds is -1, expected a whole number from 0"),
    (_edit(comment=None), "comment is None"),
    (_edit(status="maybe"), "status is 'maybe'"),
    (_edit(status="skipped"), "skipped, and yet scored"),
    (_edit(extra=1), "fields missing or unknown: extra"),
    (_edit(item="i999"), "item i999: not an item of this study"),
    (lambda body: body["ratings"][2]["a"].update(fluency=7), r"line 4, item i003: a.fluency is 7, expected"),
    (lambda body: body["ratings"][2]["b"].update(fluency=True), "b.fluency is True"),
    (lambda body: body["ratings"][2]["a"].pop("fluency"), r"half-filled: a\.fluency is missing"),
    (lambda body: body["ratings"].pop(), "half-filled: no rating of i009"),
    (lambda body: body["ratings"].append(body["ratings"][0]), "item i001: rated more than once"),
    (lambda body: body.update(rater="r9"), "found rater 'r9', expected one of r1, r2, r3"),
    (lambda body: body.update(pack="0" * 64), "is not the page that was made for r1"),
    (lambda body: body.update(study="ffffffffffff"), "no study ffffffffffff was made below"),
    (lambda body: body.update(format="muse-rating-progress@1"), "this is saved progress, not ratings"),
    (lambda body: body.update(format="x"), "found format 'x', expected 'muse-ratings@1'"),
    (lambda body: body.update(ratings=[1]), r"wrong, missing or unknown: ratings\[0\]"),
]


@pytest.mark.parametrize(("spoil", "said"), BAD, ids=[said for _, said in BAD])
def test_a_bad_file_is_refused_with_its_place(
    run: Any, tmp_path: Path, spoil: Callable[[dict[str, Any]], None], said: str
) -> None:
    home, _, key, _ = run
    body = json.loads(json.dumps(rate(key, "r1", SCORES.__getitem__)))
    spoil(body)
    if "check" not in said and body["ratings"] != [1]:
        body["check"] = checksum(body) if "missing" not in said else body["check"]
    store = ArtifactStore(tmp_path / "fresh")
    with pytest.raises(ConfigError, match=said):
        record_ratings(home, store, [save(tmp_path, body)], False)
    assert store.list() == []


def test_ratings_that_are_no_list_are_refused(run: Any, tmp_path: Path) -> None:
    home, _, key, _ = run
    file = tmp_path / "r1.json"
    file.write_text(json.dumps(json.loads(json.dumps(rate(key, "r1", SCORES.__getitem__))) | {"ratings": 1}))
    with pytest.raises(ConfigError, match=r"wrong, missing or unknown: ratings;"):
        record_ratings(home, ArtifactStore(tmp_path / "fresh"), [file], False)


def test_all_problems_of_all_files_are_listed(run: Any, tmp_path: Path) -> None:
    home, store, key, _ = run
    one = json.loads(json.dumps(rate(key, "r1", SCORES.__getitem__)))
    one["ratings"][0]["seconds"], one["ratings"][4]["preference"] = "3", None
    good = rate(key, "r2", SCORES.__getitem__)
    files = [save(tmp_path, one), save(tmp_path, good), save(tmp_path, good, "again.json")]
    with pytest.raises(ConfigError) as caught:
        record_ratings(home, store, files, False)
    assert len(caught.value.problems) == 3
    assert "again.json: rater r2 is already in" in caught.value.problems[2]


def test_unreadable_files_and_mixed_studies(run: Any, tmp_path: Path) -> None:
    home, store, key, other = run
    (tmp_path / "cut.json").write_text('{"format": "muse-ratings@1",\n "stu')
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "list.json").write_text("[]")
    names = ["cut.json", "bytes.json", "list.json", "absent.json"]
    files = [tmp_path / name for name in names]
    files += [
        save(tmp_path, rate(key, "r1", SCORES.__getitem__)),
        save(tmp_path, rate(other, "r2", SCORES.__getitem__)),
    ]
    with pytest.raises(ConfigError) as caught:
        record_ratings(home, store, files, False)
    text = str(caught.value)
    for said in (
        "cut.json: it is not JSON",
        "line 2",
        "byte 0 is not UTF-8",
        "found format None",
        "No such file",
    ):
        assert said in text
    assert "found files of 2 studies, expected one" in text


# ---- pairs ----------------------------------------------------------------------------------------


def test_test_side_ratings_never_become_pairs(run: Any, tmp_path: Path) -> None:
    home, _, key, _ = run
    store = ArtifactStore(tmp_path / "fresh")
    with pytest.raises(ConfigError, match="rated test-side conversations, which must never be trained on"):
        record_ratings(home, store, [save(tmp_path, rate(key, "r1", SCORES.__getitem__))], True)
    assert store.list() == []


def test_train_side_preferences_become_pairs(run: Any, tmp_path: Path) -> None:
    from tasks.gate import open_store

    home, store, _, key = run
    likes = {"chosen": 2, "rejected": 4}
    tie = {"a": dict.fromkeys(("tool_appropriateness", "argument_quality", "fluency", "helpfulness"), 3)}
    tie |= {"b": tie["a"], "preference": "tie"}  # type: ignore[dict-item]
    files = [save(tmp_path, rate(key, rater, likes.__getitem__, i001=tie)) for rater in ("r1", "r2")]
    said = record_ratings(home, open_store(store.root), files, True)
    assert said["pairs"]["kept"] == 8 and said["pairs"]["dropped"] == {"as many votes for as against": 1}
    manifest = store.latest("preference_pairs", "human-eval")
    assert manifest is not None and manifest["validated_by"].startswith("gx:")
    pairs = from_table("preference_pairs", store.read_table(ArtifactRef(**manifest["ref"])))
    assert {pair.side for pair in pairs} == {"train"}
    for pair in pairs:
        assert (pair.chosen_score, pair.rejected_score) == (4.0, 2.0)
        assert pair.chosen[0].content == "Hello! How can I help?"  # what the reward had rejected
        assert pair.evidence["reward_agrees"] is False and pair.evidence["votes"]["for"] == 2
    assert said["preferences"][0]["value"] == pytest.approx(1 / 18)


def test_from_the_command_to_the_pairs_that_are_trained_on(run: Any, tmp_path: Path, capsys: Any) -> None:
    home, store, _, key = run
    likes = {"chosen": 2, "rejected": 4}
    files = [save(tmp_path, rate(key, rater, likes.__getitem__)) for rater in ("r1", "r2", "r3")]
    import_ratings(files, True, True, home)
    said = json.loads(capsys.readouterr().out)
    assert said["pairs"]["kept"] == 9
    assert any("9 pairs are too few to probe" in line for line in said["warnings"])
    talks = _of(store, "conversations")
    people = pairs_of_people(store, said["pairs"]["path"], talks)
    mined = _of(store, "preference_pairs", "pairs")
    joined = with_people(mined, people)
    assert len(joined) == len(mined) and sum(pair.pair_id.endswith(".people") for pair in joined) == 9
    assert not {pair.pair_id for pair in people} & {pair.pair_id for pair in mined}


def test_pairs_that_must_not_be_trained_on(run: Any, tmp_path: Path) -> None:
    home, store, _, key = run
    files = [
        save(tmp_path, rate(key, rater, {"chosen": 2, "rejected": 4}.__getitem__)) for rater in ("r1", "r2")
    ]
    said = record_ratings(home, store, files, True)
    talks = _of(store, "conversations")
    with pytest.raises(ConfigError, match="is preference_pairs that no people judged"):
        pairs_of_people(store, store.latest("preference_pairs", "pairs")["ref"]["path"], talks)
    others = [replace(talk, side="test") for talk in talks]
    with pytest.raises(ConfigError, match="9 of 9 pairs are not of this run's train side"):
        pairs_of_people(store, said["pairs"]["path"], others)
    reworded = [replace(one, messages=(Message("system", "x"), *one.messages[1:])) for one in talks]
    with pytest.raises(ConfigError, match="not of this run's train side"):
        pairs_of_people(store, said["pairs"]["path"], reworded)


def _of(store: ArtifactStore, kind: str, stage: str | None = None) -> list[Any]:
    refs = [ref for ref in store.list() if ref.kind == kind]
    ref = ArtifactRef(**store.latest(kind, stage)["ref"]) if stage else refs[0]  # type: ignore[index]
    return from_table(kind, store.read_table(ref))


def test_the_gate_is_asked_before_the_first_table_is_written(run: Any, tmp_path: Path) -> None:
    home, store, _, key = run

    def no_pairs(kind: str, table: Any) -> str:
        if kind == "preference_pairs":
            raise ContractViolation("no")
        return "yes"

    strict = ArtifactStore(store.root, no_pairs)
    before = store.list()
    with pytest.raises(ContractViolation):
        record_ratings(home, strict, [save(tmp_path, rate(key, "r3", SCORES.__getitem__))], True)
    assert store.list() == before


@pytest.mark.parametrize("depth", [70, 900, 100_000])
def test_deeply_nested_ratings_are_refused(depth: int, run: Any, tmp_path: Path) -> None:
    home, store, key, _ = run
    path = save(tmp_path, rate(key, "r1", SCORES.__getitem__))
    path.write_text(
        path.read_text().replace('"ratings": [', '"ratings": [' + "[" * depth + "]" * depth + ", ", 1)
    )
    with pytest.raises(ConfigError, match="nested too deeply"):
        record_ratings(home, store, [path], False)
