"""How good one turn is: a reward in [0, 1] with named parts (docs/decisions.md#what-a-turn-is-paid).

====================== ====== =================================================================
parses and executes     0.10  every call could be read and ran; the turn came to its end
right decision          0.30  the first act is in the turn's acceptable set; a turn without a call earns
                              half of it when it does not ask for the missing slot, or does not decline
                              what is out of scope (docs/metrics.md#decisions)
arguments               0.30  slot F1 of all calls; 1 when neither gold nor the turn calls
constraints met         0.10  share of the named products that meet the gold call's limits
grounded                0.10  the reply names only what the results hold, no empty reference
language                0.05  the reply is in the language of the shopper's turn
length                  0.05  1 between half and twice the gold reply's words, else 0
====================== ====== =================================================================

A turn without a reply has 0 in the last four, and so has one that says nothing: references alone, or one
word many times. It shares code with the metrics (`scoring`); what
follows: docs/decisions.md#a-second-row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property

from muse_core.profiles.system_line import language_of
from muse_core.records import result_values
from muse_core.scoring.call_match import match_calls
from muse_core.scoring.constraints import satisfied
from muse_core.scoring.declines import declines
from muse_core.scoring.groundedness import check, has_facts
from muse_core.scoring.language_match import language_match
from muse_core.scoring.normal import normal_text
from muse_core.scoring.slots import asked_slot, is_asked
from muse_core.tools.references import REFERENCE, items_of, last_shown, lexicalise, references_in
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.tools.toolbox import PRODUCT_TOOLS, TOOLS
from muse_core.types import Conversation, Facet, JsonValue, Language, Product, ToolCall, TurnLabel
from muse_core.world.replay import context_before, turn_messages
from muse_core.world.turns import Turn

WEIGHTS: Mapping[str, float] = {
    "runs": 0.10,
    "decision": 0.30,
    "arguments": 0.30,
    "constraints": 0.10,
    "grounded": 0.10,
    "language": 0.05,
    "length": 0.05,
}
_REPEATED = 3  # times that a reply says each of its words, on average: it says nothing
_WORDS = {
    "runs": "runs cleanly",
    "decision": "right decision",
    "arguments": "arguments",
    "constraints": "products meet the limits",
    "grounded": "grounded reply",
    "language": "reply in the shopper's language",
    "length": "fitting length",
}


@dataclass(frozen=True)
class RewardParts:
    """Each part in [0, 1]; `total` is their weighted sum."""

    runs: float
    decision: float
    arguments: float
    constraints: float
    grounded: float
    language: float
    length: float

    @property
    def total(self) -> float:
        return sum(WEIGHTS[name] * value for name, value in asdict(self).items())

    @property
    def quality(self) -> float:
        """The founding guide's quality score, 1 to 5."""
        return 1 + 4 * self.total


@dataclass(frozen=True)
class GoldTurn:
    """What a sampled turn is measured against. `before`: the values of all earlier results."""

    label: TurnLabel
    language: Language
    turn: Turn
    before: tuple[JsonValue, ...]

    @property
    def calls(self) -> list[ToolCall]:
        return self.turn.calls

    @property
    def values(self) -> list[JsonValue]:
        return self.turn.values

    @cached_property
    def reply_words(self) -> int:
        """Words of the reply as the shopper reads it."""
        shown = last_shown([*self.before, *self.values])
        return len(lexicalise(self.turn.reply, shown, self.language)[0].split())

    @classmethod
    def of(cls, conversation: Conversation, label: TurnLabel) -> GoldTurn:
        context = context_before(conversation, label.turn)
        turn = Turn(turn_messages(conversation, label.turn))
        return cls(label, language_of(context), turn, tuple(result_values(context)))


def reward(
    turn: Turn,
    malformed: bool,
    gold: GoldTurn,
    products: Mapping[str, Product],
    reply_style: str = "references",
    schema: ShopSchema = PLAIN,
) -> RewardParts:
    """The parts of one turn. `malformed`: a call could not be read, or the turn never ended.
    `reply_style` (`reply.style`) says how a reply names its products: by reference or by title. `schema`: the
    shop's, with its facets."""
    reply, values = turn.reply, [*gold.before, *turn.values]
    shown = last_shown(values)
    spoken, _ = lexicalise(reply, shown, gold.language)
    said = _says_something(reply, spoken)
    named = _named(reply, items_of(shown), reply_style)
    return RewardParts(
        runs=float(not malformed and not turn.has_error),
        decision=_decision_part(turn, malformed, spoken, gold),
        arguments=_argument_f1(turn.calls, malformed, gold, schema),
        constraints=_constraints_met(named, gold, products, schema) if said else 0.0,
        grounded=float(said and _grounded(reply, turn.values, values, gold.language, schema.facets)),
        language=float(said and language_match(spoken, gold.language, _names(values, spoken))),
        length=float(said and gold.reply_words / 2 <= len(spoken.split()) <= gold.reply_words * 2),
    )


def _says_something(reply: str, spoken: str) -> bool:
    """Not references alone, nor the same words over and over. `spoken`: the reply as the shopper reads it."""
    words = normal_text(spoken).split()
    has_words = bool(normal_text(REFERENCE.sub(" ", reply)))
    return has_words and len(words) < _REPEATED * len(set(words))


def _decision_part(turn: Turn, malformed: bool, spoken: str, gold: GoldTurn) -> float:
    decided = _decision(turn, malformed)
    if decided not in gold.label.acceptable:
        return 0.0
    return 1.0 if decided != "none" or _says_what_is_due(spoken, gold) else 0.5


def _says_what_is_due(spoken: str, gold: GoldTurn) -> bool:
    """A question for the missing slot, a refusal of what is out of scope; other talk is free."""
    label = gold.label
    if label.turn_type == "missing_slot" and label.missing_slot:
        return is_asked(asked_slot(spoken, gold.language), label.missing_slot)
    return label.turn_type != "out_of_scope" or declines(spoken)


def _decision(turn: Turn, malformed: bool) -> str:
    """The first act; a first act that could not be read decides nothing."""
    if not turn.messages or (malformed and not turn.first_calls):
        return "nothing"
    return turn.decision


def _argument_f1(calls: Sequence[ToolCall], malformed: bool, gold: GoldTurn, schema: ShopSchema) -> float:
    wanted = gold.calls
    if not wanted and not calls:
        return float(not malformed)
    if bool(wanted) != bool(calls):
        return 0.0
    return match_calls(wanted, calls, gold.label.optional_arguments, schema).f1


def _named(reply: str, items: Sequence[Mapping[str, JsonValue]], reply_style: str) -> list[str]:
    """Ids of the items that a reply names."""
    if reply_style == "references":
        places = sorted({place for place, _ in references_in(reply) if 1 <= place <= len(items)})
        return [str(items[place - 1].get("id")) for place in places]
    return [str(item.get("id")) for item in items if str(item.get("title")).lower() in reply.lower()]


def _constraints_met(
    named: Sequence[str], gold: GoldTurn, products: Mapping[str, Product], schema: ShopSchema
) -> float:
    """Over the named products; a turn whose gold limits nothing, or finds nothing, has nothing to meet."""
    limits = _limits(gold.calls)
    if not any(limits) or not any(map(has_facts, gold.values)):
        return 1.0
    facets = [facet.name for facet in schema.facets]
    met = [
        name in products and all(satisfied(products[name], limit, facets) for limit in limits)
        for name in named
    ]
    return sum(met) / len(met) if met else 0.0


def _limits(calls: Sequence[ToolCall]) -> list[Mapping[str, JsonValue]]:
    """What the products shown at the end must meet: the last look into the catalogue and what narrowed it.
    A search that was repeated without a limit has given that limit up."""
    product_calls = [call for call in calls if call.name in PRODUCT_TOOLS]
    starts = [k for k, call in enumerate(product_calls) if not TOOLS[call.name].narrows]
    return [call.arguments for call in product_calls[starts[-1] if starts else 0 :]]


def _grounded(
    reply: str,
    own: Sequence[JsonValue],
    values: Sequence[JsonValue],
    language: Language,
    facets: Sequence[Facet],
) -> bool:
    """After a result with content: as the metric; else nothing may be named that no result holds."""
    judged = check(reply, values, language, facets)
    has_result = any(has_facts(value) for value in own)
    return judged.grounded if has_result else not judged.unknown


def _names(values: Sequence[JsonValue], spoken: str) -> list[str]:
    """Titles and brands of the results that the reply could hold; each name sought costs a pattern."""
    text = " ".join(spoken.lower().split())
    items = [item for value in values for item in items_of(value)]
    known = (str(item[key]) for item in items for key in ("title", "brand") if item.get(key))
    return [name for name in known if " ".join(name.lower().split()) in text]


def reasoning(parts: RewardParts, other: RewardParts) -> str:
    """One short English sentence: what this side does better and worse than the other."""
    better: list[str] = []
    worse: list[str] = []
    for part in fields(parts):
        mine, theirs = getattr(parts, part.name), getattr(other, part.name)
        if mine != theirs:
            side = better if mine > theirs else worse
            side.append(f"{_WORDS[part.name]} {mine:.2g} against {theirs:.2g}")
    said = [
        f"{word}: {', '.join(phrases)}" for word, phrases in (("better", better), ("worse", worse)) if phrases
    ]
    return ("; ".join(said) or "no part differs") + "."
