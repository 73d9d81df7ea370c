"""A request that was read → a conversation of one turn: the call executed, a reply in the shopper's language.

Nobody knows who asked. The family of the turn says that it comes from a log, and who read it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from muse_core.conversation_files.chat_turns import BadLine, ChatCall
from muse_core.conversation_files.positions import position_of
from muse_core.conversation_files.shop_calls import shop_call
from muse_core.dialogue import shares
from muse_core.dialogue.replies import Outcome, reply
from muse_core.dialogue.voice import Voice
from muse_core.profiles.system_line import system_content
from muse_core.records import tool_message
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Conversation, Goal, Message, ToolCall, TurnLabel
from muse_core.utterances.beside_shopping import courtesy, service
from muse_core.utterances.origin import family_of
from muse_core.utterances.read_log import Request
from muse_core.utterances.tongues import LANGUAGE
from muse_core.utterances.whole_wordings import whole_wording
from muse_core.world.replay import world_for

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

_ALSO: dict[str, tuple[str, ...]] = {"recommend": ("recommend", "search")}


def conversation_of(request: Request, index: CatalogIndex, style: str) -> Conversation:
    """BadLine where the shop's tools refuse the call: what was asked cannot be asked here."""
    decision, facets = request.decision, index.catalog.facets
    language = LANGUAGE.get(request.tongue, "en")
    rng = np.random.default_rng(int(request.digest, 16))
    voice = Voice(request.script, rng, facets={facet.name: facet for facet in facets})
    acts, call, outcome = _acts(request, index)
    said = reply(outcome, voice, "casual", style)
    missing = "query" if decision.turn_type == "missing_slot" else None
    label = TurnLabel(
        turn=0,
        turn_type=decision.turn_type,
        family=family_of(request.by, decision.tool, language, request.digest),
        decision=decision.tool,
        acceptable=_acceptable(request),
        plans=((decision.tool,),) if call else (),
        missing_slot=missing,
        position=position_of(request.text, call) if call else None,
    )
    return Conversation(
        conversation_id=request.name,
        profile_id=request.name,
        language=language,
        messages=(
            Message("system", system_content(facets, language)),
            Message("user", request.text),
            *acts,
            Message("assistant", said),
        ),
        goal=Goal("utterance"),
        side=request.side,
        labels=(label,),
    )


def _acceptable(request: Request) -> tuple[str, ...]:
    """Rules do not tell a wish for advice from one for a list as surely as a person does."""
    return _ALSO.get(request.decision.tool, ()) if request.by == "rules" else ()


def _acts(request: Request, index: CatalogIndex) -> tuple[tuple[Message, ...], ToolCall | None, Outcome]:
    decision = request.decision
    if decision.tool == "none":
        return (), None, Outcome(_situation(request))
    toolbox = Toolbox(world_for(None, index))
    call = shop_call(ChatCall(decision.tool, dict(decision.arguments)), "c0.0", toolbox.schema, 0)
    result = toolbox.run(call)
    if result.error is not None:
        raise BadLine(result.error)
    outcome = Outcome("", call.name, call.arguments, result.value)
    return (Message("assistant", "", (call,)), tool_message(result)), call, outcome


def _situation(request: Request) -> str:
    """The situation of the reply to what needs no call."""
    turn_type, whole = request.decision.turn_type, whole_wording(request.text)
    if turn_type == "missing_slot":
        return "ask_query"
    if turn_type == "out_of_scope":
        kind = service(request.text) or (whole.kind if whole else "")
        return f"decline_{kind}" if kind in shares.SERVICES else "decline"
    is_talk = whole is not None and whole.turn_type == "chit_chat"
    return whole.kind if is_talk and whole else courtesy(request.text) or "smalltalk"


def order_of(request: Request, seed: int) -> float:
    """A number by which an even draw, in proportion to the weights, is the first so many (Efraimidis and
    Spirakis 2006: u^(1/w), largest first)."""
    digest = hashlib.sha256(f"{seed} {request.digest}".encode()).digest()
    point = (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 1)
    return float(point ** (1 / request.weight))
