"""SIMMC 2.0 and 2.1 (facebookresearch/simmc2): shoppers before pictures of a shop, in English.

`simmc2…_dials_…_devtest.json` has `{"dialogue_data": [{"dialogue_idx", "domain", "dialogue": [{"transcript",
"transcript_annotated": {"act": "REQUEST:GET", "act_attributes": {"slot_values", "request_slots", "objects"}},
"system_transcript", …}]}]}`; `fashion_prefab_metadata_all.json` has the products by name. What becomes what
is in docs/bench.md; what only the picture says ("the one on the left") no case can say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muse_core.errors import ConfigError
from muse_core.evaluation.public_sets.harvest import Harvest, case_row
from muse_core.evaluation.public_sets.set_shop import SetShop
from muse_core.evaluation.public_sets.simmc2_slots import comparison, limits
from muse_core.records import Row

ANOTHER = "the words point at something in the picture"


def knows(value: Any) -> bool:
    return _is_dialogues(value) or _is_products(value)


def _is_dialogues(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("dialogue_data"), list)


def _is_products(value: Any) -> bool:
    first = next(iter(value.values()), None) if isinstance(value, dict) else None
    return isinstance(first, dict) and {"type", "brand"} <= first.keys()


def convert(files: Sequence[tuple[Path, Any]]) -> Harvest:
    """The dialogues of all files, asked in the shop of all products."""
    talks = [(path, value) for path, value in files if _is_dialogues(value)]
    if not talks:
        raise ConfigError(
            "no file of dialogues is among the files; expected simmc2.1_dials_dstc11_devtest.json"
        )
    rows = [
        _product(name, about) for _, value in files if _is_products(value) for name, about in value.items()
    ]
    shop = SetShop(rows) if rows else None
    harvest = Harvest(shop=rows, schema=shop.schema) if shop else Harvest()
    for path, value in talks:
        try:
            for dialogue in value["dialogue_data"]:
                _Talk(f"simmc2-{dialogue['dialogue_idx']}", shop, harvest).convert(dialogue["dialogue"])
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            raise ConfigError(
                f"{path}: a dialogue of another shape ({type(problem).__name__}: {problem}); expected turns "
                "with transcript, transcript_annotated and system_transcript"
            ) from None
    return harvest


def _product(name: str, about: Mapping[str, Any]) -> Row:
    """`assetType` says how the thing hangs in the picture."""
    return {"id": name, **{key: value for key, value in about.items() if key != "assetType"}}


@dataclass
class _Talk:
    """One dialogue on its way: what was wanted last, and which objects the system has shown last."""

    name: str
    shop: SetShop | None
    harvest: Harvest
    history: list[Row] = field(default_factory=list)
    wanted: dict[str, Any] = field(default_factory=dict)
    shown: list[Any] = field(default_factory=list)

    def convert(self, turns: Sequence[Mapping[str, Any]]) -> None:
        for at, turn in enumerate(turns):
            annotated = turn["transcript_annotated"]
            self._one(
                f"{self.name}-{at}", str(turn["transcript"]), annotated["act"], annotated["act_attributes"]
            )
            answer = str(turn.get("system_transcript") or "")
            said = ("user", str(turn["transcript"])), ("assistant", answer)
            self.history += [{"role": role, "content": text} for role, text in said]
            after = (turn.get("system_transcript_annotated") or {}).get("act_attributes") or {}
            self.shown = list(after.get("objects") or self.shown)

    def _one(self, name: str, said: str, act: str, about: Mapping[str, Any]) -> None:
        values = {slot: value for slot, value in about["slot_values"].items() if value not in ("", [])}
        if not said.strip():
            self.harvest.left_out["the utterance is empty"] += 1
        elif act == "REQUEST:GET":
            self._limited(name, said, "search", values, {})
        elif act == "INFORM:REFINE":
            self._refined(name, said, values)
        elif act == "INFORM:GET":
            self.harvest.unjudged["how it is to be like the one pointed at, the words do not say"] += 1
            self._add(name, said, "recommend", ("search",))
        elif act == "REQUEST:COMPARE":
            self._compared(name, said, about)
        elif act == "REQUEST:ADD_TO_CART":
            self._add(name, said, "none")
        elif act == "ASK:GET":
            self._add(name, said, "none", ("search", "compare"))
        else:
            self.harvest.left_out[ANOTHER if act == "INFORM:DISAMBIGUATE" else f"an unknown act: {act}"] += 1
        self.wanted = values or self.wanted

    def _refined(self, name: str, said: str, values: dict[str, Any]) -> None:
        """The belief state repeats what was said before; new is what differs from it."""
        new = {slot: value for slot, value in values.items() if self.wanted.get(slot) != value}
        if "type" in new:
            self._limited(name, said, "search", values, {})
        elif not new:
            self.harvest.left_out["asks for more of the same"] += 1
        else:
            old = {slot: value for slot, value in values.items() if slot not in new and slot != "type"}
            self._limited(name, said, "filter", new, old)

    def _limited(self, name: str, said: str, tool: str, new: dict[str, Any], old: dict[str, Any]) -> None:
        arguments, missing = limits(new, self.shop)
        repeated, _ = limits(old, self.shop)
        also = ("search",) if tool == "filter" else ("recommend", "filter")
        if missing:
            self.harvest.unjudged[missing] += 1
            return self._add(name, said, tool, also)
        again = {key: [*values, ""] for key, values in repeated.items() if key not in arguments}
        return self._add(name, said, tool, also, again | arguments)

    def _compared(self, name: str, said: str, about: Mapping[str, Any]) -> None:
        places = [self.shown.index(one) + 1 for one in about["objects"] if one in self.shown]
        if not 2 <= len(places) <= 4 or len(places) < len(about["objects"]):
            self.harvest.unjudged["what is compared was not shown last"] += 1
            return self._add(name, said, "compare")
        return self._add(name, said, "compare", (), comparison(places, about["request_slots"], self.shop))

    def _add(
        self, name: str, said: str, tool: str, also: Sequence[str] = (), arguments: Row | None = None
    ) -> None:
        row = case_row(name, said, tool, also, arguments, self.history, language="en")
        self.harvest.cases.append(row)
