"""The artifact store keeps its promises: whole or absent, verified, replaced when damaged."""

from __future__ import annotations

import json
import logging
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from data_contracts.schemas import SCHEMAS
from muse_core import records
from muse_core.artifacts import ArtifactStore, check_arrow_schema, key_of
from muse_core.errors import ArtifactError, ContractViolation
from muse_core.types import ArtifactRef
from tests import builders

KEY = "ab" * 32


def profiles(*names: str) -> pa.Table:
    return records.to_table("profiles", [builders.profile(profile_id=name) for name in names or ("u1", "u2")])


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def left_over(store: ArtifactStore) -> list[Path]:
    return list((store.root / "tmp").iterdir())


def test_what_is_written_can_be_found_and_read(store: ArtifactStore) -> None:
    ref = store.write_table("profiles", profiles(), KEY, metrics={"count": 2}, about={"note": "x"})
    assert (ref.kind, ref.contract, ref.rows) == ("profiles", "profiles@1", 2)
    assert ref.path == f"profiles/{KEY[:16]}/data.parquet"
    assert store.find("profiles", KEY) == ref
    assert store.read_table(ref).equals(profiles())
    assert store.read_table(ref, columns=["profile_id"]).column_names == ["profile_id"]
    manifest = store.manifest(ref)
    assert manifest["metrics"] == {"count": 2.0} and manifest["about"] == {"note": "x"}
    assert manifest["fingerprint"] == KEY and manifest["validated_by"] == "arrow schema"
    assert manifest["libraries"]["pyarrow"] == pa.__version__
    assert left_over(store) == []


def test_equal_tables_give_equal_bytes_however_they_are_chunked(store: ArtifactStore) -> None:
    whole = profiles("u1", "u2", "u3")
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1)]).replace_schema_metadata({"made": "today"})
    first, second = (
        store.write_table("profiles", whole, KEY),
        store.write_table("profiles", pieces, "cd" * 32),
    )
    assert first.digest == second.digest


@pytest.mark.parametrize("kind", ["profiles", "conversations"])
def test_a_table_that_was_read_is_written_back_as_the_same_bytes(store: ArtifactStore, kind: str) -> None:
    """Reading leaves marks on the fields of nested columns."""
    one = {"profiles": builders.profile, "conversations": builders.conversation}[kind]()
    first = store.write_table(kind, records.to_table(kind, [one]), KEY)
    back = store.write_table(kind, store.read_table(first), "cd" * 32)
    assert back.digest == first.digest


def test_folders_are_published_whole(store: ArtifactStore) -> None:
    def fill(folder: Path) -> None:
        (folder / "deep").mkdir()
        (folder / "deep" / "weights").write_bytes(b"123")

    ref = store.write_folder("model", fill, KEY)
    assert (store.folder(ref) / "deep" / "weights").read_bytes() == b"123"
    assert store.find("model", KEY) == ref and ref.nbytes == 3


@pytest.mark.parametrize("fill", [lambda folder: None, lambda folder: 1 / 0])
def test_a_folder_that_fails_or_stays_empty_leaves_nothing(store: ArtifactStore, fill: object) -> None:
    with pytest.raises((ArtifactError, ZeroDivisionError)):
        store.write_folder("model", fill, KEY)  # type: ignore[arg-type]
    assert store.find("model", KEY) is None and store.list() == [] and left_over(store) == []


@pytest.mark.parametrize("damage", ["flip", "cut", "delete", "manifest"])
def test_damage_is_noticed_said_and_repaired(
    store: ArtifactStore, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    ref = store.write_table("profiles", profiles(), KEY)
    assert store.find("profiles", KEY) == ref
    path = store.root / ref.path
    if damage == "flip":
        content = bytearray(path.read_bytes())
        content[40] ^= 1
        path.write_bytes(content)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    elif damage == "delete":
        path.unlink()
    else:
        path.with_name("manifest.json").write_text("{")
    with caplog.at_level(logging.WARNING):
        assert store.find("profiles", KEY) is None
    assert "profiles/" in caplog.text and "run again" in caplog.text
    assert [one.path for one in store.verify()] == [f"profiles/{KEY[:16]}"]
    if damage != "manifest":
        with pytest.raises(ArtifactError, match="run the stage"):
            store.read_table(ref)
    again = store.write_table("profiles", profiles(), KEY)
    assert again == ref and store.find("profiles", KEY) == ref and store.verify() == []
    assert left_over(store) == []


def test_a_damaged_folder_is_refused(store: ArtifactStore) -> None:
    ref = store.write_folder("model", lambda folder: (folder / "a").write_text("1") and None, KEY)
    store.folder(ref)
    (store.root / ref.path / "a").write_text("2")
    with pytest.raises(ArtifactError, match="damaged"):
        store.folder(ref)
    assert store.find("model", KEY) is None


def test_another_contract_version_is_foreign(store: ArtifactStore, caplog: pytest.LogCaptureFixture) -> None:
    ref = store.write_table("profiles", profiles(), KEY)
    path = (store.root / ref.path).with_name("manifest.json")
    path.write_text(path.read_text().replace("profiles@1", "profiles@0"))
    assert store.find("profiles", KEY) is None
    assert "profiles@0" in caplog.text
    with pytest.raises(ArtifactError, match="profiles@0"):
        store.read_table(ArtifactRef(**{**ref.__dict__, "contract": "profiles@0"}))


def test_two_fingerprints_with_the_same_folder_name_are_told_apart(store: ArtifactStore) -> None:
    store.write_table("profiles", profiles(), KEY)
    assert store.find("profiles", KEY[:16] + "0" * 48) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.drop_columns(["city"]), "'city' is missing"),
        (lambda t: t.append_column("extra", pa.array([1, 2])), "'extra' is not in the contract"),
        (lambda t: t.set_column(9, "budget_min", pa.array(["a", "b"])), "'budget_min' has type string"),
        (lambda t: t.select(t.column_names[::-1]), "another order"),
    ],
)
def test_a_wrong_schema_is_not_published(store: ArtifactStore, change: object, said: str) -> None:
    with pytest.raises(ContractViolation, match=said):
        store.write_table("profiles", change(profiles()), KEY)  # type: ignore[operator]
    assert not (store.root / "profiles").exists()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ContractViolation, match="known kinds"):
        check_arrow_schema("shoes", profiles())


def test_the_validator_has_a_veto(tmp_path: Path) -> None:
    def refuse(kind: str, table: pa.Table) -> str:
        raise ContractViolation("no")

    store = ArtifactStore(tmp_path, refuse)
    with pytest.raises(ContractViolation):
        store.write_table("profiles", profiles(), KEY)
    assert store.list() == []


def test_changed_rules_revalidate_without_recomputing(tmp_path: Path) -> None:
    asked: list[str] = []

    def approve(kind: str, table: pa.Table) -> str:
        asked.append(kind)
        return f"rules {len(asked)}"

    store = ArtifactStore(tmp_path, approve, lambda kind: "rules 1")
    ref = store.write_table("profiles", profiles(), KEY)
    store.revalidate(ref)
    assert len(asked) == 1
    newer = ArtifactStore(tmp_path, approve, lambda kind: "rules 2")
    newer.revalidate(ref)
    assert len(asked) == 2 and newer.manifest(ref)["validated_by"] == "rules 2"
    assert newer.find("profiles", KEY) == ref


def test_a_stage_store_stamps_its_manifests(tmp_path: Path) -> None:
    times = iter([datetime(2026, 1, 1, 0, 0, s, tzinfo=UTC) for s in (0, 5)])
    store = ArtifactStore(tmp_path, clock=lambda: next(times))
    stage_store = store.for_stage("profiles", {"seed": "17"}, {"catalog": "d1"})
    ref = stage_store.write_table("profiles", profiles(), KEY, about={"more": 1})
    manifest = store.manifest(ref)
    assert manifest["about"] == {
        "stage": "profiles",
        "key_parts": {"seed": "17"},
        "inputs": {"catalog": "d1"},
        "more": 1,
    }
    assert manifest["seconds"] == 5 and manifest["created"].startswith("2026-01-01T00:00:05")


def test_metrics_that_are_no_numbers_become_null(store: ArtifactStore) -> None:
    ref = store.write_table("profiles", profiles(), KEY, metrics={"bad": float("nan")})
    text = (store.root / ref.path).with_name("manifest.json").read_text()
    assert json.loads(text)["metrics"] == {"bad": None}


def test_artifacts_are_named_by_prefix(store: ArtifactStore) -> None:
    one = store.write_table("profiles", profiles(), KEY)
    two = store.write_table("profiles", profiles("u9"), "cd" * 32)
    assert store.resolve(f"profiles/{KEY[:6]}") == one
    assert store.resolve("cdcd") == two and store.resolve(two.digest[:12]) == two
    with pytest.raises(ArtifactError, match="names 2 artifacts"):
        store.resolve("profiles")
    with pytest.raises(ArtifactError, match="names 0 artifacts"):
        store.resolve("nothing")


def test_large_artifacts_may_be_trusted_by_size(store: ArtifactStore) -> None:
    ref = store.write_table("profiles", profiles(), KEY)
    content = bytearray((store.root / ref.path).read_bytes())
    content[40] ^= 1
    (store.root / ref.path).write_bytes(content)
    assert store.find("profiles", KEY, trust_size_above=10) == ref
    assert store.find("profiles", KEY) is None


def test_scratch_survives_until_it_is_cleared(store: ArtifactStore) -> None:
    (store.work(KEY) / "checkpoint").write_text("1")
    assert (store.work(KEY) / "checkpoint").exists()
    assert store.list() == [] and store.verify() == []
    store.clear_work(KEY)
    assert not list(store.work(KEY).iterdir())


def test_keys_of_other_texts_do_not_collide() -> None:
    assert key_of(KEY) == KEY[:16]
    assert key_of(KEY + "/base") != key_of(KEY + "/sft")


def test_a_store_travels_to_other_processes(store: ArtifactStore) -> None:
    assert pickle.loads(pickle.dumps(store)).root == store.root


def test_every_schema_can_be_stored(store: ArtifactStore) -> None:
    for kind, schema in SCHEMAS.items():
        ref = store.write_table(kind, schema.empty_table(), KEY)
        assert store.read_table(ref).schema.equals(schema)
