"""A call of a log → a call of one shop: its arguments checked against the tool's names, facets included.

What a log writes of a facet is read as our calls write it: `"16 GB"` is 16 where memory is in gb, `"yes"` is
True of what a product has or has not.
"""

from __future__ import annotations

from collections.abc import Mapping

from muse_core.catalog.facets import NO, YES
from muse_core.conversation_files.chat_turns import BadLine, ChatCall
from muse_core.language.units import converted, find_quantities
from muse_core.scoring.normal import one_number
from muse_core.tools.call_syntax import facet_place
from muse_core.tools.shop_schema import ShopSchema
from muse_core.types import Facet, JsonValue, ToolCall

_SAID: Mapping[str, bool] = {YES: True, "true": True, NO: False, "false": False}


def shop_call(call: ChatCall, call_id: str, schema: ShopSchema, turn: int) -> ToolCall:
    """The call with its arguments as the tool reads them; left as they are where it refuses them. BadLine for
    an argument that the tool does not have in this shop. `turn`: 0-based."""
    known = schema.order(call.name)
    unknown = [key for key in call.arguments if key not in known]
    if unknown:
        raise BadLine(
            f"turn {turn + 1}: {call.name} has no argument {unknown[0][:40]!r}; it has {', '.join(known)}"
        )
    facets = {facet.name: facet for facet in schema.facets}
    given = {key: _value(facets.get(_facet(key, facets)), one) for key, one in call.arguments.items()}
    try:
        read = schema.read(call.name, given)
    except ValueError:  # pydantic's ValidationError; `Toolbox.run` puts it into words
        return ToolCall(call_id, call.name, given)
    return ToolCall(call_id, call.name, {key: _whole(value) for key, value in read.items()})


def _facet(argument: str, facets: Mapping[str, Facet]) -> str:
    return argument if argument in facets else facet_place(argument)[0]


def _value(facet: Facet | None, given: JsonValue) -> JsonValue:
    """A text as the facet's argument takes it; what is no text, and what says something else, stays."""
    if facet is None or not isinstance(given, str) or facet.kind == "choice":
        return given
    if facet.kind == "yes_no":
        return _SAID.get(given.strip().lower(), given)
    bare = one_number(given) if given.strip()[-1:].isdigit() else None
    if bare is not None:
        return bare
    found = [converted(one.value, one.unit, facet.unit) for one in find_quantities(given, in_cell=True)]
    return found[0] if len(found) == 1 and found[0] is not None else given


def _whole(value: JsonValue) -> JsonValue:
    return int(value) if isinstance(value, float) and value.is_integer() else value
