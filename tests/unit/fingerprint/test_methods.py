"""`post.method` decides whose model stands behind SFT, and re-keys nothing that does not depend on it."""

from __future__ import annotations

from typing import Any

import pytest

from muse_core.config.load import load_config
from muse_core.fingerprint import own_parts, plan
from muse_core.stage_table import METHODS, STAGES, maker, stage_named
from muse_core.types import ArtifactRef
from tasks.parts import wanted_stages

ON_POLICY = {
    "grpo", "rft", "grpo_loss", "rft_loss", "on_policy", "on_policy_recorder", "groups", "kept", "drawing",
    "advantages", "sampled", "sampled_turns",
}  # fmt: skip


class Everything:
    """A store that has made every stage: the digest of a receipt is made of the key that it is found by."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}

    def find(self, kind: str, fingerprint: str, **_: Any) -> ArtifactRef:
        return ArtifactRef(kind, f"{kind}@1", fingerprint, f"made by {fingerprint}", 1, 1)

    def manifest(self, ref: ArtifactRef) -> dict[str, Any]:
        return {}

    def latest(self, kind: str, stage: str | None = None) -> None:
        return None


def keys(*settings: str) -> dict[str, str | None]:
    config, _ = load_config("quickstart", None, settings)
    wanted = wanted_stages("all", config.post.method)
    found = plan(config, Everything(), [stage for stage in STAGES if stage.name in wanted])
    assert {one.status for one in found} == {"cached"}
    return {one.name: one.fingerprint for one in found}


@pytest.mark.parametrize("method", ["rft", "grpo"])
def test_another_method_changes_what_stands_behind_its_model_alone(method: str) -> None:
    dpo, other = keys(), keys(f"post.method={method}")
    assert set(dpo) - set(other) == {"pairs", "dpo"} and set(other) - set(dpo) == {method}
    changed = {name for name in dpo.keys() & other.keys() if dpo[name] != other[name]}
    assert changed == {"predict_dpo", "talk_dpo", "evaluate", "export"}
    assert keys(f"post.method={method}", f"{method}.learning_rate=0.1")[method] != other[method]


def test_settings_of_the_other_methods_change_nothing() -> None:
    assert keys() == keys("grpo.steps=7", "rft.rounds=1", "grpo.beta=0.1")


def test_code_of_the_other_methods_is_none_of_dpos() -> None:
    config, _ = load_config("quickstart")
    for name in ("sft", "pairs", "dpo", "predict_dpo"):
        files = [part for part in own_parts(stage_named(name), config) if part.startswith("code ")]
        stems = {file.rsplit("/", 1)[-1].removesuffix(".py") for file in files}
        assert files and not stems & ON_POLICY, name


def test_the_receipt_of_a_place_is_its_makers() -> None:
    assert METHODS == ("dpo", "rft", "grpo")
    assert [maker("dpo", method) for method in METHODS] == list(METHODS)
    assert {maker("sft", method) for method in METHODS} == {"sft"}
