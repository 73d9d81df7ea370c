"""The nouns of MUSE: plain frozen dataclasses that every room shares.

They hold no behaviour beyond checks that make a wrong value impossible. How they are written to
Parquet is `records.py`; how a conversation is written as model text is `models/chat_format.py`.

One conversation, shortened::

    Conversation(
        conversation_id="c000017", profile_id="p00004", language="mixed", side="train",
        messages=(
            Message("system", "mixed | female | 25-34 | budget 500-2000 | casual"),
            Message("user", "मुझे casual shirts चाहिए under 2000"),
            Message("assistant", "", (ToolCall("c0.0", "search", {"query": "shirt", "max_price": 2000}),)),
            Message("tool", '{"items": [...], "total": 42}', answers_call="c0.0"),
            Message("assistant", "ये देखिए: [1] सिर्फ [1:price] में।"),
        ),
        goal=Goal("buy", {"product_type": "shirts", "max_price": 2000}),
        labels=(TurnLabel(0, "complete", "complete/mixed/want-chahiye-3", "search", position=35),),
    )
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

Language = Literal["en", "hi", "mixed"]
Side = Literal["train", "dev", "test"]
Role = Literal["system", "user", "assistant", "tool"]
Decision = str  # what an assistant does first: a tool of `tools.toolbox.TOOL_NAMES`, or "none"
TurnType = Literal[
    "complete",  # a whole request: one call answers it
    "missing_slot",  # something needed is not said: the assistant asks, no call
    "out_of_scope",  # not the business of a shop, or of its tools: the assistant declines, no call
    "refinement",  # narrows the last results
    "comparison",  # asks about items of the last results: compares them
    "chit_chat",  # greeting, thanks, small talk, rude or senseless words: no call
    "multi_step",  # one utterance that needs two or more calls
    "recommendation",
    "translation",
    "picture",
]

LANGUAGES: tuple[Language, ...] = get_args(Language)
SIDES: tuple[Side, ...] = get_args(Side)
TURN_TYPES: tuple[TurnType, ...] = get_args(TurnType)


@dataclass(frozen=True)
class ArtifactRef:
    """A receipt for something in the artifact store; small, JSON-able, safe to persist anywhere."""

    kind: str
    contract: str
    path: str
    digest: str
    rows: int
    nbytes: int


@dataclass(frozen=True)
class ToolCall:
    """One call. `arguments` holds canonical English values (docs/decisions.md#english-arguments)."""

    call_id: str
    name: str
    arguments: dict[str, JsonValue]


@dataclass(frozen=True)
class ToolResult:
    """What a call returned. Exactly one of `value` and `error` carries meaning."""

    call_id: str
    value: JsonValue
    error: str | None = None


@dataclass(frozen=True)
class Message:
    """One message. A `tool` message's content is the canonical JSON of its `ToolResult`
    (`{"value": …}` or `{"error": …}`) and `answers_call` names the call. Assistant text is stored
    delexicalised (`[1]`, `[1:price]`) when `reply.style` is `references`. `reading`: what the rules read in
    a user message, as arguments (docs/decisions.md#readings); empty where nothing is read."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    answers_call: str | None = None
    reading: Mapping[str, JsonValue] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Goal:
    """What the shopper wants and the assistant does not see. Values are canonical English."""

    scenario: str
    constraints: dict[str, JsonValue] = field(default_factory=dict)
    preferences: dict[str, JsonValue] = field(default_factory=dict)
    target_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class TurnLabel:
    """The gold label of one user turn (0-based among user turns).

    `decision` is the first act after the turn; `acceptable` the lenient set (always contains it);
    `optional_arguments` may be left out of the call without fault; `plans` are the accepted tool
    sequences of the turn (the first is the one in the conversation); `missing_slot` names what a
    `missing_slot` turn leaves open; `position` is the code-point offset in the utterance right
    after the last word the call's arguments depend on (None when there is no call).
    """

    turn: int
    turn_type: TurnType
    family: str
    decision: Decision
    acceptable: tuple[Decision, ...] = ()
    optional_arguments: tuple[str, ...] = ()
    plans: tuple[tuple[str, ...], ...] = ()
    missing_slot: str | None = None
    position: int | None = None

    def __post_init__(self) -> None:
        if self.decision not in self.acceptable:
            object.__setattr__(self, "acceptable", (self.decision, *self.acceptable))


@dataclass(frozen=True)
class Conversation:
    """A whole dialogue. `messages[0]` is the system message: the profile in one line.

    `attachments` maps a picture id (`att1`) to where the picture comes from: `product:<id>` is the
    catalogue's own picture of that product; anything else is a path the user gave. `shop` names the shop
    that it happens in, where that is not the user's own (`catalog/other_shops.py`)."""

    conversation_id: str
    profile_id: str
    language: Language
    messages: tuple[Message, ...]
    goal: Goal
    side: Side = "train"
    labels: tuple[TurnLabel, ...] = ()
    attachments: Mapping[str, str] = field(default_factory=dict)
    shop: str | None = None


@dataclass(frozen=True)
class Profile:
    """A shopper. Money is in the catalogue's currency (INR unless it says otherwise)."""

    profile_id: str
    side: Side
    language: Language
    name: str
    gender: str
    age_group: str
    city: str
    formality: Literal["casual", "polite"]
    style: str
    budget_min: float | None
    budget_max: float | None
    occasions: tuple[str, ...] = ()
    favourite_brands: tuple[str, ...] = ()
    favourite_colours: tuple[str, ...] = ()
    size: str | None = None
    history: tuple[str, ...] = ()  # product ids bought before


FacetKind = Literal["choice", "number", "yes_no"]


@dataclass(frozen=True)
class Facet:
    """Something that a shop tells of its products beyond the fields of `Product`: memory, fuel, sleeve.

    `name` is an argument of the tools (docs/decisions.md#facets). `unit`: of a number, "gb"; "" for a count
    and for what is no number. `values`: of a choice, the canonical ones, most frequent first; of a number,
    the smallest and the largest. `share`: of the products that have it."""

    name: str
    kind: FacetKind
    unit: str = ""
    values: tuple[str, ...] = ()
    share: float = 1.0


# Keys of `Product.attributes` for what a product of several variants or languages has.
ALL_COLOURS = "all colours"  # canonical, "blue, green"
HINDI_TITLE = "hindi title"


@dataclass(frozen=True)
class Product:
    """One catalogue row, cleaned. Unknown is None or empty, never a guess."""

    product_id: str
    title: str
    product_type: str  # the noun a shopper would say, singular, lower case: "shirt"
    category: str | None = None  # the shelf: "fashion"
    brand: str | None = None
    colour: str | None = None  # canonical English: "navy blue" -> "navy blue", base colours in lexicon
    gender: str | None = None  # "men" | "women" | "boys" | "girls" | "unisex"
    sizes: tuple[str, ...] = ()
    material: str | None = None
    occasion: str | None = None
    price: float | None = None
    rating: float | None = None
    description: str = ""
    currency: str = "INR"
    attributes: Mapping[str, str] = field(default_factory=dict)
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name -> "16 gb" | "petrol" | "yes"
    image: bytes | None = None  # an encoded PNG or JPEG

    @property
    def colours(self) -> tuple[str, ...]:
        """Every colour that the product is sold in; `colour` is the first of them."""
        several = self.attributes.get(ALL_COLOURS, "")
        return tuple(several.split(", ")) if several else (self.colour,) if self.colour else ()


@dataclass(frozen=True)
class PlacedCall:
    """A call put into a text. `position` is a code-point offset into the ORIGINAL text;
    `utility_score` is Toolformer's L⁻ − L⁺ in nats, from the anchor on."""

    tool_name: str
    arguments: dict[str, JsonValue]
    position: int
    utility_score: float
    result: JsonValue = None


@dataclass(frozen=True)
class AugmentedText:
    """One user utterance with the calls that help. Removing the calls from `augmented_text` gives
    back `original_text`. `continuation` is the next assistant act as plain, lexicalised text."""

    row_id: str
    conversation_id: str
    turn: int
    act: int  # 0 for the first call of the turn, 1 for the next of a chain
    side: Side
    language: Language
    original_text: str
    augmented_text: str
    tool_calls: tuple[PlacedCall, ...]
    quality_score: float  # share of the anchor's loss that call and result remove, clipped to [0, 1]
    continuation: str
    kept: bool
    drop_reason: str | None = None  # "no_anchor" | "low_utility" | "tool_error"; None when kept


@dataclass(frozen=True)
class PreferencePair:
    """Two whole assistant turns after the same prompt. Refuses equal sides."""

    pair_id: str
    conversation_id: str
    turn: int
    side: Side
    language: Language
    prompt: tuple[Message, ...]
    chosen: tuple[Message, ...]
    rejected: tuple[Message, ...]
    chosen_score: float  # 1 + 4·reward
    rejected_score: float
    strength: float  # σ(chosen_score − rejected_score)
    kind: Literal["on_policy", "contrast"]
    evidence: Mapping[str, JsonValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.chosen == self.rejected:
            raise ValueError(f"pair {self.pair_id}: chosen and rejected are the same turn")
        if not self.chosen_score > self.rejected_score:
            raise ValueError(f"pair {self.pair_id}: chosen must score higher than rejected; ties never pair")
