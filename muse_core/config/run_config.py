"""The experiment: every number that a result depends on, with its default, in one place.

One section per stage. Frozen; unknown keys are errors (`load.py` collects all of them). Presets in
`presets/*.toml` state differences only. Addresses, folders and secrets are not here: they do not
change a result and belong to `flows/environment.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from muse_core.config.data_sections import (
    CatalogConfig,
    ConversationsConfig,
    Count,
    LlmConfig,
    ProfilesConfig,
    PromptConfig,
    Rate,
    ReplyConfig,
    Section,
    Share,
)
from muse_core.config.post_sections import GrpoConfig, PostConfig, RftConfig


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
    trim_vocab: int = Field(default=49_152, ge=0)  # pretrained: keep about so many of its tokens (0 = all)
    extend_vocab: int = Field(default=0, ge=0)  # pretrained: how many Indic/Roman tokens to add


class AugmentationConfig(Section):
    """Toolformer's filter. `samples` caps the rows scored (0 = all). `sampled_*`: calls that a pretrained
    base proposes itself, scored beside the gold ones for the report (augmentation/sampled_calls.py)."""

    samples: int = Field(default=25_000, ge=0)
    scorer: Literal["lm", "ngram"] = "ngram"
    filter: Literal["loss", "gold"] = "loss"
    threshold: float = 0.2  # nats: keep a call when L⁻ − L⁺ is at least this
    min_yield: Share = 0.5
    min_auc: Share = 0.8
    perturbations: Count = 2  # wrong candidates made from each gold call
    sampled_calls: int = Field(default=0, ge=0)  # the paper's m, at each place; 0 = none
    sampled_places: Count = 2  # the paper's k, for each tool's prompt
    sampled_threshold: Share = 0.05  # the paper's τs: a call begins there with this probability at least


class SftConfig(Section):
    """Supervised fine-tuning; names are the founding guide's (docs/seed.md)."""

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
    utterance_weight: float = Field(default=0.0, ge=0)  # predict the user's words too: it learns to read
    muon_learning_rate: float = Field(default=0.0, ge=0)  # 0 = AdamW alone; see training/optimizer.py
    dropout: Share = 0.0
    profile_dropout: Share = 0.35  # of the conversations: told the shopper's language, not the profile
    language_dropout: Share = 0.1  # of the conversations: told nothing; see profiles/system_line.py
    facet_variation: Share = 0.2  # of the conversations: told other facets; see examples/other_facets.py
    save_every_steps: Count = 20
    gradient_checkpointing: bool = False
    lora_rank: int = Field(default=0, ge=0)  # 0 = train all weights; see models/lora.py
    lora_alpha: Rate = 32.0


class PairsConfig(Section):
    """Preference pairs sampled from the SFT model, with a share of contrast pairs (DiaTool's ten types).

    `pairing`: `mistakes` pairs the best right turn with the mistakes that the model makes most often,
    `extremes` the best turn with the worst. `rejected` (mistakes): any of them, or those alone that
    decide wrongly."""

    reserved_share: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of the train side's shoppers: not for SFT
    contexts: Count = 4000
    pairing: Literal["mistakes", "extremes"] = "mistakes"
    rejected: Literal["any", "decision"] = "any"
    chosen_min_reward: Share = 0.98  # mistakes: what a turn must earn to count as right
    max_right_share: Share = 1.0  # mistakes: a context of whose samples more are right gives no pair
    samples_per_context: Count = 8
    temperatures: tuple[Rate, ...] = (0.7, 1.0)
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    preference_strength_threshold: Share = 0.6
    rejection_sampling: bool = True  # extremes: the chosen turn must decide rightly; a right turn always does
    min_pairs_per_example: Count = 1  # a context with fewer gives none
    max_pairs_per_context: Count = 2
    contrast_share: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of all pairs
    human: str | None = None  # artifact id of pairs that people judged (`muse human-eval import --pairs`)
    max_new_tokens: Count = 96


class DpoConfig(Section):
    """Dial-DPO: −log σ(β[(log π_c − log π_r) − (log ref_c − log ref_r)]), Rafailov et al. 2023, eq. 7.

    `scope`: what of a turn counts: all of it, or up to the first act in which both sides part
    (`examples/pairs.py`). `loss`: that one, IPO's (Azar et al. 2024, eq. 17), or `sft`, the chosen sides'
    NLL alone: what is left without the rejected sides. `normalize`: log-ratios
    summed over what counts, or averaged over its tokens or over its acts. `rounds` = 2 samples new pairs from
    the model of the first. `max_repeats`: pairs whose sides decide differently mostly say one thing (ask, do
    not search); those that say the opposite come up to so often an epoch (`PairSet.in_turn`)."""

    scope: Literal["turn", "act"] = "turn"
    loss: Literal["sigmoid", "ipo", "sft"] = "sigmoid"
    beta: Rate = 0.1
    normalize: Literal["none", "token", "act"] = "none"
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    rounds: Annotated[int, Field(ge=1, le=2)] = 1
    learning_rate: Rate = 1e-5
    muon_learning_rate: float = Field(default=0.0, ge=0)  # 0 = AdamW alone; see training/optimizer.py
    batch_size: Count = 4
    num_epochs: Count = 5
    max_repeats: Count = 1
    gradient_accumulation_steps: Count = 4
    warmup_ratio: Share = 0.1
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: Rate = 1.0
    max_sequence_length: Count = 1024
    nll_weight: float = Field(default=0.0, ge=0)  # RPO's extra term on the chosen side
    micro_batch_tokens: Count = 4096
    patience: int = Field(default=0, ge=0)  # epochs without a better held-out loss; 0 = it never stops
    lora_rank: int = Field(default=0, ge=0)  # 0 = train all weights; see models/lora.py
    lora_alpha: Rate = 32.0
    save_every_steps: Count = 20


class EvaluationConfig(Section):
    """What is measured. `test_split` is fixed by the sides; here for docs/seed.md#configuration-files."""

    test_split: float = Field(default=0.1, ge=0.1, le=0.1)
    metrics: tuple[str, ...] = ()  # shown in the results table; () = every metric
    max_cases: Count = 2000  # user turns of the test side
    unseen_shop_cases: int = Field(default=400, ge=0)  # turns of other shops that share nothing with training
    anonymous_cases: int = Field(default=200, ge=0)  # asked once more without profile; 0 = none
    cases_per_rate: int = Field(default=400, ge=0)  # DiaTool's rates and planning: topped up to so many turns
    max_new_tokens: Count = 96
    bootstrap_resamples: Count = 1000
    pair_contexts: Count = 400
    pair_samples: Count = 8
    closed_loop_goals: int = Field(default=100, ge=0)  # 4 conversations each with every model; 0 = none
    exclude_leaks: bool = False  # leave out test turns whose words also occur on the train side
    cases: str | None = None  # a file of `muse eval`: a further row of people's requests


class PromotionConfig(Section):
    """When the DPO model may become champion: bounds on intervals of the test side, against SFT.

    Read after `evaluate`, so that another rule measures nothing again. `margin` is a share of a metric's
    range (0.02 = two points); `at_least` and `at_most` bound the candidate's own interval. A comparison on
    fewer cases (of one language, closed-loop conversations) than asked for decides nothing."""

    not_worse: tuple[str, ...] = (
        "tool_accuracy",
        "exact_call",
        "groundedness",
        "reply_language",
        "user_satisfaction",
    )
    per_language: tuple[str, ...] = ("tool_accuracy", "exact_call")  # of `not_worse`: in each language too
    margin: Share = 0.02
    min_cases: Count = 400
    min_cases_per_language: Count = 80
    min_talks: Count = 100
    at_least: dict[str, float] = Field(
        default={"tool_accuracy": 0.8, "groundedness": 0.8, "preference_accuracy": 0.5}
    )
    at_most: dict[str, float] = Field(
        default={
            "called_without_need": 0.15,
            "malformed_call": 0.05,
            "reference_faults": 0.05,
        }
    )
    set_champion: bool = False  # a model that passes gets the registry's alias `champion`


class FeedbackConfig(Section):
    """When the deployment `challenger` trains: what must have been accepted since. No stage reads it."""

    min_new: Count = 50


class ReadyConfig(Section):
    """When the report says "ready to ship": bounds on requests of people, read after `evaluate`."""

    at_least: dict[str, float] = Field(
        default={"tool_accuracy": 0.75, "exact_call": 0.35, "argument_f1": 0.6}
    )
    at_most: dict[str, float] = Field(default={"invented_value": 0.05})
    above_baselines: Share = 0.08  # tool accuracy, over the best baseline


class ExportConfig(Section):
    onnx: bool = True
    int8: bool = True
    tensorrt: Literal["auto", "off", "require"] = "auto"
    int8_max_drop: Share = 0.01  # of tool accuracy or exact calls; an int8 graph that loses more is left out
    parity_cases: Count = 192  # development contexts, as many of each language
    latency: bool = True  # time the graphs beside PyTorch
    opset: Count = 20
    gguf: bool = False  # a file for llama.cpp, checked by it (pip install -e .[gguf])


class ExecutionConfig(Section):
    """Where and how wide. Never changes a result's meaning; `device` and `precision` go into the manifest."""

    engine: Literal["local", "dask", "ray"] = "local"
    cluster_address: str | None = None  # of a running Dask or Ray cluster; None: one is started here
    workers: int = Field(default=0, ge=0)  # 0 = all cores
    threads: int = Field(default=0, ge=0)  # torch threads; 0 = all cores
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    num_processes: Count = 1


class CpuConfig(Section):
    """The run as a budget: `hours` decide SFT's tokens, contexts, epochs and how much is evaluated
    (`tasks/budget.py`); 0 = all sizes as they are written. No stage reads it."""

    hours: float = Field(default=0.0, ge=0)


class ToolsConfig(Section):
    """Tools beside our own (docs/tools.md): `.py` files with classes on `Tool`, `.toml` or `.json` files that
    name an HTTP address. They enter the fingerprints by their content."""

    extra: tuple[str, ...] = ()


class RunConfig(Section):
    """All of it. `preset` is the name it started from."""

    preset: str = "full"
    seed: int = 17
    report_to: tuple[Literal["mlflow", "wandb"], ...] = ("mlflow",)
    tools: ToolsConfig = ToolsConfig()
    catalog: CatalogConfig = CatalogConfig()
    profiles: ProfilesConfig = ProfilesConfig()
    conversations: ConversationsConfig = ConversationsConfig()
    prompt: PromptConfig = PromptConfig()
    reply: ReplyConfig = ReplyConfig()
    llm: LlmConfig = LlmConfig()
    base: BaseConfig = BaseConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    sft: SftConfig = SftConfig()
    pairs: PairsConfig = PairsConfig()
    post: PostConfig = PostConfig()
    dpo: DpoConfig = DpoConfig()
    rft: RftConfig = RftConfig()
    grpo: GrpoConfig = GrpoConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    promotion: PromotionConfig = PromotionConfig()
    feedback: FeedbackConfig = FeedbackConfig()
    ready: ReadyConfig = ReadyConfig()
    export: ExportConfig = ExportConfig()
    execution: ExecutionConfig = ExecutionConfig()
    cpu: CpuConfig = CpuConfig()
