"""A GGUF file run by llama.cpp itself (the package `xllamacpp`, `pip install -e .[gguf]`): is it the model?

llama.cpp has a server inside this process, on a free port of loopback; it is asked for tokens of a text, for
the likeliest next tokens, and for greedy text. Its cache is fp32 here; by default it is fp16.
"""

from __future__ import annotations

import importlib.util
import json
import urllib.request
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.errors import MuseError
from muse_core.export.runtime import up_to_stop
from muse_core.models.chat_template import chat_messages, chat_template
from muse_core.models.loading import LoadedModel
from muse_core.models.tokenizer import encode_text
from muse_core.types import Conversation

MODULE = "xllamacpp"
TEXTS = 200
LIKELIEST = 64  # next tokens whose log-probabilities are compared
TIMEOUT_S = 600
QUIET = 1  # errors alone


def is_installed() -> bool:
    return importlib.util.find_spec(MODULE) is not None


class LlamaCpp:
    """`LlamaCpp(path, positions)`; answers as `runtime.OnnxModel` does, with log-probabilities of the
    likeliest tokens in place of logits. MuseError where llama.cpp does not load the file."""

    tells_log_probs = True

    def __init__(self, path: Path, positions: int, threads: int = 0) -> None:
        import xllamacpp

        asked = xllamacpp.CommonParams()
        asked.model.path = str(path)
        asked.n_ctx, asked.n_parallel = positions, 1
        asked.cache_type_k = asked.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        asked.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        asked.verbosity, asked.warmup = QUIET, False
        if threads:
            asked.cpuparams.n_threads = threads
        try:
            self._server = xllamacpp.Server(asked)
        except RuntimeError as problem:
            raise MuseError(
                f"llama.cpp does not load {path.name}; what it says of it stands above. Set export.gguf=false"
            ) from problem

    def token_ids(self, text: str) -> list[int]:
        """The tokens of a text with its tags."""
        told = self._ask("/tokenize", {"content": text, "add_special": False, "parse_special": True})
        return [int(one) for one in told["tokens"]]

    def answers(
        self, prompts: Sequence[Sequence[int]], stop: Collection[int], max_new_tokens: int
    ) -> tuple[np.ndarray, list[list[int]]]:
        """[prompts, vocabulary]: log-probabilities of what is likeliest after each prompt, NaN for the rest,
        and of a prompt whose next token is a part of a letter: llama.cpp tells none of it. And each prompt's
        continuation, up to and including the first token of `stop`."""
        made = [self._complete(prompt, max_new_tokens)["tokens"] for prompt in prompts]
        return self._likeliest_logits(prompts), [up_to_stop(row, stop) for row in made]

    def _likeliest_logits(self, prompts: Sequence[Sequence[int]]) -> np.ndarray:
        rows = [self._likeliest(prompt) for prompt in prompts]
        found = np.full((len(rows), self._vocabulary), np.nan, np.float32)
        for row, told in enumerate(rows):
            for one in told:
                found[row, one["id"]] = one["logprob"]
        return found

    @property
    def _vocabulary(self) -> int:
        return int(self._ask("/v1/models")["data"][0]["meta"]["n_vocab"])

    def _likeliest(self, prompt: Sequence[int]) -> list[dict[str, Any]]:
        told = self._complete(prompt, 1, n_probs=LIKELIEST).get("completion_probabilities")
        likeliest: list[dict[str, Any]] = told[0]["top_logprobs"] if told else []
        return likeliest

    def _complete(self, prompt: Sequence[int], tokens: int, **more: int) -> dict[str, Any]:
        how = {"temperature": 0, "top_k": 1, "return_tokens": True, "cache_prompt": False}
        return self._ask("/completion", {"prompt": list(prompt), "n_predict": tokens, **how, **more})

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._server.listening_address + path, data, {"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback knows no proxy
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            told: dict[str, Any] = json.load(answer)
        return told


def cut_otherwise(loaded: LoadedModel, runs: LlamaCpp, talks: Sequence[Conversation]) -> list[str]:
    """What is wrong with the tokens of `TEXTS` conversations, of the development side first; [] where
    llama.cpp cuts the text of the chat template as the model's own tokenizer does."""
    chosen = sorted((one for one in talks if one.side != "test"), key=lambda one: one.side != "dev")[:TEXTS]
    template = chat_template(loaded.tokenizer, loaded.about)
    wrong = []
    for talk in chosen:
        text = loaded.tokenizer.apply_chat_template(
            chat_messages(talk.messages), tokenize=False, chat_template=template
        )
        if runs.token_ids(text) != encode_text(loaded.tokenizer, text):
            wrong.append(talk.conversation_id)
    if not wrong:
        return []
    return [f"llama.cpp cuts {len(wrong)} of {len(chosen)} conversations otherwise, first {wrong[0]}"]
