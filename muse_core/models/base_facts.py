"""What a run would make of a base model (`muse base check`), from its configuration and tokenizer.

No weight is read. Every problem is collected, and what is no problem but worth a thought.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from transformers import PreTrainedTokenizerFast

from muse_core.errors import ConfigError
from muse_core.models import chat_format
from muse_core.models.base_check import BaseSize, memory_problems, read_config, size_of
from muse_core.models.base_files import declared_licence
from muse_core.models.family import refusals
from muse_core.models.known_bases import known_as
from muse_core.models.loading import load_tokenizer
from muse_core.models.pretrained import advice, source_of
from muse_core.wordings.book import said, shipped
from muse_core.wordings.grammar import readings
from muse_core.wordings.words import SCRIPTS, Script

MANY_TOKENS = 3.0  # a word: above, requests are long, and base.extend_vocab pays
NOT_STATED = "not stated: look at the model's page"
_SLOT = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class BaseFacts:
    """`size`: None where the configuration cannot be read or is refused. `tokens_per_word`: by script, {}
    where the tokenizer cannot be read. `problems`: why it cannot be a base; `notes`: what to think about."""

    model: str
    licence: str
    size: BaseSize | None = None
    tokens_per_word: Mapping[Script, float] = field(default_factory=dict)
    tool_list_tokens: int | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def inspect(model: str, memory: float, lora_rank: int = 0) -> BaseFacts:
    """Everything that can be said; `memory`: bytes that training may take."""
    known = known_as(model)
    caution = (known.caution,) if known and known.caution else ()
    config, problems = read_config(model)
    problems += refusals(config) if config is not None else []
    if config is None or problems:
        return BaseFacts(
            model, known.licence if known else NOT_STATED, problems=tuple(problems), notes=caution
        )
    licence = known.licence if known else declared_licence(model) or NOT_STATED
    size = size_of(config)
    problems += memory_problems(size, memory, lora_rank)
    try:
        source, how = source_of(model)
        tokenizer = load_tokenizer(source, **how)
    except ConfigError as problem:
        return BaseFacts(model, licence, size, problems=(*problems, str(problem)), notes=caution)
    except (OSError, ValueError, ImportError) as problem:
        return BaseFacts(model, licence, size, problems=(*problems, advice(model, problem)), notes=caution)
    texts = {script: list(texts_of(script)) for script in SCRIPTS}
    rates = {script: tokens_per_word(tokenizer, found) for script, found in texts.items()}
    lost = sorted(lost_signs(tokenizer, [text for found in texts.values() for text in found]))
    told = len(tokenizer.backend_tokenizer.encode(chat_format.tool_lines(), add_special_tokens=False).ids)
    dear = [_dear(script, rate) for script, rate in rates.items() if rate > MANY_TOKENS]
    problems += [_lacks(lost)] if lost else []
    return BaseFacts(model, licence, size, rates, told, tuple(problems), (*caution, *dear))


def texts_of(script: Script) -> Iterator[str]:
    """The shoppers' wordings of a script, one reading each, without their slots."""
    for (own, *_), wordings in shipped().items():
        if own != script:
            continue
        for wording in wordings:
            text = said(_SLOT.sub(" ", readings(wording.text)[0])).replace("-", " ")
            if text:
                yield text


def tokens_per_word(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> float:
    """Tokens for each run of signs between spaces."""
    codes = tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)
    return sum(len(code.ids) for code in codes) / sum(len(text.split()) for text in texts)


def lost_signs(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> set[str]:
    """Signs that do not come back from their tokens."""
    ids = [code.ids for code in tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)]
    back = set("".join(tokenizer.batch_decode(ids, skip_special_tokens=True)))
    return {sign for sign in set("".join(texts)) - back if not sign.isspace()}


def _lacks(signs: list[str]) -> str:
    return (
        f"its vocabulary has no tokens for {len(signs)} signs of the shoppers' words "
        f"({''.join(signs[:20])}), which would be lost. Choose a base with a byte-level "
        "vocabulary, or with byte fallback"
    )


def _dear(script: Script, rate: float) -> str:
    return (
        f"{rate:.1f} tokens for a word of {script!r}: --set base.extend_vocab=4000 teaches it more words "
        "where its vocabulary is byte-level BPE"
    )
