"""`muse compare RUN RUN …`: the models of finished runs side by side, with paired differences."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.environment import home_folder
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.evaluation.compare.figures import compared_rows
from muse_core.evaluation.compare.runs import Compared, compared, evaluation_of, method_of, started_from
from muse_core.evaluation.compare.shown import COST_NOTE, Comparison
from muse_core.types import ArtifactRef

RESAMPLES, SEED = 2000, 17
HEADLINE = (
    "tool_accuracy",
    "exact_call",
    "tool_accuracy_unseen_shops",
    "exact_call_unseen_shops",
    "argument_f1",
    "invented_value",
    "call_rate",
    "slot_rate",
    "relevance_rate",
    "planning",
    "groundedness",
    "user_satisfaction",
    "closed_loop_success",
    "reply_language",
)  # on the terminal; the page has all
Run = tuple[ArtifactStore, ArtifactRef]


def compare(runs: Sequence[str], model: str | None, as_json: bool, home: Path | None) -> None:
    """Prints the tables and writes `reports/compare.html`. `model`: whose models stand side by side; None:
    those behind SFT, and before them the SFT model where all runs have started from the same."""
    if model not in (None, "sft", "dpo"):
        raise ConfigError(f"--model is {model!r}; expected sft or dpo")
    folder = home_folder(home)
    found = [_run(text, folder) for text in runs]
    models = list(_models(found, runs, model))
    if len(models) < 2:
        raise ConfigError(
            f"one model is nothing to compare; name two runs whose {model} models are to be held together"
        )
    rows, lacks = compared_rows(models, RESAMPLES, SEED)
    if not rows:
        raise ConfigError(f"nothing of these runs can be compared: {'; '.join(lacks)}")
    result = Comparison(models, rows, lacks)
    page = result.write_page(folder / "reports")
    if as_json:
        print(json.dumps({**result.as_json(), "page": str(page)}, ensure_ascii=False))
    else:
        _show(result, page)


def _run(text: str, home: Path) -> Run:
    """A home folder (its newest evaluation), one of its evaluations (`FOLDER:KEY`), or one of this home's."""
    name, _, key = text.rpartition(":")
    for folder, part in ((text, None), (name, key)):
        if folder and (Path(folder).expanduser() / "artifacts").is_dir():
            store = ArtifactStore(Path(folder).expanduser() / "artifacts")
            return store, evaluation_of(store, part)
    store = ArtifactStore(home / "artifacts")
    return store, evaluation_of(store, text)


def _models(found: Sequence[Run], runs: Sequence[str], model: str | None) -> Iterator[Compared]:
    names = _names(found, runs, model)
    if model is None and len({started_from(*one) for one in found}) == 1:
        yield compared(*found[0], "SFT", "sft")
    for (store, metrics), name in zip(found, names, strict=True):
        yield compared(store, metrics, name, model or "dpo")


def _names(found: Sequence[Run], runs: Sequence[str], model: str | None) -> list[str]:
    """The methods where they tell the runs apart, else the runs as they were named; a dash would end a
    name."""
    methods = ["SFT + " + method_of(*one).upper() for one in found]
    names = methods if len(set(methods)) == len(methods) and model is None else list(map(_short, runs))
    count = Counter(names)
    return [
        (f"{name} ({number})" if count[name] > 1 else name).replace("-", "_")
        for number, name in enumerate(names, start=1)
    ]


def _short(text: str) -> str:
    """The last folder of a path that is not hidden: home folders are called `.muse`."""
    shown = [part for part in Path(text).absolute().parts if not part.startswith(".")]
    return shown[-1] if Path(text).expanduser().is_dir() else text


def _show(result: Comparison, page: Path) -> None:
    out = Console()
    for title, lines in result.tables(HEADLINE):
        out.print(_table(title, _stacked(lines, len(result.models))))
    out.print(_table("What it cost", result.cost()))
    lacks = [f"not compared: {text}" for text in result.lacks]
    for line in (COST_NOTE, *lacks, f"every figure, and plots: {page}"):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _stacked(lines: Sequence[Sequence[str]], models: int) -> list[list[str]]:
    """The difference from the first model below each value."""
    head, *rows = lines
    found = [[*head[: 1 + models], head[-1]]]
    for metric, first, *rest in rows:
        values, gaps = rest[: models - 1], rest[models - 1 : -1]
        cells = [f"{value}\n{gap}" for value, gap in zip(map(_value, values), gaps, strict=True)]
        found.append([metric, _value(first), *cells, rest[-1]])
    return found


def _value(cell: str) -> str:
    return cell.partition(" [")[0]


def _table(title: str, lines: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    for text in lines[0]:
        table.add_column(text, overflow="fold")
    for line in lines[1:]:
        table.add_row(*map(escape, line))
    return table
