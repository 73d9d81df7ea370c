"""The rooms that each stage's result depends on, as a table: a new arrow is seen in review.

A room in a stage's line is code that re-runs the stage when it changes. Before a line grows, ask whether
the stage needs the whole of what it imports, or whether a function stands in the wrong module.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from muse_core.closure import PACKAGE, SOURCE_ROOT, chain, modules_below

ROOMS = {
    "catalog": "catalog language records types",
    "profiles": "catalog profiles records types",
    "conversations": "catalog conversation_files dialogue evaluation feedback json_files json_text language "
    "profiles reading records scoring tools types utterances wordings world",
    "base": "catalog examples language models profiles records tools training types wordings",
    "augment": "augmentation catalog generation language models profiles reading records tools types "
    "wordings world",
    "sft": "catalog examples language models processes profiles records tools training types wordings",
    "pairs": "augmentation catalog conversation_files dialogue feedback generation json_text language models "
    "preferences profiles reading records scoring tools types wordings world",
    "dpo": "augmentation catalog dialogue examples generation language models preferences processes "
    "profiles reading records scoring tools training types wordings world",
    "rft": "catalog examples generation language models preferences processes profiles reading records "
    "scoring tools training types wordings world",
    "grpo": "catalog examples generation language models preferences processes profiles reading records "
    "scoring tools training types wordings world",
    "test_cases": "catalog dialogue evaluation generation language models profiles records scoring tools "
    "types utterances wordings world",
    "predict": "catalog dialogue evaluation generation language models profiles reading records scoring "
    "tools types wordings world",
    "test_pairs": "augmentation catalog dialogue evaluation generation language models preferences profiles "
    "reading records scoring tools types wordings world",
    "talk_expert": "catalog dialogue evaluation generation language models profiles reading records scoring "
    "tools types wordings world",
    "talk": "catalog dialogue evaluation generation language models profiles reading records scoring "
    "tools types wordings world",
    "evaluate": "augmentation catalog dialogue evaluation generation json_files json_text language "
    "models preferences profiles reading records scoring tools types utterances wordings "
    "world",
    "export": "catalog evaluation export generation language models profiles reading records scoring "
    "tools types wordings world",
}


def stage_names(root: Path = SOURCE_ROOT) -> list[str]:
    return [p.stem for p in sorted((root / PACKAGE / "stages").glob("*.py")) if p.stem != "__init__"]


def rooms_of(stage: str, root: Path = SOURCE_ROOT) -> dict[str, str]:
    """Room -> the module by which a stage enters it first (not the package around it, if it can be told)."""
    start = f"{PACKAGE}.stages.{stage}"
    found: dict[str, str] = {}
    around: dict[str, str] = {}
    for module, path in modules_below(start, root).items():
        if module != start:
            (around if path.name == "__init__.py" else found).setdefault(module.split(".")[1], module)
    return around | found


def differences(stage: str, expected: str, root: Path = SOURCE_ROOT) -> list[str]:
    """What a stage's line lacks, with the way that leads there, and what it has too many."""
    found = rooms_of(stage, root)
    new = [
        f"{room} is new, by {way(stage, by, root)}"
        for room, by in sorted(found.items())
        if room not in expected.split()
    ]
    return new + [f"{room} is no longer needed" for room in expected.split() if room not in found]


def way(stage: str, module: str, root: Path) -> str:
    """`stages.sft → training.loop → …`: the imports that lead from a stage to a module."""
    steps = chain(f"{PACKAGE}.stages.{stage}", module, root)
    return " → ".join(step.removeprefix(f"{PACKAGE}.") for step in steps)


def test_every_stage_has_its_line() -> None:
    assert sorted(ROOMS) == stage_names()


@pytest.mark.parametrize("stage", stage_names())
def test_a_stage_depends_on_the_rooms_of_its_line(stage: str) -> None:
    wrong = differences(stage, ROOMS.get(stage, ""))
    line = " ".join(sorted(rooms_of(stage)))
    assert not wrong, f'{stage}: {"; ".join(wrong)}. If that is meant, its line is "{line}"'


def test_a_new_arrow_is_told_with_its_way(tmp_path: Path) -> None:
    files = {
        "stages/sft.py": "from muse_core.training import loop\n",
        "training/__init__.py": "",
        "training/loop.py": "def f():\n    from muse_core.evaluation.report import page\n",
        "evaluation/__init__.py": "",
        "evaluation/report/__init__.py": "",
        "evaluation/report/page.py": "",
    }
    for name, text in files.items():
        path = tmp_path / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert differences("sft", "training evaluation", tmp_path) == []
    assert differences("sft", "training models", tmp_path) == [
        "evaluation is new, by stages.sft → training.loop → evaluation.report.page",
        "models is no longer needed",
    ]
