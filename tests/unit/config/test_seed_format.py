"""The founding guide's three files load as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.errors import ConfigError

PIPELINE: dict[str, dict[str, Any]] = {
    "data_generation": {"num_profiles": 10000, "num_conversations": 50000, "augmentation_samples": 25000},
    "sft_training": {"batch_size": 8, "num_epochs": 20, "learning_rate": 5e-5},
    "dpo_training": {"batch_size": 4, "num_epochs": 5, "learning_rate": 1e-5, "beta": 0.1},
    "evaluation": {
        "test_split": 0.1,
        "metrics": ["tool_accuracy", "conversation_quality", "user_satisfaction"],
    },
}
SFT = {
    "toolformer_data_path": "data/rows.json", "output_dir": "out", "checkpoint_dir": "out/ckpt",
    "batch_size": 8, "learning_rate": 5e-5, "num_epochs": 20, "warmup_ratio": 0.1, "weight_decay": 0.01,
    "gradient_accumulation_steps": 4, "max_grad_norm": 1.0, "max_sequence_length": 512, "tool_vocab_size": 6,
    "tool_prediction_weight": 1.0, "position_prediction_weight": 0.8, "argument_prediction_weight": 0.6,
    "fluency_weight": 0.4, "device": "cuda", "use_wandb": True,
}  # fmt: skip
DPO = {
    "sft_model_path": "out/best.pth", "output_dir": "out/dpo", "beta": 0.1, "learning_rate": 1e-5,
    "batch_size": 4, "num_epochs": 5, "preference_strength_threshold": 0.6, "rejection_sampling": True,
    "eval_steps": 50, "save_steps": 200,
}  # fmt: skip


def load(tmp_path: Path, content: dict[str, Any], preset: str = "quickstart") -> tuple[RunConfig, list[str]]:
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(content))
    return load_config(preset, path)


def test_the_pipeline_file_loads(tmp_path: Path) -> None:
    config, notes = load(tmp_path, PIPELINE)
    assert (config.profiles.count, config.conversations.count, config.augmentation.samples) == (
        10000,
        50000,
        25000,
    )
    assert (config.sft.batch_size, config.sft.num_epochs, config.sft.learning_rate) == (8, 20, 5e-5)
    assert (config.dpo.batch_size, config.dpo.num_epochs, config.dpo.beta) == (4, 5, 0.1)
    assert config.evaluation.metrics == ("tool_accuracy", "conversation_quality", "user_satisfaction")
    assert notes == []


def test_the_pipeline_file_is_what_full_means(tmp_path: Path) -> None:
    config, _ = load(tmp_path, PIPELINE, "full")
    full, _ = load_config("full")
    assert config.model_copy(update={"evaluation": full.evaluation}) == full


def test_the_sft_config_loads(tmp_path: Path) -> None:
    config, notes = load(tmp_path, SFT)
    assert config.sft.max_sequence_length == 512 and config.sft.position_prediction_weight == 0.8
    assert config.execution.device == "cuda" and config.report_to == ("mlflow", "wandb")
    ignored = {note.split(" ")[0] for note in notes if "is ignored because" in note}
    assert ignored == {"toolformer_data_path", "output_dir", "checkpoint_dir", "tool_vocab_size"}
    assert any(note.startswith("device = 'cuda' is taken as execution.device") for note in notes)
    assert load(tmp_path, SFT | {"use_wandb": False})[0].report_to == ("mlflow",)


def test_the_dpo_config_loads(tmp_path: Path) -> None:
    config, notes = load(tmp_path, DPO)
    assert config.dpo.beta == 0.1 and config.dpo.save_every_steps == 200
    assert config.pairs.preference_strength_threshold == 0.6 and config.pairs.rejection_sampling is True
    assert any("eval_steps" in note and "ignored because" in note for note in notes)
    assert any("sft_model_path" in note for note in notes)


def test_their_keys_may_stand_in_the_pipeline_file_too(tmp_path: Path) -> None:
    content = PIPELINE | {"sft_training": SFT, "dpo_training": DPO}
    config, notes = load(tmp_path, content)
    assert config.sft.fluency_weight == 0.4 and config.dpo.save_every_steps == 200
    assert any(note.startswith("sft_training.tool_vocab_size") for note in notes)


def test_the_strict_check_comes_after_the_mapping(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(
            tmp_path,
            {"sft_training": {"batchsize": 8}, "data_generation": {"num_profils": 1, "num_profiles": "x"}},
        )
    text = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "sft.batchsize, did you mean batch_size?" in text and "seed.json: sft_training.batchsize" in text
    assert "data_generation" in text and "profiles.count: found 'x'" in text


def test_another_test_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the sides are fixed"):
        load(tmp_path, PIPELINE | {"evaluation": {"test_split": 0.2}})


def test_a_flat_file_that_fits_both_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"put the keys below \[sft\] or \[dpo\]"):
        load(tmp_path, {"batch_size": 8, "learning_rate": 1e-5})


def test_a_gpu_number_means_the_gpu(tmp_path: Path) -> None:
    assert load(tmp_path, SFT | {"device": "cuda:0"})[0].execution.device == "cuda"
    with pytest.raises(ConfigError, match=r"execution\.device: found 'mps'"):
        load(tmp_path, SFT | {"device": "mps"})


def test_flags_still_win(tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(SFT))
    assert load_config("quickstart", path, ["sft.num_epochs=1"])[0].sft.num_epochs == 1


def test_a_wrong_wandb_switch_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected true or false"):
        load(tmp_path, SFT | {"use_wandb": "yes"})
