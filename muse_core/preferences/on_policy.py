"""GRPO's samples: groups drawn by the model as it is, each turn worth what it earns beside its group.

With `updates_per_sampling` = 2 the groups of two steps are drawn at once; those of the second are learnt by a
model that has moved one step, against the log-probs of the one that drew them, and outlive a kill in a file.
A group without spread is left out and counted. What a step draws follows from the weights, the seed and the
step, so that a resumed training draws the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from muse_core.config.post_sections import GrpoConfig
from muse_core.context import StageContext
from muse_core.errors import ArtifactError, MuseError
from muse_core.examples.example import FLUENCY_PART, Example
from muse_core.examples.sampled import SampledTurn
from muse_core.preferences.contexts import Context, Environment
from muse_core.preferences.groups import Drawn, Group, Pool, draw_groups, figures_of, refuse_wrong_rewards
from muse_core.training.advantages import advantages_of
from muse_core.training.drawing import keep_turns, kept_turns, shared_out
from muse_core.training.grpo_loss import known_log_probs
from muse_core.training.on_policy_recorder import OnPolicyRecorder
from muse_core.training.processes import is_main_process

if TYPE_CHECKING:
    from muse_core.models.loading import LoadedModel

SAMPLES = 14  # of the seed: other random numbers than other parts of the stage take
HOPELESS = 5  # samplings without any spread before anything was learnt
KEPT_FILES = 3  # as many as checkpoints may still need, and one more


@dataclass
class GroupDraw:
    """`training.draw.Draw` for GRPO. `reference`: the model that training starts from."""

    loaded: LoadedModel
    reference: LoadedModel
    pool: Pool
    environment: Environment
    config: GrpoConfig
    ctx: StageContext
    recorder: OnPolicyRecorder
    pending: dict[int, list[Example]] = field(default_factory=dict)
    in_vain: int = 0
    has_learnt: bool = False

    def __call__(self, step: int) -> list[Example]:
        late = step % self.config.updates_per_sampling
        if late == 0:
            self._sample(step)
        elif step not in self.pending:
            self.pending[step] = self._kept(step)
        return self.pending.pop(step)

    def learnt(self, step: int, values: Mapping[str, float]) -> None:
        self.recorder.learnt(step, values)

    def _sample(self, step: int) -> None:
        updates, each = self.config.updates_per_sampling, self.config.contexts_per_step
        contexts = self.pool.part(step * each, updates * each)
        groups = shared_out(lambda part: self._groups(part, step), contexts)
        refuse_wrong_rewards(groups, "grpo")
        worth = [
            (group, advantages_of(group.rewards, self.config.scale_rewards == "group")) for group in groups
        ]
        self._report(step, groups, sum(advantages is None for _, advantages in worth))
        for late in range(updates):
            part = worth[late * each : (late + 1) * each]
            turns = [turn for group, credits in part if credits for turn in turns_of(group, credits)]
            self.has_learnt |= bool(turns)
            self.pending[step + late] = self._with_log_probs(turns, with_old=late > 0)
            if late:
                keep_turns(self._file(step + late), self.pending[step + late])
        self._sweep()

    def _groups(self, contexts: Sequence[Context], step: int) -> list[Group]:
        seed = (self.ctx.seed, SAMPLES, step)
        return draw_groups(self.loaded, contexts, self.environment, self.config, seed)

    def _with_log_probs(self, turns: list[SampledTurn], with_old: bool) -> list[Example]:
        """Under the reference, and under the model as it is where that will have moved."""
        where = (self.config, self.ctx.device, self.ctx.precision)
        reference = known_log_probs(self.reference.model, turns, *where)
        old = known_log_probs(self.loaded.model, turns, *where) if with_old else [()] * len(turns)
        return [
            replace(turn, reference=there, old=here)
            for turn, there, here in zip(turns, reference, old, strict=True)
        ]

    def _report(self, step: int, groups: Sequence[Group], without_spread: int) -> None:
        """Figures; MuseError where the reward has told no two samples apart since the beginning."""
        values = figures_of(groups) | {"no_spread": without_spread / len(groups)}
        if is_main_process():
            self.recorder.drawn(step, values)
        self.in_vain = self.in_vain + 1 if without_spread == len(groups) else 0
        if self.in_vain >= HOPELESS and not self.has_learnt:
            raise MuseError(
                f"grpo: in {self.in_vain} samplings of {len(groups)} contexts every sample of a context "
                f"has earned the same reward (mean {values['reward']:.3f}): there is nothing to learn "
                "from. Raise grpo.temperature or grpo.samples_per_context; train SFT longer where the "
                "reward is low; where it is high there is nothing left to win (post.method=dpo trains on "
                "pairs that are mined before)."
            )

    # ---- what outlives a kill --------------------------------------------------------------------------

    def _file(self, step: int) -> Path:
        return self.ctx.work / f"drawn-{step:06d}.json"

    def _kept(self, step: int) -> list[Example]:
        found = kept_turns(self._file(step))
        if found is None:
            raise ArtifactError(
                f"{self._file(step)} is missing: step {step + 1} learns from what was drawn before step "
                f"{step}. Remove {self.ctx.work} to start that training from the beginning."
            )
        return found[0]

    def _sweep(self) -> None:
        if is_main_process():
            for old in sorted(self.ctx.work.glob("drawn-*.json"))[: -self._needed]:
                old.unlink(missing_ok=True)

    @property
    def _needed(self) -> int:
        return KEPT_FILES * self.config.save_every_steps


def turns_of(group: Group, advantages: Sequence[float]) -> Iterator[SampledTurn]:
    """A group's samples as the model wrote them; one whose turn never began teaches nothing."""
    for drawn, advantage in zip(group.drawn, advantages, strict=True):
        if drawn.tokens:
            yield turn_of(drawn, advantage)


def turn_of(drawn: Drawn, credit: float) -> SampledTurn:
    """Every token that the model wrote counts, those that a tool returned do not."""
    parts = [FLUENCY_PART if own else 0 for own in drawn.written.own]
    return SampledTurn(drawn.written.ids, parts, credit=credit)
