"""How far the simulated shoppers are from people who type: the "realism" row of MEASURES.

    python -m tests.benchmarks.realism --json [--conversations 2500]

Prints one JSON object:

- `auc`: cross-validated AUC of a character-n-gram logistic classifier between our Roman turns and
  Hinglish-TOP, and the ceiling: the same procedure between two human sets, Hinglish-TOP and DSTC2.
  Content words are masked first, lengths are matched, repeated utterances count once.
- `divergence`: Jensen-Shannon divergence (bits) of function words, of spelling variants (both against
  Hinglish-TOP) and of script switches per utterance (against the mixed turns of X-RiSAWOZ).
- `words`: words per utterance beside the human mean that applies. Roman turns against Hinglish-TOP,
  turns in both scripts and in Devanagari against X-RiSAWOZ, English turns against typed queries.

The conversations are simulated in this process over the synthetic shop. The human sets are found in
`../shared/data/utterances`; without them the benchmark says so and exits with 2.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import RunConfig
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.language import lexicon
from muse_core.profiles.make import make_profiles
from muse_core.world.replay import user_text

HUMAN = Path(__file__).resolve().parents[3] / "shared" / "data" / "utterances"
FREQUENT, FOLDS, SEEDS, MOST = 300, 5, 3, 3000
# human means of data/README.md: who is compared with whom
MEANS = {"roman": 8.6, "both": 13.3, "hi": 13.8, "en": 6.6}

# One group: spellings of one Hindi function word as people type it in Latin script.
VARIANTS: dict[str, tuple[str, ...]] = {
    "hai": ("hai", "he", "h", "hain"), "karo": ("kare", "karo", "karen", "kro"),
    "me": ("me", "mein", "mei"), "mujhe": ("mujhe", "muje", "mujhko", "mujeh"),
    "nahi": ("nahi", "nahin", "nhi", "nai", "nahee"), "chahiye": ("chahiye", "chaiye", "chahie", "chaahiye"),
    "aur": ("aur", "or", "our"), "kya": ("kya", "kyaa", "kiya"), "hu": ("hu", "hun", "hoon", "hoo"),
    "mere": ("mere", "mre"), "kuch": ("kuch", "kuchh", "kuchch"),
    "yeh": ("ye", "yeh", "yah"), "woh": ("wo", "woh", "vo", "voh"), "phir": ("phir", "fir"),
    "koi": ("koi", "koyi"), "dikhao": ("dikhao", "dikhaye", "dikhayen", "dikhaiye", "dikhaen"),
    "batao": ("batao", "bataye", "bataiye", "batayen", "bataen", "btao"), "par": ("par", "pe", "per"),
}  # fmt: skip
_LISTED = """
    ka ke ki ko se par tak liye bhi hi to toh na ya jo agar kab kahan kaise kaun kaunsa kaunsi konsa
    kitna kitne kitni kyun is us in un iska iske iski uska uske uski inme unme isme usme sab sabhi sare
    kal aaj abhi wala wale wali tha thi the raha rahe rahi ho hoga hogi honge kar karna karne karke do de
    dena le lena lo ek hum hamare apne apna apni tum tumhara aap aapke mera meri main mai please the of
    for a and to in on this that my i
"""
FUNCTION_WORDS = tuple(_LISTED.split())
_TOKEN = re.compile(r"\[image:\w+\]|[\w\u0900-\u097f₹+%'/-]+|[?.!,।]")
_DEVANAGARI, _LATIN = re.compile(r"[\u0900-\u097f]"), re.compile(r"[A-Za-z]")


# ---- the sets ---------------------------------------------------------------------------------


def ours(count: int) -> tuple[dict[str, list[str]], dict[str, float]]:
    """(user turns by script, speed): `count` conversations over the synthetic 2,000-item shop."""
    index = CatalogIndex(make_catalog(np.random.default_rng(5), 2000))
    people = make_profiles(index.catalog, count, {"en": 0.35, "hi": 0.25}, np.random.default_rng(6))
    config, book, rng = RunConfig(), all_families(), np.random.default_rng(7)
    simulate(people[0], index, rng, config, book, "warm")
    start = time.process_time()
    made = [simulate(one, index, rng, config, book, one.profile_id) for one in people]
    spent = (time.process_time() - start) / count
    said: dict[str, list[str]] = {"en": [], "hi": [], "roman": [], "both": []}
    for one in made:
        for label in one.labels:
            text = user_text(one, label.turn)
            said[_script(one.language, text)].append(text)
    turns = sum(len(one.labels) for one in made)
    return said, {"cpu_ms_per_conversation": 1000 * spent, "turns_per_conversation": turns / count}


def _script(language: str, text: str) -> str:
    if language != "mixed":
        return language
    return "both" if _DEVANAGARI.search(text) else "roman"


def hinglish_top() -> list[str]:
    import pandas as pd

    return list(pd.read_parquet(HUMAN / "hinglish_top_human.parquet")["cs"])


def dstc2() -> list[str]:
    return [row["user"] for row in _rows("dstc2_hindi_codemixed_dev_test.jsonl")]


def xrisawoz(language: str) -> list[str]:
    rows = _rows("xrisawoz_fewshot_parallel_en_hi_mixed.jsonl")
    return [row[language]["user"] for row in rows if row.get(language) and row[language].get("user")]


def _rows(name: str) -> list[dict[str, Any]]:
    with (HUMAN / name).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


# ---- the classifier ---------------------------------------------------------------------------


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def words(text: str) -> list[str]:
    return [token for token in tokens(text) if token not in "?.!,।"]


def separability(first: Sequence[str], second: Sequence[str]) -> float:
    """Mean cross-validated AUC over `SEEDS` samples of two sets, masked and matched in length."""
    pair = [sorted(set(texts)) for texts in (first, second)]
    kept = _frequent_in_both(*pair)
    return float(np.mean([_auc(pair, kept, np.random.default_rng(seed)) for seed in range(SEEDS)]))


def _auc(pair: Sequence[Sequence[str]], kept: frozenset[str], rng: np.random.Generator) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline

    first, second = _matched(*pair, rng)
    texts = [masked(text, kept) for text in (*first, *second)]
    labels = [0] * len(first) + [1] * len(second)
    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), min_df=3, sublinear_tf=True, lowercase=False),
        LogisticRegression(C=1.0, max_iter=300),
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=int(rng.integers(1 << 30)))
    return float(np.mean(cross_val_score(model, texts, labels, cv=folds, scoring="roc_auc")))


def _matched(
    first: Sequence[str], second: Sequence[str], rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Equally many utterances of every length from both sets, at most `MOST` each."""
    shelves = [_by_length(texts) for texts in (first, second)]
    counts = {n: min(len(shelves[0][n]), len(shelves[1][n])) for n in shelves[0].keys() & shelves[1].keys()}
    share = min(1.0, MOST / max(sum(counts.values()), 1))
    drawn: tuple[list[str], list[str]] = ([], [])
    for n in sorted(counts):
        for shelf, out in zip(shelves, drawn, strict=True):
            out += [shelf[n][int(i)] for i in rng.permutation(len(shelf[n]))[: round(counts[n] * share)]]
    return drawn


def _by_length(texts: Sequence[str]) -> dict[int, list[str]]:
    shelves: dict[int, list[str]] = {}
    for text in texts:
        shelves.setdefault(len(words(text)), []).append(text)
    return shelves


def _frequent_in_both(first: Sequence[str], second: Sequence[str]) -> frozenset[str]:
    return _frequent(first) & _frequent(second) - _content_words()


def _frequent(texts: Sequence[str]) -> frozenset[str]:
    counts = Counter(word.lower() for text in texts for word in words(text))
    return frozenset(word for word, _ in counts.most_common(FREQUENT))


@cache
def _content_words() -> frozenset[str]:
    """Words of the catalogue and the lexicon."""
    catalog = make_catalog(np.random.default_rng(5), 2000)
    said = [f"{product.title} {product.brand or ''} {product.product_type}" for product in catalog]
    said += [
        form for slot in lexicon.slots() for value in lexicon.values(slot) for form in _forms(slot, value)
    ]
    return frozenset(word.lower() for text in said for word in words(text)) - frozenset(_function_forms())


def _forms(slot: str, value: str) -> Iterable[str]:
    return (*lexicon.surfaces(slot, value, "en"), *lexicon.surfaces(slot, value, "mixed"))


def _function_forms() -> Iterable[str]:
    return (*FUNCTION_WORDS, *(form for forms in VARIANTS.values() for form in forms))


def masked(text: str, kept: frozenset[str]) -> str:
    """Content becomes `x`, numbers become `#`; words frequent in both sets and punctuation stay."""
    return " ".join(_masked(token, at == 0, kept) for at, token in enumerate(tokens(text)))


def _masked(token: str, is_first: bool, kept: frozenset[str]) -> str:
    if token in "?.!,।":
        return token
    if any(char.isdigit() for char in token):
        return "#"
    if token.lower() not in kept or (token != token.lower() and not is_first):
        return "x"
    return token


# ---- divergences ------------------------------------------------------------------------------


def jensen_shannon(first: Mapping[Any, float], second: Mapping[Any, float]) -> float:
    """Jensen-Shannon divergence of two count tables, in bits (Lin 1991)."""
    keys = sorted(first.keys() | second.keys(), key=str)
    p, q = (np.array([counts.get(key, 0) for key in keys], float) for counts in (first, second))
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    parts = (np.sum(side[side > 0] * np.log2(side[side > 0] / middle[side > 0])) for side in (p, q))
    return float(sum(parts)) / 2


def function_word_divergence(first: Sequence[str], second: Sequence[str]) -> float:
    """Of the closed list of function words, spelling variants counted as one word."""
    return jensen_shannon(_function_counts(first), _function_counts(second))


def _function_counts(texts: Sequence[str]) -> Counter[str]:
    head = {form: name for name, forms in VARIANTS.items() for form in forms}
    listed = set(FUNCTION_WORDS) | head.keys()
    found = (word.lower() for text in texts for word in words(text))
    return Counter(head.get(word, word) for word in found if word in listed)


def variant_divergence(human: Sequence[str], simulated: Sequence[str]) -> tuple[float, dict[str, Any]]:
    """(mean over the variant groups, weighted by human frequency; the shares per group)."""
    tables = [_variant_counts(texts) for texts in (human, simulated)]
    total, weight, shares = 0.0, 0, {}
    for name in VARIANTS:
        ours_, theirs = tables[1][name], tables[0][name]
        if sum(theirs.values()) < 20 or not ours_:
            continue
        total += jensen_shannon(theirs, ours_) * sum(theirs.values())
        weight += sum(theirs.values())
        shares[name] = {"human": _shares(theirs), "ours": _shares(ours_)}
    return total / weight, shares


def _variant_counts(texts: Sequence[str]) -> dict[str, Counter[str]]:
    counts = Counter(word.lower() for text in texts for word in words(text))
    return {
        name: Counter({form: counts[form] for form in forms if counts[form]})
        for name, forms in VARIANTS.items()
    }


def _shares(counts: Counter[str]) -> dict[str, float]:
    return {form: round(n / sum(counts.values()), 3) for form, n in counts.most_common()}


def switches(text: str) -> int:
    """How often the script changes from one word to the next."""
    scripts = ["d" if _DEVANAGARI.search(word) else "l" for word in words(text) if _is_word(word)]
    return sum(left != right for left, right in pairwise(scripts))


def _is_word(word: str) -> bool:
    return bool(_DEVANAGARI.search(word) or _LATIN.search(word)) and not word.startswith("[image")


def script_switching(texts: Sequence[str]) -> dict[str, float]:
    """Share of turns in two scripts, share of Devanagari among the words."""
    spoken = [word for text in texts for word in words(text) if _is_word(word)]
    return {
        "mixes_scripts": float(np.mean([switches(text) > 0 for text in texts])),
        "devanagari_words": float(np.mean([bool(_DEVANAGARI.search(word)) for word in spoken])),
    }


# ---- the whole --------------------------------------------------------------------------------


def measure(conversations: int) -> dict[str, Any]:
    """Every figure of the realism row."""
    said, speed = ours(conversations)
    top, other, two_scripts = hinglish_top(), dstc2(), xrisawoz("mixed")
    variants, shares = variant_divergence(top, said["roman"])
    lengths = {name: _length(name, texts) for name, texts in said.items()}
    auc = {"ours_vs_top": separability(said["roman"], top), "ceiling_top_vs_dstc2": separability(top, other)}
    auc["over_ceiling"] = auc["ours_vs_top"] - auc["ceiling_top_vs_dstc2"]
    divergence = {
        "function_words": function_word_divergence(top, said["roman"]),
        "spelling_variants": variants,
        "script_switches": jensen_shannon(
            Counter(map(switches, two_scripts)), Counter(map(switches, said["both"]))
        ),
    }
    scripts = {"ours": script_switching(said["both"]), "xrisawoz": script_switching(two_scripts)}
    conditions = {"conversations": conversations, "turns": {name: len(texts) for name, texts in said.items()}}
    return {
        "auc": auc, "divergence": divergence, "words": lengths, "scripts": scripts, "spelling": shares,
        "speed": speed, "conditions": conditions,
    }  # fmt: skip


def _length(name: str, texts: Sequence[str]) -> dict[str, float]:
    mean = float(np.mean([len(words(text)) for text in texts]))
    return {"ours": mean, "human": MEANS[name], "ratio": mean / MEANS[name]}


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON (the only format)")
    parser.add_argument("--conversations", type=int, default=2500)
    options = parser.parse_args()
    if not HUMAN.is_dir():
        print(f"realism: found no human utterances at {HUMAN}; put the shared data there.", file=sys.stderr)
        return 2
    print(json.dumps(measure(options.conversations), indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
