"""Whether two tokenizers are one."""

from __future__ import annotations

import hashlib

from transformers import PreTrainedTokenizerFast


def tokenizer_digest(tokenizer: PreTrainedTokenizerFast) -> str:
    """Equal for tokenizers that cut every text into the same ids."""
    return hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest()
