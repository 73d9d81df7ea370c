"""The rft and grpo stages on a model that has learnt a little: figures, kills, processes, bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from muse_core import records
from muse_core.config.post_sections import GrpoConfig, RftConfig
from muse_core.errors import ArtifactError, MuseError
from muse_core.models.loading import load_model
from muse_core.preferences.reward import RewardParts
from muse_core.stages import grpo, rft
from muse_core.types import ArtifactRef
from tests.unit.training.builders_post import CONFIG, Made, Stop, StopsAt, prepare

SHORT: dict[str, Any] = {
    "samples_per_context": 4, "max_new_tokens": 48, "held_out_contexts": 6, "learning_rate": 1e-3,
    "save_every_steps": 2,
}  # fmt: skip
RFT = RftConfig(**SHORT, contexts=40, rounds=2, min_reward=0.6)
GRPO = GrpoConfig(**SHORT, steps=6, contexts_per_step=4, measure_every_steps=3)
SETTINGS = {"rft": RFT, "grpo": GRPO}
STAGES = {"rft": rft, "grpo": grpo}
INPUTS = {
    "rft": ("catalog", "profiles", "conversations", "augment", "sft"),
    "grpo": ("catalog", "profiles", "conversations", "sft"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return prepare(tmp_path_factory.mktemp("post"))


class Sink:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.rows: list[tuple[dict[str, float], int | None]] = []

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self.rows.append((dict(metrics), step))

    @property
    def names(self) -> set[str]:
        return {name for metrics, _ in self.rows for name in metrics}


def run(made: Made, method: str, name: str, ctx: dict[str, Any] | None = None, **changes: Any) -> ArtifactRef:
    config = CONFIG.model_copy(update={method: SETTINGS[method].model_copy(update=changes)})
    given = {one: made.refs[one] for one in INPUTS[method]}
    found: ArtifactRef = STAGES[method].run(config, **given, ctx=made.at(name, **(ctx or {})))
    return found


# ---- what they publish --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", SETTINGS)
def test_a_method_publishes_a_model_that_has_moved_and_its_figures(made: Made, method: str) -> None:
    sink = Sink()
    found = run(made, method, f"{method} one", {"metrics": sink})
    manifest, loaded = made.manifest(found), load_model(made.store.folder(found))
    assert loaded.about["trained"] == method and loaded.can_call
    before, after = made.weights(made.refs["sft"]), made.weights(found)
    assert before.keys() == after.keys()
    assert any(not after[name].equal(before[name]) for name in after)
    due = {
        f"{method}_{name}" for name in ("steps", "tokens", "dev_loss", "dev_reward", "dev_reward_decision")
    }
    assert due <= manifest["metrics"].keys()
    assert manifest["metrics"][f"{method}_dev_loss"] == pytest.approx(
        1 - manifest["metrics"][f"{method}_dev_reward"]
    )
    heads = [load_model(made.store.folder(ref)).heads.state_dict() for ref in (made.refs["sft"], found)]
    assert all(torch.equal(heads[0][name], heads[1][name]) for name in heads[0])


def test_every_step_of_grpo_is_told(made: Made) -> None:
    sink = Sink()
    run(made, "grpo", "grpo told", {"metrics": sink})
    steps = [step for metrics, step in sink.rows if "grpo_reward" in metrics]
    assert steps == [1, 2, 3, 4, 5, 6]
    told = {
        f"grpo_{name}" for name in ("reward", "reward_arguments", "no_spread", "turn_tokens", "malformed")
    }
    assert told | {"train_entropy", "train_kl", "train_clipped", "dev_reward"} <= sink.names
    for metrics, _ in sink.rows:
        assert 0 <= metrics.get("grpo_no_spread", 0.0) <= 1 and metrics.get("train_entropy", 1.0) > 0


def test_rft_counts_what_it_keeps_and_mixes(made: Made) -> None:
    metrics = made.manifest(run(made, "rft", "rft counts", sft_share=0.5))["metrics"]
    for number in (1, 2):
        first = {
            k.removeprefix(f"round{number}_rft_"): v for k, v in metrics.items() if f"round{number}" in k
        }
        assert first["contexts"] == 40
        assert first["always_right"] + first["never_right"] + first["teaching"] == first["contexts"]
        assert first["kept"] >= first["teaching"] > 0
        assert 0 < first["sft_examples"] <= first["kept"]
        assert first["kl"] >= 0 if "kl" in first else True
    assert metrics["rft_kept"] == metrics["round2_rft_kept"]


def test_a_stronger_kl_keeps_the_model_nearer(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muse_core.training.recorder.LOG_EVERY_STEPS", 1)

    def last_kl(weight: float) -> float:
        sink = Sink()
        longer = {"rounds": 1, "num_epochs": 6, "batch_size": 2}
        run(made, "rft", f"kl {weight}", {"metrics": sink}, kl_weight=weight, **longer)
        found = [metrics["train_kl"] for metrics, _ in sink.rows if "train_kl" in metrics]
        assert found[0] == pytest.approx(0.0, abs=1e-6) and min(found) >= -1e-6
        return found[-1]

    assert last_kl(30.0) < last_kl(0.0) / 2


def test_learning_on_what_was_drawn_a_step_before_changes_the_model_and_clips(made: Made) -> None:
    sink = Sink()
    late = run(made, "grpo", "late", {"metrics": sink}, updates_per_sampling=2, learning_rate=2e-2)
    now = run(made, "grpo", "at once", learning_rate=2e-2)
    assert late.digest != now.digest
    assert len([1 for metrics, _ in sink.rows if "grpo_reward" in metrics]) == 3  # samplings


@pytest.mark.parametrize("method", SETTINGS)
def test_low_rank_adapters_end_in_a_plain_model_after_an_interruption_too(
    made: Made, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muse_core.training.recorder.LOG_EVERY_STEPS", 1)
    found = run(made, method, f"{method} lora", lora_rank=4)
    before, after = made.weights(made.refs["sft"]), made.weights(found)
    assert before.keys() == after.keys()
    changed = {name for name, tensor in after.items() if not tensor.equal(before[name])}
    assert any("q_proj" in name for name in changed) and not any("norm" in name for name in changed)
    with pytest.raises(Stop):
        run(made, method, f"{method} lora stopped", {"progress": StopsAt(1)}, lora_rank=4)
    assert run(made, method, f"{method} lora stopped", lora_rank=4).digest == found.digest


# ---- a kill -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "reports", "changes"),
    [
        ("grpo", 1, {}),
        ("grpo", 3, {"updates_per_sampling": 2, "save_every_steps": 1}),
        ("rft", 1, {"batch_size": 4}),
        ("rft", 1, {"batch_size": 1000}),
    ],
    ids=["grpo", "grpo between two updates", "rft, round 1", "rft, round 2"],
)
def test_a_stopped_run_ends_with_the_same_model(
    made: Made, monkeypatch: pytest.MonkeyPatch, method: str, reports: int, changes: dict[str, Any]
) -> None:
    monkeypatch.setattr("muse_core.training.recorder.LOG_EVERY_STEPS", 1)
    name = f"stopped {method} {reports} {changes}"
    whole = run(made, method, f"whole {name}", **changes)
    with pytest.raises(Stop):
        run(made, method, name, {"progress": StopsAt(reports)}, **changes)
    assert run(made, method, name, **changes).digest == whole.digest


KILLED = """
import json, sys
from pathlib import Path
from muse_core.types import ArtifactRef
from tests.unit.training import test_post_stages as tests
from tests.unit.training.builders_post import Made
root, method, refs, changes = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
made = Made(root, {name: ArtifactRef(**ref) for name, ref in refs.items()})
print(tests.run(made, method, "killed " + method, **changes).digest)
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", SETTINGS)
def test_kill_9_in_the_middle_ends_with_the_same_digest(made: Made, method: str) -> None:
    changes = {"learning_rate": 1e-3, "save_every_steps": 1}
    if method == "grpo":
        changes |= {"steps": 12, "updates_per_sampling": 2}
    whole = run(made, method, f"undisturbed {method}", **changes)
    refs = {name: vars(ref) for name, ref in made.refs.items()}
    command = [sys.executable, "-c", KILLED, str(made.root), method, json.dumps(refs), json.dumps(changes)]
    env = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    work = made.root / "work" / f"killed {method}"
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 900
    while not any(work.rglob("step-*/state.json")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is None, "it ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and any(work.rglob("step-*/state.json"))
    again = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    assert again.stdout.split()[-1] == whole.digest


@pytest.mark.slow
@pytest.mark.parametrize("method", SETTINGS)
def test_two_processes_train_as_one(made: Made, method: str) -> None:
    """Sums in another order: after a few steps a sampled token may turn, so one step of each is compared."""
    changes: dict[str, Any] = {"steps": 1} if method == "grpo" else {"rounds": 1}
    found = [
        made.manifest(run(made, method, f"{method} by {count}", {"processes": count}, **changes))["metrics"]
        for count in (1, 2)
    ]
    assert found[0].keys() == found[1].keys()
    for name in (f"{method}_dev_loss", f"{method}_tokens"):
        assert found[1][name] == pytest.approx(found[0][name], rel=0.05)


# ---- bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", SETTINGS)
@pytest.mark.parametrize("value", [0.5, float("nan")], ids=["constant", "nan"])
def test_a_reward_that_tells_nothing_apart_is_told(
    made: Made, monkeypatch: pytest.MonkeyPatch, method: str, value: float
) -> None:
    parts = RewardParts(1.0, value, *[1.0] * 5)
    monkeypatch.setattr("muse_core.preferences.contexts.reward", lambda *_: parts)
    said = {
        ("grpo", False): r"5 samplings of 4 contexts every sample of a context has earned the same reward",
        ("rft", False): r"the first round keeps no turn to learn from.*never_right 40",
        ("grpo", True): r"the reward of a sample of .* is nan \(decision\); expected a finite number",
        ("rft", True): r"the reward of a sample of .* is nan \(decision\); expected a finite number",
    }[method, value != value]
    with pytest.raises(MuseError, match=said):
        run(made, method, f"{method} {value}")


def test_a_negative_reward_is_a_reward(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below zero by a constant: the same advantages, the same model."""
    from muse_core.preferences import contexts

    plain = run(made, "grpo", "as it is", steps=2)
    pay = contexts.reward

    def below_zero(*given: Any) -> RewardParts:
        return RewardParts(**{name: value - 2 for name, value in vars(pay(*given)).items()})

    monkeypatch.setattr(contexts, "reward", below_zero)
    found = run(made, "grpo", "below zero", steps=2)
    assert made.manifest(found)["metrics"]["grpo_dev_reward"] < -1
    before, after = made.weights(plain), made.weights(found)
    assert all(torch.allclose(before[name], after[name], atol=1e-4) for name in before)


@pytest.mark.parametrize("method", SETTINGS)
def test_no_context_is_told_with_what_there_was(made: Made, method: str) -> None:
    every = records.from_table("conversations", made.store.read_table(made.refs["conversations"]))
    silent = [one for one in every if one.side != "train"]
    table = records.to_table("conversations", silent)
    ref = made.store.write_table("conversations", table, f"{method} silent")
    other = Made(made.root, made.refs | {"conversations": ref})
    with pytest.raises(
        MuseError, match=rf"{method}: no context is left: of {len(silent)} conversations 0 may be"
    ):
        run(other, method, f"{method} nobody")


def test_samples_that_are_gone_are_not_drawn_again_by_another_model(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muse_core.training.recorder.LOG_EVERY_STEPS", 1)
    changes = {"updates_per_sampling": 2, "save_every_steps": 1}
    with pytest.raises(Stop):
        run(made, "grpo", "gone", {"progress": StopsAt(1)}, **changes)
    kept = sorted((made.root / "work" / "gone").glob("drawn-*.json"))
    kept[0].write_text("{", "utf-8")
    with pytest.raises(ArtifactError, match=r"cannot be read .*Remove .* to start"):
        run(made, "grpo", "gone", **changes)
    kept[0].unlink()
    with pytest.raises(ArtifactError, match=r"is missing: step 2 learns from what was drawn before step 1"):
        run(made, "grpo", "gone", **changes)
