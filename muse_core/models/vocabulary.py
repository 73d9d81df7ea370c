r"""Our tokens in a pretrained model: the tags, the lines of every prompt, and words of the shop's languages.

A model trained on English needs about five tokens for a Hindi word. `add_our_tokens` goes on learning
its byte-level BPE on train text: the base tokenizer cuts every word, further merges are learnt on top
and stand behind the base's own, so that no base merge is lost. The pre-tokeniser is changed so that
vowel signs stay with their letters (`[\p{L}\p{M}]+`; text without such marks is cut as before). New
embeddings, of the lines too, start as the mean of the pieces that the token replaces.

Covers byte-level BPE tokenizers with the GPT-2 pattern (GPT-2, SmolLM2, most small models); with any
other, tags and lines are added and `extend_vocab` must be 0.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer
from transformers import PreTrainedTokenizerFast

from muse_core.errors import ConfigError
from muse_core.models.chat_format import END, SPECIAL_TOKENS
from muse_core.models.loading import LoadedModel
from muse_core.models.tokenizer import PAD, add_told, runs, told_lines

GPT2_WITH_MARKS = r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"
Pair = tuple[str, str]


def add_our_tokens(loaded: LoadedModel, texts: Iterable[str], extend: int, facets: str = "") -> None:
    """Adds tags, pad token, the tool list and the shop's `facets` (`also: …`) as one token each, and at most
    `extend` learnt tokens; grows the embeddings. In place."""
    old, told = loaded.tokenizer.backend_tokenizer, told_lines(facets)
    new = _extended(old, runs(texts, told), extend) if extend else Tokenizer.from_str(old.to_str())
    new.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token in (PAD, *SPECIAL_TOKENS)]
    )
    add_told(new, told)
    size = len(loaded.tokenizer)
    loaded.tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=new,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=list(SPECIAL_TOKENS),
        clean_up_tokenization_spaces=False,
    )
    _grow_embeddings(loaded, old, size)
    loaded.model.config.pad_token_id = loaded.tokenizer.pad_token_id
    loaded.model.config.eos_token_id = loaded.end_id


def _grow_embeddings(loaded: LoadedModel, old: Tokenizer, size: int) -> None:
    """Rows of new ids become the mean of the old tokens of their text."""
    model, tokenizer = loaded.model, loaded.tokenizer
    rows = max(len(tokenizer), model.get_input_embeddings().num_embeddings)
    model.resize_token_embeddings(rows, mean_resizing=False)
    tables = {
        id(table.weight): table.weight
        for table in (model.get_input_embeddings(), model.get_output_embeddings())
    }
    with torch.no_grad():
        for index in range(size, len(tokenizer)):
            pieces = old.encode(_text_of(tokenizer.backend_tokenizer, index), add_special_tokens=False).ids
            for weight in tables.values():
                if pieces:
                    weight[index] = weight[torch.tensor(pieces)].mean(0)


def _text_of(tokenizer: Tokenizer, index: int) -> str:
    added = tokenizer.get_added_tokens_decoder().get(index)
    return added.content if added else tokenizer.decoder.decode([tokenizer.id_to_token(index)])


def _extended(old: Tokenizer, texts: Iterable[str], extend: int) -> Tokenizer:
    """The old tokenizer with learnt merges behind its own."""
    described: dict[str, Any] = json.loads(old.to_str())
    described["pre_tokenizer"] = _with_marks(described.get("pre_tokenizer"))
    if described["model"]["type"] != "BPE":
        raise ConfigError(
            f"base.extend_vocab = {extend} needs a byte-level BPE tokenizer, found "
            f"{described['model']['type']}. Set base.extend_vocab=0 or choose another base.model."
        )
    draft = Tokenizer.from_str(json.dumps(described))
    words = _count_words(draft, texts)
    merges = learn_merges(
        {word: [t.value for t in draft.model.tokenize(word)] for word in words}, words, extend
    )
    vocabulary = described["model"]["vocab"]
    vocabulary |= {one["content"]: one["id"] for one in described["added_tokens"]}  # else numbered anew
    is_paired = not described["model"]["merges"] or isinstance(described["model"]["merges"][0], list)
    next_id = old.get_vocab_size(with_added_tokens=True)
    for left, right in merges:
        if left + right not in vocabulary:
            vocabulary[left + right] = next_id
            next_id += 1
        described["model"]["merges"].append([left, right] if is_paired else f"{left} {right}")
    return Tokenizer.from_str(json.dumps(described))


def _with_marks(described: Any) -> Any:
    """The pre-tokeniser with GPT-2's pattern replaced by the one that knows combining marks."""
    split = {"type": "Split", "pattern": {"Regex": GPT2_WITH_MARKS}, "behavior": "Isolated", "invert": False}
    steps = described.get("pretokenizers", [described]) if isinstance(described, dict) else []
    if not any(step.get("type") == "ByteLevel" and step.get("use_regex", True) for step in steps):
        raise ConfigError(
            "base.extend_vocab needs a tokenizer with GPT-2's byte-level pattern, found another "
            "pre-tokeniser. Set base.extend_vocab=0 or choose another base.model."
        )
    changed: list[Any] = []
    for step in steps:
        if step.get("type") == "ByteLevel" and step.get("use_regex", True):
            changed += [split, step | {"use_regex": False}]
        else:
            changed.append(step)
    return {"type": "Sequence", "pretokenizers": changed}


def _count_words(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text))
    return counts


def learn_merges(cut: dict[str, list[str]], counts: Counter[str], wanted: int) -> list[Pair]:
    """Byte-pair merges on top of words that are already cut (Sennrich et al. 2016): the most frequent
    neighbouring pair is joined, again and again; ties go to the smaller pair. Pairs seen once are left."""
    pairs: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[str]] = defaultdict(set)
    for word, pieces in cut.items():
        for pair in pairwise(pieces):
            pairs[pair] += counts[word]
            where[pair].add(word)
    merges: list[Pair] = []
    while pairs and len(merges) < wanted:
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < 2:
            break
        merges.append(best)
        for word in sorted(where.pop(best)):
            _join(word, best, cut, counts[word], pairs, where)
        pairs.pop(best, None)
    return merges


def _join(
    word: str,
    best: Pair,
    cut: dict[str, list[str]],
    count: int,
    pairs: Counter[Pair],
    where: defaultdict[Pair, set[str]],
) -> None:
    """Replaces the pair in one word and moves the word's pair counts."""
    old = cut[word]
    new = _joined(old, best)
    for pair in pairwise(old):
        pairs[pair] -= count
        if pairs[pair] <= 0:
            del pairs[pair]
    for pair in pairwise(new):
        pairs[pair] += count
        where[pair].add(word)
    cut[word] = new


def _joined(pieces: Sequence[str], pair: Pair) -> list[str]:
    out: list[str] = []
    at = 0
    while at < len(pieces):
        if at + 1 < len(pieces) and (pieces[at], pieces[at + 1]) == pair:
            out.append(pieces[at] + pieces[at + 1])
            at += 2
        else:
            out.append(pieces[at])
            at += 1
    return out
