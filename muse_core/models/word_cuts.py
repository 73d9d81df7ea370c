r"""Where the small model's tokenizer cuts text: words of the request are the same tokens wherever they stand.

    user        … a red shirt with 8 gb memory     ␣red ␣shirt … 8 ␣gb ␣memory
    list        also: memory (gb), processor       … ␣memory ␣( gb ) , ␣processor
    readings    colour='red', min_memory=8         ␣colour=' ␣red ', ␣min_ ␣memory = 8
    call        search(colour='red', …)            search( ␣colour=' ␣red ', …

BPE has other tokens for `␣red` than for `red`. So a space is put where a word of a call would stand without
(`SPACINGS`): behind an opening quote, behind `_`, behind the `(` of a call, behind the `:` of a reference. It
is put there before whatever follows, a further space included, and one is taken away when tokens become
text: the two are inverse for every text. Digits take no space in, so none is put before them.

What BPE may make one token (`word_pattern`): the frames of our own arguments (`␣max_price=`, `␣query='`), as
they are when the tokenizer is trained. A shop's facets are words like others. What closes a value (`',` `')`
`'])`) is cut off from the argument behind it, so that `␣max_price=` is the same token first and last, behind
text and behind a number. A number is one word, and so is a reference to a field of ours.

Not covered: words that are glued to a sign in the request (`(red)`).
"""

from __future__ import annotations

import re

from tokenizers import Regex, decoders, normalizers

from muse_core.models.chat_format import READS, USER
from muse_core.tools.base import ITEM_FIELDS
from muse_core.tools.toolbox import ALL_TOOLS, per_tools

# Behind which sign a space is put: (what stands before the sign, the sign, what stands behind it).
SPACINGS = (
    (r"(?<=[=\[]|, )", "'", r"(?=[^\p{N}'])"),
    (r"(?<=[a-z0-9])", "_", r"(?=[\p{L} ])"),
    ("", "(", r"(?=[a-z0-9_ ]*=)"),
    (r"(?<=\[\p{Nd}|\[\p{Nd}\p{Nd})", ":", r"(?=[a-z ])"),
)
SPACED_TAGS = (USER, READS)  # what stands behind them is encoded by itself, behind a space
_READ_ONLY = ("about_price", "words")  # what readings have beside arguments of calls (muse_core/reading)


def spacing() -> normalizers.Normalizer:
    """Puts the spaces."""
    return normalizers.Sequence(
        [
            normalizers.Replace(Regex(left + re.escape(sign) + right), f"{sign} ")
            for left, sign, right in SPACINGS
        ]
    )


def unspacing() -> decoders.Decoder:
    """Bytes to text, and the spaces away again."""
    behind = [(f"(?<={left}{re.escape(sign)})", right) for left, sign, right in reversed(SPACINGS)]
    behind += [(f"(?<={re.escape(tag)})", "") for tag in SPACED_TAGS]
    away = [decoders.Replace(Regex(f"{left} {right}"), "") for left, right in behind]
    return decoders.Sequence([decoders.ByteLevel(), *away])


@per_tools
def word_pattern() -> str:
    """What is cut apart, in spaced text; the first that fits: references and picture tags, our frames, what
    closes a value, numbers, words, single signs, spaces."""
    arguments = sorted({*_READ_ONLY, *(name for tool in ALL_TOOLS for name in tool.Arguments.model_fields)})
    return "|".join(
        [
            rf" ?\[(?:(?:image:)?[a-z]*\p{{Nd}}{{1,2}}|\p{{Nd}}{{1,2}}: (?:{_any(sorted(ITEM_FIELDS))}))\]",
            r" ?\[\p{Nd}{1,2}:(?= )",
            rf"(?:{_any(sorted(tool.name for tool in ALL_TOOLS))})\(",
            rf" (?:{_any(arguments)})='?",
            r" (?:min|max|not)_(?= )",
            r"='?|\['|'(?:, '|\]?[,)])",
            r"\p{N}+(?:,\p{N}{2,3})*| ?[\p{L}\p{M}]+| ?[^\s\p{L}\p{M}\p{N}]|\s+",
        ]
    )


def _any(names: list[str]) -> str:
    """The names as they stand in spaced text; those that begin with another come first."""
    return "|".join(sorted((name.replace("_", "_ ") for name in names), key=lambda name: (-len(name), name)))
