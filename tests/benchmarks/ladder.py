"""What each step towards requests of people has brought: shops, readings, decoding, for several seeds.

    python -m tests.benchmarks.ladder --homes /tmp/ladder --out ladder.jsonl [--seeds 17 18 19]

For each seed the quickstart's SFT model is trained without other shops and without readings, with shops, and
with both; each is asked the 172 requests of people in three other shops, the sixty in the own one, and
simulated turns of unseen shops from the last one's conversations. The last is asked three times: decoded
freely, by the tools' schema, and by what was read, as it is served. Each line of OUT is one of these, case by
case; what stands there is not done again, and stages are cached: stop it whenever you like. Prints a table in
Markdown: the seeds' figures, and the paired difference to the row above with its 95 % interval, requests
drawn again, the seeds together. The linear baselines are of the data with both.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from muse_core.artifacts import ArtifactStore
from muse_core.generation.sampling import Grammar, Sampling
from muse_core.models.loading import LoadedModel, load_model
from muse_core.types import ArtifactRef
from tests.benchmarks.bases import answers, done
from tests.benchmarks.methods import MUSE

OWN_SHOP, NO_READINGS = "conversations.other_shops=0", "prompt.readings=false"
# name, settings over the quickstart, how it is decoded
STEPS: tuple[tuple[str, tuple[str, ...], Grammar], ...] = (
    ("before", (OWN_SHOP, NO_READINGS), "off"),
    ("many shops", (NO_READINGS,), "off"),
    ("readings in the prompt", (), "off"),
    ("decoded by the schema", (), "schema"),
    ("decoded by readings", (), "readings"),
)
SETS = {"people_": "172", "handwritten_": "sixty", "unseen": "unseen shops"}
METRICS = {"tool_accuracy": "tool", "exact_call": "exact", "argument_f1": "F1", "invented_value": "invented"}
RESAMPLES = 2000
Row = Mapping[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--homes", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[17, 18, 19])
    asked = parser.parse_args()
    for seed in asked.seeds:
        for name, settings, decoding in STEPS:
            if not any((one["seed"], one["step"]) == (seed, name) for one in done(asked.out)):
                row = {"seed": seed, "step": name} | step(asked.homes, seed, settings, decoding)
                with asked.out.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(table(done(asked.out)))


def step(homes: Path, seed: int, settings: Sequence[str], decoding: Grammar) -> dict[str, Any]:
    """One model's answers."""
    data = homes / f"seed{seed}"
    home = data.with_name("-".join([data.name, *(text.split("=")[0] for text in settings)]))
    for one, its in ((data, ()), (home, settings)):
        train(one, seed, its)
    store = ArtifactStore(home / "artifacts")
    loaded = load_model(store.folder(newest(store)), "cpu")
    decoded = partial(_decoded, decoding)
    with patch("muse_core.generation.answer.as_served", decoded):
        return answers(ArtifactStore(data / "artifacts"), loaded)


def _decoded(grammar: Grammar, loaded: LoadedModel, sampling: Sampling) -> Sampling:
    return replace(sampling, grammar=grammar)


def train(home: Path, seed: int, settings: Sequence[str]) -> None:
    words = [word for text in (f"seed={seed}", *settings) for word in ("--set", text)]
    command = [*MUSE, "run", "-q", "--preset", "quickstart", "--stage", "sft", "--home", str(home)]
    subprocess.run([*command, *words], check=True, stdout=subprocess.DEVNULL)


def newest(store: ArtifactStore) -> ArtifactRef:
    found = store.latest("model", "sft")
    assert found is not None, f"no SFT model below {store.root}"
    return ArtifactRef(**found["ref"])


# ---- the table ----------------------------------------------------------------------------------------


def table(rows: Sequence[Row]) -> str:
    lines = ["| | set | " + " | ".join(METRICS.values()) + " | difference, tool | difference, exact |"]
    lines += ["|---" * (len(METRICS) + 4) + "|"]
    by_step = {name: [row for row in rows if row["step"] == name] for name, *_ in STEPS}
    for where, called in SETS.items():
        above: list[Row] = []
        for name, its in by_step.items():
            cells = [" · ".join(_share(values(row, where, metric)) for row in its) for metric in METRICS]
            gaps = [gap(its, above, where, metric) for metric in ("tool_accuracy", "exact_call")]
            lines.append(f"| {name} | {called} | {' | '.join([*cells, *gaps])} |")
            above = its
        for baseline in rows[0]["decided"].get(where, ()):
            shares = " · ".join(
                f"{100 * float(np.mean(row['decided'][where][baseline])):.1f}"
                for row in by_step["decoded by readings"]
            )
            lines.append(f"| {baseline} | {called} | {shares} | | | | | |")
    return "\n".join(lines)


def values(row: Row, where: str, metric: str) -> list[float | None]:
    found = row["unseen"] if where == "unseen" else row["people"][where]["models"]["sft"]
    return list(found.get(metric, ()))


def gap(rows: Sequence[Row], above: Sequence[Row], where: str, metric: str) -> str:
    """The mean difference in points; a case counts where both count it, and is drawn with all its seeds."""
    pairs = [(row, other) for row in rows for other in above if row["seed"] == other["seed"]]
    if not pairs:
        return ""
    gaps = [_differences(values(row, where, metric), values(other, where, metric)) for row, other in pairs]
    drawn = [_drawn(np.asarray(gaps), seed) for seed in range(RESAMPLES)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{np.nanmean(gaps):+.1f} [{low:+.1f}, {high:+.1f}]"


def _differences(here: Sequence[float | None], there: Sequence[float | None]) -> list[float]:
    both = zip(here, there, strict=True)
    return [np.nan if a is None or b is None else 100 * (a - b) for a, b in both]


def _drawn(gaps: np.ndarray, seed: int) -> float:
    rng = np.random.default_rng(seed)
    return float(np.nanmean(gaps[:, rng.integers(gaps.shape[1], size=gaps.shape[1])]))


def _share(found: Sequence[float | None]) -> str:
    counted = [one for one in found if one is not None]
    return f"{100 * float(np.mean(counted)):.1f}" if counted else "–"


if __name__ == "__main__":
    main()
