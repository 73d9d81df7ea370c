"""Four sources, one configuration; or one message with every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from muse_core.config.load import literal, load_config, preset_names
from muse_core.config.run_config import RunConfig
from muse_core.errors import ConfigError


def problems(*arguments: object, **named: object) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_config(*arguments, **named)  # type: ignore[arg-type]
    assert caught.value.exit_code == 2
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    return caught.value.problems


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_valid(name: str) -> None:
    config, notes = load_config(name)
    assert config.preset == name and notes == []


def test_presets_state_differences_only() -> None:
    for name in preset_names():
        chosen, default = load_config(name)[0].model_dump(), RunConfig().model_dump()
        from_file = _keys_in_preset(name)
        same = [key for key in from_file if _at(chosen, key) == _at(default, key)]
        assert same == [] or name == "quickstart", f"{name} repeats defaults: {same}"


def _keys_in_preset(name: str) -> list[str]:
    import tomllib
    from importlib import resources

    text = (resources.files("muse_core.config") / "presets" / f"{name}.toml").read_text()
    return [f"{section}.{key}" for section, body in tomllib.loads(text).items() for key in body]


def _at(values: dict[str, dict[str, object]], key: str) -> object:
    section, _, name = key.partition(".")
    return values[section][name]


def test_later_sources_win(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("seed = 5\n[profiles]\ncount = 7\n[sft]\nnum_epochs = 9\n")
    config, _ = load_config("quickstart", file, ["sft.num_epochs=11"])
    quickstart, _ = load_config("quickstart")
    assert config.sft.num_epochs == 11 and config.profiles.count == 7 and config.seed == 5
    assert config.conversations == quickstart.conversations != RunConfig().conversations
    assert config.dpo.beta == RunConfig().dpo.beta


def test_json_and_toml_say_the_same(tmp_path: Path) -> None:
    one, two = tmp_path / "a.toml", tmp_path / "b.json"
    one.write_text('preset = "cpu"\n[dpo]\nbeta = 0.3\n')
    two.write_text(json.dumps({"preset": "cpu", "dpo": {"beta": 0.3}}))
    assert load_config(None, one) == load_config(None, two)
    assert load_config(None, one)[0].preset == "cpu"
    assert load_config("quickstart", one)[0].preset == "quickstart"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("0.5", 0.5), ("true", True), ("null", None), ("[0.5, 1]", [0.5, 1]), ('"3"', "3"),
        ("lm", "lm"), ("a/b.csv", "a/b.csv"), ("2026-01-01", "2026-01-01"), ('{"a" = "b"}', {"a": "b"}),
    ],
)  # fmt: skip
def test_set_values_are_literals_or_text(text: str, value: object) -> None:
    assert literal(text) == value


def test_set_reaches_every_kind_of_key() -> None:
    config, _ = load_config(
        "quickstart",
        None,
        ["seed=3", "pairs.temperatures=[0.5]", "augmentation.scorer=lm", "base.model=null"],
    )
    assert (config.seed, config.pairs.temperatures, config.augmentation.scorer) == (3, (0.5,), "lm")


def test_three_mistakes_are_all_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[sft]\nbatchsize = 4\n[dpo]\nbeta = -1\n")
    found = problems("quickstart", file, ["sft.num_epochs=many"])
    assert len(found) == 3
    assert "unknown key sft.batchsize, did you mean batch_size?" in found[0] and "mine.toml" in found[0]
    assert "dpo.beta: found -1, expected greater than 0" in " ".join(found)
    assert "sft.num_epochs: found 'many', expected integer" in " ".join(found) and "(--set)" in " ".join(
        found
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("quikstart",),
            "unknown preset 'quikstart', did you mean quickstart?; presets are cpu, full, quickstart",
        ),
        (("quickstart", None, ["sfft.num_epochs=1"]), "unknown section sfft, did you mean"),
        (("quickstart", None, ["beta=1"]), "unknown key beta, did you mean dpo.beta?"),
        (("quickstart", None, ["sft.num_epochs"]), "expected section.key=value"),
        (("quickstart", None, ["sft=1"]), "sft is a section"),
        (("quickstart", None, ["base.source=pretrained"]), "base.model is not set"),
        (("quickstart", None, ["base.model=x"]), "set base.source=pretrained"),
        (("cpu", None, ["base.model=./no.gguf"]), "there is no file or folder ./no.gguf"),
        (("quickstart", None, ["profiles.share_en=0.9"]), "at most 1"),
        (("quickstart", None, ["conversations.min_user_turns=9"]), "is above conversations.max_user_turns"),
        (("quickstart", None, ["catalog.file=/no/such.csv"]), "is not a file"),
        (("quickstart", None, ['catalog.columns={"title" = "name"}']), "catalog.file is not set"),
        (("quickstart", None, ["evaluation.test_split=0.2"]), "the sides are fixed"),
        (("quickstart", None, ["pairs.samples_per_context=1"]), "needs at least 2"),
        (("quickstart", None, ["pairs.temperatures=[]"]), "give at least one"),
        (("quickstart", None, ["sft.max_sequence_length=9000"]), "above base.max_positions"),
        (("quickstart", None, ["base.hidden_size=130"]), "multiple of"),
        (("quickstart", None, ["base.extend_vocab=10"]), "base.vocab_size"),
        (("quickstart", None, ["augmentation.sampled_calls=3"]), "one from scratch cannot read yet"),
        (
            ("quickstart", None, ["pairs.preference_strength_threshold=1.5"]),
            "expected less than or equal to 1",
        ),
        (("quickstart", None, ["execution.device=tpu"]), "expected 'auto', 'cpu' or 'cuda'"),
        (("quickstart", None, ["execution.precision=fp16", "execution.device=cpu"]), "which has no fp16"),
    ],
)
def test_each_mistake_says_what_to_do(arguments: tuple[object, ...], said: str) -> None:
    found = problems(*arguments)
    assert len(found) == 1 and said in found[0]


def test_all_weights_zero_is_a_contradiction() -> None:
    names = ("tool_prediction", "position_prediction", "argument_prediction", "fluency")
    settings = [f"sft.{name}_weight=0" for name in names[:3]] + ["sft.fluency_weight=0"]
    assert "nothing would be learned" in problems("quickstart", None, settings)[0]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "is not valid JSON"),
        ("a.toml", "[", "is not valid TOML"),
        ("a.json", "[1]", "found a list, expected an object"),
        ("a.json", '{"sft": 3}', "sft: found 3"),
    ],
)
def test_unreadable_files_are_explained(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    assert said in problems("quickstart", tmp_path / name)[0]
    assert "cannot be read" in problems("quickstart", tmp_path / "none.toml")[0]


@pytest.mark.parametrize("depth", [70, 500, 900, 20_000])
def test_deep_nesting_is_one_short_message(tmp_path: Path, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    (tmp_path / "a.json").write_text(f'{{"sft": {{"num_epochs": {deep}}}}}')
    (tmp_path / "a.toml").write_text(f"[sft]\nnum_epochs = {deep}\n")
    braces = "{a=" * depth + "1" + "}" * depth
    found = [
        problems("quickstart", tmp_path / "a.json"),
        problems("quickstart", tmp_path / "a.toml"),
        problems("quickstart", None, [f"sft.num_epochs={deep}"]),
        problems("quickstart", None, [f"sft.num_epochs={braces}"]),
    ]
    assert all(len(one) == 1 and "nested too deeply" in one[0] and len(one[0]) < 300 for one in found)


def test_mistakes_of_all_sources_come_together(tmp_path: Path) -> None:
    found = problems("nope", tmp_path / "none.toml", ["x", "profiles.count=0", "base.source=pretrained"])
    assert len(found) == 5
