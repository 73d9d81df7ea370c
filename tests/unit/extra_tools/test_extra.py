"""Tools of a shop's own: which files are named, Python files, wordings and samples."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from muse_core.config.load import load_config
from muse_core.errors import ConfigError, MuseError
from muse_core.tools import extra
from muse_core.tools.base import Tool
from muse_core.tools.in_use import InUse, use
from muse_core.tools.python_tool import guarded
from muse_core.tools.samples import read_samples
from muse_core.tools.tool_result import MAX_BYTES, checked_value
from muse_core.tools.toolbox import REGISTRY, TOOL_NAMES, TOOLS, Toolbox
from tests.unit.extra_tools.builders_extra import OWN, edit, refused
from tests.unit.tools.builders_tools import run, world

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


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('type = "string"', "type = {}"), "a model cannot write the type {}"),
        (
            ('address = "http://127.0.0.1:8765/delivery"', 'address = "http://127.[[0.1/x"'),
            "expected http://",
        ),
        (("[parameters.properties.pincode]", "properties = 7\n[other]"), "`properties`"),
        (("pattern = '[1-8]", "pattern = '[8-1]"), "has no sign"),
        (("pattern = '[1-8]", "pattern = 'a{99999999999999999999}[1-8]"), "repeats too often"),
        (("pattern = '[1-8]", f"pattern = '{'a{999}' * 3}[1-8]"), "more than 2,000 signs"),
    ],
    ids=str,
)
def test_a_file_about_an_address_says_what_is_wrong_with_it(
    folder: Path, change: tuple[str, str], told: str
) -> None:
    assert told in refused(edit(folder / "delivery.toml", change))


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
