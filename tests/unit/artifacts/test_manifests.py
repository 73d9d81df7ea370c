"""A manifest that is not whole is not believed: its artifact is missing, and the reason is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ArtifactError
from muse_core.types import ArtifactRef
from tests.unit.artifacts.test_store import KEY, profiles

Change = Callable[[dict[str, Any]], Any]


def _without(name: str) -> Change:
    return lambda body: body.pop(name)


def _ref(**values: Any) -> Change:
    return lambda body: body["ref"].update(values)


REQUIRED = ("ref", "fingerprint", "about", "metrics", "created", "validated_by")
CHANGES: dict[str, Change] = {
    **{f"no {name}": _without(name) for name in REQUIRED},
    **{f"path {value!r}": _ref(path=value) for value in (None, 3, "", "../../../../etc/passwd", "/etc/passwd",
       "profiles/../profiles/x/data.parquet", "model/0000000000000000/folder")},
    "no digest": lambda body: body["ref"].pop("digest"),
    "short digest": _ref(digest="ab"),
    "negative rows": _ref(rows=-1),
    "rows as text": _ref(rows="2"),
    "another field": _ref(colour="red"),
    "another kind": _ref(kind="products"),
    "changed rows": _ref(rows=3),
    "changed metrics": lambda body: body.update(metrics={"count": 3.0}),
    "metrics as list": lambda body: body.update(metrics=[1]),
    "changed about": lambda body: body["about"].update(stage="dpo"),
    "changed fingerprint": lambda body: body.update(fingerprint="cd" * 32),
    "about is null": lambda body: body.update(about=None),
}  # fmt: skip
TEXTS = {
    "brackets": "[" * 200_000 + "]" * 200_000,
    "deep about": '{"about": ' + "[" * 900 + "]" * 900 + "}",
    "cut off": '{"ref": {',
    "a list": "[]",
    "null": "null",
    "empty": "",
    "half a character": '{"ref": "\\ud800"}',
}


@pytest.fixture
def kept(tmp_path: Path) -> tuple[ArtifactStore, ArtifactRef, Path]:
    store = ArtifactStore(tmp_path / "artifacts")
    store.write_table("profiles", profiles("u9"), "ef" * 32)
    ref = store.write_table("profiles", profiles(), KEY, metrics={"count": 2})
    return store, ref, (store.root / ref.path).with_name("manifest.json")


def is_missing(store: ArtifactStore, ref: ArtifactRef) -> None:
    """Nothing that asks the store meets the damaged artifact, and nothing but ArtifactError is raised."""
    assert store.find("profiles", KEY) is None
    home = ref.path.rpartition("/")[0]
    (damage,) = store.verify()
    assert damage.path == home and "manifest" in damage.problem and len(damage.problem) < 300
    assert [one.path for one in store.list()] == [f"profiles/{'ef' * 8}/data.parquet"]
    latest = store.latest("profiles")
    assert latest is not None and latest["fingerprint"] == "ef" * 32
    with pytest.raises(ArtifactError, match="run its stage again"):
        store.manifest(ref)
    with pytest.raises(ArtifactError, match="names 0 artifacts"):
        store.resolve(home)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_manifest_is_as_if_it_were_missing(
    change: Change, kept: tuple[ArtifactStore, ArtifactRef, Path]
) -> None:
    store, ref, path = kept
    body = json.loads(path.read_text())
    change(body)
    path.write_text(json.dumps(body))
    is_missing(store, ref)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_that_is_no_manifest(text: str, kept: tuple[ArtifactStore, ArtifactRef, Path]) -> None:
    store, ref, path = kept
    path.write_text(text)
    is_missing(store, ref)
    path.write_bytes(b"\xff" + path.read_bytes())
    is_missing(store, ref)


def test_a_manifest_moved_to_another_artifact_is_not_its_own(
    kept: tuple[ArtifactStore, ArtifactRef, Path],
) -> None:
    store, ref, path = kept
    path.write_bytes((store.root / "profiles" / ("ef" * 8) / "manifest.json").read_bytes())
    is_missing(store, ref)


def test_what_was_not_changed_is_believed(kept: tuple[ArtifactStore, ArtifactRef, Path]) -> None:
    store, ref, path = kept
    assert store.verify() == [] and store.find("profiles", KEY) == ref
    path.write_text(json.dumps(json.loads(path.read_text()), indent=None))  # another layout, the same words
    assert store.verify() == [] and store.find("profiles", KEY) == ref


def test_a_manifest_of_before_the_seal_is_believed(kept: tuple[ArtifactStore, ArtifactRef, Path]) -> None:
    store, ref, path = kept
    body = json.loads(path.read_text())
    del body["seal"]
    path.write_text(json.dumps(body))
    assert store.verify() == [] and store.manifest(ref)["metrics"] == {"count": 2.0}
