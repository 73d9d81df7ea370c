"""The stage `conversations` with logs: contract, replay, sides, wordings, the file to label, the key."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.errors import ConfigError
from muse_core.fingerprint import fingerprint
from muse_core.records import calls_of, from_table
from muse_core.stages import catalog, conversations, profiles
from muse_core.types import ArtifactRef, Conversation
from muse_core.utterances.origin import logged_by
from tasks.gate import open_store

ASKED = [
    "show me black shirts under 1000", "red kurta", "mujhe neeli saree dikhao 2000 tak",
    "लाल कुर्ता दिखाओ 1500 तक",
    "do you have white sneakers for women", "suggest a watch for men", "cotton bedsheet", "hello there",
    "arre bhaiya cotton ki shirt milegi kya",
]  # fmt: skip
NOT_READ = ["=cmd|'/c calc'!A1", "zorblax quux", "mail a@b.com about my order"]


def config(*files: Path, **talk: Any) -> RunConfig:
    given = {"utterances": [str(file) for file in files], "count": 60, **talk}
    sizes = {"catalog": {"synthetic_products": 200}, "profiles": {"count": 40}}
    return RunConfig.model_validate(sizes | {"conversations": given})


class Shop:
    """A store with products and profiles."""

    def __init__(self, root: Path) -> None:
        self.store: ArtifactStore = open_store(root)
        self.catalog = catalog.run(config(), ctx=self.context("a"))
        self.profiles = profiles.run(config(), catalog=self.catalog, ctx=self.context("b"))

    def context(self, name: str) -> StageContext:
        return StageContext(self.store, name * 64, self.store.root / "work" / name, seed=3)

    def talk(self, settings: RunConfig, name: str = "c") -> ArtifactRef:
        inputs = {"catalog": self.catalog, "profiles": self.profiles}
        return conversations.run(settings, **inputs, ctx=self.context(name))

    def logged(self, ref: ArtifactRef) -> list[Conversation]:
        rows = from_table("conversations", self.store.read_table(ref))
        return [one for one in rows if logged_by(one)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("home") / "artifacts")


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_is_read_becomes_conversations_that_replay_and_pass_the_contract(
    shop: Shop, tmp_path: Path
) -> None:
    ref = shop.talk(config(write(tmp_path / "log.txt", ASKED + NOT_READ), utterance_share=1.0))
    manifest, logged = shop.store.manifest(ref), shop.logged(ref)
    assert manifest["validated_by"].startswith("gx:") and manifest["metrics"]["replay_rate"] == 1
    said = {one.messages[1].content: one for one in logged}
    assert set(said) == set(ASKED)
    call = calls_of(said["mujhe neeli saree dikhao 2000 tak"].messages)[0]
    assert (call.name, call.arguments) == ("search", {"query": "saree", "colour": "blue", "max_price": 2000})
    assert said["suggest a watch for men"].labels[0].decision == "recommend"
    assert said["hello there"].labels[0].decision == "none"
    assert {one.language for one in logged} == {"en", "hi", "mixed"}
    assert manifest["metrics"]["utterances_read"] == len(ASKED)
    assert manifest["metrics"]["utterances_personal"] == 1


def test_what_is_not_read_waits_for_labels_in_a_table_without_formulas(shop: Shop, tmp_path: Path) -> None:
    ref = shop.talk(config(write(tmp_path / "log.txt", ASKED + NOT_READ)), "d")
    path = Path(shop.store.manifest(ref)["about"]["utterances"]["to_label"])
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert {row["query"] for row in rows} == {
        "'=cmd|'/c calc'!A1",
        "zorblax quux",
        "mail [email] about my order",
    }
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_a_labelled_table_comes_back_and_says_that_people_read_it(shop: Shop, tmp_path: Path) -> None:
    ref = shop.talk(config(write(tmp_path / "log.txt", ASKED + NOT_READ)), "e")
    path = Path(shop.store.manifest(ref)["about"]["utterances"]["to_label"])
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    for row in rows:
        row["tool"], row["arguments"] = "search", "query='shirt', max_price=500"
    back = tmp_path / "back.csv"
    with back.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    logged = shop.logged(shop.talk(config(back, utterance_share=1.0), "f"))
    assert {logged_by(one) for one in logged} == {"people"}
    assert "=cmd|'/c calc'!A1" in {one.messages[1].content for one in logged}
    assert all(calls_of(one.messages)[0].arguments == {"query": "shirt", "max_price": 500} for one in logged)


def test_half_a_label_comes_back_with_what_is_wrong(shop: Shop, tmp_path: Path) -> None:
    """First in the table, with what the person wrote still beside it."""
    back = tmp_path / "back.csv"
    rows = [
        "query,count,tool,arguments", "zorblax a,9,,", 'zorblax b,1,,"query=\'shirt\'"', "zorblax c,1,serch,",
        'zorblax d,1,search,"colr=\'red\'"', 'zorblax e,1,search,query=shirt', "zorblax f,1,none,",
    ]  # fmt: skip
    ref = shop.talk(config(write(back, rows), utterance_share=1.0), "8")
    assert [one.messages[1].content for one in shop.logged(ref)] == ["zorblax f"]
    about = shop.store.manifest(ref)["about"]["utterances"]
    assert about["reasons"]["label that cannot be read"] == 4
    table = list(csv.DictReader(io.StringIO(Path(about["to_label"]).read_text("utf-8-sig"))))
    assert table[-1]["query"] == "zorblax a" and table[-1]["tool"] == ""
    told = {row["query"]: (row["tool"], row["arguments"], row["reason"]) for row in table[:-1]}
    assert set(told) == {"zorblax b", "zorblax c", "zorblax d", "zorblax e"}
    assert (
        told["zorblax b"][1:] == ("query='shirt'", told["zorblax b"][2]) and "no tool" in told["zorblax b"][2]
    )
    assert told["zorblax c"][0] == "serch" and "is no tool" in told["zorblax c"][2]
    assert "colr" in told["zorblax d"][2] and "cannot be read" in told["zorblax e"][2]


def test_a_tenth_is_held_out_by_the_request_alone(shop: Shop, tmp_path: Path) -> None:
    colours = ["red", "blue", "black", "white", "green", "pink", "grey", "maroon", "beige", "yellow"]
    nouns = ["shirt", "kurta", "saree", "dress", "jacket", "watch", "belt", "handbag", "lamp", "towel"]
    lines = [f"{colour} {noun}" for colour in colours for noun in nouns]
    first = shop.logged(
        shop.talk(config(write(tmp_path / "a.txt", lines), utterance_share=1.0, count=200), "1")
    )
    again = [f"  {line.upper()}!" for line in reversed(lines)]
    other = shop.logged(
        shop.talk(config(write(tmp_path / "b.txt", again), utterance_share=1.0, count=200), "2")
    )
    assert {one.conversation_id: one.side for one in first} == {
        one.conversation_id: one.side for one in other
    }
    assert 3 <= sum(one.side == "test" for one in first) <= 20


def test_the_key_follows_the_content_of_a_log(shop: Shop, tmp_path: Path) -> None:
    inputs = {"catalog": shop.catalog, "profiles": shop.profiles}

    def key(settings: RunConfig) -> str:
        return fingerprint("conversations", settings, inputs).value

    one, same = write(tmp_path / "a.txt", ASKED), write(tmp_path / "b.txt", ASKED)
    assert key(config(one)) == key(config(same)) != key(config())
    before = key(config(one))
    write(one, ASKED[1:])
    assert key(config(one)) != before


def test_the_frequencies_of_a_log_weigh_what_shoppers_ask_for(shop: Shop, tmp_path: Path) -> None:
    """In the own shop and on the train side; by half of `utterance_goals` at a hundred different requests."""
    colours = ["red", "blue", "black", "white", "green", "pink", "grey", "maroon", "beige", "yellow"]
    lines = [
        f"{colour} {noun} under {n}00"
        for colour in colours
        for noun in ("watch", "belt")
        for n in range(3, 12)
    ]
    log = write(tmp_path / "log.txt", lines)
    plain = {"count": 300, "other_shops": 0.0, "utterance_share": 0.0}
    typed, still, none = (
        shop.talk(config(*files, utterance_goals=goals, **plain), name)
        for files, goals, name in (((log,), 1.0, "5"), ((log,), 0.0, "6"), ((), 1.0, "7"))
    )

    def nouns(ref: ArtifactRef, side: str) -> float:
        rows = from_table("conversations", shop.store.read_table(ref))
        calls = [
            call for one in rows if one.side == side and not logged_by(one) for call in calls_of(one.messages)
        ]
        searches = [str(call.arguments.get("query", "")) for call in calls if call.name == "search"]
        return sum(one.endswith(("watch", "belt")) for one in searches) / len(searches)

    assert nouns(typed, "train") > 3 * nouns(none, "train")
    assert nouns(typed, "test") < 2 * nouns(none, "test") + 0.1
    manifest = shop.store.manifest(typed)
    assert 0.5 < manifest["metrics"]["utterances_goals"] < 0.7
    told = manifest["about"]["utterances"]["demand"]
    assert set(told["nouns"]) == {"watch", "belt"} and told["moves"] == {"complete": 1.0}
    assert told["scripts"] == {"en": 1.0} and set(told["limits"]) == {"colour", "max_price"}
    assert shop.store.manifest(still)["metrics"]["utterances_goals"] == 0


def test_a_log_of_nothing_is_refused(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is empty"):
        shop.talk(config(write(tmp_path / "log.txt", [" "])), "4")
