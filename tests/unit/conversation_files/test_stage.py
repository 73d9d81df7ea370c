"""The stage `conversations` with a file: contract, manifest, key, and the way back from an export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.commands.artifact_export import parsed, rows_of
from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.errors import ConfigError
from muse_core.fingerprint import fingerprint
from muse_core.records import from_table
from muse_core.stages import augment, catalog, conversations, profiles
from muse_core.types import ArtifactRef
from tasks.gate import open_store
from tests.unit.conversation_files.builders_chats import chat, said, user


def config(file: Path | None = None, **talk: int) -> RunConfig:
    given = {"file": None if file is None else str(file), **talk}
    sizes = {"catalog": {"synthetic_products": 150}, "profiles": {"count": 120}}
    return RunConfig.model_validate(sizes | {"conversations": given})


def context(store: ArtifactStore, name: str) -> StageContext:
    return StageContext(store, name * 64, store.root / "work" / name, seed=3)


class Shop:
    """A store with products and profiles."""

    def __init__(self, root: Path) -> None:
        self.store = open_store(root)
        self.catalog = catalog.run(config(), ctx=context(self.store, "a"))
        self.profiles = profiles.run(config(), catalog=self.catalog, ctx=context(self.store, "b"))

    def talk(self, settings: RunConfig, name: str = "c") -> ArtifactRef:
        ctx = context(self.store, name)
        return conversations.run(settings, catalog=self.catalog, profiles=self.profiles, ctx=ctx)

    def key(self, settings: RunConfig) -> str:
        inputs = {"catalog": self.catalog, "profiles": self.profiles}
        return fingerprint("conversations", settings, inputs).value


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "store")


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


def test_good_lines_are_published_and_bad_ones_listed(shop: Shop, tmp_path: Path) -> None:
    good = [chat(user(f"hello {n}"), said("Hi!")) for n in range(3)]
    good[1]["messages"].append(user("ok, thanks"))
    file = write(tmp_path / "mine.jsonl", good[0], {"messages": []}, *good[1:], 7)
    ref = shop.talk(config(file))
    manifest = shop.store.manifest(ref)
    assert ref.rows == 3 and manifest["validated_by"].startswith("gx:")
    assert manifest["metrics"]["rejected"] == 2 and manifest["metrics"]["trailing_user_cut"] == 1
    assert manifest["metrics"]["replay_rate"] == 1
    assert [text.partition(":")[0] for text in manifest["about"]["rejected"]] == ["line 2", "line 5"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("{a\n{}\n", "none of its 2"),
        ("a\nb\n", "cannot be read as JSON"),
    ],
)
def test_a_file_without_a_usable_line_is_refused(text: str, said: str, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        shop.talk(config(file))


def test_the_key_follows_the_content_and_not_the_name(shop: Shop, tmp_path: Path) -> None:
    file, other = write(tmp_path / "a.jsonl", chat()), write(tmp_path / "b.jsonl", chat())
    assert shop.key(config(file)) == shop.key(config(other)) != shop.key(config())
    before = shop.key(config(file))
    write(file, chat(), chat(id="2"))
    assert shop.key(config(file)) != before


def test_a_wrong_path_is_refused_with_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"conversations\.file: .*none\.jsonl is not a file"):
        load_config("quickstart", overrides=[f"conversations.file={tmp_path}/none.jsonl"])


def test_exported_conversations_come_back_as_they_were(shop: Shop, tmp_path: Path) -> None:
    simulated = shop.talk(config(count=120))
    rows = rows_of(shop.store.read_table(simulated))
    file = write(tmp_path / "mine.jsonl", *(parsed(row) for row in rows))
    again = shop.talk(config(file), "d")
    assert shop.store.manifest(again)["metrics"]["rejected"] == 0
    before, after = (from_table("conversations", shop.store.read_table(ref)) for ref in (simulated, again))
    assert [one.messages for one in after] == [one.messages for one in before]
    assert [one.side for one in after] == [one.side for one in before]
    shops = [one.shop for one in before]
    assert [one.shop for one in after] == shops and 20 < sum(name is not None for name in shops) < 100
    decisions = [[label.decision for label in one.labels] for one in before]
    assert [[label.decision for label in one.labels] for one in after] == decisions


def test_a_made_up_shop_stays_on_its_side(shop: Shop, tmp_path: Path) -> None:
    """And a log's own word for a shop is none of ours."""
    rows = rows_of(shop.store.read_table(shop.talk(config(count=120))))
    elsewhere = next(one for one in map(parsed, rows) if one["shop"] is not None and one["side"] == "train")
    moved = elsewhere | {"shop": elsewhere["shop"].replace("-train-", "-test-"), "conversation_id": "c2"}
    branch = chat(user("hello"), said("Hi!"), shop="Pune branch")
    nobody = {key: value for key, value in elsewhere.items() if key != "profile_id"}
    file = write(tmp_path / "mine.jsonl", elsewhere, moved, branch, nobody)
    ref = shop.talk(config(file), "d")
    reason, unnamed = shop.store.manifest(ref)["about"]["rejected"]
    assert unnamed.startswith("line 4: it happened in the made-up shop") and "no profile_id" in unnamed
    assert reason.startswith("line 2: it happened in the made-up shop") and "train side" in reason
    kept = from_table("conversations", shop.store.read_table(ref))
    assert [one.shop for one in kept] == [elsewhere["shop"], None]


def test_augment_reads_them(shop: Shop, tmp_path: Path) -> None:
    rows = rows_of(shop.store.read_table(shop.talk(config(count=240, other_shops=0))))
    file = write(
        tmp_path / "mine.jsonl", *(parsed({k: row[k] for k in ("messages", "profile_id")}) for row in rows)
    )
    settings = config(file)
    talk = shop.talk(settings, "d")
    inputs = {"catalog": shop.catalog, "profiles": shop.profiles, "conversations": talk}
    scored = augment.run(settings, **inputs, base=talk, ctx=context(shop.store, "e"))  # n-grams need no base
    assert scored.rows > 200
