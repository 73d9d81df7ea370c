"""Values of an experiment that are right one by one and cannot hold together."""

from __future__ import annotations

from pathlib import Path

from muse_core.config import tool_files
from muse_core.config.run_config import RunConfig


def contradictions(config: RunConfig) -> list[str]:
    """One line for each, with what to set instead; [] when all is well."""
    found = [
        text for wrong, text in [*_data_rules(config), *_model_rules(config), *_post_rules(config)] if wrong
    ]
    return found + _logs(config.conversations.utterances) + tool_files.problems(config.tools.extra)


def _logs(names: tuple[str, ...]) -> list[str]:
    return [
        f"conversations.utterances: {name} is not a file; give the path of a CSV, JSONL or text file"
        for name in names
        if not Path(name).is_file()
    ]


def _data_rules(config: RunConfig) -> list[tuple[bool, str]]:
    catalog, profiles, turns = config.catalog, config.profiles, config.conversations
    return [
        (
            catalog.file is not None and not Path(catalog.file).is_file(),
            f"catalog.file: {catalog.file} is not a file; give the path of a CSV, JSONL or Parquet file",
        ),
        (
            bool(catalog.columns) and catalog.file is None,
            "catalog.columns names columns of a file, but catalog.file is not set",
        ),
        (
            bool(catalog.currency or catalog.decimal or catalog.minor_units) and catalog.file is None,
            "catalog.currency, decimal and minor_units say how a file is read, but catalog.file is not set",
        ),
        (
            turns.file is not None and not Path(turns.file).is_file(),
            f"conversations.file: {turns.file} is not a file; give the path of a chat JSONL file",
        ),
        (
            config.execution.cluster_address is not None and config.execution.engine == "local",
            f"execution.cluster_address is {config.execution.cluster_address!r}, but execution.engine is "
            "'local'; set execution.engine to dask or ray",
        ),
        (
            profiles.share_en + profiles.share_hi > 1,
            f"profiles.share_en + profiles.share_hi is {profiles.share_en + profiles.share_hi:g}; "
            "at most 1 is possible (the rest is mixed)",
        ),
        (
            turns.min_user_turns > turns.max_user_turns,
            f"conversations.min_user_turns ({turns.min_user_turns}) is above "
            f"conversations.max_user_turns ({turns.max_user_turns})",
        ),
        (
            config.pairs.samples_per_context < 2,
            "pairs.samples_per_context is 1, but a pair needs at least 2 samples",
        ),
        (
            config.base.source == "scratch" and config.augmentation.sampled_calls > 0,
            "augmentation.sampled_calls asks the base for calls, and one from scratch cannot read yet; set "
            "it to 0, or base.source=pretrained",
        ),
        (not config.pairs.temperatures, "pairs.temperatures is empty; give at least one, for example [1.0]"),
    ]


def _model_rules(config: RunConfig) -> list[tuple[bool, str]]:
    base, sft, scratch = config.base, config.sft, config.base.source == "scratch"
    local = base.model is not None and (
        base.model.startswith((".", "/", "~")) or base.model.endswith(".gguf")
    )
    longest = max(sft.max_sequence_length, config.dpo.max_sequence_length, config.rft.max_sequence_length)
    weights = (
        sft.tool_prediction_weight, sft.position_prediction_weight,
        sft.argument_prediction_weight, sft.fluency_weight,
    )  # fmt: skip
    return [
        (
            config.execution.precision == "fp16" and config.execution.device == "cpu",
            "execution.precision is 'fp16', but execution.device is 'cpu', which has "
            "no fp16; set auto or bf16",
        ),
        (
            not scratch and base.model is None,
            "base.source is 'pretrained', but base.model is not set; name a hub id, a folder or a GGUF file",
        ),
        (
            scratch and base.model is not None,
            f"base.model is {base.model!r}, but base.source is 'scratch'; set base.source=pretrained",
        ),
        (
            bool(local and not Path(str(base.model)).expanduser().exists()),
            f"base.model: there is no file or folder {base.model}",
        ),
        (
            scratch and base.extend_vocab > 0,
            "base.extend_vocab adds tokens to a pretrained model; from scratch set base.vocab_size instead",
        ),
        (
            scratch and base.hidden_size % (2 * base.num_heads) != 0,
            f"base.hidden_size ({base.hidden_size}) must be a multiple of 2 x num_heads ({base.num_heads})",
        ),
        (
            scratch and longest > base.max_positions,
            f"max_sequence_length (sft, dpo, rft) ({longest}) is above base.max_positions "
            f"({base.max_positions})",
        ),
        (not any(weights), "all four loss weights of sft are 0; nothing would be learned"),
    ]


def _post_rules(config: RunConfig) -> list[tuple[bool, str]]:
    low, high = config.grpo.epsilon, config.grpo.epsilon_high
    return [
        (
            high < low,
            f"grpo.epsilon_high ({high:g}) is below grpo.epsilon ({low:g}), which clips what rises sooner "
            "than what falls; set it to at least grpo.epsilon",
        ),
    ]
