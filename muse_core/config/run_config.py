"""The experiment: every number that a result depends on, with its default, in one place.

One section per stage. Frozen; unknown keys are errors (`load.py` collects all of them). Presets in
`presets/*.toml` state differences only. Addresses, folders and secrets are not here: they do not
change a result and belong to `flows/environment.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CatalogConfig(Section):
    """Where the products come from: the user's file, or the embedded synthetic shop."""

    file: str | None = None
    columns: dict[str, str] = Field(default_factory=dict, description="our meaning -> column of the file")
    synthetic_products: Count = 2000


class ProfilesConfig(Section):
    """Shoppers. Shares of languages; the rest is `mixed`."""

    count: Count = 10_000
    share_en: Share = 0.35
    share_hi: Share = 0.25


class ConversationsConfig(Section):
    """Simulated dialogues."""

    count: Count = 50_000
    min_user_turns: Count = 2
    max_user_turns: Count = 6
    noise: Share = 0.15  # share of user turns with a typo or a spelling variant beyond the lexicon's


class ReplyConfig(Section):
    """`references`: replies name items as `[1]`, `[1:price]`; the runtime fills them in."""

    style: Literal["references", "plain"] = "references"


class BaseConfig(Section):
    """The language model that SFT starts from."""

    source: Literal["scratch", "pretrained"] = "scratch"
    model: str | None = None  # hub id, folder or GGUF file; needed when pretrained
    vocab_size: Count = 4096
    hidden_size: Count = 192
    num_layers: Count = 4
    num_heads: Count = 4
    intermediate_size: Count = 512
    max_positions: Count = 2048
    num_epochs: Count = 1
    max_tokens: Count = 400_000  # from scratch: stop after this many training tokens
    batch_size: Count = 32
    learning_rate: Rate = 2e-3
    muon_learning_rate: float = Field(default=0.0, ge=0)  # 0 = AdamW alone; see training/optimizer.py
    extend_vocab: int = Field(default=0, ge=0)  # pretrained: how many Indic/Roman tokens to add


class AugmentationConfig(Section):
    """Toolformer's filter. `samples` caps the rows scored (0 = all)."""

    samples: int = Field(default=25_000, ge=0)
    scorer: Literal["lm", "ngram"] = "ngram"
    filter: Literal["loss", "gold"] = "loss"
    threshold: float = 0.2  # nats: keep a call when L⁻ − L⁺ is at least this
    min_yield: Share = 0.5
    min_auc: Share = 0.8
    perturbations: Count = 2  # wrong candidates made from each gold call


class SftConfig(Section):
    """Supervised fine-tuning; names are the seed's."""

    calls: Literal["filtered", "gold", "all"] = "filtered"
    batch_size: Count = 8
    learning_rate: Rate = 5e-5
    num_epochs: Count = 20
    max_tokens: int = Field(default=0, ge=0)  # stop after this many training tokens (0 = epochs decide)
    single_turn_tokens: int = Field(default=0, ge=0)  # before that: so many of single turns (curriculum.py)
    single_turn_batch_size: Count = 32
    warmup_ratio: Share = 0.1
    weight_decay: float = Field(default=0.01, ge=0)
    gradient_accumulation_steps: Count = 4
    max_grad_norm: Rate = 1.0
    max_sequence_length: Count = 1024
    micro_batch_tokens: Count = 4096
    tool_prediction_weight: float = Field(default=1.0, ge=0)
    position_prediction_weight: float = Field(default=0.8, ge=0)
    argument_prediction_weight: float = Field(default=0.6, ge=0)
    fluency_weight: float = Field(default=0.4, ge=0)
    diagnostic_weight: float = Field(default=0.1, ge=0)
    utterance_weight: float = Field(
        default=0.0, ge=0
    )  # also predict the user's words: a small model learns to read
    muon_learning_rate: float = Field(default=0.0, ge=0)  # 0 = AdamW alone; see training/optimizer.py
    dropout: Share = 0.0
    save_every_steps: Count = 20
    gradient_checkpointing: bool = False


class PairsConfig(Section):
    """Preference pairs sampled from the SFT model."""

    contexts: Count = 4000
    samples_per_context: Count = 8
    temperatures: tuple[Rate, ...] = (0.7, 1.0)
    preference_strength_threshold: Share = 0.6
    rejection_sampling: bool = True
    max_pairs_per_context: Count = 2
    max_new_tokens: Count = 96


class DpoConfig(Section):
    """Dial-DPO: −log σ(β[(log π_c − log π_r) − (log ref_c − log ref_r)]), Rafailov et al. 2023, eq. 7."""

    beta: Rate = 0.1
    learning_rate: Rate = 1e-5
    batch_size: Count = 4
    num_epochs: Count = 5
    gradient_accumulation_steps: Count = 4
    warmup_ratio: Share = 0.1
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: Rate = 1.0
    max_sequence_length: Count = 1024
    nll_weight: float = Field(default=0.0, ge=0)  # RPO's extra term on the chosen side
    save_every_steps: Count = 20


class EvaluationConfig(Section):
    """What is measured. `test_split` is fixed by the sides; it is here so that the seed's file loads."""

    test_split: float = Field(default=0.1, ge=0.1, le=0.1)
    metrics: tuple[str, ...] = ()  # () = every metric
    max_cases: Count = 2000  # user turns of the test side
    max_new_tokens: Count = 96
    bootstrap_resamples: Count = 1000
    pair_contexts: Count = 400
    pair_samples: Count = 8


class ExportConfig(Section):
    onnx: bool = True
    int8: bool = True
    tensorrt: Literal["auto", "off", "require"] = "auto"
    int8_max_changed_calls: Share = 0.1  # an int8 graph that changes more acts is left out
    parity_cases: Count = 64
    opset: Count = 20


class ExecutionConfig(Section):
    """Where and how wide. Never changes a result's meaning; `device` and `precision` go into the manifest."""

    engine: Literal["local", "dask", "ray"] = "local"
    workers: int = Field(default=0, ge=0)  # 0 = all cores
    threads: int = Field(default=0, ge=0)  # torch threads; 0 = all cores
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    num_processes: Count = 1


class RunConfig(Section):
    """All of it. `preset` is the name it started from."""

    preset: str = "full"
    seed: int = 17
    report_to: tuple[Literal["mlflow", "wandb"], ...] = ("mlflow",)
    catalog: CatalogConfig = CatalogConfig()
    profiles: ProfilesConfig = ProfilesConfig()
    conversations: ConversationsConfig = ConversationsConfig()
    reply: ReplyConfig = ReplyConfig()
    base: BaseConfig = BaseConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    sft: SftConfig = SftConfig()
    pairs: PairsConfig = PairsConfig()
    dpo: DpoConfig = DpoConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    export: ExportConfig = ExportConfig()
    execution: ExecutionConfig = ExecutionConfig()
