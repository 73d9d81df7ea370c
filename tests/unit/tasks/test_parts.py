from __future__ import annotations

import pytest

from muse_core.errors import ConfigError
from muse_core.stage_table import STAGE_NAMES
from tasks.parts import REGISTER, wanted_stages


def test_a_stage_pulls_in_what_it_needs_and_nothing_behind_it() -> None:
    assert wanted_stages("profiles") == {"catalog", "profiles"}
    assert wanted_stages("dpo") >= {"catalog", "conversations", "base", "augment", "sft", "pairs", "dpo"}
    assert not wanted_stages("dpo") & {"evaluate", "export", REGISTER}


def test_groups() -> None:
    assert wanted_stages("all") == {*STAGE_NAMES, REGISTER}
    assert wanted_stages("data") == {"catalog", "profiles", "conversations", "base", "augment"}
    assert wanted_stages("export") == wanted_stages(REGISTER) == {*STAGE_NAMES, REGISTER} - {"evaluate"}


def test_an_unknown_stage_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="unknown stage 'train'; known: all, data, catalog"):
        wanted_stages("train")
