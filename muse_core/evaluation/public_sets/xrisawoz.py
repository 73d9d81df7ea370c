"""X-RiSAWOZ: dialogues of people in English, Hindi and mixed, whose belief states are searches with facets.

What becomes what (docs/bench.md): a turn that says what is wanted of goods whose database is given is a
`search`; one that only adds to what the system has already shown, a `filter`; a question about one product,
thanks and goodbyes, and what weather, trains, flights and hospitals are asked for: no call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muse_core.errors import ConfigError
from muse_core.evaluation.public_sets.harvest import Harvest, case_row
from muse_core.evaluation.public_sets.xrisawoz_files import (
    SIGNS,
    Turn,
    database_of,
    dialogues_of,
    is_dialogues,
    is_parallel,
    is_spellings,
)
from muse_core.evaluation.public_sets.xrisawoz_shop import XrisawozShop
from muse_core.records import Row

TALK = frozenset({"greeting", "bye", "general"})
NO_SHOP = frozenset({"weather", "train", "flight", "hospital"})  # what no shop of goods is asked for
DETAIL_TOOLS = ("search",)  # may look a product up to answer a question about it


def knows(value: Any) -> bool:
    return is_dialogues(value) or is_parallel(value) or is_spellings(value) or database_of(value) is not None


def convert(files: Sequence[tuple[Path, Any]]) -> Harvest:
    """The turns of all files of dialogues, asked in the shop of all databases."""
    databases: dict[str, list[Row]] = {}
    spellings: dict[str, Any] = {}
    for _, value in files:
        if (domain := database_of(value)) is not None:
            databases[domain] = value
        elif is_spellings(value):
            spellings = value
    talks = [(path, value) for path, value in files if is_dialogues(value) or is_parallel(value)]
    if not talks:
        raise ConfigError(
            "no file of dialogues is among the files; expected data/original/<language>_<split>.json"
        )
    shop = XrisawozShop(databases, spellings) if databases else None
    harvest = Harvest(shop=shop.rows, schema=shop.schema) if shop else Harvest()
    for path, value in talks:
        try:
            for name, turns in dialogues_of(value):
                _Talk(name, shop, harvest).convert(turns)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise ConfigError(
                f"{path}: a dialogue of another shape ({type(problem).__name__}: {problem}); expected turns "
                "with user_utterance, user_actions, belief_state and system_actions"
            ) from None
    return harvest


@dataclass
class _Talk:
    """One dialogue on its way: what was said of each domain, and of which something was shown."""

    name: str
    shop: XrisawozShop | None
    harvest: Harvest
    history: list[Row] = field(default_factory=list)
    wanted: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)

    def convert(self, turns: Sequence[Turn]) -> None:
        for turn in turns:
            self._one(turn)
            self.history += [
                {"role": "user", "content": turn.user},
                {"role": "assistant", "content": turn.system},
            ]

    def _one(self, turn: Turn) -> None:
        if not turn.user.strip():
            return self._left_out("the utterance is empty")
        if not turn.acts:
            return self._left_out("the turn has no annotation")
        if all(intent in TALK for intent, *_ in turn.acts):
            return self._add(turn, "none")
        domains = [domain for intent, domain, *_ in turn.acts if intent not in TALK]
        sold = self.shop.sold if self.shop else ()
        domain = next((one for one in domains if one in sold), domains[0])
        if domain in sold:
            return self._shopping(turn, domain)
        if domain in NO_SHOP:
            return self._add(turn, "none")
        if domain in SIGNS:
            return self._left_out(f"no database of {domain} is among the files")
        return self._left_out(
            f"whether a shop of goods looks for it or declines, the set does not say: {domain}"
        )

    def _shopping(self, turn: Turn, domain: str) -> None:
        assert self.shop is not None
        said = {slot: value for intent, of, slot, value in turn.acts if intent == "inform" and of == domain}
        asked = [slot for intent, of, slot, _ in turn.acts if intent == "request" and of == domain]
        about = [slot for slot in asked if not self.shop.names_product(slot)]
        if about and all(map(self.shop.names_product, said)):
            return self._add(turn, "none", DETAIL_TOOLS)
        if not said:
            return self._left_out("asks for another product without saying what kind")
        new = {slot: (value, *turn.said.get(f"{domain}-{slot}", ())) for slot, value in said.items()}
        before = self.wanted.setdefault(domain, {})
        adds = domain in self.shown and not any(slot in before or self.shop.in_query(slot) for slot in new)
        carried = {slot: values for slot, values in before.items() if slot not in new}
        before.update(new)
        if not turn.asks:
            self.shown.add(domain)
        self._call(turn, domain, new, {} if adds else carried, "filter" if adds else "search")

    def _call(
        self,
        turn: Turn,
        domain: str,
        new: dict[str, tuple[str, ...]],
        carried: dict[str, tuple[str, ...]],
        tool: str,
    ) -> None:
        """What was said before must be said again in a search, as the belief state does."""
        assert self.shop is not None
        also = ("search",) if tool == "filter" else ("recommend", "filter") if carried else ("recommend",)
        arguments, missing = self.shop.arguments(domain, carried | new)
        if missing:
            self.harvest.unjudged[f"no argument of the shop says {missing!r}"] += 1
            return self._add(turn, tool, also)
        if tool == "search":
            queries, brands = self.shop.queries(domain, carried | new)
            arguments = {"query": queries, **arguments}
            if brands and "brand" not in arguments:
                arguments["brand"] = [*brands, ""]
            arguments["sort_by"] = ["", "rating"]  # "popular", "with a high rating": never annotated
        self._add(turn, tool, also, arguments)

    def _add(self, turn: Turn, tool: str, also: Sequence[str] = (), arguments: Row | None = None) -> None:
        name = f"xrisawoz-{self.name}-{turn.place}"
        row = case_row(name, turn.user, tool, also, arguments, self.history)
        self.harvest.cases.append(row | {"domain": turn.domains[0] if turn.domains else ""})

    def _left_out(self, why: str) -> None:
        self.harvest.left_out[why] += 1
