"""The cues of the reply detectors, read once from `cues.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from muse_core.scoring.normal import normal_text


@dataclass(frozen=True)
class Cues:
    """Patterns over normalised text. `question`: a sentence asks or requests; `opening`: its first word
    makes it a question; `slots`: narrow ones first; `declines`: a reply refuses (word beginnings);
    `denied_before` ends what stands before a value that is denied, `denied_after` begins what is behind."""

    question: re.Pattern[str]
    opening: re.Pattern[str]
    slots: tuple[tuple[str, re.Pattern[str]], ...]
    declines: re.Pattern[str]
    denied_before: re.Pattern[str]
    denied_after: re.Pattern[str]


@lru_cache(maxsize=1)
def cues() -> Cues:
    """All cues, normalised like the replies that they are sought in."""
    text = resources.files("muse_core.scoring").joinpath("cues.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    denied = table["denied"]
    return Cues(
        _whole(table["question"]),
        re.compile(rf"(?:{_either(table['opening'])})(?![^ ])"),
        tuple((slot, _whole(listed)) for slot, listed in table["slots"].items()),
        re.compile(rf"(?<![^ ])(?:{_either(','.join(table['declines'].values()))})"),
        re.compile(rf"(?<![^ ])(?:{_either(denied['before'])})(?: (?:{_either(denied['before_link'])}))*$"),
        re.compile(rf"(?:(?:{_either(denied['after_link'])}) )*(?:{_either(denied['after'])})(?![^ ])"),
    )


def _whole(listed: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^ ])(?:{_either(listed)})(?![^ ])")


def _either(listed: str) -> str:
    """One alternative per cue. Words are bounded by spaces: normalised text has no other separator,
    and a Devanagari vowel sign is no `\\w`."""
    phrases = {normal_text(phrase) for phrase in listed.split(",") if phrase.strip()}
    return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
