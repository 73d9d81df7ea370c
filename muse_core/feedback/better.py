"""A thumb or a correction → the turn that should be learnt, by rules; or why there is none.

    up, nothing said     the served turn itself
    tool                 that tool, with what the rules read in the shopper's words
    values               the served call with the values that the rules read in these words, or that are
                         written so (`max_price=1500`); a whole call (`search(query='kurta')`) in its place
    reply                the served calls with this reply, its titles and prices as references

Nothing is guessed: a word that no rule explains, a value that nobody said, a call that fails on the
catalogue and a reply that says what no result says all leave the row `unclear`, for a person to complete.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from muse_core.conversation_files.chat_turns import BadLine
from muse_core.feedback.enter import run_again
from muse_core.feedback.row import Chat, Feedback
from muse_core.feedback.said import unsaid
from muse_core.generation.faults import fault_of
from muse_core.reading.attached import read_conversation
from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords, words_of
from muse_core.records import calls_of, result_values
from muse_core.tools.references import items_of, last_shown, lexicalise
from muse_core.tools.shop_schema import ShopSchema, schema_of
from muse_core.tools.toolbox import TOOL_NAMES
from muse_core.types import Conversation, JsonValue, Language, ToolCall
from muse_core.utterances.conversation import conversation_of
from muse_core.utterances.decide import LEFT_OVER, decide
from muse_core.utterances.described import Terms, terms_of
from muse_core.utterances.explained import unexplained
from muse_core.utterances.fold import digest_of, normal_form
from muse_core.utterances.labels import SILENT, labelled
from muse_core.utterances.read_log import Request
from muse_core.utterances.tongues import tongue_of
from muse_core.world.replay import context_before, turn_messages
from muse_core.world.turns import reply_of

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

_CALL = re.compile(r"(?P<tool>[a-z_]+)\((?P<arguments>.+)\)", re.DOTALL)
NOTHING_SAID = "it does not say what should have been done"


class Unclear(ValueError):
    """Why no turn can be made of a wish, and what a person may write instead."""


@dataclass(frozen=True)
class Rules:
    """The shop that feedback is read in."""

    index: CatalogIndex

    @cached_property
    def words(self) -> ShopWords:
        return words_of(self.index.catalog)

    @cached_property
    def terms(self) -> Terms:
        return terms_of(self.index.catalog)

    @cached_property
    def schema(self) -> ShopSchema:
        return schema_of(self.index.catalog.facets)

    def replayed(self, one: Feedback, turn: Chat) -> Conversation:
        """The conversation that ends with a turn, run on the catalogue. BadLine where it does not replay."""
        return read_conversation(run_again(one, turn, self.index), self.words)

    def better(self, one: Feedback, served: Conversation) -> Chat:
        """The turn to be learnt; `served`: the conversation as it was. Unclear says why there is none."""
        made = self._wished(one, served)
        try:
            learnt = self.replayed(one, made)
        except BadLine as problem:
            raise Unclear(str(problem)) from None
        turn, before = len(learnt.labels) - 1, turn_messages(served, len(served.labels) - 1)
        after, context = turn_messages(learnt, turn), context_before(learnt, turn)
        new = [call for call in calls_of(after) if call not in calls_of(before)]
        fault = fault_of(context, after, False, one.language)
        is_same = after == before if one.wish == "reply" else calls_of(after) == calls_of(before)
        if one.is_correction and is_same:
            raise Unclear("that is what was done")
        if one.wish == "reply" and reply_of(after) != made[-1]["content"]:
            raise Unclear("that is no reply to a shopper: it is read as a call")
        if fault is not None:
            raise Unclear(f"its reply could not be shown: fault {fault!r} (docs/serving.md)")
        strange = unsaid(new, context, self.words) if one.is_correction else []
        if strange:
            raise Unclear(f"nobody said {', '.join(strange)}; write a call with what was said")
        return made

    def _wished(self, one: Feedback, served: Conversation) -> Chat:
        calls = calls_of(turn_messages(served, len(served.labels) - 1))
        if one.wish == "tool":
            return self._of_tool(one, calls)
        if one.wish == "values":
            return _calling(*self._of_values(one.wish_text, calls))
        if one.wish == "reply":
            return self._of_reply(one, served)
        if one.thumb == "down":
            raise Unclear(NOTHING_SAID)
        return one.answer

    def _of_tool(self, one: Feedback, calls: Sequence[ToolCall]) -> Chat:
        name, text = one.wish_text, one.said[-1]
        if name in SILENT:
            return ({"role": "assistant", "content": self._silent(text)},)
        if name not in TOOL_NAMES:
            raise Unclear(f"{name[:40]!r} is no tool; write none, {', '.join(TOOL_NAMES)}")
        if any(call.name == name for call in calls):
            raise Unclear(f"{name} was called; say which values it should have had")
        decision = decide(text, self.words, self.terms)
        if decision.tool == name or {decision.tool, name} <= {"search", "recommend"}:
            known = self.schema.order(name)
            return _calling(name, {key: one for key, one in decision.arguments.items() if key in known})
        return _calling(name, self._read(name, text))

    def _silent(self, text: str) -> str:
        """What is replied where no tool is due, if the rules can tell."""
        decision = decide(text, self.words, self.terms)
        if decision.tool != "none":
            raise Unclear("no tool is wanted, and the rules do not say what to reply; write the reply")
        asked = Request(text, 1, tongue_of(text), decision, digest_of(normal_form(text)), "people")
        return conversation_of(asked, self.index, "references").messages[-1].content

    def _of_values(self, text: str, calls: Sequence[ToolCall]) -> tuple[str, Mapping[str, JsonValue]]:
        whole = _CALL.fullmatch(text)
        if whole is None and not calls:
            raise Unclear("nothing was called; say which tool it should have been")
        tool = whole["tool"] if whole else calls[0].name
        before = {} if whole else calls[0].arguments
        if whole or "=" in text or text.startswith("{"):
            written = labelled(tool, whole["arguments"] if whole else text)
            if not written.is_read:
                raise Unclear(written.reason)
            return tool, {**before, **written.arguments}
        return tool, {**before, **self._read(tool, text)}

    def _read(self, tool: str, text: str) -> Mapping[str, JsonValue]:
        """What the rules read in a text, as arguments of a tool. Unclear where something is left over."""
        left = [text[word.start : word.end] for word in unexplained(text, self.words)]
        if left:
            raise Unclear(f"{LEFT_OVER}: {', '.join(left)}")
        found, known = dict(read(text, self.words)), self.schema.order(tool)
        if "words" in found:
            raise Unclear(f"{LEFT_OVER}: {found['words']}")
        strange = [name for name in found if name not in known]
        if strange or not found:
            what = f"{', '.join(strange)}, no argument of {tool}" if strange else "no value"
            raise Unclear(f"the rules read {what}; write it as {tool} has it: {', '.join(known)}")
        return found

    def _of_reply(self, one: Feedback, served: Conversation) -> Chat:
        acts: list[Mapping[str, Any]] = [
            message for message in one.answer if message["role"] == "tool" or message.get("tool_calls")
        ]
        shown = last_shown(result_values(served.messages))
        reply = with_references(one.wish_text, shown, one.language)
        return (*acts, {"role": "assistant", "content": reply})


def _calling(tool: str, arguments: Mapping[str, JsonValue]) -> Chat:
    """A turn that ends in a call: result and reply are filled in where it is replayed."""
    call = {"name": tool, "arguments": dict(arguments)}
    return ({"role": "assistant", "content": "", "tool_calls": [call]},)


def with_references(reply: str, shown: JsonValue, language: Language) -> str:
    """A reply in a person's words with `[1]` for the title of the first item shown and `[1:price]` for its
    price: what the model learns to say (docs/decisions.md#references)."""
    places = range(1, len(items_of(shown)) + 1)
    names = [f"[{at}{field}]" for field in ("", ":price") for at in places]
    said = {name: lexicalise(name, shown, language) for name in names}
    found = [(text, name) for name, (text, faults) in said.items() if not faults]
    for text, name in sorted(found, key=lambda pair: -len(pair[0])):
        at = reply.casefold().find(text.casefold())
        if at >= 0 and len(reply.casefold()) == len(reply):
            reply = f"{reply[:at]}{name}{reply[at + len(text) :]}"
    return reply
