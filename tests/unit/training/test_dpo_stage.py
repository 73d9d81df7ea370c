"""The dpo stage on a model that has learnt a little: rounds, references, adapters, resuming, processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from muse_core import records
from muse_core.errors import MuseError
from muse_core.preferences.cleaning import clean
from muse_core.stages import dpo
from muse_core.types import ArtifactRef
from tests.unit.training.builders_post import CONFIG, PREFER, Made, Stop, StopsAt, prepare


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return prepare(tmp_path_factory.mktemp("dpo"))


def test_one_round_publishes_a_model_its_references_and_figures(made: Made) -> None:
    found = made.run("one", patience=0)
    manifest = made.manifest(found)
    assert {
        "dpo_pairs",
        "dpo_duplicate_pairs",
        "dpo_dev_rejected_drift",
        "dpo_dev_length_correlation",
    } <= set(manifest["metrics"])
    assert not any(name.startswith("round") for name in manifest["metrics"])
    assert [one["path"] for one in manifest["about"]["pairs"]] == [made.refs["pairs"].path]
    assert made.count("references") == 1
    other = made.run("another beta", beta=0.3, loss="ipo")
    assert made.count("references") == 1 and other.digest != found.digest


def test_two_rounds_sample_new_pairs_from_the_first_rounds_model(made: Made) -> None:
    logged: list[Mapping[str, float]] = []

    class Sink:
        def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
            logged.append(metrics)

    one, two = made.run("first of two"), made.run("two", {"metrics": Sink()}, rounds=2)
    manifest = made.manifest(two)
    first, second = (ArtifactRef(**ref) for ref in manifest["about"]["pairs"])
    assert first == made.refs["pairs"] and second.kind == "preference_pairs" and second.digest != first.digest
    again = records.from_table("preference_pairs", made.store.read_table(second))
    assert {pair.side for pair in again} == {"train"}
    assert clean(again).pairs == tuple(again)
    metrics = manifest["metrics"]
    assert metrics["dpo_dev_margin"] == metrics["round2_dpo_dev_margin"]
    assert metrics["round1_dpo_dev_margin"] == pytest.approx(made.manifest(one)["metrics"]["dpo_dev_margin"])
    assert {"round1_train_loss", "round2_train_loss", "round2_pairs_kept"} <= {n for m in logged for n in m}
    assert made.count("references") == 2  # re-anchored: the second round's are another model's

    with pytest.raises(MuseError, match=r"dpo\.rounds=2.*needs catalog, profiles.*found sft, pairs"):
        config = CONFIG.model_copy(update={"dpo": PREFER.model_copy(update={"rounds": 2})})
        dpo.run(config, made.refs["sft"], made.refs["pairs"], ctx=made.at("no shop"))


def test_the_scope_of_the_loss_is_part_of_what_is_learnt(made: Made) -> None:
    act, turn = (made.run(f"scope {scope}", scope=scope) for scope in ("act", "turn"))
    counts = [made.manifest(one)["metrics"]["dpo_pairs"] for one in (act, turn)]
    assert counts[0] == counts[1] and act.digest != turn.digest


@pytest.mark.parametrize("reports", [3, 13], ids=["in round 1", "in round 2"])
def test_a_killed_run_ends_with_the_same_model(
    made: Made, monkeypatch: pytest.MonkeyPatch, reports: int
) -> None:
    monkeypatch.setattr("muse_core.training.recorder.LOG_EVERY_STEPS", 1)
    whole = made.run("whole", rounds=2)
    name = f"killed {reports}"
    with pytest.raises(Stop):
        made.run(name, {"progress": StopsAt(reports)}, rounds=2)
    assert made.run(name, rounds=2).digest == whole.digest


def test_low_rank_adapters_end_in_a_plain_model(made: Made) -> None:
    found = made.run("lora", lora_rank=4, learning_rate=1e-2)
    before, after = made.weights(made.refs["sft"]), made.weights(found)
    assert before.keys() == after.keys()
    changed = [name for name, tensor in after.items() if not tensor.equal(before[name])]
    assert any("q_proj" in name for name in changed) and not any("norm" in name for name in changed)


def test_patience_ends_it_early(made: Made) -> None:
    """At this learning rate the held-out loss only rises after the first epoch."""
    wild = {"learning_rate": 0.3, "num_epochs": 8}
    whole, early = (
        made.manifest(made.run(f"patience {patience}", patience=patience, **wild))["metrics"]
        for patience in (0, 1)
    )
    assert early["dpo_steps"] < whole["dpo_steps"]


@pytest.mark.parametrize("option", [{"loss": "ipo"}, {"normalize": "act"}, {"label_smoothing": 0.2}], ids=str)
def test_accumulation_changes_no_figure(made: Made, option: dict[str, Any]) -> None:
    """4 x 1 = 2 x 2, in micro-batches of any size."""
    settings = [
        {"batch_size": 4, "gradient_accumulation_steps": 1},
        {"batch_size": 2, "gradient_accumulation_steps": 2, "micro_batch_tokens": 100},
    ]
    found = [
        made.manifest(made.run(f"{option} {number}", **option, **setting))["metrics"]
        for number, setting in enumerate(settings)
    ]
    for name in ("dpo_dev_loss", "dpo_dev_margin", "dpo_dev_kl"):
        assert found[0][name] == pytest.approx(found[1][name], rel=1e-3, abs=1e-4)


def test_pairs_that_cannot_train_are_an_error_with_counts(made: Made) -> None:
    with pytest.raises(MuseError, match=r"do not fit 20 tokens.*raise dpo\.max_sequence_length"):
        made.run("short", max_sequence_length=20)


def test_a_damaged_reference_stops_before_the_first_step(made: Made) -> None:
    """A table under the right key with another model's numbers, as a mixed-up store would hold."""
    ctx = made.at("damaged")
    given = {one: made.refs[one] for one in ("sft", "pairs", "catalog", "profiles", "conversations")}
    clean = replace(ctx, store=type(ctx.store)(made.root / "other"))
    for ref in made.refs.values():
        (clean.store.root / ref.path).parent.parent.mkdir(parents=True, exist_ok=True)
        (clean.store.root / ref.path).parent.symlink_to((ctx.store.root / ref.path).parent)
    dpo.run(CONFIG, **given, ctx=clean)
    [right] = [ref for ref in clean.store.list() if ref.kind == "references"]
    manifest, table = clean.store.manifest(right), clean.store.read_table(right)
    column = table.column("chosen")
    moved = table.set_column(1, table.schema.field("chosen"), [[value.as_py() - 3.0 for value in column]])
    clean.store.write_table("references", moved, manifest["fingerprint"], about=manifest["about"])
    with pytest.raises(MuseError, match="another model than the one that training starts from"):
        dpo.run(CONFIG, **given, ctx=replace(clean, fingerprint="again", work=made.at("again").work))


@pytest.mark.slow
def test_two_processes_train_both_rounds_as_one(made: Made) -> None:
    found = [made.run(f"{count} processes", {"processes": count}, rounds=2) for count in (1, 2)]
    metrics = [made.manifest(ref)["metrics"] for ref in found]
    assert metrics[0].keys() == metrics[1].keys()
    for name in ("round1_dpo_dev_loss", "round1_dpo_dev_margin"):
        assert metrics[1][name] == pytest.approx(metrics[0][name], abs=1e-3)
    # sums in another order: a token sampled for the second round may turn, and with it a pair
    assert metrics[1]["dpo_pairs"] == pytest.approx(metrics[0]["dpo_pairs"], abs=2)
