"""Models from a folder, from scratch, from the hub or a GGUF file; and into a folder.

A model folder is a plain transformers folder (`config.json`, `model.safetensors`, tokenizer files)
plus `heads.safetensors`, `tools.json` (the tools of the shop that it has learnt to call) and `muse.json`
(chat format digest, that shop's facets and schema digest, what base it comes from, whether it has learnt to
call, and of a base from scratch the sentences that it may say). Another chat format is refused; another shop
is said (`learnt_shop.py`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    modeling_gguf_pytorch_utils,
)
from transformers.utils import logging as transformers_logging

from muse_core.config.run_config import BaseConfig
from muse_core.errors import ArtifactError, ConfigError
from muse_core.models.carried_tools import carried, carry
from muse_core.models.chat_format import END, SPECIAL_TOKENS, format_digest
from muse_core.models.chat_template import chat_template, end_tokens
from muse_core.models.heads import Heads, load_heads, save_heads
from muse_core.models.learnt_replies import Replies, replies_of
from muse_core.models.learnt_shop import learnt_schema, unfamiliar, write_tools
from muse_core.models.offload import is_placed, placement
from muse_core.models.saving import saving
from muse_core.tools.in_use import in_use
from muse_core.types import Facet, JsonValue

ABOUT = "muse.json"

log = logging.getLogger(__name__)


@dataclass
class LoadedModel:
    """A model ready to run. `about` is the content of muse.json (`can_call`, `base`, …)."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    heads: Heads
    device: str = "cpu"
    about: dict[str, JsonValue] = field(default_factory=dict)

    @property
    def end_id(self) -> int:
        return int(self.tokenizer.convert_tokens_to_ids(END))

    @property
    def can_call(self) -> bool:
        """Whether it has ever learnt to call."""
        return bool(self.about.get("can_call", True))

    @property
    def reads(self) -> bool:
        """Whether it has learnt with readings behind the user's words (`muse_core/reading`)."""
        return bool(self.about.get("readings", False))

    @cached_property
    def replies(self) -> Replies:
        """Language -> situation -> the sentences that it may say there; {} where it may say anything."""
        return replies_of(self.about)

    def to(self, device: str) -> LoadedModel:
        if not is_placed(self.model):
            self.model.to(device)
        self.heads.to(device)
        self.device = device
        return self


def save_model(loaded: LoadedModel, folder: Path) -> None:
    """Writes the folder, with what other engines need to serve it (`chat_template.py`); the weights are saved
    as they are, untied copies are never written."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = copy(loaded.tokenizer)  # another model may have the same
    tokenizer.chat_template = chat_template(tokenizer, loaded.about)
    loaded.model.generation_config = end_tokens(loaded.tokenizer)
    with without_progress_bars(), saving(folder, "Nothing was published"):
        loaded.model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        save_heads(loaded.heads, folder)
        write_tools(loaded.about, folder)
    carry(folder)
    digests = {"format_digest": format_digest(), "tool_schema_digest": learnt_schema(loaded.about).digest()}
    about = loaded.about | digests
    (folder / ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=2, sort_keys=True), "utf-8")


def load_reader(folder: Path | str) -> tuple[PreTrainedTokenizerFast, int]:
    """The tokenizer of a folder written by `save_model` and its longest sequence in tokens, without
    weights. Refuses another chat format, and a tokenizer without the tags of a call."""
    folder = Path(folder)
    _read_about(folder)
    tokenizer = load_tokenizer(folder)
    missing = [tag for tag in SPECIAL_TOKENS if len(tokenizer.encode(tag, add_special_tokens=False)) != 1]
    if missing:
        raise ArtifactError(
            f"the tokenizer of {folder} lacks {', '.join(missing)}; expected each as one token, or calls "
            "cannot be written. Run the base stage again: it adds them to any base.model."
        )
    positions = AutoConfig.from_pretrained(folder, trust_remote_code=False).max_position_embeddings
    return tokenizer, int(positions)


def load_model(
    folder: Path | str,
    device: str = "cpu",
    shop: Sequence[Facet] | None = None,
    *,
    is_only_asked: bool = False,
) -> LoadedModel:
    """A folder written by `save_model`, in fp32, ready for evaluation. Checks the chat format, and warns
    where it has learnt other facets than those of the `shop` that it is to work in. One that is only asked
    may lie in main memory, where a GPU has no room (`offload.py`)."""
    folder = Path(folder)
    about = _read_about(folder)
    if shop is not None and (differs := unfamiliar(about, shop)):
        log.warning("%s: %s", folder, differs)
    with without_progress_bars():
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation="sdpa",
            trust_remote_code=False,
            **(placement(folder, device) if is_only_asked else {}),
        )
    tokenizer = load_tokenizer(folder)
    heads = load_heads(folder, model.config.hidden_size)
    model.eval()
    return LoadedModel(model, tokenizer, heads, about=about).to(device)


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """transformers draws a bar per file, and one for a GGUF file that its own switch does not reach; our
    progress goes through StageContext."""
    were_on, bar = transformers_logging.is_progress_bar_enabled(), modeling_gguf_pytorch_utils.tqdm
    transformers_logging.disable_progress_bar()
    modeling_gguf_pytorch_utils.tqdm = partial(bar, disable=True)
    try:
        yield
    finally:
        modeling_gguf_pytorch_utils.tqdm = bar
        if were_on:
            transformers_logging.enable_progress_bar()


def load_tokenizer(source: Path | str, **how: str) -> PreTrainedTokenizerFast:
    tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False, **how)
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ConfigError(
            f"{source}: found a {type(tokenizer).__name__} without a fast implementation; "
            "expected a model with tokenizer.json. Choose another base.model."
        )
    return tokenizer


def _read_about(folder: Path) -> dict[str, JsonValue]:
    path = folder / ABOUT
    if not path.exists():
        raise ArtifactError(
            f"{folder} has no {ABOUT}: it is not a model that MUSE wrote. "
            "Give a plain model as base.model with base.source = 'pretrained' instead."
        )
    about: dict[str, JsonValue] = json.loads(path.read_text("utf-8"))
    if about.get("format_digest") != format_digest():
        _refuse_without_tools(folder)
        raise ArtifactError(
            f"{folder} was trained with chat format or tool list {str(about.get('format_digest'))[:12]}, "
            f"this version has {format_digest()[:12]}: train it again, or use the version that wrote it."
        )
    return about


def _refuse_without_tools(folder: Path) -> None:
    """ArtifactError when it is the user's own tools that a model was trained with, or without, and they are
    others here."""
    files, here = carried(folder), in_use().files
    if not files and not here:
        return
    has = ", ".join(files) or "none"
    uses = ", ".join(here) or "none"
    listed = json.dumps(list(files))
    raise ArtifactError(
        f"{folder} was trained with these tools of its own: {has}; in use here: {uses}. Use its own with "
        f"--set tools.extra='{listed}' (muse eval: --tools FILE each; they are code: only of a model that "
        "you trust), or another model."
    )


def from_scratch(config: BaseConfig, tokenizer: PreTrainedTokenizerFast, seed: int) -> LoadedModel:
    """A small Llama with random weights: tied embeddings, RoPE, fp32."""
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        num_hidden_layers=config.num_layers,
        num_attention_heads=config.num_heads,
        num_key_value_heads=config.num_heads,
        max_position_embeddings=config.max_positions,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.convert_tokens_to_ids(END),
        attn_implementation="sdpa",
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaForCausalLM(shape)
    about: dict[str, JsonValue] = {"base": "scratch", "can_call": False}
    return LoadedModel(model, tokenizer, Heads(config.hidden_size), about=about)
