"""tau2-bench (sierra-research), domain retail: what simulated customers say first about their orders.

`data/tau2/domains/retail/tasks.json` tells a simulated customer what to want and holds no words of one; its
words stand in the results of a run: `{"info": {"environment_info": {"domain_name"}}, "tasks": […],
"simulations": [{"task_id", "messages": [{"role", "content"}]}]}`. Returns, exchanges, cancellations and
addresses are nothing that a tool of ours does: no call. A task of nothing but questions about products is
a `search`. Later turns are about an order of that shop, which ours does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from muse_core.evaluation.public_sets.harvest import Harvest, case_row
from muse_core.records import Row
from muse_core.scoring.normal import normal_text

LOOKS_UP = frozenset({"list_all_product_types", "get_product_details", "get_item_details"})
TASK = "a task tells a simulated customer what to want; only the results of a run hold its words"


def knows(value: Any) -> bool:
    return _is_results(value) or _is_tasks(value)


def _is_results(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("simulations"), list) and "info" in value


def _is_tasks(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, dict) and "user_scenario" in first


def convert(files: Sequence[tuple[Path, Any]]) -> Harvest:
    """The first words of every simulation of a retail run, each once."""
    harvest, seen = Harvest(), set[str]()
    for _, value in files:
        if _is_tasks(value):
            harvest.left_out[TASK] += len(value)
        elif (domain := _domain(value)) != "retail":
            harvest.left_out[f"the domain is no shop: {domain}"] += len(value["simulations"])
        else:
            _results(value, harvest, seen)
    return harvest


def _domain(results: Mapping[str, Any]) -> str:
    about = results["info"].get("environment_info") if isinstance(results["info"], dict) else None
    return str(about.get("domain_name")) if isinstance(about, dict) else "unknown"


def _results(results: Mapping[str, Any], harvest: Harvest, seen: set[str]) -> None:
    tasks = {str(task.get("id")): task for task in results.get("tasks") or [] if isinstance(task, dict)}
    for run in results["simulations"]:
        spoken = _spoken(run)
        first = next((at for at, turn in enumerate(spoken) if turn["role"] == "user"), None)
        if first is None:
            harvest.left_out["the simulation has no words of a customer"] += 1
            continue
        later = sum(turn["role"] == "user" for turn in spoken[first + 1 :])
        if later:
            harvest.left_out["a later turn, about an order of that shop"] += later
        said = spoken[first]["content"]
        if normal_text(said) in seen:
            harvest.left_out["the same words again"] += 1
            continue
        seen.add(normal_text(said))
        tool, also = _decision(tasks.get(str(run.get("task_id"))))
        row = case_row(f"tau2-retail-{len(seen)}", said, tool, also, history=spoken[:first])
        harvest.cases.append(row | {"task": run.get("task_id")})


def _spoken(run: Any) -> list[Row]:
    """Texts of customer and agent; calls and their results are left out."""
    messages = (run.get("messages") if isinstance(run, dict) else None) or []
    return [
        {"role": one["role"], "content": one["content"]}
        for one in messages
        if isinstance(one, dict)
        and one.get("role") in ("user", "assistant")
        and isinstance(one.get("content"), str)
        and one["content"].strip()
    ]


def _decision(task: Mapping[str, Any] | None) -> tuple[str, tuple[str, ...]]:
    """Which tool the task's calls come to in our shop, and what else will do."""
    criteria = (task or {}).get("evaluation_criteria") or {}
    names = {str(action.get("name")) for action in criteria.get("actions") or []}
    if names and names <= LOOKS_UP:
        return "search", ("recommend",)
    return "none", ("search",) if names & LOOKS_UP else ()
