"""The sections of an experiment that make its data: catalogue, shoppers, dialogues, prompts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]
Money = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CatalogConfig(Section):
    """Where the products come from: the user's file, or the embedded synthetic shop.

    `columns` corrects what the loader inferred, `{price = "Selling Price"}`; "" = no column means that.
    `facets` corrects which columns are facets, arguments of the tools beyond our own: `{memory = "RAM"}`;
    "" = that one is none. At most `max_facets` are found (0: none).
    `currency`, `decimal` and `minor_units` answer what `muse catalog check` asks about prices; without
    them the loader decides."""

    file: str | None = None
    columns: dict[str, str] = Field(default_factory=dict, description="our meaning -> column of the file")
    facets: dict[str, str] = Field(default_factory=dict, description="argument -> column of the file")
    max_facets: Annotated[int, Field(ge=0, le=40)] = 12
    currency: Annotated[str, Field(pattern="^[A-Za-z]{3}$")] | None = None  # ISO 4217; others are left out
    decimal: Literal[".", ","] | None = None  # the sign before the fraction of a price
    minor_units: Count | None = None  # what prices are divided by: 100 for paise, 1 for whole units
    synthetic_products: Count = 2000


class ProfilesConfig(Section):
    """Shoppers. Shares of languages; the rest is `mixed`."""

    count: Count = 10_000
    share_en: Share = 0.35
    share_hi: Share = 0.25


class ConversationsConfig(Section):
    """Dialogues: simulated, or the user's own from a file (chat JSONL; then of the rest only `utterances`
    matters). `utterances`: logs of what customers type; at most `utterance_share` of `count` enter, and
    `utterance_goals` of what the train side's shoppers ask for is drawn by how often customers do.
    `feedback`: the artifact of what was accepted of served turns (`muse run --feedback`)."""

    file: str | None = None
    utterances: tuple[str, ...] = ()
    utterance_share: Share = 0.2
    utterance_goals: Share = 0.5  # of a large log; half of that at 100 different requests
    feedback: str | None = None
    count: Count = 50_000
    min_user_turns: Count = 2
    max_user_turns: Count = 6
    noise: Share = 0.05  # share of user turns with a typo or a spelling variant beyond the lexicon's
    other_shops: Share = 0.5  # of the conversations happen in small shops of other shelves
    other_shops_count: Count = 200  # different ones on each side; see catalog/other_shops.py


class PromptConfig(Section):
    """What stands in the prompt beside what was said."""

    readings: bool = True  # what the rules read in the user's words; see muse_core/reading


class ReplyConfig(Section):
    """`references`: replies name items as `[1]`, `[1:price]`; the runtime fills them in."""

    style: Literal["references", "plain"] = "references"


class LlmConfig(Section):
    """A language model that teaches how people ask; its address and key come from the environment
    (`MUSE_LLM_BASE_URL`, `MUSE_LLM_API_KEY`, `MUSE_LLM_MODEL`). Off while `share` is 0."""

    share: Share = 0.0  # of the conversations
    wordings: Annotated[int, Field(ge=1, le=20)] = 10  # asked for at a time for one turn of the train side
    replies: bool = False  # reword the assistant's replies to results as well
    model: str | None = None  # None = what MUSE_LLM_MODEL names; another model gives other conversations
    max_requests: int = Field(default=1000, ge=0)  # 0 = as many as the share needs
    max_tokens: int = Field(default=0, ge=0)  # in and out together, all requests; 0 = no bound
    price_per_million: tuple[Money, Money] | None = None  # of tokens in and out, to say what it cost
    timeout_s: Rate = 60.0
    concurrency: Count = 8
    retries: int = Field(default=2, ge=0)
