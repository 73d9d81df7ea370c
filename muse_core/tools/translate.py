"""`translate`: shop words and short phrases between Hindi (either script) and English.

The default is the shop lexicon, longest match first; words it does not know stay as they are and are
reported in `unknown`. A neural backend can be injected through the `Translator` protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol

from pydantic import Field

from muse_core.errors import ToolError
from muse_core.language import lexicon
from muse_core.tools import arguments as given
from muse_core.tools.base import ShopWorld, Tool, ToolArguments
from muse_core.types import JsonValue

Target = Literal["en", "hi"]


@dataclass(frozen=True)
class Translation:
    """The translated text and the words that were kept because nobody knew them."""

    text: str
    unknown: tuple[str, ...] = ()


class Translator(Protocol):
    """Anything that translates short shop text; deterministic, or rows would not replay."""

    def translate(self, text: str, target: Target) -> Translation: ...


class LexiconTranslator:
    """Word-for-word glosses from `language.lexicon`; word order and agreement are not attempted."""

    def translate(self, text: str, target: Target) -> Translation:
        translated, unknown = lexicon.gloss(text, target)
        return Translation(translated, unknown)


class Translate(Tool):
    """Result: `{"text", "source" (the text given), "target"}` and `unknown` when not empty."""

    name: ClassVar[str] = "translate"
    description: ClassVar[str] = "translate shop text"
    turn_type = "translation"
    wordings = ("out", "meaning", "answer")
    asks_for = "text"
    left_open = 0.12
    replies = ("translated",)

    class Arguments(ToolArguments):
        text: Annotated[given.Text, Field(description="the words to translate, as the shopper wrote them")]
        target: Annotated[Target, Field(description="language of the answer: en or hi")]

    def careless(self, noun: Callable[[], str], said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        return {"text": noun(), "target": "hi"}

    def __call__(self, arguments: Arguments, world: ShopWorld) -> JsonValue:
        translation = world.translator.translate(arguments.text, arguments.target)
        if not translation.text.strip():
            raise ToolError("nothing to translate; give the words in `text`")
        value: dict[str, JsonValue] = {"text": translation.text}
        value.update(source=arguments.text, target=arguments.target)
        if translation.unknown:
            value["unknown"] = list(translation.unknown)
        return value
