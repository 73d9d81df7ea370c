"""Which method behind SFT: each trained on the same SFT model, for several seeds.

    python -m tests.benchmarks.methods --homes /tmp/methods --out methods.json --seeds 17 18 19 \
        [--methods dpo rft grpo] [--set KEY=VALUE …]

Runs `muse run --preset quickstart --set post.method=…` for each seed in a home of its own, then what
`muse compare` does with the evaluations: paired differences from the SFT model. Other settings, such as a
pretrained base, by `--preset` and `--set`; the quickstart gives all methods as many samples, another preset
has to be told. Stages are cached and killed trainings resumed: stop it whenever you like and start the same
command again. Prints a table in Markdown: each figure of SFT, and of each method the difference, as the mean
over the seeds with the smallest and the largest, and for how many seeds the interval leaves 0 out.

The rule for a default, written before the runs: the method whose exact calls on requests of people rise most
in the mean over the seeds; it must not lower the tool accuracy there or on turns of unseen shops by more than
a point. Where none raises them, or two are within a point: the one that takes fewer seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.evaluation.compare.runs import method_of
from muse_core.types import ArtifactRef

METHODS = ("dpo", "rft", "grpo")
MUSE = (sys.executable, "-c", "from flows.cli import app; app(prog_name='muse')")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--homes", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[17, 18, 19])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--preset", default="quickstart")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    asked = parser.parse_args()
    found = {}
    for seed in asked.seeds:
        home = asked.homes / f"seed{seed}"
        for method in asked.methods:
            run(home, asked.preset, [*asked.settings, f"seed={seed}", f"post.method={method}"])
        found[str(seed)] = compared(home, asked.methods)
        asked.out.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")
    print(table(found, asked.methods))


def run(home: Path, preset: str, settings: Sequence[str]) -> None:
    words = [word for text in settings for word in ("--set", text)]
    subprocess.run([*MUSE, "run", "-q", "--preset", preset, "--home", str(home), *words], check=True)


def compared(home: Path, methods: Sequence[str]) -> dict[str, Any]:
    """The JSON of `muse compare` for the newest evaluation of each method."""
    store = ArtifactStore(home / "artifacts")
    runs = [f"{home}:{evaluation(store, method).digest}" for method in methods]
    command = [*MUSE, "compare", "--json", "--home", str(home), *runs]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def evaluation(store: ArtifactStore, method: str) -> ArtifactRef:
    """The newest one of a model that the method has trained."""
    refs = (ref for ref in reversed(store.list()) if ref.kind == "metrics")
    return next(ref for ref in refs if method_of(store, ref) == method)


# ---- the table ----------------------------------------------------------------------------------------


def table(found: Mapping[str, Mapping[str, Any]], methods: Sequence[str]) -> str:
    names = [f"SFT + {method.upper()}" for method in methods]
    lines = [["", "SFT", *(method.upper() for method in methods)]]
    for metric in _metrics(found):
        values = [_row(one, metric, "SFT")["value"] for one in found.values()]
        lines.append([metric, f"{_mean(values):.3f}", *(_cell(found, metric, name) for name in names)])
    costs = [[one["cost"][name] for one in found.values()] for name in ("SFT", *names)]
    for key in ("seconds", "sampled", "tokens"):
        lines.append([key, *(f"{_mean([cost[key] for cost in every]):,.0f}" for every in costs)])
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _metrics(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Those that every seed has measured."""
    named = [
        {row["metric"]: None for row in one["metrics"] if row["model"] == "SFT" and row["slice"] == "all"}
        for one in found.values()
    ]
    return [metric for metric in named[0] if all(metric in other for other in named)]


def _row(one: Mapping[str, Any], metric: str, model: str) -> Mapping[str, Any]:
    return next(_rows(one, metric, model))


def _rows(one: Mapping[str, Any], metric: str, model: str) -> Iterator[Mapping[str, Any]]:
    for row in one["metrics"]:
        if (row["metric"], row["model"], row["slice"]) == (metric, model, "all"):
            yield row


def _cell(found: Mapping[str, Mapping[str, Any]], metric: str, name: str) -> str:
    """`+0.031 (+0.020 to +0.044; 2 of 3)`."""
    gaps = [row for one in found.values() for row in _rows(one, metric, f"{name}-SFT")]
    if not gaps:
        return "–"
    values = [row["value"] for row in gaps]
    clear = sum(row["low"] > 0 or row["high"] < 0 for row in gaps)
    return f"{_mean(values):+.3f} ({min(values):+.3f} to {max(values):+.3f}; {clear} of {len(gaps)})"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
