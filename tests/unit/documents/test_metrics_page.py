"""docs/metrics.md explains every figure that the code can emit, and none that it cannot.

Names are read from the sources (statistics of `evaluate`, and the labels of its table) and from the functions
that count for the other stages. What a whole run leaves in its manifests and in MLflow is compared in
`tests/e2e/test_whole_pipeline.py`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from muse_core.augmentation.verdict import metrics as augmentation_metrics
from muse_core.config.run_config import AugmentationConfig
from muse_core.examples.conversations import DatasetStatistics
from muse_core.examples.pairs import PairSet
from muse_core.export.latency import Latency
from muse_core.export.parity import Parity, Rate, Slice
from muse_core.training.checkpoints import TrainingState, final_metrics
from tests.unit.documents.metrics_page import documented, names_in, pattern, plain, sections, without_entry
from tests.unit.documents.pages import ROOT

MAKERS = ("mean_of", "macro_f1", "Statistic", "_correlation")  # their first argument is a figure's name
# Names inside of one function, or of figures that are no rows of the table.
INNER = {"strict", "lenient", "macro", "win_rate"}
ONLY_SHOW = ("report", "config", "human")  # folders of code that names figures and emits none
SHOW = ("table.py", "promotion.py")
FIELDS = ("Unit", "Formula", "Rows", "Interval", "Good", "Does not say")
# How a name is put together from words of the code.
FRONTS = (
    "<graph>.", "<form>.", "<requests>_", "handwritten_", "people_", "logged_", "labelled_", "utterances_",
    "train_", "base_", "sft_", "dpo_", "rft_", "grpo_", "dev_", "lint/", "llm/", "dev/", "from_call/",
    "dropped_", "dropped/",
)  # fmt: skip
BACK = re.compile(r"(?:_anonymous|_unseen_shops|_auc|_auc_low|_auc_before|/.+)$")
# An f-string that can make a name: one to three gaps between at least three letters in all.
NAME_LIKE = re.compile(r"(?=(?:.*?[a-z]){3})(?:[a-z0-9_/]*\.\+){1,3}[a-z0-9_/]*")


@cache
def sources() -> list[tuple[Path, ast.Module]]:
    paths = (path for package in ("muse_core", "tasks") for path in sorted((ROOT / package).rglob("*.py")))
    return [(path, ast.parse(path.read_text("utf-8"))) for path in paths]


def as_pattern(node: ast.JoinedStr) -> str:
    parts = (re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in node.values)
    return "".join(map(str, parts))


@cache
def statistics() -> tuple[frozenset[str], frozenset[str]]:
    """Names of the statistics that the code makes, and patterns of those that it puts together."""
    names, patterns = set(), set()
    for _, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS and node.args:
                match node.args[0]:
                    case ast.Constant(value=str(name)):
                        names.add(name)
                    case ast.JoinedStr() as joined:
                        patterns.add(as_pattern(joined))
    return frozenset(names - INNER), frozenset(patterns)


@cache
def labels() -> frozenset[str]:
    """The names that the results table has a label for."""
    (table,) = (ROOT / "muse_core" / "evaluation").rglob("table.py")
    found = {}
    for node in ast.parse(table.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
    both = (ast.literal_eval(found[key]) for key in ("SFT_METRICS", "DPO_METRICS"))
    return frozenset(name for lines in both for name, _ in lines)


def counted() -> set[str]:
    """What the stages count, with nothing to count."""
    rate = Rate(1.0, 0.2, 1.0, 1)
    parity = Parity(Slice(1, 0.0, 1.0, 1.0, 1.0), {}, rate, rate, rate, rate)
    latency = Latency(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    state = TrainingState(history=[{"step": 0, "epoch": 1, "dev_loss": 1.0}], best_step=0)
    return {
        *augmentation_metrics([], [], AugmentationConfig()),
        *DatasetStatistics().as_metrics(),
        *PairSet().as_metrics(),
        *final_metrics("sft", state),
        *final_metrics("dpo", state),
        *final_metrics("rft", TrainingState()),
        *final_metrics("grpo", TrainingState()),
        *parity.as_metrics("onnx"),
        *latency.as_metrics("eager"),
    }


# ---- every figure has an entry -----------------------------------------------------------------------


def test_every_statistic_is_explained() -> None:
    names, patterns = statistics()
    assert {"tool_accuracy", "user_satisfaction", "preference_accuracy", "likelihood_accuracy"} <= names
    assert without_entry(set(names)) == []
    lost = [one for one in patterns if not any(re.fullmatch(one, name) for name in documented())]
    assert lost == [] and len(patterns) >= 3


def test_every_label_of_the_table_is_explained() -> None:
    assert len(labels()) > 50
    assert without_entry(set(labels())) == []


def test_everything_that_stages_count_is_explained() -> None:
    assert {"auc/wrong_tool", "dpo_pairs", "sft_dev_loss", "onnx.same_call"} <= counted()
    assert without_entry(counted()) == []


def test_an_unexplained_figure_is_seen() -> None:
    assert without_entry({"sft.tool_accuracy.low", "dpo-sft.planning", "no_such_figure"}) == [
        "no_such_figure"
    ]
    assert plain("dpo.user_satisfaction.high") == "user_satisfaction"


# ---- every entry has a figure ------------------------------------------------------------------------


@cache
def vocabulary() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Words that emitting code writes: strings, fields and keywords; and its f-strings as patterns."""
    words, patterns = set(), set()
    for path, tree in sources():
        if path.name in SHOW or set(path.relative_to(ROOT).parts[:-1]) & set(ONLY_SHOW):
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(word)):
                    words.add(word)
                case ast.AnnAssign(target=ast.Name(id=word)):
                    words.add(word)
                case ast.JoinedStr() as joined if NAME_LIKE.fullmatch(as_pattern(joined)):
                    patterns.add(as_pattern(joined))
    return frozenset(words), tuple(map(re.compile, sorted(patterns)))


def is_emitted(name: str) -> bool:
    """Whether the code's words make the name: as they are, with a known front or back, or by an f-string."""
    words, patterns = vocabulary()
    ends = set(behind_fronts(name))
    ends |= {BACK.sub("", end) for end in ends}
    return bool(ends & words) or any(one.fullmatch(re.sub(r"<[^>]+>", "x", name)) for one in patterns)


def behind_fronts(name: str) -> Iterator[str]:
    """The name, and what is left of it behind any known fronts."""
    yield name
    for front in FRONTS:
        if name.startswith(front):
            yield from behind_fronts(name.removeprefix(front))


@pytest.mark.parametrize("name", documented())
def test_every_entry_is_a_figure_of_the_code(name: str) -> None:
    assert is_emitted(name), f"docs/metrics.md explains {name}, which no code emits: take the entry out"


def test_an_entry_without_a_figure_is_seen() -> None:
    assert not is_emitted("no_such_figure") and not is_emitted("handwritten_no_such_figure")
    assert is_emitted("handwritten_exact_call") and is_emitted("closed_loop_pass_4")


# ---- what an entry says ------------------------------------------------------------------------------


def test_entries_of_the_models_say_all_there_is_to_say() -> None:
    due = {title for name, title in documented().items() if name in labels()}
    assert len(due) > 15
    for title in due:
        text = sections()[title]
        lacking = [field for field in FIELDS if f"- **{field}**:" not in text]
        assert lacking == [], f"{title} does not say {', '.join(lacking)}"


def test_a_section_explains_a_name_once() -> None:
    for title, text in sections().items():
        names = names_in(text)
        assert len(names) == len(set(names)), title


def test_a_placeholder_stands_for_something() -> None:
    assert pattern("recall_at_<nats>/<tool>").fullmatch("recall_at_0.2/search")
    assert not pattern("yield/<tool>").fullmatch("yield")
