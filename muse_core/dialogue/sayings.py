"""How a shopper names results to compare, an attribute, a picture, and words to translate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.dialogue import shares
from muse_core.dialogue.phrases import phrases, say
from muse_core.dialogue.script import Script
from muse_core.dialogue.voice import Voice, forms_of
from muse_core.language import lexicon
from muse_core.language.named_items import naming_words
from muse_core.tools.result_text import MAX_SHOWN_ITEMS
from muse_core.wordings.words import words

MAX_POSITION = 5
Names = Mapping[int, str]
_NO_NAMES: Names = {}
_TRIES = 6
_OTHER_ORDINALS = 0.3  # `1st`, or an English word in Hinglish
_TEXT_SHAPES: tuple[tuple[str, ...], ...] = (
    ("colour", "noun"), ("colour", "noun"), ("material", "noun"), ("noun",), ("colour", "material", "noun"),
)  # fmt: skip


def items_phrase(voice: Voice, items: Sequence[int], names: Names = _NO_NAMES) -> str:
    """`the first and third`, `पहले और तीसरे`, `1 aur 3 number`, `Kiara and Oslo`: some of the last results.
    `names`: position -> a word that names it."""
    if all(item in names for item in items) and voice.chance(shares.NAMED):
        return _joined([names[item] for item in items], _link(voice))
    is_top = list(items) == list(range(1, len(items) + 1))
    if is_top and voice.chance(0.5):
        return say(voice, "first_items", str(len(items)))
    return _numbered(voice, [str(n) for n in items]) if voice.chance(0.4) else _ordinals(voice, items)


def item_phrase(voice: Voice, item: int, names: Names = _NO_NAMES) -> str:
    """`the second one`, दूसरे वाले, `number 2`, `the Kiara one`: one of the last results; in Hindi as it
    stands before का, की, में."""
    if item in names and voice.chance(shares.NAMED):
        return say(voice, "items", "named", name=names[item])
    ordinal = phrases(voice.script)["items"]["ordinals"][item - 1]
    return say(voice, "items", "one", n=str(item), ordinal=ordinal)


def names_of(voice: Voice, titles: Sequence[str]) -> dict[int, str]:
    """Position -> a word that names the item, of those whose titles the assistant has told."""
    words = naming_words(titles[:MAX_SHOWN_ITEMS])
    return {at: voice.pick(of_title) for at, of_title in enumerate(words, 1) if of_title}


def _ordinals(voice: Voice, items: Sequence[int]) -> str:
    known = phrases(voice.script)["items"]
    is_other = "other_ordinals" in known and voice.chance(_OTHER_ORDINALS)
    series = known["other_ordinals" if is_other else "ordinals"]
    named = _joined([series[n - 1] for n in items], _link(voice))
    return say(voice, "items", "by_ordinal", items=named)


def _numbered(voice: Voice, numbers: Sequence[str]) -> str:
    """By number: `all` holds the joined numbers, `each` one of them, `and` stands before the last."""
    known = phrases(voice.script)["items"]
    link = _link(voice)
    counter = voice.pick(known["counters"]) if "counters" in known else ""
    form: dict[str, Any] = voice.pick(known["by_number"])
    each = [form.get("each", "{n}").format(n=n, counter=counter) for n in numbers]
    return str(form.get("all", "{items}")).format(items=_joined(each, form.get("and", link)), counter=counter)


def _link(voice: Voice) -> str:
    """`and`; mixed shoppers take the English word as often."""
    return say(voice, "items", "and")


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
    table = words("shared")["translated"]
    noun = voice.pick(tuple(table["made_of"]))
    materials = table["made_of"][noun]
    chosen = []
    for slot in voice.pick(_TEXT_SHAPES):
        if slot == "material" and not materials:
            continue
        value = noun if slot == "noun" else voice.pick(table["colours"] if slot == "colour" else materials)
        name = "product_type" if slot == "noun" else slot
        forms = forms_of(name, value, written_in, None if slot == "noun" else noun)
        if written_in == "roman":
            forms = tuple(form for form in forms if form not in forms_of(name, value, "en")) or forms
        chosen.append(forms[-1] if is_loan else forms[0] if voice.chance(0.7) else voice.pick(forms))
    return " ".join(chosen)


def quoted(voice: Voice, text: str) -> str:
    """The text as it is, or in quotation marks."""
    return voice.pick(("{}", "{}", "'{}'", '"{}"')).format(text)


def picture_mark(picture_id: str) -> str:
    """How a picture stands in text (docs/decisions.md#pictures-in-text): `[image:att1]`."""
    return f"[image:{picture_id}]"
