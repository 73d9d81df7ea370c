"""A shop's own tools (`tools.extra`): what is read, what is refused, and what a broken one does to a run."""

from __future__ import annotations

import json
import re
import shutil
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data_contracts import nested, validate
from data_contracts.schemas import SCHEMAS
from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig, ToolsConfig
from muse_core.context import map_in_processes
from muse_core.errors import ConfigError, MuseError, TransientError
from muse_core.fingerprint import own_parts
from muse_core.stage_table import stage_named
from muse_core.tools import extra
from muse_core.tools.base import Tool
from muse_core.tools.in_use import InUse, WithTools, in_use, use
from muse_core.tools.python_tool import guarded
from muse_core.tools.recorded import Recording
from muse_core.tools.samples import read_samples
from muse_core.tools.shop_schema import ShopSchema
from muse_core.tools.tool_result import MAX_BYTES, checked_value
from muse_core.tools.toolbox import ALL_TOOLS, OWN_TOOLS, REGISTRY, TOOL_NAMES, TOOLS, Toolbox
from muse_core.types import ToolResult
from tests.unit.extra_tools.builders_http import Answer, answering, as_json
from tests.unit.tools.builders_tools import run, world

OWN = Path(__file__).parents[2] / "e2e" / "own_tools"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A copy of both tools' files; the registry is as it was afterwards."""
    place = tmp_path / "shop"
    shutil.copytree(OWN, place, ignore=shutil.ignore_patterns("__pycache__", "*.recorded.*"))
    with REGISTRY.only(OWN_TOOLS):
        yield place
        use(InUse())


def edit(file: Path, *changes: tuple[str, str]) -> Path:
    text = file.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    return file


def at(folder: Path, address: str, *changes: tuple[str, str]) -> Path:
    return edit(folder / "delivery.toml", ("http://127.0.0.1:8765/delivery", address), *changes)


def refused(*files: Path) -> str:
    with pytest.raises(ConfigError) as told:
        use(InUse(tuple(map(str, files))))
    assert tuple(ALL_TOOLS) == OWN_TOOLS and in_use() == InUse()
    return str(told.value)


def delivered(pincode: str = "560001") -> ToolResult:
    return run(Toolbox(world()), "delivery", pincode=pincode)


# ---- what is named -------------------------------------------------------------------------------


def test_the_config_names_every_file_that_cannot_be_a_tool(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("x")
    listed = json.dumps([str(notes), str(tmp_path / "gone.py"), str(tmp_path / "gone.py")])
    with pytest.raises(ConfigError) as told:
        load_config("quickstart", None, [f"tools.extra={listed}"])
    text = str(told.value)
    assert "notes.txt is no tool; give a .py file" in text and "more than once" in text
    assert "gone.py is not a file; give the path" in text


@pytest.mark.parametrize("taken", ["search", "none"])
def test_a_name_that_is_taken_is_refused(folder: Path, taken: str) -> None:
    wordings = edit(folder / "delivery.wordings.toml", (".delivery]", f".{taken}]"))
    edit(wordings, ("\ndelivery = [", f"\n{taken} = ["))
    file = edit(folder / "delivery.toml", ('name = "delivery"', f'name = "{taken}"'))
    assert f"the name '{taken}' is taken by" in refused(file)


def test_two_tools_of_one_name_are_refused(folder: Path) -> None:
    other = folder / "again"
    shutil.copytree(OWN, other, ignore=shutil.ignore_patterns("__pycache__"))
    edit(other / "delivery.toml", ("share = 0.5", "share = 0.2"))
    told = refused(folder / "delivery.toml", other / "delivery.toml")
    assert "'delivery' is taken by another tool of `tools.extra`" in told


# ---- Python files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "import no_such_module",
            "cannot be imported: ModuleNotFoundError: No module",
        ),
        ("x = (", "cannot be imported: SyntaxError"),
        ("1 / 0", "cannot be imported: ZeroDivisionError"),
        ("x = 1", "defines no class on muse_core.tools.base.Tool"),
        (
            "from muse_core.tools.base import Tool\nclass T(Tool):\n    name = 't'",
            "T does not say description, Arguments, turn_type, wordings, replies",
        ),
    ],
)
def test_a_file_that_gives_no_tool_is_refused(folder: Path, text: str, told: str) -> None:
    (folder / "shop_tools.py").write_text(text)
    assert told in refused(folder / "shop_tools.py")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("item_share = 0.4", "item_share = 0.0"), "nobody asks for it"),
        (('"stock"\n', '"Stock!"\n'), "the name 'Stock!' is none"),
        (("needs_results = True", "needs_results = False"), "`item` is a position in the last results"),
        (
            ("item: Annotated[int,", "item: Annotated[dict[str, int],"),
            "a model cannot write the type 'object'",
        ),
        (
            ("    def careless", "        size: str\n\n    def careless"),
            "the argument 'size' has no samples",
        ),
        (("replies = (", "left_open = 0.1\n    replies = ("), "`left_open`"),
    ],
)
def test_a_declaration_that_cannot_go_through_a_run_is_refused(
    folder: Path, change: tuple[str, str], told: str
) -> None:
    assert told in refused(edit(folder / "shop_tools.py", change))


def broken_tool(folder: Path, body: str, limit_s: float = 60.0) -> Tool:
    """`stock` with this body."""
    text = (folder / "shop_tools.py").read_text("utf-8")
    head = text[: text.index("        shown = world")]
    (folder / "shop_tools.py").write_text(f"{head}        {body}\n", "utf-8")
    (tool,) = extra.tools_of(folder / "shop_tools.py")
    return guarded(tool, "shop_tools.py", limit_s)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("1 / 0", "stock(item=1) of shop_tools.py raised ZeroDivisionError: division by zero"),
        ("return {'text': 'x' * 5_000_000}", "`text` is no text of 1 to 2000 characters"),
        ("return {'facts': {str(n): 'x' * 99 for n in range(50_000)}}", f"at most {MAX_BYTES:,} are taken"),
        ("return 'yes'", "found a str, expected an object"),
        ("return {'text': 'a', 'items': []}", "it has `items` and `text`"),
        ("return {'items': [{'price': 3}]}", "item 1 has no `title`"),
        ("return {'texts': 'a'}", "the key 'texts' means nothing here"),
        ("return {'facts': {'a': float('nan')}}", "it is no JSON"),
        ("import time; time.sleep(60)", "did not end within 0.2 s"),
    ],
)
def test_a_tool_that_breaks_ends_the_run_and_is_named(folder: Path, body: str, told: str) -> None:
    tool = broken_tool(folder, body, 0.2 if "sleep" in body else 60.0)
    with REGISTRY.only([tool]), pytest.raises(MuseError) as caught:
        run(Toolbox(world()), "stock", item=1)
    assert told in str(caught.value) and "stock(item=1) of shop_tools.py" in str(caught.value)


def test_what_a_tool_refuses_the_model_reads(folder: Path) -> None:
    use(InUse((str(folder / "shop_tools.py"),)))
    box = Toolbox(world())
    assert run(box, "stock", item=1).error == "no item 1 in the last results; positions go to 0"
    run(box, "search", query="shirt")
    value = run(box, "stock", item=1).value
    assert isinstance(value, dict) and value["facts"] in ({"in stock": "yes"}, {"in stock": "no"})


def test_facts_alone_are_shown_as_text_and_yes_is_written_out() -> None:
    value, problems = checked_value({"facts": {"days": 3, "paid on delivery": True}})
    assert not problems
    assert value == {
        "facts": {"days": 3, "paid on delivery": "yes"}, "text": "days: 3; paid on delivery: yes",
    }  # fmt: skip


# ---- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (lambda body: (200, b"<html>"), MuseError, "answered 200 with '<html>', which is no JSON"),
        (lambda body: (500, b"{}"), TransientError, "answered with status 500"),
        (lambda body: (404, b"{}"), MuseError, "answered with status 404"),
        (lambda body: (302, b"{}"), MuseError, "answered with status 302"),
        (lambda body: (200, b'{"text": "' + b"x" * 5_000_000 + b'"}'), MuseError, "more than 100,000 bytes"),
        (lambda body: (200, b'{"days": 3}'), MuseError, "the key 'days' means nothing here"),
        (lambda body: (200, b"[" * 3000), MuseError, "which is no JSON"),
        (lambda body: (time.sleep(2), (200, b"{}"))[1], TransientError, "within 0.3 s (timeout_s)"),
    ],
    ids=["no JSON", "500", "404", "redirect", "5 MB", "no result", "deep", "hangs"],
)
def test_an_address_that_breaks_ends_the_run_and_is_named(
    folder: Path, answer: Answer, kind: type[MuseError], told: str
) -> None:
    with answering(answer) as (address, _):
        limit = ("timeout_s = 5", "timeout_s = 0.3" if "0.3" in told else "timeout_s = 30")
        use(InUse((str(at(folder, address, limit)),)))
        with pytest.raises(kind) as caught:
            delivered()
    assert told in str(caught.value) and "delivery(pincode='560001')" in str(caught.value)
    assert not (folder / "delivery.recorded.jsonl").exists() or "no result" in str(caught.value)


def test_nobody_behind_the_address_is_told_with_the_call(folder: Path) -> None:
    with answering(lambda body: (200, b"{}")) as (address, _):
        pass
    use(InUse((str(at(folder, address)),)))
    with pytest.raises(TransientError, match=r"delivery\(pincode='560001'\): http.* cannot be reached"):
        delivered()


def test_where_customers_are_served_a_broken_address_is_a_tools_error(folder: Path) -> None:
    with answering(lambda body: (500, b"")) as (address, _):
        use(InUse((str(at(folder, address)),), is_live=True))
        assert delivered().error == "delivery cannot be reached now"
    assert not (folder / "delivery.recorded.jsonl").exists()


def test_what_the_address_refuses_the_model_reads_and_it_is_recorded(folder: Path) -> None:
    answers = {"560001": (400, b'{"error": "no such pincode"}'), "560002": (422, b"<html>")}
    with answering(lambda body: answers[body["pincode"]]) as (address, asked):
        use(InUse((str(at(folder, address)),)))
        for _ in range(2):
            assert delivered("560001").error == "no such pincode"
            assert delivered("560002").error == "refused with status 422"
        assert len(asked) == 2
    assert "pincode" in str(delivered("12").error), "the schema refuses it; nobody is asked"


def test_an_address_is_asked_once_for_a_call(folder: Path) -> None:
    with answering(lambda body: as_json({"facts": {"days": 3}})) as (address, asked):
        file = at(folder, address)
        use(InUse((str(file),)))
        assert delivered().value == delivered().value == {"facts": {"days": 3}, "text": "days: 3"}
        assert asked == [{"pincode": "560001"}]
        again = Recording(folder / "delivery.recorded.jsonl")  # as another process sees it
        assert again.answer({"pincode": "560001"}, lambda: pytest.fail("asked")) == {"facts": {"days": 3}}


def test_a_recording_can_be_written_by_hand_and_a_broken_line_is_told(tmp_path: Path) -> None:
    path = tmp_path / "delivery.recorded.jsonl"
    path.write_text('{"call": {"pincode": "1"}, "answer": {"text": "one day"}}')  # without a line end
    kept = Recording(path)
    assert kept.answer({"pincode": "1"}, lambda: pytest.fail("asked")) == {"text": "one day"}
    assert kept.answer({"pincode": "2"}, lambda: {"text": "two days"}) == {"text": "two days"}
    assert len(path.read_text().splitlines()) == 2
    path.write_text("half a li\n")
    with pytest.raises(ConfigError, match=r"delivery\.recorded\.jsonl .*'half a li', expected"):
        Recording(path).answer({"pincode": "1"}, dict)


def test_the_address_is_told_the_product_behind_a_position(folder: Path) -> None:
    with answering(lambda body: as_json({"text": "3 days"})) as (address, asked):
        more = 'required = ["item"]\n\n[parameters.properties.item]\ntype = "integer"\nminimum = 1\n'
        text = at(folder, address).read_text("utf-8")
        head = text[: text.index("[parameters]")]
        (folder / "delivery.toml").write_text(f"{head}[parameters]\n{more}", "utf-8")
        edit(folder / "delivery.wordings.toml", ("{pincode}", "{items}"))
        use(InUse((str(folder / "delivery.toml"),)))
        box = Toolbox(world())
        assert run(box, "delivery", item=1).error == "there are no earlier results; call search first"
        run(box, "search", query="shirt")
        run(box, "delivery", item=1)
        assert asked == [{"item": 1, "product_id": box.world.session.last_shown[0]}]
        assert TOOLS["delivery"].needs_results


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("timeout_s = 5", 'timeout_s = "5"'), "`timeout_s` is '5', expected a number above 0"),
        (("share = 0.5", "shares = 0.5"), "'shares' is not known; known are name, description"),
        (("http://127.0.0.1:8765/delivery", "ftp://x"), "`address` is 'ftp://x', expected http"),
        (('type = "string"', 'type = "object"'), "a model cannot write the type 'object'"),
        (('type = "string"', 'type = "string"\nformat = "date"'), "'format' is not checked here"),
        (('"pincode"]', '"pincode", "day"]'), "`required` names 'day', which is no argument"),
        (("pincode = { pattern", "pin = { pattern"), "the argument 'pincode' has no samples"),
        (("'[1-8]\\d{2}0[0-3]\\d'", "'(1|2)'"), "expected letters, [a-z0-9]"),
        (("'[1-8]\\d{2}0[0-3]\\d'", "'9\\d{5}'"), "is refused: pincode: found '9"),
        (("[samples]", "[samples"), "cannot be read"),
    ],
)
def test_a_file_with_a_mistake_is_refused(folder: Path, change: tuple[str, str], told: str) -> None:
    assert told in refused(edit(folder / "delivery.toml", change))


# ---- wordings and samples ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("[hi.delivery]", "[hi.other]"), r"\.toml: nobody can ask in hi: add a table \[hi\.delivery\]"),
        (("[roman.replies]", "[roman.said]"), r"no reply `delivery` in roman: add `delivery = "),
        (('"how many days to {pincode}?"', '"how many days?"'), r":\d+: a wording .* needs \{pincode\}"),
        (('"how many days to {pincode}?"', '"days {pin} {pincode}?"'), r":\d+: \{pin\} is no placeholder"),
        (('"how many days to {pincode}?"', '"days (to {pincode}?"'), r":\d+: unbalanced brackets"),
        (('dev = ["shipping', 'train2 = ["shipping'), r":\d+: train2 is no list of wordings"),
        (('dev = ["shipping', 'reserved = ["shipping'), r":\d+: \[en\.delivery\] has no wording for `dev`"),
    ],
)
def test_wordings_with_a_mistake_are_told_by_file_and_line(
    folder: Path, change: tuple[str, str], told: str
) -> None:
    edit(folder / "delivery.wordings.toml", change)
    assert re.search(told, refused(folder / "delivery.toml"))


def test_a_tool_without_wordings_is_told_where_they_belong(folder: Path) -> None:
    (folder / "delivery.wordings.toml").unlink()
    assert "delivery.wordings.toml is missing: write there" in refused(folder / "delivery.toml")


def test_two_tools_of_one_file_share_its_wordings(folder: Path) -> None:
    text = (folder / "shop_tools.py").read_text("utf-8")
    second = (
        text[text.index("class Stock") :]
        .replace("class Stock", "class Colours")
        .replace('"stock"', '"colours"')
    )
    (folder / "shop_tools.py").write_text(f"{text}\n\n{second}", "utf-8")
    wordings = (folder / "shop_tools.wordings.toml").read_text("utf-8")
    assert "nobody can ask in en: add a table [en.colours]" in refused(folder / "shop_tools.py")
    more = wordings
    for script in ("en", "hi", "roman", "both"):
        start = wordings.index(f"[{script}.stock]")
        more += "\n" + wordings[start : wordings.index(f"[{script}.replies]")].replace(".stock]", ".colours]")
    (folder / "shop_tools.wordings.toml").write_text(more, "utf-8")
    use(InUse((str(folder / "shop_tools.py"),)))
    assert TOOL_NAMES[-2:] == ("stock", "colours")
    kinds = [{shelf[2] for shelf in TOOLS[name].words.book} for name in TOOL_NAMES[-2:]]  # type: ignore[union-attr]
    assert kinds == [{"stock"}, {"colours"}]


def test_samples_are_drawn_from_a_list_or_made_after_a_pattern() -> None:
    express = {"value": "express", "en": "express", "roman": "jaldi wali"}
    found = read_samples({"pin": {"pattern": r"[1-3]\d{2}-[a-c]{1,2}"}, "speed": [express, "normal"]})
    dice = np.random.default_rng(1)
    made = {str(found["pin"].draw(dice).value) for _ in range(200)}
    assert len(made) > 100 and all(re.fullmatch(r"[1-3]\d{2}-[a-c]{1,2}", text) for text in made)
    assert {one.value for one in (found["speed"].draw(dice) for _ in range(50))} == {"express", "normal"}
    said = found["speed"].listed[0]
    assert (said.in_words("roman"), said.in_words("both"), said.in_words("hi")) == (
        "jaldi wali", "jaldi wali", "express",
    )  # fmt: skip


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
    from muse_core.generation.grammar import grammar_text

    tags = {"<tool>": 1, "</tool>": 2, "<result>": 3, "<|end|>": 4}
    with REGISTRY.only(extra.tools_of(folder / "delivery.toml")):
        assert 'delivery: "delivery(" ("pincode=" TEXT) ")"' in grammar_text(ShopSchema(), tags, False)


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
