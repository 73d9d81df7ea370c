"""A Llama as one GGUF file in fp32, which llama.cpp and what is built on it (Ollama, LM Studio …) read.

The names of tensors are those of the package `gguf`; the rows of the query and key products are in the order
that llama.cpp's rotary embedding wants (pairs of neighbours; transformers has halves). Not covered: other
architectures, scaled rotary embeddings, the position heads, quantised forms (llama.cpp's `llama-quantize`
makes them of this file).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.errors import MuseError
from muse_core.export.gguf_words import word_problems, words_of
from muse_core.export.onnx_graph import head_shape
from muse_core.models.chat_format import END, RESULT
from muse_core.models.chat_template import chat_template
from muse_core.models.loading import LoadedModel
from muse_core.models.saving import saving

GGUF_FILE = "model.gguf"
ARCHITECTURE = "llama"
_ESCAPED = re.compile(r"(?<!\\)\\u([0-9a-f]{4})")
# What the architecture cannot say: configuration key -> the only value that is written.
_ONLY = {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False}


def gguf_problems(loaded: LoadedModel) -> list[str]:
    """Why a model cannot be written as GGUF; [] for one that can."""
    config: Any = loaded.model.config
    if config.model_type != ARCHITECTURE:
        return [f"its architecture is {config.model_type}; only {ARCHITECTURE} is written"]
    found = word_problems(loaded.tokenizer)
    rope = (config.rope_parameters or {}).get("rope_type", "default")
    if rope != "default":
        found.append(f"its rotary embedding is scaled ({rope})")
    found += [
        f"{key} is {getattr(config, key)}" for key, only in _ONLY.items() if getattr(config, key) != only
    ]
    return found


def write_gguf(loaded: LoadedModel, folder: Path) -> Path:
    """`folder/model.gguf`. MuseError with all that `gguf_problems` finds."""
    from gguf import GGUFWriter

    if problems := gguf_problems(loaded):
        raise MuseError(f"this model cannot be written as GGUF: {'; '.join(problems)}")
    path = folder / GGUF_FILE
    with saving(folder, "Nothing was published"):
        writer = GGUFWriter(path, ARCHITECTURE)
        _add_sizes(writer, loaded.model.config)
        _add_words(writer, loaded)
        for name, values in _tensors(loaded.model):
            writer.add_tensor(name, values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return path


def _add_sizes(writer: Any, config: Any) -> None:
    from gguf import LlamaFileType

    head = head_shape(config)[1]
    writer.add_name("MUSE shopping assistant")
    writer.add_file_type(LlamaFileType.ALL_F32)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(float(config.rope_parameters["rope_theta"]))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)


def _add_words(writer: Any, loaded: LoadedModel) -> None:
    """The tokenizer, the chat template, and the two tokens that end an act: a reply's, and a call's."""
    tokenizer = loaded.tokenizer
    words = words_of(tokenizer, loaded.model.config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(words.pre)
    writer.add_token_list(words.tokens)
    writer.add_token_types(words.types)
    writer.add_token_merges(words.merges)
    end, call = (int(tokenizer.convert_tokens_to_ids(tag)) for tag in (END, RESULT))
    writer.add_eos_token_id(end)
    writer.add_eot_token_id(end)
    writer.add_eom_token_id(call)
    writer.add_pad_token_id(int(tokenizer.pad_token_id))
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(_with_plain_signs(chat_template(tokenizer, loaded.about)))


def _with_plain_signs(template: str) -> str:
    """llama.cpp's Jinja knows no `\\u0001` in a text and ends one at a NUL: the signs stand as they are, and
    that of NUL is left out."""
    known = template.replace(f"[{json.dumps(chr(0))}, {json.dumps(json.dumps(chr(0))[1:-1])}], ", "")
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), known)


def _tensors(model: Any) -> list[tuple[str, np.ndarray]]:
    from gguf import MODEL_ARCH, get_tensor_name_map

    config = model.config
    names = get_tensor_name_map(MODEL_ARCH.LLAMA, config.num_hidden_layers)
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    found = []
    for key, tensor in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue  # llama.cpp takes the embeddings where there is no output table
        name = names.get_name(key, try_suffixes=(".weight",))
        if name is None:
            raise MuseError(f"GGUF has no name for the tensor {key}; set export.gguf=false")
        values = tensor.detach().float().cpu().numpy()
        part = key.split(".")[-2]
        found.append((name, _in_pairs(values, heads[part]) if part in heads else values))
    return found


def _in_pairs(values: np.ndarray, heads: int) -> np.ndarray:
    """[heads · size, in]: of each head, row n of the first half beside row n of the second."""
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
