"""Logs → what customers ask for, read by rules or labelled by a person, and what was not read, with reasons.

The order: fold lines of one spelling, take personal data out, tell the language, fold near-duplicates, read.
A label goes before the rules. What a request is to do in training follows from its normal form alone: its
side is that of a shopper of this name, so that a tenth is held out for good.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Literal

from muse_core.errors import ConfigError
from muse_core.reading.shop_words import ShopWords
from muse_core.records import side_of
from muse_core.types import Side
from muse_core.utterances.decide import Decision, decide
from muse_core.utterances.described import Terms
from muse_core.utterances.fold import MOST_FORMS, Folded, digest_of, fold, merged, normal_form
from muse_core.utterances.labels import labelled
from muse_core.utterances.log_file import Logged, requests
from muse_core.utterances.personal import has_mask, without_personal
from muse_core.utterances.tongues import LANGUAGE, Tongue, tongue_of
from muse_core.wordings.words import Script

By = Literal["rules", "people"]
MOST_SHARE = 0.02  # of all that was typed: no request weighs more
OTHER_LANGUAGE, ADDRESS = "another language", "an address"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """One thing that customers typed, `count` times; `weight` is the count, capped; `given`: the tool and the
    arguments that a person wrote beside it."""

    text: str
    count: int
    tongue: Tongue
    decision: Decision
    digest: str
    by: By = "rules"
    weight: float = 1.0
    given: tuple[str, str] = ("", "")

    @property
    def name(self) -> str:
        """The id of its conversation, and of the shopper who nobody knows."""
        return f"utterance-{self.digest}"

    @property
    def side(self) -> Side:
        return side_of(self.name)

    @property
    def script(self) -> Script:
        """Of the wording and of the reply; a text without letters is answered in English."""
        return self.tongue if self.tongue in LANGUAGE else "en"  # type: ignore[return-value]


@dataclass
class Log:
    """Requests that were read, those that were not, and what was counted on the way (lines, by reason)."""

    read: list[Request] = field(default_factory=list)
    unread: list[Request] = field(default_factory=list)
    lines: int = 0
    forms: int = 0
    left_out: int = 0
    personal: Counter[str] = field(default_factory=Counter)
    tongues: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def read_log(paths: Sequence[Path], words: ShopWords, terms: Terms, most: int = MOST_FORMS) -> Log:
    """All files as one log. ConfigError for one that is no log, or where there is no request."""
    folded = fold(chain.from_iterable(map(requests, paths)), most)
    if not folded.requests:
        names = ", ".join(str(path) for path in paths)
        raise ConfigError(f"{names}: no request is in it; expected what customers typed, one a row or line")
    found = Log(lines=folded.lines, left_out=folded.left_out)
    cleaned = _folded_again(_cleaned(folded, found))
    found.forms = len(cleaned)
    limit = max(1.0, MOST_SHARE * sum(one.count for one in cleaned.values()))
    for form, one in cleaned.items():
        _sort_in(found, replace(_read(form, one, words, terms), weight=min(float(one.count), limit)))
    return found


def _cleaned(folded: Folded, found: Log) -> Iterator[Logged]:
    """The requests without personal data, in our languages; what is dropped is counted."""
    for one in folded.requests:
        text, kinds = without_personal(one.text)
        found.personal.update({kind: one.count for kind in kinds})
        if text is None:
            found.reasons[ADDRESS] += one.count
            continue
        tongue = tongue_of(text)
        found.tongues[tongue] += one.count
        if tongue == "other" and not one.is_labelled:
            found.reasons[OTHER_LANGUAGE] += one.count
            continue
        yield replace(one, text=text)


def _folded_again(logged: Iterable[Logged]) -> Mapping[str, Logged]:
    """Near-duplicates as one: the spelling that came first."""
    kept: dict[str, Logged] = {}
    for one in logged:
        form = normal_form(one.text) or one.text
        kept[form] = merged(kept[form], one) if form in kept else one
    return kept


def _read(form: str, one: Logged, words: ShopWords, terms: Terms) -> Request:
    is_labelled = one.is_labelled and not has_mask(one.text)  # what had personal data in it is never read
    by: By = "people" if is_labelled else "rules"
    decision = labelled(one.tool, one.arguments) if is_labelled else decide(one.text, words, terms)
    given = (one.tool, one.arguments)
    return Request(one.text, one.count, tongue_of(one.text), decision, digest_of(form), by, given=given)


def _sort_in(found: Log, one: Request) -> None:
    if one.decision.is_read:
        found.read.append(one)
    else:
        found.unread.append(one)
        found.reasons[one.decision.reason] += one.count


def refused(found: Log, one: Request, reason: str) -> None:
    """Moves what was read to what was not: the shop's tools turned it down."""
    found.read.remove(one)
    _sort_in(found, replace(one, decision=replace(one.decision, tool="", reason=reason)))
