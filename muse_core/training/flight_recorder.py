"""What watches DPO: the check before the first step, the figures per epoch, warnings with advice.

Before the first step policy and reference are one model, so every margin is 0 and the loss is ln 2
(IPO: 1/(4β²)). Where they are not, `check_start` stops and names the cause. A mask that is wrong in the
same way on both sides would pass that test, so the masks are looked at first.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

import torch

from muse_core.config.run_config import DpoConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.examples.example import Example
from muse_core.models.chat_format import END, RESULT, RESULT_END
from muse_core.models.loading import LoadedModel
from muse_core.models.packed_sequences import by_tokens, packed_attention
from muse_core.models.tokenizer_digest import tokenizer_digest
from muse_core.training.batches import micro_batches
from muse_core.training.precision import autocast
from muse_core.training.preference_loss import Judged, PreferenceLoss, first_loss
from muse_core.training.references import PairExamples, References

log = logging.getLogger(__name__)

TOLERANCE = 1e-4  # of the loss, as a share of its value at the start over ln 2
MARGIN_TOLERANCE = 1e-3  # of each pair's βh
CHECKED_PAIRS = 64
DISPLACED = -0.1  # nats per token
RUNAWAY, RUNAWAY_PAIRS = 0.6, 20
SATURATED_LOSS, SATURATED_MARGIN = 0.02, 10.0


# ---- before the first step --------------------------------------------------------------------------


def check_start(
    module: PreferenceLoss,
    loaded: LoadedModel,
    pairs: PairExamples,
    references: References,
    ctx: StageContext,
) -> None:
    """MuseError with the likely cause unless loss and margins of the first pairs are those of a policy that
    is its reference. `pairs`: in the order in which `references` were computed, so that rounding is alike."""
    _check_masks(loaded, pairs)
    if references.tokenizer != tokenizer_digest(loaded.tokenizer):
        raise _stop(
            "the reference log-probs were made with another tokenizer or chat format", "train SFT again"
        )
    given = references.given_to(pairs)
    judged = judge(module, _first_groups(list(given.values()), module.config.micro_batch_tokens), ctx)
    expected = first_loss(module.config, judged.reference, judged.tokens)
    found = float(judged.losses.mean())
    near = TOLERANCE * max(1.0, expected / math.log(2))
    if abs(found - expected) <= near and float(judged.margins.abs().max()) <= MARGIN_TOLERANCE:
        return
    counted = [references.tokens[name] for name in list(given)[: len(judged.losses)]]
    cause, advice = _cause(judged, torch.tensor(counted))
    low, high = float(judged.margins.min()), float(judged.margins.max())
    raise _stop(
        f"{cause} (loss {found:.6f}, expected {expected:.6f} within {near:.1g}; margins from {low:.3g} to "
        f"{high:.3g}, expected 0)",
        advice,
    )


def _first_groups(pairs: Sequence[Example], max_tokens: int) -> list[Example]:
    """About `CHECKED_PAIRS` of them, as whole micro-batches."""
    taken: list[Example] = []
    for group in by_tokens(pairs, [len(pair) for pair in pairs], max_tokens):
        taken += group
        if len(taken) >= CHECKED_PAIRS:
            break
    return taken


def _stop(cause: str, advice: str) -> MuseError:
    return MuseError(f"dpo, before the first step: {cause}. {advice[0].upper()}{advice[1:]}.")


def _cause(judged: Judged, counted: torch.Tensor) -> tuple[str, str]:
    """The likely cause and what to do about it."""
    policy, reference = judged.policy.detach().cpu(), judged.reference.cpu()
    if not torch.equal(judged.tokens.cpu(), counted):
        at = int((judged.tokens.cpu() != counted).any(1).nonzero()[0])
        ours, theirs = judged.tokens[at].tolist(), counted[at].tolist()
        return (
            f"the mask has shifted: policy and reference count different tokens (pair {at + 1}: {ours} and "
            f"{theirs} of chosen and rejected)",
            "compute the references with the masks that training uses",
        )
    if not reference.any():
        return (
            "there is no reference: its log-probs are all 0, so the margins are raw log-odds "
            "(docs/seed.md#the-dpo-loss)",
            "give every pair the log-probs of the model that training starts from",
        )
    if torch.allclose(policy, reference, atol=0.01):
        return (
            "the margins are raw log-odds (docs/seed.md#the-dpo-loss): the references are right and the loss "
            "does not subtract them",
            "use −log σ(β[(log π_c − log π_r) − (log ref_c − log ref_r)])",
        )
    if torch.allclose(policy.flip(1), reference, atol=0.01):
        return "chosen and rejected are swapped in the reference", "look at the order of its columns"
    apart = float(((policy - reference).abs() / judged.tokens.cpu()).mean())
    return (
        f"the reference is another model than the one that training starts from ({apart:.3g} nats per token "
        "apart)",
        "compute its log-probs with this model, in the same precision and without dropout",
    )


def _check_masks(loaded: LoadedModel, pairs: PairExamples) -> None:
    tags = [int(loaded.tokenizer.convert_tokens_to_ids(tag)) for tag in (RESULT, RESULT_END, END)]
    for name, pair in pairs.items():
        fault = next(_mask_faults(pair, *tags), None)
        if fault:
            raise _stop(
                f"the mask of pair {name} {fault}: it is shifted, or made for another chat format",
                "only what the model writes itself may count: its calls, `<result>` and its reply",
            )


def _mask_faults(pair: Example, result: int, result_end: int, end: int) -> Iterator[str]:
    first, second = pair.fork or (0, 0)
    if any(pair.parts[:first]):
        yield "counts tokens of the prompt"
    for start, stop in ((first, second), (second, len(pair))):
        ids, parts = pair.ids[start:stop], pair.parts[start:stop]
        last = max((at for at, part in enumerate(parts) if part), default=0)
        if not parts or not parts[0] or (last < len(ids) - 1 and ids[last] not in (result, end)):
            yield "leaves out the first or the last token that the model writes"
        is_inside = False
        for token, part in zip(ids, parts, strict=True):
            if is_inside and part:
                yield "counts what a tool returned"
            is_inside = token == result or (is_inside and token != result_end)


# ---- figures --------------------------------------------------------------------------------------


@torch.no_grad()
def judge(module: PreferenceLoss, pairs: Sequence[Example], ctx: StageContext) -> Judged:
    """All pairs at once, without gradients or dropout."""
    module.eval()
    limit = module.config.micro_batch_tokens
    with packed_attention(module.model), autocast(ctx.device, ctx.precision):
        found = [module.judge(micro) for micro in micro_batches(pairs, limit, ctx.device)]
    return Judged(*(torch.cat([getattr(one, name.name) for one in found]) for name in fields(Judged)))


def measure(module: PreferenceLoss, pairs: Sequence[Example], ctx: StageContext) -> dict[str, float]:
    """`Judged.figures` over held-out pairs, the whole loss, and Pearson's r of margin and length."""
    judged = judge(module, pairs, ctx)
    values = judged.figures(len(pairs)) | {
        "loss": module.loss_of(judged, len(pairs)),
        "length_correlation": length_correlation(judged),
    }
    return {f"dev_{name}": float(value) for name, value in values.items()}


def length_correlation(judged: Judged) -> torch.Tensor:
    """Of the margin with how many tokens the chosen turn is longer; 0 where either does not vary."""
    longer = (judged.tokens[:, 0] - judged.tokens[:, 1]).float()
    table = torch.stack([judged.margins.detach(), longer])
    return torch.corrcoef(table)[0, 1].nan_to_num() if len(longer) > 1 else torch.zeros(())


def epoch_line(epoch: int, values: Mapping[str, float]) -> str:
    """The line of docs/seed.md#what-is-printed-per-epoch, with what the recorder adds."""
    return (
        f"Epoch {epoch}: DPO Loss: {values['dev_dpo_loss']:.2f}, Preference Accuracy: "
        f"{100 * values['dev_accuracy']:.1f}%, margin {values['dev_margin']:.3f}, drift chosen "
        f"{values['dev_chosen_drift']:+.4f} rejected {values['dev_rejected_drift']:+.4f}, KL "
        f"{values['dev_kl']:.4f} nats/token"
    )


# ---- warnings -------------------------------------------------------------------------------------


@dataclass
class FlightRecorder:
    """Told of every epoch's figures over `pairs` held-out pairs; says each warning once."""

    config: DpoConfig
    pairs: int
    said: set[str] = field(default_factory=set)

    def epoch(self, number: int, values: Mapping[str, float]) -> None:
        log.info("%s", epoch_line(number, values))
        for danger in (self._displacement, self._length_runaway, self._saturation):
            text = danger(values)
            if text and danger.__name__ not in self.said:
                self.said.add(danger.__name__)
                log.warning("dpo, epoch %d: %s", number, text)

    def _displacement(self, values: Mapping[str, float]) -> str | None:
        """The chosen turns lose probability while the pairs are told apart (Razin et al. 2024)."""
        drift, accuracy = values["dev_chosen_drift"], values["dev_accuracy"]
        if drift >= DISPLACED or accuracy <= 0.5:
            return None
        weight = self.config.nll_weight
        return (
            f"likelihood displacement: accuracy is {accuracy:.2f}, but the chosen turns have lost "
            f"{-drift:.2f} nats per token as well. Set dpo.nll_weight={max(1.0, 2 * weight):g} "
            f"(now {weight:g}), lower dpo.learning_rate, or raise dpo.beta"
        )

    def _length_runaway(self, values: Mapping[str, float]) -> str | None:
        tied = values["dev_length_correlation"]
        if abs(tied) <= RUNAWAY or self.pairs < RUNAWAY_PAIRS:
            return None
        advice = "dpo.scope=act" if self.config.scope == "turn" else "dpo.normalize=token"
        return (
            f"length runaway: margins go with length (correlation {tied:+.2f}), so that the model learns to "
            f"write {'more' if tied > 0 else 'less'}. Set {advice}, and see the pair lint"
        )

    def _saturation(self, values: Mapping[str, float]) -> str | None:
        """IPO has none: its margins have a target; nor has the NLL of the chosen side."""
        loss, margin = values["dev_dpo_loss"], values["dev_margin"]
        if self.config.loss != "sigmoid" or (loss >= SATURATED_LOSS and margin <= SATURATED_MARGIN):
            return None
        return (
            f"saturation: a loss of {loss:.4f} at a margin of {margin:.1f} teaches nothing more. Set "
            "dpo.patience=1 or fewer dpo.num_epochs, or dpo.label_smoothing=0.1"
        )
