"""What a tool is, and the shop world that it looks at.

A tool is one class on `Tool` in one file. It raises `ToolError` when it cannot answer; any other exception
is our bug and propagates.

The world is rebuilt per conversation (`new_world`) and holds the session: which products the last
product result found. An empty result leaves the session as it was, so that "the last results" are
the last ones the shopper has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from muse_core.errors import ToolError
from muse_core.tools.samples import Samples
from muse_core.types import Facet, JsonValue, Product, Profile, TurnType

if TYPE_CHECKING:
    import numpy as np

    from muse_core.tools.translate import Translator
    from muse_core.wordings.tool_words import ToolWords

MAX_ITEMS = 10  # items in a result value
MAX_SESSION = 200  # ids that `filter` can narrow


class Catalog(Protocol):
    """The products; `muse_core.catalog.product.Catalog`."""

    @property
    def products(self) -> tuple[Product, ...]: ...
    @property
    def by_id(self) -> Mapping[str, Product]: ...
    @property
    def facets(self) -> tuple[Facet, ...]: ...
    @property
    def has_prices(self) -> bool: ...
    @property
    def named(self) -> tuple[Product, ...]: ...


class Pictures(Protocol):
    """Nearest products to a picture, most similar first."""

    def nearest(self, image: bytes, limit: int) -> Sequence[tuple[str, float]]: ...


class Index(Protocol):
    """The searchable catalogue; `muse_core.catalog.index.CatalogIndex`. Known by what it is, not by what it
    holds."""

    def __hash__(self) -> int: ...
    @property
    def catalog(self) -> Catalog: ...
    @property
    def pictures(self) -> Pictures | None: ...
    def search(
        self, query: str, limits: Mapping[str, Any], limit: int, sort_by: str | None = None
    ) -> tuple[list[str], int]: ...
    def narrow(
        self, ids: Sequence[str], limits: Mapping[str, Any], sort_by: str | None = None
    ) -> list[str]: ...
    def within(self, limits: Mapping[str, Any]) -> np.ndarray: ...


@dataclass
class Session:
    """What was found last. `last_ids`: every id (at most 200); `last_shown`: those in the value (≤ 10)."""

    last_ids: tuple[str, ...] = ()
    last_shown: tuple[str, ...] = ()


@dataclass
class ShopWorld:
    """Everything a tool may look at. `attachments`: picture id (`att1`) -> encoded image bytes."""

    index: Index
    translator: Translator
    profile: Profile | None = None
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    session: Session = field(default_factory=Session)

    @property
    def catalog(self) -> Catalog:
        return self.index.catalog


def new_world(
    index: Index,
    profile: Profile | None = None,
    attachments: Mapping[str, bytes] | None = None,
    translator: Translator | None = None,
) -> ShopWorld:
    """A fresh world for one conversation, with an empty session."""
    from muse_core.tools.translate import LexiconTranslator

    return ShopWorld(index, translator or LexiconTranslator(), profile, dict(attachments or {}))


class ToolArguments(BaseModel):
    """Base of every `Arguments`: unknown keys are errors, values are not coerced between kinds."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def limits(self) -> dict[str, JsonValue]:
        """The structured limits that were given (no query, no sort order); facets of the shop included."""
        given = self.given()
        return {key: given[key] for key in given if key not in NO_LIMITS}

    def given(self) -> dict[str, JsonValue]:
        """What was given, as the tool reads it, by the names of the arguments."""
        return self.model_dump(exclude_none=True, by_alias=True)


NO_LIMITS = frozenset(("query", "sort_by", "items", "attribute", "image", "like", "than", "text", "target"))


class Tool:
    """A tool: what the model is told of it, what it does, and its traits. Every list of tools in MUSE is
    read off these through `toolbox.ALL_TOOLS`; a tool states only what differs from the defaults.

    `careless`, `needless` and `confused_with` say how models get it wrong: the loss filter's candidates and
    the contrast pairs are made of them."""

    # What the model is told.
    name: ClassVar[str]
    description: ClassVar[str]
    Arguments: ClassVar[type[ToolArguments]]

    # What it does to the last results. A tool that needs results and returns products narrows them.
    returns_products: ClassVar[bool] = False  # its result, when not empty, becomes the last results
    needs_results: ClassVar[bool] = False  # without earlier results it raises ToolError
    takes_facets: ClassVar[bool] = False  # the shop's own facets are arguments of it as well
    facet_argument: ClassVar[str] = ""  # the argument of which a facet's name is a value
    relaxes: ClassVar[bool] = False  # where it finds nothing, the expert may try it without one of the limits

    # How shoppers ask for it: in the turns of a type, in the wordings `<turn type>/<kind>`.
    turn_type: ClassVar[TurnType]
    wordings: ClassVar[tuple[str, ...]]
    # Of the turns of its type, how many ask for it about one of the last results, in the first of its
    # wordings; its `item` is then the position. Tools with other arguments have a move in `dialogue/`.
    item_share: ClassVar[float] = 0.0
    # The same for a tool of the user's own with other arguments, whose values are drawn from `samples`
    # ({argument: values}), and the wordings that it brings along (docs/tools.md).
    asked_share: ClassVar[float] = 0.0
    samples: ClassVar[Mapping[str, Samples]] = {}
    words: ClassVar[ToolWords | None] = None

    # The argument that the assistant asks for where it was not said: wordings `missing_slot/<slot>`, the
    # question `ask_<slot>`, the slot's cue words; and the share of incomplete requests that lack it.
    asks_for: ClassVar[str] = "query"
    left_open: ClassVar[float] = 0.0

    # The situations of `replies.toml` that answer its results; a list of products has one, its lead.
    replies: ClassVar[tuple[str, ...]]
    failure: ClassVar[str] = ""  # the situation after an error; "": the simulator never causes one

    # What a careless model does with it.
    needless: ClassVar[int] = 0  # how often it is called for what no tool does, relative to the others
    confused_with: ClassVar[str] = ""  # the tool that is called in its place where it cannot be guessed

    def careless(self, noun: Callable[[], str], said: Mapping[str, JsonValue]) -> dict[str, JsonValue] | None:
        """The arguments of a call in place of the right one. `said`: the arguments of the right call, {}
        where there is none; `noun` gives some product type. None: nobody calls it by mistake."""
        return None

    def situations(self, value: Mapping[str, JsonValue]) -> Sequence[str]:
        """Which of `replies` suit a result that is not empty, the best first."""
        return self.replies

    def __call__(self, arguments: Any, world: ShopWorld) -> JsonValue:
        """The result as JSON: `items`, to which references point, or `text`; and `facts`, {name: value},
        which the model reads behind the items. ToolError for what the tool cannot answer."""
        raise NotImplementedError

    @property
    def narrows(self) -> bool:
        """Whether its result is a part of the last results, which become fewer."""
        return self.returns_products and self.needs_results


def require_prices(arguments: ToolArguments, world: ShopWorld) -> None:
    """ToolError when prices are asked about in a shop that gives none; an empty result would say that
    nothing is cheap enough."""
    if world.catalog.has_prices:
        return
    given = arguments.given()
    asked = [name for name, value in given.items() if name.endswith("_price") or _is_price_order(name, value)]
    if asked:
        raise ToolError(f"prices are unknown: this shop gives none; leave out {', '.join(asked)}")


def _is_price_order(name: str, value: JsonValue) -> bool:
    if name == "than":
        return value in ("cheaper", "costlier")
    return name in ("sort_by", "attribute") and str(value).startswith("price")


# ---- facets ---------------------------------------------------------------------------------------

_PREFIXES = ("min_", "max_", "not_")


def facet_place(argument: str) -> tuple[str, int]:
    """The facet that an argument limits, and its place among the arguments of that facet."""
    for place, prefix in enumerate(_PREFIXES, 1):
        if argument.startswith(prefix):
            return argument.removeprefix(prefix), place
    return argument, 0


def facet_of(argument: str) -> str:
    """`min_memory` -> `memory`."""
    return facet_place(argument)[0]


def facets_named(arguments: ToolArguments, world: ShopWorld) -> tuple[str, ...]:
    """The shop's facets that a call names, in limits or as what to compare by; its result tells them."""
    known = {facet.name for facet in world.catalog.facets}
    if not known:
        return ()
    given = arguments.given()
    named = [name if name in known else facet_of(name) for name in given]
    return tuple(dict.fromkeys(name for name in (*named, given.get("attribute")) if name in known))


# ---- results --------------------------------------------------------------------------------------

ITEM_FIELDS = frozenset(
    ("id", "title", "price", "rating", "brand", "colour", "material", "size", "currency", "text")
)  # of an item of a result; what else it has is a facet


def item_of(product: Product, facets: Iterable[str] = ()) -> dict[str, JsonValue]:
    """A product in a result value, with those of its facets; what the catalogue does not know is absent."""
    item: dict[str, JsonValue] = {"id": product.product_id, "title": product.title}
    item.update(price=_plain(product.price), rating=product.rating, brand=product.brand)
    item.update(colour=product.colour, material=product.material)
    item.update(size=", ".join(product.sizes) or None)
    item.update(currency=None if product.currency == "INR" else product.currency)
    item.update({name: ", ".join(product.facets.get(name, ())) or None for name in facets})
    return {key: value for key, value in item.items() if value is not None}


def show(
    world: ShopWorld, ids: Iterable[str], total: int | None = None, facets: Sequence[str] = ()
) -> JsonValue:
    """The value of a product result, remembered in the session when it is not empty. `facets`: those that
    its items tell."""
    found = tuple(ids)[:MAX_SESSION]
    if found:
        world.session = Session(found, found[:MAX_ITEMS])
    by_id = world.catalog.by_id
    items: list[JsonValue] = [item_of(by_id[product_id], facets) for product_id in found[:MAX_ITEMS]]
    return {"items": items, "total": len(found) if total is None else total}


def shown_product(world: ShopWorld, position: int, purpose: str) -> Product:
    """The product at a position of the last results. ToolError when there is none, which says what the
    position was for."""
    shown = world.session.last_shown
    if not shown:
        raise ToolError(f"there are no earlier results {purpose}; call search first")
    if position > len(shown):
        raise ToolError(f"no item {position} in the last results; positions go from 1 to {len(shown)}")
    return world.catalog.by_id[shown[position - 1]]


def _plain(price: float | None) -> int | float | None:
    """1499.0 -> 1499: a price in a value is a plain number."""
    return int(price) if price is not None and float(price).is_integer() else price
