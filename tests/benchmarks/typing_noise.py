"""How often people who type slip, by kind: docs/decisions.md#typing-noise.

    python -m tests.benchmarks.typing_noise

Prints one JSON object per set: slips per thousand words of five letters and more, and spaces left out per
thousand, with the share of planted slips of our own (`dialogue/spelling.py`) that this count finds. A slip is
a word that is rare in all sets, no English word, and one slip away from a frequent one; so the counts are a
floor, which `found` puts right. The sets are in `../shared/data/utterances`; without them it exits with 2.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.dialogue.spelling import _SLIPS, _beside

HUMAN = Path(__file__).resolve().parents[3] / "shared" / "data" / "utterances"
LONG, RARE, FREQUENT, COMMON, PLANTED = 5, 2, 15, 60, 3000
_WORD = re.compile(r"[a-z]+")


def words_in(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from _WORD.findall(text.lower())


def sets() -> dict[str, list[str]]:
    import pandas as pd

    def rows(name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (HUMAN / name).open(encoding="utf-8")]

    top = pd.read_parquet(HUMAN / "hinglish_top_human.parquet")
    return {
        "en: requests to an assistant": list(top["en"]),
        "en: shop searches": [q for row in rows("webshop_goal_to_human_query.jsonl") for q in row["queries"]],
        "roman: requests to an assistant": list(top["cs"]),
        "roman: restaurant search": sorted(
            {row["user"] for row in rows("dstc2_hindi_codemixed_dev_test.jsonl")}  # many say the same
        ),
    }


@cache
def english() -> frozenset[str]:
    """Words of English texts: what stands four times in the sources of installed packages."""
    import pandas as pd

    files = islice(sorted(Path(pd.__file__).parents[1].rglob("*.py")), 8000)
    counts = Counter(words_in(file.read_text(encoding="utf-8", errors="ignore") for file in files))
    return frozenset(word for word, count in counts.items() if count >= 4)


def kind_of(meant: str, typed: str) -> str | None:
    """The slip that makes one word of another; None where none does."""
    if meant[:1] != typed[:1] or meant[-1:] != typed[-1:]:
        return None
    found = [name for name, slips in _SLIPS.items() if typed in slips(meant)]
    return found[0] if found else None


def slips(texts: Sequence[str], known: Mapping[str, int]) -> Counter[str]:
    """Kind -> how many words of the texts show it."""
    by_size: dict[tuple[str, int], list[str]] = defaultdict(list)
    for word, count in known.items():
        if count >= FREQUENT and len(word) >= LONG:
            by_size[word[0], len(word)].append(word)
    out: Counter[str] = Counter()
    for word, count in Counter(words_in(texts)).items():
        if len(word) < LONG - 1 or known.get(word, 0) > RARE or word in english():
            continue
        near = (one for size in (-1, 0, 1) for one in by_size[word[0], len(word) + size])
        kinds = [(known[one], kind) for one in near if (kind := kind_of(one, word))]
        if kinds:
            out[max(kinds)[1]] += count
        elif _is_two(word, known):
            out["space"] += count
    return out


def _is_two(word: str, known: Mapping[str, int]) -> bool:
    return any(
        known.get(word[:at], 0) >= COMMON and known.get(word[at:], 0) >= COMMON
        for at in range(2, len(word) - 1)
    )


def found_of_planted(texts: Sequence[str], known: Mapping[str, int], rng: np.random.Generator) -> float:
    """The share of planted slips that `slips` counts, of words as often as they stand in the texts."""
    long = [word for word in words_in(texts) if len(word) >= LONG]
    planted = []
    for word in (long[int(at)] for at in rng.integers(len(long), size=PLANTED)):
        kinds = [made for slip in _SLIPS.values() if (made := [one for one in slip(word) if one != word])]
        made = kinds[int(rng.integers(len(kinds)))]
        planted.append(made[int(rng.integers(len(made)))])
    return sum(slips(planted, known).values()) / PLANTED


def marks(texts: Sequence[str]) -> dict[str, float]:
    """Shares of utterances that begin with a capital, and that end with a full stop or a question mark."""
    ends = [text.strip() for text in texts]
    return {
        "capital": sum(text[:1].isupper() for text in ends) / len(ends),
        "full_stop": sum(text.endswith(".") for text in ends) / len(ends),
        "question_mark": sum(text.endswith("?") for text in ends) / len(ends),
    }


def main() -> int:
    if not HUMAN.is_dir():
        print(f"no utterances of people at {HUMAN}", file=sys.stderr)
        return 2
    assert _beside()
    rng, every = np.random.default_rng(1), sets()
    known = Counter(word for texts in every.values() for word in words_in(texts))
    for name, texts in every.items():
        long = sum(len(word) >= LONG for word in words_in(texts))
        gaps = sum(max(0, len(text.split()) - 1) for text in texts)
        counts = slips(texts, known)
        rates = {kind: round(1000 * n / (gaps if kind == "space" else long), 2) for kind, n in counts.items()}
        row = {"set": name, "utterances": len(texts), "long_words": long, "slips_per_thousand": rates}
        row |= {name: round(share, 2) for name, share in marks(texts).items()}
        print(json.dumps(row | {"found": round(found_of_planted(texts, known, rng), 2)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
