"""Small tokenizers of the kinds that bases have, and the texts that they are tried on."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from muse_core.models.heads import Heads
from muse_core.models.loading import LoadedModel

ENGLISH = """
show me the blue shirts under budget please compare first two and recommend something
casual for office wear tomorrow thanks colour size rating cheap sorted by price which
brand has cotton kurta with long sleeves running shoes memory laptop touchscreen processor
anything else similar but not red
"""
HINDI = """
मुझे नीली कमीज़ चाहिए लाल नहीं सस्ता दिखाओ पहला वाला कितने का है और कुछ बताइए कुर्ता सूती
लंबी आस्तीन के साथ जूते दौड़ने वाले दो हज़ार तक सबसे अच्छी रेटिंग इनमें तुलना करो धन्यवाद
"""
ROMAN = """
mujhe neela kurta chahiye sasta wala dikhao pehla kitne ka hai aur kuch batao lal nahi
saath mein joote do hazaar tak sabse achhi rating tulna karo shukriya
"""
FOREIGN = """
привет пожалуйста рубашка синяя дешевле сколько стоит быстрее красный размер
вопрос élève naïve déjà où garçon übermorgen größe straße schön vielleicht
żółty książka zażółć gęślą 今日は 青い シャツ を 見せて ください 商品 価格
return_value_of_function self.assertEqual std::vector<int> #include namespace
"""


def _made(starts: str, ends: str, count: int, seed: int) -> list[str]:
    """Words of two to four syllables."""
    rng = random.Random(seed)
    return [
        "".join(rng.choice(starts) + rng.choice(ends) for _ in range(rng.randint(2, 4))) for _ in range(count)
    ]


SHOP = (
    *ENGLISH.split(), *HINDI.split(), *ROMAN.split(), *_made("bdfgklmnprstvz", "aeiou", 150, 1),
    *_made("कखगघचजटडतदनपबमरलवसह", "ािीुूेो", 150, 2),
)  # fmt: skip
OTHER = (*FOREIGN.split(), *_made("бвгджзклмнпрстф", "аеиоуыя", 300, 3))
SIGNS = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789,.'()=<>|[]:_-₹%!? कखगघचजटडतथदनपफबमयरलवशसहािीुूेैोौं़्🙂é"


def corpus(rng: random.Random, count: int = 3000) -> list[str]:
    """What a base has read: all words."""
    every = [*SHOP, *OTHER]
    return [" ".join(rng.choice(every) for _ in range(rng.randint(3, 9))) for _ in range(count)]


def generated(count: int = 10_000) -> list[str]:
    """Texts of all kinds: of the shop, glued, in capitals, with numbers, of other words, of any signs."""
    rng = random.Random(7)

    def word() -> str:
        kind = rng.random()
        if kind < 0.1:
            return str(rng.randint(0, 99999))
        if kind < 0.13:
            return "".join(rng.choice(SIGNS) for _ in range(rng.randint(1, 8)))
        if kind < 0.16:
            return rng.choice(OTHER)
        found = rng.choice(SHOP)
        if kind < 0.2:
            found += rng.choice(SHOP)
        return rng.choice(
            (found, found, found.upper(), found.title(), f"{found},", f"({found})", f"'{found}'")
        )

    joints = (" ", " ", " ", "  ", "\n", "=", ", ")
    return ["".join(word() + rng.choice(joints) for _ in range(rng.randint(1, 9))) for _ in range(count)]


def byte_level() -> Tokenizer:
    """As SmolLM2's: specials first, single digits."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1500, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(corpus(random.Random(1)), trainer)
    return tokenizer


def qwen_like() -> Tokenizer:
    """As Qwen's: a pattern of its own, and specials that were only added, behind the vocabulary."""
    pattern = r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1500, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(corpus(random.Random(2)), trainer)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens(["<tool_call>"])
    return tokenizer


def byte_fallback(as_gemma: bool) -> Tokenizer:
    """As Gemma 3's or Llama 2's: pieces of sentencepiece with every merge that makes one of them."""
    draft = Tokenizer(models.BPE())
    draft.normalizer = normalizers.Replace(" ", "▁")
    draft.pre_tokenizer = pre_tokenizers.Split(Regex("▁[^▁]*|[^▁]+"), "isolated")
    trainer = trainers.BpeTrainer(vocab_size=1600, show_progress=False)
    draft.train_from_iterator(corpus(random.Random(3)), trainer)
    learnt = [token for token, _ in sorted(draft.get_vocab().items(), key=lambda one: one[1])]
    long = [token for token in learnt if len(token) > 1]
    short = [token for token in learnt if len(token) == 1 and token not in "éżęł青"]  # left to bytes
    long = [token for token in long if not set(token) & set("éżęł青")]
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", *(f"<unused{n}>" for n in range(5)), "<start_of_turn>"]
    pieces = [*specials, *(f"<0x{byte:02X}>" for byte in range(256)), *long, *short]
    vocabulary = {piece: at for at, piece in enumerate(pieces)}
    merges = [
        (token[:at], token[at:])
        for token in long
        for at in range(1, len(token))
        if token[:at] in vocabulary and token[at:] in vocabulary
    ]
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    steps: list[Any] = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if as_gemma:
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        steps.append(decoders.Strip(content=" ", left=1))
    tokenizer.decoder = decoders.Sequence(steps)
    tokenizer.add_special_tokens(specials)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", vocabulary["<bos>"])]
    )
    return tokenizer


def unigram(has_bytes: bool) -> Tokenizer:
    """As T5's or XLM-R's; and with byte fallback, as some language models'."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence([decoders.Metaspace()])
    trainer = trainers.UnigramTrainer(
        vocab_size=1200,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator([*corpus(random.Random(4)), SIGNS], trainer)
    if has_bytes:
        described = json.loads(tokenizer.to_str())
        low = min(score for _, score in described["model"]["vocab"]) - 1
        described["model"]["vocab"] += [[f"<0x{byte:02X}>", low] for byte in range(256)]
        described["model"]["byte_fallback"] = True
        tokenizer = Tokenizer.from_str(json.dumps(described))
        tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


KINDS: Mapping[str, Callable[[], Tokenizer]] = {
    "bytes, as SmolLM2": byte_level,
    "bytes, as Qwen": qwen_like,
    "byte fallback, as Gemma": lambda: byte_fallback(True),
    "byte fallback, as Llama 2": lambda: byte_fallback(False),
    "Unigram": lambda: unigram(False),
    "Unigram with bytes": lambda: unigram(True),
}
NAMES: Mapping[str, Mapping[str, str]] = {
    "bytes": {"eos_token": "<|im_end|>", "bos_token": "<|im_start|>"},
    "byte": {"eos_token": "<eos>", "bos_token": "<bos>", "pad_token": "<pad>", "unk_token": "<unk>"},
    "Unigram": {"eos_token": "</s>", "bos_token": "<s>", "pad_token": "<pad>", "unk_token": "<unk>"},
}


@lru_cache(maxsize=len(KINDS))
def described(kind: str) -> str:
    """tokenizer.json of a kind; trained once."""
    return KINDS[kind]().to_str()


def base(kind: str, is_tied: bool = True, spare: int = 3) -> LoadedModel:
    """A tiny random model with such a tokenizer and `spare` rows that no token has."""
    names = next(value for start, value in NAMES.items() if kind.replace(",", "").split()[0] == start)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(described(kind)), chat_template="{{ messages }}", **names
    )
    shape = LlamaConfig(
        vocab_size=len(wrapped) + spare, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, tie_word_embeddings=is_tied, bos_token_id=wrapped.bos_token_id,
        eos_token_id=wrapped.eos_token_id, pad_token_id=None,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(shape)
    model.generation_config.eos_token_id = [wrapped.eos_token_id, wrapped.convert_tokens_to_ids("e")]
    return LoadedModel(model.eval(), wrapped, Heads(16), about={"base": "pretrained"})
