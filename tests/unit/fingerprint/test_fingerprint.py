"""The key changes with what a result depends on, and with nothing else; `plan` says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from muse_core import records
from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import CatalogConfig, RunConfig
from muse_core.errors import ArtifactError, ConfigError
from muse_core.fingerprint import (
    StagePlan,
    config_values,
    key_of_stage,
    own_parts,
    plan,
)
from muse_core.stage_table import Stage, stage_named
from muse_core.types import ArtifactRef
from tests import builders
from tests.unit.fingerprint.builders_fingerprint import edit, make_tree, stages

ROWS = {
    "products": [builders.product()],
    "profiles": [builders.profile()],
    "conversations": [builders.conversation()],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "source")


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def config(**sections: dict[str, object]) -> RunConfig:
    return RunConfig.model_validate(sections)


def run_all(root: Path, store: ArtifactStore, wanted: RunConfig) -> list[str]:
    """A pipeline of the small tree; the names of the stages that really ran."""
    made: dict[str, ArtifactRef] = {}
    ran = []
    for stage in stages(root):
        key = key_of_stage(stage, wanted, {name: made[name] for name in stage.inputs})
        found = store.find(stage.kind, key.value)
        if found is None:
            table = records.to_table(stage.kind, ROWS[stage.kind])
            found = store.for_stage(stage.name, key.parts).write_table(stage.kind, table, key.value)
            ran.append(stage.name)
        made[stage.name] = found
    return ran


def statuses(plans: list[StagePlan]) -> dict[str, str]:
    return {entry.name: entry.status for entry in plans}


def reasons(plans: list[StagePlan]) -> dict[str, tuple[str, ...]]:
    return {entry.name: entry.because for entry in plans if entry.because}


def test_a_stage_declares_what_it_needs_in_its_source(root: Path) -> None:
    catalog, profiles, conversations = stages(root)
    assert (profiles.kind, profiles.inputs, profiles.reads) == ("profiles", ("catalog",), ("profiles.count",))
    assert conversations.inputs == ("catalog", "profiles") and catalog.inputs == ()
    edit(root, "muse_core/stages/catalog.py", "KIND", "SORT")
    with pytest.raises(ArtifactError, match="must declare KIND"):
        _ = Stage("catalog", root=root).kind
    with pytest.raises(ArtifactError, match="has no module"):
        _ = Stage("nothing", root=root).kind
    with pytest.raises(ConfigError, match="unknown stage"):
        stage_named("train")


def test_only_declared_keys_enter(root: Path) -> None:
    _, profiles, _ = stages(root)
    key = key_of_stage(profiles, config(), {}).value
    assert key_of_stage(profiles, config(profiles={"share_en": 0.1}), {}).value == key
    assert key_of_stage(profiles, config(execution={"workers": 7}), {}).value == key
    assert key_of_stage(profiles, RunConfig(preset="cpu"), {}).value == key
    assert key_of_stage(profiles, config(profiles={"count": 3}), {}).value != key
    assert key_of_stage(profiles, RunConfig(seed=18), {}).value != key


def test_inputs_schemas_and_extras_enter(root: Path) -> None:
    _, profiles, conversations = stages(root)
    ref = ArtifactRef("products", "products@1", "p", "d1", 1, 1)
    key = key_of_stage(profiles, config(), {"catalog": ref})
    other = replace(ref, digest="d2", path="elsewhere")
    assert key_of_stage(profiles, config(), {"catalog": replace(ref, path="q")}) == key
    assert key_of_stage(profiles, config(), {"catalog": other}).value != key.value
    assert key_of_stage(profiles, config(), {"catalog": ref}, {"x": "1"}).value != key.value
    assert {part for part in own_parts(conversations, config()) if part.startswith("schema")} == {
        "schema products",
        "schema profiles",
        "schema conversations",
    }


def test_a_kind_named_in_the_source_counts_as_used(root: Path) -> None:
    edit(root, "muse_core/stages/profiles.py", "KIND", 'ALSO = "predictions"\nKIND')
    assert "schema predictions" in own_parts(Stage("profiles", root=root), config())


def test_keys_are_sections_or_leaves(root: Path) -> None:
    assert config_values(config(), ("reply", "dpo.beta")) == {
        "reply.style": '"references"',
        "dpo.beta": "0.1",
    }
    with pytest.raises(ConfigError, match=r"sft\.betta"):
        config_values(config(), ("sft.betta",))


def test_the_users_catalogue_enters_by_content(tmp_path: Path, root: Path) -> None:
    def key(path: Path) -> str:
        return key_of_stage(stages(root)[0], RunConfig(catalog=CatalogConfig(file=str(path))), {}).value

    one, two = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("title\nshirt\n")
    two.write_text("title\nshirt\n")
    assert key(one) == key(two)
    two.write_text("title\nshirts\n")
    assert key(one) != key(two)
    moved = tmp_path / "deep" / "a.csv"
    moved.parent.mkdir()
    moved.write_text(one.read_text())
    assert key(moved) == key(one)
    moved.write_text("title\nsaree\n")
    assert key(moved) != key(one)
    with pytest.raises(ConfigError, match="not a file"):
        key(tmp_path / "none.csv")


def test_a_second_run_runs_nothing(root: Path, store: ArtifactStore) -> None:
    assert statuses(plan(config(), store, stages(root))) == dict.fromkeys(ROWS_BY_STAGE, "would run")
    assert run_all(root, store, config()) == list(ROWS_BY_STAGE)
    assert run_all(root, store, config()) == []
    assert statuses(plan(config(), store, stages(root))) == dict.fromkeys(ROWS_BY_STAGE, "cached")


ROWS_BY_STAGE = ("catalog", "profiles", "conversations")


def test_reasons_name_the_part_that_changed(root: Path, store: ArtifactStore) -> None:
    assert reasons(plan(config(), store, stages(root)))["catalog"] == ("it has never run here",)
    run_all(root, store, config())
    changed = config(conversations={"noise": 0.5})
    assert reasons(plan(changed, store, stages(root))) == {
        "conversations": ("config conversations.noise changed from 0.05 to 0.5",)
    }
    edit(root, "muse_core/tools/search.py", "finds products", "finds things")
    assert reasons(plan(config(), store, stages(root))) == {
        "conversations": ("code muse_core/tools/search.py changed",)
    }


def test_what_is_upstream_of_a_change_is_said(root: Path, store: ArtifactStore) -> None:
    run_all(root, store, config())
    found = plan(config(profiles={"count": 5}), store, stages(root))
    assert statuses(found) == {"catalog": "cached", "profiles": "would run", "conversations": "would run"}
    assert reasons(found)["conversations"] == ("input profiles would run",)
    assert found[2].fingerprint is None and found[0].fingerprint is not None


def test_a_comment_runs_nothing_and_an_equal_output_stops_the_chain(root: Path, store: ArtifactStore) -> None:
    run_all(root, store, config())
    edit(root, "muse_core/tools/search.py", '"""Searches."""', '"""Searches on."""\n# a comment')
    assert run_all(root, store, config()) == []
    edit(root, "muse_core/stages/profiles.py", "KIND", "UNUSED = 1\nKIND")
    assert run_all(root, store, config()) == ["profiles"]  # the same rows come out of it


def test_damage_is_a_reason(root: Path, store: ArtifactStore) -> None:
    run_all(root, store, config())
    path = store.root / store.resolve("conversations/").path
    path.write_bytes(path.read_bytes()[:-1])
    assert reasons(plan(config(), store, stages(root))) == {
        "conversations": ("its artifact is missing or damaged",)
    }


def test_other_library_versions_are_a_warning(
    root: Path, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_all(root, store, config())
    monkeypatch.setattr("muse_core.fingerprint.library_versions", lambda: {"torch": "9.9"})
    entry = plan(config(), store, stages(root))[0]
    assert entry.status == "cached" and any("torch" in text and "9.9" in text for text in entry.warnings)
