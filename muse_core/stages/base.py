"""conversations → the language model that SFT starts from (a model folder).

- `base.source = scratch`: a tokenizer trained on train-side streams (calls and results included, so
  that their words are cheap later; the list of facets that most of them have is one token), and a small
  Llama trained on train-side plain text only: it has never seen a call, and `muse.json` says
  `can_call: false`.
- `base.source = pretrained`: a hub id, folder or GGUF file, with the part of its vocabulary that the shop
  needs (`base.trim_vocab`), our tags, the tool list and the shop's list of facets as one token each and, with
  `base.extend_vocab`, Indic and Roman tokens learnt on train text. It has not learnt our calls either.

Reads the train side only. Fails on a missing model or network with advice, and before weights are loaded on
a model that cannot be a base or a tokenizer that cannot write what customers say. Does not cover: prompting
the pretrained base.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np

from muse_core.config.run_config import BaseConfig, RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.examples.plain_text import plain_example, plain_messages
from muse_core.language import lexicon
from muse_core.models import base_check, chat_format
from muse_core.models.base_files import declared_licence
from muse_core.models.loading import LoadedModel, from_scratch, save_model
from muse_core.models.pretrained import base_tokenizer, from_pretrained
from muse_core.models.tokenizer import runs, told_lines, train_tokenizer
from muse_core.models.trimming.trim import trim_vocabulary
from muse_core.models.vocabulary import add_our_tokens
from muse_core.models.word_cost import by_language, check_readable, tokens_per_word
from muse_core.profiles.system_line import most_listed
from muse_core.records import from_table
from muse_core.tools.toolbox import ALL_TOOLS
from muse_core.training.batches import plan_steps
from muse_core.training.loop import Optimization, train
from muse_core.training.losses import LanguageLoss, Weights
from muse_core.types import ArtifactRef, Conversation, Language

READS = ("base",)
KIND = "model"

log = logging.getLogger(__name__)
STAGE_NUMBER = 3
TOKENIZER_CONVERSATIONS = 20_000
SAID_CONVERSATIONS = 2_000
ARGUMENT_VALUE_REPEATS = 30


def run(config: RunConfig, conversations: ArtifactRef, *, ctx: StageContext) -> ArtifactRef:
    """Publishes the model folder."""
    rows = from_table("conversations", ctx.store.read_table(conversations))
    train_side = [row for row in rows if row.side == "train"]
    if not train_side:
        raise MuseError(
            "base: no train-side conversation found; expected at least one. Raise conversations.count."
        )
    if config.base.source == "pretrained":
        loaded, metrics = imported(config.base, train_side, ctx)
    else:
        loaded, metrics = _from_scratch(config, train_side, ctx)
    metrics |= _size(loaded) | _word_cost(tokens_per_word(loaded.tokenizer, _said(train_side)))
    return ctx.store.write_folder(
        KIND, lambda folder: save_model(loaded, folder), ctx.fingerprint, metrics=metrics, about=loaded.about
    )


def texts_of(conversations: list[Conversation]) -> list[str]:
    """What a tokenizer learns from: rendered streams, lexicalised replies, and every argument and canonical
    value as it stands in a call, so that a rare one is still one token and not a spelling to be learnt."""
    chosen = conversations[:TOKENIZER_CONVERSATIONS]
    streams = [chat_format.render(conversation.messages) for conversation in chosen]
    plain = [chat_format.render(plain_messages(conversation)) for conversation in chosen]
    values = [f" {slot}='{value}')" for slot in lexicon.slots() for value in lexicon.values(slot)]
    names = sorted({name for tool in ALL_TOOLS for name in tool.Arguments.model_fields})
    frames = [f" {name}='', {name}=1, min_a=1, max_a=1, not_a=['', '']" for name in names]
    return streams + plain + (values + frames) * ARGUMENT_VALUE_REPEATS


def imported(
    base: BaseConfig, conversations: list[Conversation], ctx: StageContext
) -> tuple[LoadedModel, dict[str, float]]:
    if base.model:
        base_check.refuse(base.model)
    ctx.progress.update(0, 1, "reading the base's tokenizer")
    tokenizer = base_tokenizer(base)
    cost = check_readable(tokenizer, _said(conversations), str(base.model), base.extend_vocab)
    ctx.progress.update(0, 1, "loading the base")
    loaded = from_pretrained(base, tokenizer)
    if licence := declared_licence(str(base.model)):
        loaded.about["base_licence"] = licence
    before = _size(loaded) | _word_cost(cost)
    texts, facets = texts_of(conversations), most_listed(conversations)
    if base.trim_vocab:
        trim_vocabulary(loaded, runs(texts, told_lines(facets)), base.trim_vocab)
    add_our_tokens(loaded, texts, base.extend_vocab, facets)
    return loaded, {f"{name}_before": value for name, value in before.items()}


def _size(loaded: LoadedModel) -> dict[str, float]:
    parameters = sum(parameter.numel() for parameter in loaded.model.parameters())
    return {"base_parameters": float(parameters), "base_vocabulary": float(len(loaded.tokenizer))}


def _said(conversations: list[Conversation]) -> dict[Language, list[str]]:
    """What customers say, by language."""
    chosen = conversations[:SAID_CONVERSATIONS]
    return by_language(one.content for talk in chosen for one in talk.messages if one.role == "user")


def _word_cost(cost: Mapping[Language, float]) -> dict[str, float]:
    return {f"base_tokens_per_word_{language}": tokens for language, tokens in cost.items()}


def _from_scratch(
    config: RunConfig, conversations: list[Conversation], ctx: StageContext
) -> tuple[LoadedModel, dict[str, float]]:
    base = config.base
    ctx.progress.update(0, 1, "training the tokenizer")
    tokenizer = train_tokenizer(texts_of(conversations), base.vocab_size, most_listed(conversations))
    loaded = from_scratch(base, tokenizer, ctx.seed).to(ctx.device)
    found = [plain_example(loaded, conversation, base.max_positions) for conversation in conversations]
    examples = [example for example in found if example is not None]
    rng = np.random.default_rng([ctx.seed, STAGE_NUMBER])
    lengths = [len(example) for example in examples]
    plan = plan_steps(lengths, base.batch_size, base.num_epochs, rng, base.max_tokens)
    how = Optimization(
        base.learning_rate, save_every_steps=100, note="base", muon_learning_rate=base.muon_learning_rate
    )
    state = train(LanguageLoss(loaded, Weights()), examples, plan, how, ctx)
    return loaded, {"base_tokens": float(state.tokens), "base_seconds": state.seconds}
