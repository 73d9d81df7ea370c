"""How the SFT model is trained on by its own turns: which method, and the settings of those that sample as
they train. DPO's are in `run_config.py`; what each method does: docs/post-training.md."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from muse_core.config.data_sections import Count, Rate, Section, Share

Samples = Annotated[int, Field(ge=2)]


class PostConfig(Section):
    """Which model `evaluate`, `export` and `register` take behind SFT. A change of it alone trains nothing
    again that was trained before."""

    method: Literal["dpo", "rft", "grpo"] = "dpo"


class OnPolicySection(Section):
    """What methods that sample as they train have in common. `samples_per_context`: how many turns are drawn
    for one request, at `temperature` from the whole distribution."""

    samples_per_context: Samples = 8
    temperature: Rate = 1.0
    max_new_tokens: Count = 96
    held_out_contexts: Count = 64  # never trained on: their greedy reward chooses the weights
    learning_rate: Rate = 1e-5
    muon_learning_rate: float = Field(default=0.0, ge=0)  # 0 = AdamW alone; see training/optimizer.py
    warmup_ratio: Share = 0.1
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: Rate = 1.0
    micro_batch_tokens: Count = 4096
    lora_rank: int = Field(default=0, ge=0)  # 0 = train all weights; see models/lora.py
    lora_alpha: Rate = 32.0
    save_every_steps: Count = 20


class RftConfig(OnPolicySection):
    """Rejection-sampling fine-tuning in rounds (Yuan et al. 2023, arXiv 2308.01825): sample, keep the
    distinct turns that earn `min_reward` and decide rightly, weigh a context by the share of its samples
    that are wrong, train on them with SFT's loss and `kl_weight` times KL(π ‖ SFT model). `sft_share` of the
    examples of a round are conversations that SFT has learnt from."""

    rounds: Count = 2
    contexts: Count = 2000  # asked in each round
    min_reward: Share = 0.98
    sft_share: Annotated[float, Field(ge=0, lt=1)] = 0.25
    kl_weight: float = Field(default=0.1, ge=0)
    batch_size: Count = 8
    num_epochs: Count = 1  # of each round
    max_sequence_length: Count = 1024


class GrpoConfig(OnPolicySection):
    """Group-relative policy optimization (Shao et al. 2024, arXiv 2402.03300); names are TRL's.

    `scale_rewards`: advantages divided by the group's standard deviation, or not (Dr. GRPO: Liu et al. 2025).
    `loss_type`: a turn's tokens averaged first (grpo), all tokens of a step alike (dapo: Yu et al. 2025), or
    over a constant length (dr_grpo). `epsilon`, `epsilon_high`: clipping of the ratio below and above.
    `beta`: of KL to the SFT model; `use_bias_correction_kl`: times the ratio, which makes the estimate's
    gradient that of KL(π ‖ SFT model) (DeepSeek-V3.2). `updates_per_sampling` = 2: half of what is drawn is
    learnt one step late."""

    steps: Count = 200
    contexts_per_step: Count = 8
    updates_per_sampling: Annotated[int, Field(ge=1, le=2)] = 1
    scale_rewards: Literal["group", "none"] = "none"
    loss_type: Literal["grpo", "dapo", "dr_grpo"] = "dapo"
    epsilon: Annotated[float, Field(gt=0, lt=1)] = 0.2
    epsilon_high: Rate = 0.28
    beta: float = Field(default=0.0, ge=0)
    use_bias_correction_kl: bool = True
    measure_every_steps: Count = 20
