"""Great Expectations behind one function: `validate(kind, table)` approves a table or raises.

The only module that imports great_expectations, and only when something is validated (its import
costs seconds). It fails closed: a rule that Great Expectations does not know, drops, or cannot
evaluate is an error, never a pass.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import pandas as pd
import pyarrow as pa
import yaml

from data_contracts.derived import flat_frame
from data_contracts.nested import TOOLS, known_tools
from data_contracts.schemas import SCHEMAS, contract_name
from muse_core.errors import ContractViolation

FIRST_IDS = 5
LEAST_MOSTLY = 0.5  # a rule that more than half of the rows may break is none


@dataclass(frozen=True)
class Rule:
    """One line of a suite."""

    type: str
    arguments: Mapping[str, Any]
    why: str

    @property
    def name(self) -> str:
        """How tests and messages call it: `rating: expect_column_values_to_be_between`."""
        return f"{self.column}: {self.type}"

    @property
    def column(self) -> str:
        """The column, or columns, that the rule is about."""
        columns = self.arguments.get("column") or self.arguments.get("column_list")
        columns = (
            columns or [v for k, v in self.arguments.items() if k in ("column_A", "column_B")] or "table"
        )
        return columns if isinstance(columns, str) else " and ".join(columns)

    def __str__(self) -> str:
        shown = {k: v for k, v in self.arguments.items() if not k.startswith("column")}
        details = ", ".join(f"{key}={value!r}" for key, value in shown.items())
        return f"column {self.column}, rule {self.type}({details})"


@dataclass(frozen=True)
class Suite:
    """What a kind's table must hold. `id_column` names rows in messages."""

    kind: str
    id_column: str
    rules: tuple[Rule, ...]
    digest: str


@cache
def load_suite(kind: str) -> Suite:
    """The suite of a kind, checked for its own mistakes. ContractViolation if there is none."""
    folder = resources.files("data_contracts")
    path = folder / f"{kind}.yaml"
    if not path.is_file():
        raise ContractViolation(f"there is no suite data_contracts/{kind}.yaml; every table kind needs one")
    text = path.read_text(encoding="utf-8")
    source = "".join((folder / name).read_text(encoding="utf-8") for name in ("derived.py", "nested.py"))
    return read_suite(kind, text, source)


def read_suite(kind: str, text: str, derived_source: str = "") -> Suite:
    """A suite from its YAML text; the digest also covers how the derived columns are computed."""
    body = yaml.safe_load(text)
    if isinstance(body, dict) and body.get("contract") != contract_name(kind):
        raise ContractViolation(
            f"suite of {kind}: found contract {body.get('contract')!r}, expected {contract_name(kind)!r}"
        )
    written = body.get("expectations") if isinstance(body, dict) else None
    if not isinstance(written, list) or not written:
        raise ContractViolation(f"suite of {kind}: it has no rules, so that anything would pass; write some")
    rules = tuple(_read_rule(kind, raw) for raw in written)
    content = json.dumps([body["id"], [[rule.type, dict(rule.arguments)] for rule in rules], derived_source])
    return Suite(kind, body["id"], rules, hashlib.sha256(content.encode()).hexdigest()[:12])


def _read_rule(kind: str, raw: Mapping[str, Any]) -> Rule:
    extra = set(raw) - {"type", "kwargs", "meta"}
    why = str((raw.get("meta") or {}).get("why", ""))
    if extra or "type" not in raw or not why:
        raise ContractViolation(f"suite of {kind}: a rule needs type, kwargs and meta.why, found {dict(raw)}")
    arguments = raw.get("kwargs") or {}
    if empty := _emptiness(raw["type"], arguments):
        raise ContractViolation(f"suite of {kind}: rule {raw['type']} of {dict(arguments)} {empty}")
    return Rule(raw["type"], arguments, why)


def _emptiness(name: str, arguments: Mapping[str, Any]) -> str | None:
    """Why a rule would pass whatever the table holds."""
    mostly = arguments.get("mostly", 1)
    if isinstance(mostly, bool) or not isinstance(mostly, int | float) or not LEAST_MOSTLY <= mostly <= 1:
        return f"has mostly {mostly!r}, expected {LEAST_MOSTLY} to 1: below, most rows may break it"
    bounds = (arguments.get("min_value"), arguments.get("max_value"))
    return (
        "has neither min_value nor max_value"
        if name.endswith("_between") and bounds == (None, None)
        else None
    )


def signature(kind: str) -> str:
    """The approval that `validate` would give now; Great Expectations is not imported. It names the tools of
    this run's own where the suite looks at the names of tools."""
    suite = load_suite(kind)
    also = known_tools()[len(TOOLS) :] if any(map(_names_tools, suite.rules)) else ()
    return "+".join((f"gx:{suite.digest}", *also))


def validate(kind: str, table: pa.Table) -> str:
    """Approves a table of a kind, or raises ContractViolation with every broken rule."""
    if kind not in SCHEMAS:
        raise ContractViolation(f"no contract for kind {kind!r}; known kinds: {', '.join(sorted(SCHEMAS))}")
    suite = load_suite(kind)
    rules = tuple(_with_known_tools(rule) for rule in suite.rules)
    check(replace(suite, rules=rules), flat_frame(kind, table))
    return signature(kind)


def _names_tools(rule: Rule) -> bool:
    return rule.column == "unknown_tools" or set(TOOLS) <= set(rule.arguments.get("value_set", ()))


def _with_known_tools(rule: Rule) -> Rule:
    """A rule that lists our tools, with those of this run's own."""
    if not _names_tools(rule) or "value_set" not in rule.arguments:
        return rule
    values = [*rule.arguments["value_set"], *known_tools()[len(TOOLS) :]]
    return replace(rule, arguments={**rule.arguments, "value_set": values})


def check(suite: Suite, frame: pd.DataFrame) -> None:
    """Evaluates every rule of a suite on a flat frame. ContractViolation if one does not hold."""
    expectations = [_expectation(suite.kind, rule) for rule in suite.rules]
    results = _evaluate(suite, expectations, frame)
    broken = [
        _complaint(rule, result, suite.id_column, frame) for rule, result in results if not result.success
    ]
    if broken:
        lines = "".join(f"\n  - {line}" for line in broken)
        raise ContractViolation(
            f"{contract_name(suite.kind)}: {len(broken)} of {len(suite.rules)} rules are broken; "
            f"nothing was published{lines}"
        )


def _expectation(kind: str, rule: Rule) -> Any:
    import great_expectations.expectations as known

    made = getattr(known, "".join(part.title() for part in rule.type.split("_")), None)
    if made is None:
        raise ContractViolation(f"suite of {kind}: Great Expectations has no rule {rule.type!r}")
    try:
        return made(**rule.arguments, meta={"rule": rule.name})
    except Exception as problem:  # pydantic v1 and GX errors have no common base
        raise ContractViolation(f"suite of {kind}: {rule} cannot be built: {problem}") from problem


def _evaluate(suite: Suite, expectations: list[Any], frame: pd.DataFrame) -> list[tuple[Rule, Any]]:
    """Each rule with its result, counted: as many evaluated as loaded as written."""
    import great_expectations as gx

    batch = _batch(frame)  # first: a suite needs the context that this makes
    loaded = gx.ExpectationSuite(contract_name(suite.kind))
    for expectation in expectations:
        loaded.add_expectation(expectation)
    report = batch.validate(
        loaded,
        result_format={
            "result_format": "SUMMARY",
            "partial_unexpected_count": FIRST_IDS,
            "unexpected_index_column_names": [suite.id_column],
        },
    )
    counts = (len(suite.rules), len(loaded.expectations), len(report.results))
    by_name = {result.expectation_config.meta["rule"]: result for result in report.results}
    if len(set(counts)) != 1 or by_name.keys() != {rule.name for rule in suite.rules}:
        raise ContractViolation(
            f"suite of {suite.kind}: {counts[0]} rules written, {counts[1]} loaded, {counts[2]} evaluated; "
            "all must be evaluated, each under a name of its own (column and type)"
        )
    return [(rule, by_name[rule.name]) for rule in suite.rules]


def _batch(frame: pd.DataFrame) -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("tables").add_dataframe_asset("table")
    return asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})


def _complaint(rule: Rule, result: Any, id_column: str, frame: pd.DataFrame) -> str:
    """Rule, column, count, first bad ids: one line for people."""
    found = result.result or {}
    if not found:
        missing = [name for name in rule.column.split(" and ") if name not in (*frame.columns, "table")]
        what = f"column {missing[0]!r} does not exist" if missing else _last_words(result.exception_info)
        return f"{rule} could not be evaluated: {what}"
    if "unexpected_count" not in found:
        return f"{rule}: found {found.get('observed_value')!r} ({rule.why})"
    ids = [str(row.get(id_column)) for row in found.get("partial_unexpected_index_list") or []][:FIRST_IDS]
    values = [str(value)[:40] for value in found.get("partial_unexpected_list", [])[:FIRST_IDS]]
    where = f"; first {id_column}: {', '.join(ids)}" if ids else ""
    return f"{rule}: {found['unexpected_count']} rows{where}; found {', '.join(values)} ({rule.why})"


def _last_words(info: Mapping[str, Any]) -> str:
    entries = info.values() if "exception_message" not in info else [info]
    return "; ".join(str(entry.get("exception_message")) for entry in entries if isinstance(entry, Mapping))
