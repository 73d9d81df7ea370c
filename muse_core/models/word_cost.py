"""What a base's tokenizer costs in the shop's languages: tokens per word, and words that it cannot write.

Asked before weights are loaded. A word that comes back as another one, as a token for the unknown or as
nothing, is lost: the model could neither read nor write it.
"""

from __future__ import annotations

import logging
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from transformers import PreTrainedTokenizerFast

from muse_core.errors import ConfigError
from muse_core.language.scripts import detect_language
from muse_core.models.tokenizer import encode_text
from muse_core.tools.call_syntax import escape_text
from muse_core.types import LANGUAGES, Language

MOST_LOST = 0.1  # a sign such as ₹ may be lacking, a script may not
MANY_TOKENS = 4.0  # English words cost 1.3 in English bases, Hindi ones 1.7 in bases that have read Hindi

log = logging.getLogger(__name__)
Said = Mapping[Language, Sequence[str]]


def by_language(texts: Iterable[str]) -> dict[Language, list[str]]:
    """What is said, by language; a language that nobody speaks is left out."""
    found: dict[Language, list[str]] = {language: [] for language in LANGUAGES}
    for text in texts:
        found[detect_language(text)].append(text)
    return {language: said for language, said in found.items() if said}


def tokens_per_word(tokenizer: PreTrainedTokenizerFast, said: Said) -> dict[Language, float]:
    """Mean tokens of a word between spaces, in each language, as what users say is encoded."""
    found: dict[Language, float] = {}
    for language, texts in said.items():
        words = sum(len(text.split()) for text in texts)
        tokens = sum(len(encode_text(tokenizer, f" {escape_text(text)}")) for text in texts)
        found[language] = tokens / max(1, words)
    return found


def lost_share(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> float:
    """Share of the words that are lost."""
    counts = Counter(word for text in texts for word in text.split())
    lost = sum(count for word, count in counts.items() if _plain(_again(tokenizer, word)) != _plain(word))
    return lost / max(1, counts.total())


def check_readable(
    tokenizer: PreTrainedTokenizerFast, said: Said, name: str, extend: int
) -> dict[Language, float]:
    """Tokens per word of a base named `name`. ConfigError where it cannot write a language; a warning where
    words are spelt out in many tokens and no more are learnt (`extend`)."""
    found = tokens_per_word(tokenizer, said)
    lost = {language: lost_share(tokenizer, texts) for language, texts in said.items()}
    bad = [
        f"{language}: {share:.0%} of the words are lost ({found[language]:.1f} tokens a word)"
        for language, share in lost.items()
        if share > MOST_LOST
    ]
    if bad:
        raise ConfigError(
            f"the vocabulary of base.model {name!r} lacks the letters of what this shop's customers say; "
            "choose a base.model with a byte-level tokenizer or byte fallback, or train a small model from "
            "scratch with --preset quickstart",
            bad,
        )
    many = [f"{language} {cost:.1f}" for language, cost in found.items() if cost > MANY_TOKENS]
    if many and not extend:
        log.warning(
            "base.model %r spells words out (tokens a word: %s), so that turns are long and values are "
            "copied letter by letter: learn words with base.extend_vocab=4000, or choose a base that has "
            "read these languages",
            name,
            ", ".join(many),
        )
    return found


def _again(tokenizer: PreTrainedTokenizerFast, word: str) -> str:
    return str(
        tokenizer.backend_tokenizer.decode(encode_text(tokenizer, f" {word}"), skip_special_tokens=False)
    )


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
