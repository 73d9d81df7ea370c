"""Tools of a shop's own in keys, processes, contracts, grammar, pages and cases."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_contracts import nested, validate
from data_contracts.schemas import SCHEMAS
from muse_core.config.run_config import RunConfig, ToolsConfig
from muse_core.context import map_in_processes
from muse_core.fingerprint import own_parts
from muse_core.stage_table import stage_named
from muse_core.tools import extra
from muse_core.tools.in_use import InUse, WithTools, in_use, use
from muse_core.tools.samples import read_samples
from muse_core.tools.shop_schema import ShopSchema
from muse_core.tools.toolbox import REGISTRY, TOOL_NAMES
from tests.unit.extra_tools.builders_extra import OWN, edit

# ---- in a run ------------------------------------------------------------------------------------


def parts(stage: str, *tools: Path) -> dict[str, str]:
    config = RunConfig(tools=ToolsConfig(extra=tuple(map(str, tools))))
    return own_parts(stage_named(stage), config)


def test_tools_enter_the_keys_of_the_stages_that_see_them_by_content(folder: Path) -> None:
    file = folder / "delivery.toml"
    assert not [name for name in parts("sft") if "extra" in name]
    assert parts("catalog", file) == parts("catalog")
    before = parts("sft", file)
    assert {"file tools.extra 1 delivery.toml", "file tools.extra 1 delivery.wordings.toml"} <= before.keys()
    (folder / "delivery.recorded.jsonl").write_text("")
    assert parts("sft", file) == before
    moved = folder.rename(folder.with_name("moved"))
    assert parts("sft", moved / "delivery.toml") == before
    edit(moved / "delivery.wordings.toml", ("how many days to", "in how many days"))
    after = parts("sft", moved / "delivery.toml")
    assert [name for name in before if before[name] != after[name]] == [
        "file tools.extra 1 delivery.wordings.toml"
    ]


def test_other_processes_have_the_tools_too(folder: Path) -> None:
    use(InUse((str(folder / "shop_tools.py"),)))
    work = WithTools(_tools_here, in_use())
    assert list(map_in_processes(work, [0, 1], 2)) == [(*TOOL_NAMES,)] * 2


def _tools_here(_: int) -> tuple[str, ...]:
    return tuple(TOOL_NAMES)


def test_contracts_accept_the_tools_of_the_run_and_no_others() -> None:
    calls = nested.Messages(_calls_of("stock", "juggle", "search"))
    assert calls.call_facts()["unknown_tools"].tolist() == [1, 1, 0]
    before = validate.signature("predictions"), validate.signature("products")
    nested.also_tools(["stock"])
    try:
        assert calls.call_facts()["unknown_tools"].tolist() == [0, 1, 0]
        assert validate.signature("predictions") == f"{before[0]}+stock"
        assert validate.signature("products") == before[1], "it names no tools"
        (rule,) = [one for one in validate.load_suite("predictions").rules if validate._names_tools(one)]
        accepted = validate._with_known_tools(rule).arguments["value_set"]
        assert set(accepted) - set(rule.arguments["value_set"]) == {"stock"}
    finally:
        nested.also_tools([])
    assert (validate.signature("predictions"), validate.signature("products")) == before


def _calls_of(*names: str) -> pa.Array:
    kind = SCHEMAS["conversations"].field("messages").type
    rows: list[Any] = [
        [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": "", "tool_calls": [
                {"call_id": "c0.0", "name": name, "arguments_json": "{}"}
            ]},
        ]
        for name in names
    ]  # fmt: skip
    return pa.array(rows, kind)


def test_the_grammar_writes_a_call_of_a_files_schema(folder: Path) -> None:
    from muse_core.generation.grammar_text import ActText

    tags = {"<tool>": 1, "</tool>": 2, "<result>": 3, "<|end|>": 4}
    with REGISTRY.only(extra.tools_of(folder / "delivery.toml")):
        rules = ActText(ShopSchema(), tags).grammar().splitlines()
        assert 'delivery: "delivery(" ("pincode=" delivery_0 delivery_after_0) ")"' in rules
        assert "delivery_0: TEXT" in rules


def test_the_page_shows_the_tools_that_are_tested() -> None:
    page = (Path(__file__).parents[3] / "docs" / "tools.md").read_text("utf-8")
    for name in ("shop_tools.py", "delivery.toml"):
        assert (OWN / name).read_text("utf-8").strip() in page, name
    wordings = (OWN / "delivery.wordings.toml").read_text("utf-8")
    english = wordings[wordings.index("[en.delivery]") : wordings.index("[hi.delivery]")].strip()
    assert english in page
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    written = [tomllib.loads(block) for block in blocks]
    assert [list(one) for one in written if set(one) == {"samples"}] == [["samples"]]
    for one in written:
        read_samples(one.get("samples", {}))


def test_cases_may_name_the_tools_that_muse_eval_is_given(folder: Path, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from flows.cli import app

    case = {"id": "a", "language": "en", "utterance": "delivery to 560001?", "expected_tool": "delivery"}
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps(case | {"expected_args": {"pincode": ["560001"]}}) + "\n")
    words = ["eval", "--cases", str(cases), "--home", str(tmp_path / "home")]
    without = CliRunner().invoke(app, words).stderr
    given = CliRunner().invoke(app, [*words, "--tools", str(folder / "delivery.toml")])
    assert "names 'delivery', expected one of search" in without
    assert given.exit_code != 0 and "expected one of" not in given.stderr, "there is no model to ask"
