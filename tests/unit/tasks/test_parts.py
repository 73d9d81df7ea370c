from __future__ import annotations

import pytest

from muse_core.errors import ConfigError
from muse_core.stage_table import STAGES
from tasks.parts import PARTS, REGISTER, wanted_stages

NAMES = {stage.name for stage in STAGES if not stage.in_place_of}
EVALUATION = {stage.name for stage in STAGES if stage.whole == "evaluate"}


def test_a_stage_pulls_in_what_it_needs_and_nothing_behind_it() -> None:
    assert wanted_stages("profiles") == {"catalog", "profiles"}
    assert wanted_stages("dpo") >= {"catalog", "conversations", "base", "augment", "sft", "pairs", "dpo"}
    assert not wanted_stages("dpo") & {"evaluate", "export", REGISTER}


def test_groups() -> None:
    assert wanted_stages("all") == {*NAMES, REGISTER}
    assert wanted_stages("data") >= {"catalog", "profiles", "conversations", "base", "augment"}
    assert not wanted_stages("data") & {"sft", "pairs", "dpo"}
    assert wanted_stages("export") == wanted_stages(REGISTER) >= {"dpo", "export", REGISTER}
    assert not wanted_stages("export") & EVALUATION


@pytest.mark.parametrize("method", ["rft", "grpo"])
def test_another_method_takes_the_place_of_dpo_and_needs_no_pairs(method: str) -> None:
    assert wanted_stages("all", method) == ({*NAMES, REGISTER} - {"dpo", "pairs"}) | {method}
    assert wanted_stages("evaluate", method) >= EVALUATION | {method}
    assert wanted_stages("export", method) == (wanted_stages("export") - {"dpo", "pairs"}) | {method}
    assert wanted_stages(method) == wanted_stages(method, method) and "sft" in wanted_stages(method)
    assert not wanted_stages(method) & {"dpo", "pairs", "evaluate"}


def test_an_unknown_stage_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="unknown stage 'train'; known: all, data, catalog"):
        wanted_stages("train")


def test_evaluate_is_all_of_its_parts() -> None:
    assert wanted_stages("evaluate") >= EVALUATION | {"catalog", "dpo"} and len(EVALUATION) == 10
    assert "export" not in wanted_stages("evaluate")
    assert not EVALUATION & {*PARTS} - {"evaluate"}  # a request names the whole
