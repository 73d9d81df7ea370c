"""Assistant turns that are wrong in one known way, played on the real tools and worded by the expert.

Each maker takes a scene (one user turn) and returns the wrong turn, or None where it cannot be made:
a call that fails, nothing to leave out, nothing else to ask for. What the types mean: `contrast.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from muse_core.augmentation.candidates import Act, Kind, perturbed
from muse_core.dialogue.price_limits import upper_price
from muse_core.dialogue.replies import Outcome, reply
from muse_core.dialogue.script import Script
from muse_core.dialogue.voice import Voice
from muse_core.language.scripts import share_devanagari
from muse_core.preferences.contexts import Context, Environment, branch
from muse_core.records import read_tool_message, tool_message
from muse_core.tools.base import ShopWorld, Tool
from muse_core.tools.call_syntax import in_order
from muse_core.tools.references import items_of
from muse_core.tools.toolbox import ALL_TOOLS, TOOLS, Toolbox
from muse_core.types import Facet, JsonValue, Message, ToolCall, TurnLabel

_TRIES = 3  # draws until a wrong call runs
_KINDS_DRAWN = 3  # of wrong calls: one of each kind
_INVENTED = ("colour", "brand", "material", "max_price", "occasion", "min_rating")

Turn = tuple[Message, ...] | None


@dataclass(frozen=True)
class Scene:
    """One turn about to be played: the world before it, and the assistant's way of talking."""

    context: Context
    environment: Environment
    world: ShopWorld
    voice: Voice
    formality: str

    @classmethod
    def of(cls, context: Context, environment: Environment, rng: np.random.Generator) -> Scene:
        profile = environment.profile(context)
        formality = profile.formality if profile else "casual"
        facets = {facet.name: facet for facet in environment.catalog(context).facets}
        voice = Voice(_script_of(context), rng, facets=facets)
        return cls(context, environment, environment.world(context), voice, formality)

    @property
    def label(self) -> TurnLabel:
        return self.context.label

    @property
    def rng(self) -> np.random.Generator:
        return self.voice.rng

    @property
    def gold_calls(self) -> list[ToolCall]:
        return self.context.gold.calls

    @property
    def facets(self) -> tuple[Facet, ...]:
        return tuple(self.voice.facets.values())

    def say(self, outcome: Outcome) -> Message:
        return Message("assistant", reply(outcome, self.voice, self.formality, self.environment.reply_style))

    def play(self, calls: Sequence[ToolCall]) -> tuple[Message, ...] | None:
        """The calls, run, and the expert's reply to the last result; None when one fails."""
        acts = self.acts(calls)
        if acts is None:
            return None
        value = read_tool_message(acts[-1]).value
        return (*acts, self.say(Outcome("", calls[-1].name, calls[-1].arguments, value)))

    def acts(self, calls: Sequence[ToolCall]) -> list[Message] | None:
        """The calls with their results; a chain stops where nothing is found, as the expert's does."""
        toolbox = Toolbox(branch(self.world))
        acts: list[Message] = []
        for call in calls:
            result = toolbox.run(call)
            if result.error is not None:
                return None
            acts += [Message("assistant", "", (call,)), tool_message(result)]
            if not items_of(result.value) and call is not calls[-1]:
                return None
        return acts


def needless_question(scene: Scene) -> Turn:
    slot = TOOLS[scene.gold_calls[0].name].asks_for
    return (scene.say(Outcome(f"ask_{slot}")),)


def wrong_tool(scene: Scene) -> Turn:
    return _with_wrong_call(scene, "wrong_tool")


def premature_call(scene: Scene) -> Turn:
    """What the tool that lacks something would be called with by guess, or the tool called in its place."""
    guesses = {tool.asks_for: _guess(tool, scene) for tool in ALL_TOOLS if tool.left_open}
    name, arguments = guesses.get(str(scene.label.missing_slot), guesses["query"])
    return scene.play([ToolCall(_call_id(scene), name, arguments)])


def needless_call(scene: Scene) -> Turn:
    needless = [tool for tool in ALL_TOOLS for _ in range(tool.needless)]
    name, arguments = _guess(scene.voice.pick(needless), scene)
    return scene.play([ToolCall(_call_id(scene), name, arguments)])


def wrong_value(scene: Scene) -> Turn:
    return _with_wrong_call(scene, "wrong_value")


def dropped_limit(scene: Scene) -> Turn:
    return _with_wrong_call(scene, "dropped_limit")


def invented_argument(scene: Scene) -> Turn:
    """One limit more than the call has arguments, all met by something that it found."""
    call, item = scene.gold_calls[0], _found_item(scene)
    fit = TOOLS[call.name].Arguments.model_fields
    known = [name for name in _INVENTED if name in fit and name not in call.arguments]
    values = {name: value for name in known if (value := _value_of(item, name, scene)) is not None}
    names = sorted(values)
    count = len(call.arguments) + 1
    if len(names) < count:
        return None
    chosen = [names[k] for k in scene.rng.permutation(len(names))[:count]]
    arguments = call.arguments | {name: values[name] for name in chosen}
    return scene.play([replace(call, arguments=in_order(call.name, arguments)), *scene.gold_calls[1:]])


def stopped_chain(scene: Scene) -> Turn:
    calls = scene.gold_calls[: 1 + int(scene.rng.random() * (len(scene.gold_calls) - 1))]
    is_accepted = tuple(call.name for call in calls) in scene.label.plans
    return None if is_accepted else scene.play(calls)


def ungrounded_reply(scene: Scene) -> Turn:
    acts = scene.acts(scene.gold_calls)
    if acts is None:
        return None
    last = scene.gold_calls[-1]
    has_found = bool(items_of(read_tool_message(acts[-1]).value))
    told: JsonValue = {"items": [] if has_found else _some_items(scene), "total": 0}
    return (*acts, scene.say(Outcome("", last.name, last.arguments, told)))


def wrong_question(scene: Scene) -> Turn:
    others = [slot for slot in _slots() if slot != scene.label.missing_slot]
    return (scene.say(Outcome(f"ask_{scene.voice.pick(others)}")),)


def _slots() -> tuple[str, ...]:
    """What can be asked for: what stands alone first, then what is about earlier results."""
    ordered = sorted(ALL_TOOLS, key=lambda tool: tool.needs_results)
    return tuple(dict.fromkeys(tool.asks_for for tool in ordered))


# ---- what they are made of ------------------------------------------------------------------------


def _with_wrong_call(scene: Scene, kind: Kind) -> Turn:
    """The first call made wrong in one way, the others as they were; a wrong tool ends the chain."""
    first, *rest = scene.gold_calls
    act = Act(scene.label.turn, 0, 0, scene.label, (first,))
    for _ in range(_TRIES):
        wrong = [one for one in perturbed(act, _KINDS_DRAWN, scene.rng, scene.facets) if one.kind == kind]
        if not wrong or (kind == "wrong_tool" and wrong[0].calls[0].name in scene.label.acceptable):
            continue
        turn = scene.play([*wrong[0].calls, *([] if kind == "wrong_tool" else rest)])
        if turn is not None:
            return turn
    return None


def _guess(tool: Tool, scene: Scene) -> tuple[str, dict[str, JsonValue]]:
    """A call that nothing said asks for, of the tool or of the one that it is confused with."""
    arguments = tool.careless(lambda: _some_noun(scene), {})
    return (tool.name, arguments) if arguments is not None else _guess(TOOLS[tool.confused_with], scene)


def _call_id(scene: Scene) -> str:
    return f"c{scene.label.turn}.0"


def _some_noun(scene: Scene) -> str:
    """The kind of some product that the shop sells."""
    return scene.voice.pick(scene.world.catalog.named).product_type


def _some_items(scene: Scene) -> list[JsonValue]:
    """Two products that were not found, for a reply to speak of."""
    products = scene.world.catalog.products
    return [{"title": one.title, "price": one.price} for one in (scene.voice.pick(products) for _ in "12")]


def _found_item(scene: Scene) -> Mapping[str, JsonValue]:
    """The first item that the gold's first call found; {} when there is none."""
    values = scene.context.gold.values
    items = items_of(values[0]) if values else []
    return items[0] if items else {}


def _value_of(item: Mapping[str, JsonValue], name: str, scene: Scene) -> JsonValue:
    """A value of the limit that the item meets; None when it has none."""
    if name == "max_price":
        price = item.get("price")
        return upper_price(float(price), scene.rng) if isinstance(price, int | float) else None
    if name == "min_rating":
        rating = item.get("rating")
        return int(rating) if isinstance(rating, int | float) else None
    product = scene.world.catalog.by_id.get(str(item.get("id")))
    return getattr(product, name) if product is not None else None


def _script_of(context: Context) -> Script:
    """The script that the gold turn speaks; the request's when the reply has no words of its own."""
    if context.conversation.language != "mixed":
        return context.conversation.language
    said = f"{context.gold.turn.reply} {context.prompt[-1].content}"
    return "both" if share_devanagari(said) > 0 else "roman"
