"""Which base is worth its time: each one fine-tuned for so many minutes, and asked what people ask.

    python -m tests.benchmarks.bases --home /tmp/bases --out bases.json --minutes 10 30 -- \
        scratch smollm2-135m=weights/smollm2 gemma-3-270m=weights/gemma.gguf

A base is `scratch` (the quickstart's model), or NAME=what `base.model` takes. All learn from the same
conversations of HOME with `--preset cpu`, three fifths of the tokens in single turns; how many tokens so many
minutes are follows from the rate of that base's last training here, at first from the probe. Each line of
OUT is one training, with its answers to the requests of people (172 in three other shops, sixty in its own)
and to simulated turns of unseen shops, case by case. What stands in OUT is not done again, and HOME's stages
are cached and resumed: stop it whenever you like, and start the same command again. Prints a table in
Markdown, baselines beside; `--plot FILE.png` draws it. Run it alone: minutes are minutes of this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.product import Catalog
from muse_core.config.load import load_config
from muse_core.config.run_config import BaseConfig
from muse_core.evaluation.people.asked import ask
from muse_core.evaluation.people.outcomes import KEPT, outcome_statistics, outcomes
from muse_core.evaluation.people.sets import people_sets
from muse_core.evaluation.predict.predictions import predict
from muse_core.evaluation.predict.unseen_shops import unseen_cases, unseen_statistics
from muse_core.evaluation.score.baselines import Baselines, learn_baselines, turns_of
from muse_core.evaluation.score.statistics import estimate, mean_of, resampler
from muse_core.models.loading import LoadedModel, load_model
from muse_core.records import from_table
from muse_core.tools.shop_schema import schema_of
from muse_core.types import ArtifactRef, Conversation
from muse_core.world.shop import Shop
from tasks.budget import SINGLE_TURNS
from tasks.estimate import COSTS
from tasks.estimate import estimate as estimated
from tasks.pace import fastest

PRESET, SEED, UNSEEN = "cpu", 17, 300
SCRATCH = ("base", "sft")  # sections of the quickstart that a model without pretraining takes


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bases", nargs="+", metavar="NAME[=MODEL]")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 30, 60, 120])
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    for minutes in asked.minutes:
        for name, _, model in (text.partition("=") for text in asked.bases):
            if not any((one["base"], one["asked"]) == (name, minutes) for one in done(asked.out)):
                row = train_and_ask(name, model, minutes, asked.home, done(asked.out))
                with asked.out.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(table(done(asked.out)))
    if asked.plot:
        plot(done(asked.out), asked.plot)


def done(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()] if out.is_file() else []


# ---- one training -------------------------------------------------------------------------------------


def settings(name: str, model: str, tokens: int) -> dict[str, Any]:
    """Dotted keys over the preset."""
    own: dict[str, Any] = {"base.model": model, "base.extend_vocab": 4000 if "smollm" in name else 0}
    if name == "scratch":
        plain, quick = (load_config(preset)[0] for preset in (PRESET, "quickstart"))
        own = {
            f"{section}.{key}": value
            for section in SCRATCH
            for key, value in getattr(quick, section).model_dump(mode="json").items()
            if value != getattr(plain, section).model_dump(mode="json")[key]
        }
    single = int(SINGLE_TURNS * tokens)
    sizes = {"sft.single_turn_tokens": single, "sft.max_tokens": tokens - single, "sft.num_epochs": 4}
    return own | sizes | {"cpu.hours": 0, "augmentation.samples": 0, "augmentation.scorer": "ngram"}


def pace_of(name: str, model: str) -> tuple[str, float]:
    """The precision that trains the base faster here, and SFT's tokens a second."""
    config = load_config(PRESET)[0]
    base = config.base.model_copy(update={"model": model}) if name != "scratch" else BaseConfig()
    quick, probe, parameters = fastest(config.model_copy(update={"base": base}), "cpu")
    rate = estimated(quick, COSTS, probe, parameters).stages["sft"].tokens_per_second
    return quick.execution.precision, rate / COSTS["sft"].tokens


def train_and_ask(
    name: str, model: str, minutes: float, home: Path, before: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    precision, rate = pace_of(name, model)
    rates = [one["tokens"] / one["minutes"] for one in before if one["base"] == name]
    tokens = int(minutes * (rates[-1] if rates else 60 * rate))
    print(f"{name}: {minutes:g} minutes, {tokens:,} tokens, {precision}", file=sys.stderr)
    asked = settings(name, model, tokens) | {"execution.precision": precision}
    given = [f"{key}={json.dumps(value)}" for key, value in asked.items()]
    command = [
        sys.executable,
        "-c",
        "from flows.cli import app; app(prog_name='muse')",
        "run",
        "--json",
        "-q",
    ]
    command += ["--preset", PRESET, "--stage", "sft", "--home", str(home)]
    done_ = subprocess.run(
        [*command, *(word for text in given for word in ("--set", text))],
        stdout=subprocess.PIPE, text=True, check=True, env=os.environ,
    )  # fmt: skip
    store = ArtifactStore(home / "artifacts")
    made = Path(json.loads(done_.stdout)["model"]).parent
    manifest = store.manifest(store.resolve(str(made.relative_to(store.root))))
    numbers = manifest["metrics"]
    row = {
        "base": name,
        "asked": minutes,
        "minutes": round(numbers["sft_seconds"] / 60, 2),
        "tokens": int(numbers["sft_tokens"]),
        "precision": precision,
        "model": manifest["ref"]["digest"],
        "dev_tool_accuracy": numbers.get("sft_dev_tool_accuracy"),
    }
    return row | answers(store, load_model(store.folder(ArtifactRef(**manifest["ref"])), "cpu"))


def answers(store: ArtifactStore, loaded: LoadedModel) -> dict[str, Any]:
    """On the shop and the conversations of a store: {"parameters", "people": prefix -> outcomes, "decided":
    prefix -> baseline -> right, "unseen": metric -> values}."""
    refs = {kind: ArtifactRef(**store.latest(kind)["ref"]) for kind in ("products", "conversations")}  # type: ignore[index]
    talks: list[Conversation] = from_table("conversations", store.read_table(refs["conversations"]))
    shop = Shop.read(store, refs["products"])
    baselines = learn_baselines(turns_of([one for one in talks if one.side == "train"]), SEED)
    people, decided = {}, {}
    for one in people_sets(schema_of(shop.index.catalog.facets)):
        found = ask({"sft": loaded}, baselines, one, shop.index)
        people[one.prefix] = outcomes(found, ())
        decided[one.prefix] = {
            baseline: [int(tool == case.expected_tool) for case, tool in zip(one.cases, tools, strict=True)]
            for baseline, tools in found.decided.items()
        }
    return {
        "parameters": sum(weight.numel() for weight in loaded.model.parameters()),
        "people": people,
        "decided": decided,
        "unseen": unseen(loaded, talks, shop, baselines),
    }


def unseen(
    loaded: LoadedModel, talks: Sequence[Conversation], shop: Shop, baselines: Baselines
) -> dict[str, list[float | None]]:
    """Metric -> a value per turn."""
    own: Catalog = shop.index.catalog
    cases = unseen_cases(talks, own, UNSEEN)
    rows = predict(loaded, cases, shop, "sft", "", 96)
    found = {one.name: one for one in unseen_statistics(rows)}
    kept: dict[str, list[float | None]] = {}
    for name in ("tool_accuracy", "exact_call", "argument_f1"):
        one = found[f"{name}_unseen_shops"]
        kept[name] = [
            round(float(value), 4) if counts else None
            for (value, _), counts in zip(one.parts, one.counted, strict=True)
        ]
    return kept


# ---- what came out ------------------------------------------------------------------------------------


def figures(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(set, metric, value with its interval)."""
    for prefix, kept in row["people"].items():
        for model, values in kept["models"].items():
            for one in outcome_statistics("", values):
                yield prefix if model == "sft" else f"{prefix}{model}", one.name, _interval(one)
    for name, values in row["unseen"].items():
        yield "unseen_shops", name, _interval(mean_of(name, values))


def _interval(one: Any) -> str:
    cases = [[str(at) for at in range(len(one.counted))]]
    found = estimate(one, resampler(cases, 1000, np.random.default_rng(SEED)))
    return f"{100 * found.value:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| base | parameters | minutes | tokens | set | tool | exact | F1 | invented |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        head = (
            f"| {row['base']} | {row['parameters'] / 1e6:.1f}M | {row['minutes']:.1f} | {row['tokens']:,} |"
        )
        by_set: dict[str, dict[str, str]] = {}
        for where, metric, text in figures(row):
            by_set.setdefault(where, {})[metric] = text
        for where, found in by_set.items():
            cells = (found.get(name, "–") for name in (KEPT[0], *KEPT[2:]))
            lines.append(f"{head} {where.rstrip('_')} | {' | '.join(cells)} |")
        for prefix, decided in row["decided"].items():
            for baseline, right in decided.items():
                share = _interval(mean_of("tool", right))
                lines.append(f"| {baseline} | – | – | – | {prefix.rstrip('_')} | {share} | – | – | – |")
    return "\n".join(dict.fromkeys(lines))


def plot(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Tool accuracy and exact calls on the requests of people, over minutes of SFT."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    _, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for axis, metric in zip(axes, ("tool_accuracy", "exact_call"), strict=True):
        for name in dict.fromkeys(row["base"] for row in rows):
            own = sorted((row for row in rows if row["base"] == name), key=lambda row: row["minutes"])
            shares = [_share(row["people"]["people_"]["models"]["sft"][metric]) for row in own]
            axis.plot([row["minutes"] for row in own], shares, marker="o", label=name)
        for baseline, right in rows[0]["decided"]["people_"].items() if metric == "tool_accuracy" else ():
            axis.axhline(_share(right), linestyle=":", color="grey", label=baseline)
        axis.set(xlabel="minutes of SFT", ylabel=f"{metric.replace('_', ' ')}, %", ylim=(0, 100))
        axis.legend(fontsize=7)
    pyplot.savefig(path, dpi=140)


def _share(values: Sequence[float | None]) -> float:
    return 100 * float(np.mean([value for value in values if value is not None]))


if __name__ == "__main__":
    main()
