"""A pretrained model with fewer tokens, in place: the tokenizer, the embeddings and every id follow.

What the kept tokens write is cut as before, and their logits are as before; the rest of a text is cut into
smaller pieces.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from tokenizers import AddedToken, Tokenizer
from transformers import PreTrainedTokenizerFast

from muse_core.models.loading import LoadedModel
from muse_core.models.trimming.described import Described
from muse_core.models.trimming.rows import keep_rows, named_ids
from muse_core.models.trimming.wanted import choose, rows_of

AT_ONCE = 1000  # texts that are encoded together; each result holds more than its ids

log = logging.getLogger(__name__)


def trim_vocabulary(loaded: LoadedModel, texts: Iterable[str], most: int) -> None:
    """Keeps about `most` tokens of a model, chosen for these texts (as they are encoded); a vocabulary that
    is not larger stays whole."""
    size = len(loaded.tokenizer)
    if size <= most:
        return
    runs = list(dict.fromkeys(texts))
    backend = loaded.tokenizer.backend_tokenizer
    base = Described(backend)
    used = used_ids(backend, runs) | {at for at in named_ids(loaded.model) if at < size}
    kept = choose(base, {str(backend.id_to_token(at)) for at in used}, rows_of(runs), most)
    tokenizer, ids = base.cut_to(kept | set(_special(loaded.tokenizer)))
    loaded.tokenizer = _wrapped(tokenizer, loaded.tokenizer)
    keep_rows(loaded.model, ids)
    log.info("the vocabulary of the base: %d of %d tokens kept", len(ids), size)


def used_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> set[int]:
    """The tokens that the texts are made of."""
    found: set[int] = set()
    for start in range(0, len(texts), AT_ONCE):
        for code in tokenizer.encode_batch_fast(texts[start : start + AT_ONCE], add_special_tokens=False):
            found.update(code.ids)
    return found


def _special(tokenizer: PreTrainedTokenizerFast) -> list[str]:
    return [str(token) for token in tokenizer.all_special_tokens]


def _wrapped(new: Tokenizer, old: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """The tokenizer with the names and the chat template of the old one."""
    named: Mapping[str, str | AddedToken | list[str]] = old.special_tokens_map
    return PreTrainedTokenizerFast(
        tokenizer_object=new,
        clean_up_tokenization_spaces=False,
        model_max_length=old.model_max_length,
        chat_template=old.chat_template,
        **named,
    )
