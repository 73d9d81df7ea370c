"""How a shopper names results to compare, an attribute, a picture, and words to translate."""

from __future__ import annotations

from collections.abc import Sequence

from muse_core.dialogue.script import Script
from muse_core.dialogue.voice import Voice, forms_of
from muse_core.dialogue.wording import sayings as saying
from muse_core.dialogue.wording import shared
from muse_core.language import lexicon

MAX_POSITION = 5
_AND = {"en": "and", "hi": "और", "roman": "aur", "both": "और"}
_TRIES = 6
_TEXT_SHAPES: tuple[tuple[str, ...], ...] = (
    ("colour", "noun"), ("colour", "noun"), ("material", "noun"), ("noun",), ("colour", "material", "noun"),
)  # fmt: skip


def items_phrase(voice: Voice, items: Sequence[int]) -> str:
    """`the first and third`, `पहले और तीसरे`, `1 aur 3 number`: positions in the last results."""
    is_top = list(items) == list(range(1, len(items) + 1))
    if is_top and voice.chance(0.5):
        return str(voice.pick(saying(voice.script)["first_items"][str(len(items))]))
    return _listed(voice, [str(n) for n in items]) if voice.chance(0.4) else _ordinals(voice, items)


def item_phrase(voice: Voice, item: int) -> str:
    """`the second one`, दूसरे वाले, `number 2`: one position; in Hindi as it stands before का, की, में."""
    if voice.chance(0.4):
        word = "नंबर" if voice.script == "hi" else voice.pick(("number", "option", "item"))
        return f"{word} {item}"
    named = shared()["ordinals"]["en" if voice.script == "both" else voice.script][item - 1]
    if voice.script == "en":
        return f"the {named} one"
    return f"{named} {voice.postposition('wale', 'वाले')}"


def _ordinals(voice: Voice, items: Sequence[int]) -> str:
    if voice.script == "en":
        words = shared()["ordinals"][voice.pick(("en", "en", "1st"))]
        named = _joined([words[n - 1] for n in items], "and")
        return voice.pick((f"the {named}", f"the {named} one", named, f"the {named} ones"))
    if voice.script == "both":
        return voice.pick(("{}", "{} option", "{} item")).format(
            _joined([shared()["ordinals"]["en"][n - 1] for n in items], _link(voice))
        )
    kind = "en" if voice.script == "roman" and voice.chance(0.3) else voice.script
    named = _joined([shared()["ordinals"][kind][n - 1] for n in items], _link(voice))
    return named if voice.chance(0.7) else f"{named} {voice.postposition('wale', 'वाले')}"


def _listed(voice: Voice, numbers: list[str]) -> str:
    word = _link(voice)
    named = _joined(numbers, word)
    if voice.script == "en":
        each = voice.pick(("number", "option", "item"))
        return voice.pick(
            (
                named,
                f"{each}s {named}",
                _joined([f"{each} {n}" for n in numbers], "and"),
                _joined(numbers, "&"),
            )
        )
    if voice.script == "hi":
        return voice.pick((named, f"नंबर {named}", f"{named} नंबर"))
    if voice.script == "both":
        return voice.pick((f"option {named}", f"number {named}", f"item {named}"))
    return voice.pick(
        (named, f"number {named}", f"{named} number", f"option {named}", _joined(numbers, "and"))
    )


def _link(voice: Voice) -> str:
    """`and`; mixed shoppers take the English word as often."""
    return "and" if voice.script in ("roman", "both") and voice.chance(0.5) else _AND[voice.script]


def _joined(words: Sequence[str], link: str) -> str:
    return f"{', '.join(words[:-1])} {link} {words[-1]}"


def text_to_translate(voice: Voice, written_in: Script, target: str) -> str:
    """One to three shop words in a script, all of which the shop lexicon can translate. Devanagari words
    to be put into Hindi are the English loan words of labels (ब्लैक लेदर बैग)."""
    text = ""
    for _ in range(_TRIES):
        text = _text(voice, written_in, is_loan=written_in == "hi" and target == "hi")
        translated, unknown = lexicon.gloss(text, target)
        if not unknown and translated.lower() != text.lower():
            break
    return text


def _text(voice: Voice, written_in: Script, is_loan: bool) -> str:
    table = shared()["translated"]
    noun = voice.pick(tuple(table["made_of"]))
    materials = table["made_of"][noun]
    words = []
    for slot in voice.pick(_TEXT_SHAPES):
        if slot == "material" and not materials:
            continue
        value = noun if slot == "noun" else voice.pick(table["colours"] if slot == "colour" else materials)
        name = "product_type" if slot == "noun" else slot
        forms = forms_of(name, value, written_in, None if slot == "noun" else noun)
        if written_in == "roman":
            forms = tuple(form for form in forms if form not in forms_of(name, value, "en")) or forms
        words.append(forms[-1] if is_loan else forms[0] if voice.chance(0.7) else voice.pick(forms))
    return " ".join(words)


def quoted(voice: Voice, text: str) -> str:
    """The text as it is, or in quotation marks."""
    return voice.pick(("{}", "{}", "'{}'", '"{}"')).format(text)


def picture_mark(picture_id: str) -> str:
    """How a picture stands in text (DECISIONS): `[image:att1]`."""
    return f"[image:{picture_id}]"
