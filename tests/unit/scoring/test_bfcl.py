"""Our exact-call verdict against the checker of BFCL itself (package `bfcl-eval`).

The package pins what the project does not want, so it is installed alone (`--no-deps`) into a temporary
folder. Its checker imports the list of all API models for one flag about dots in names; our names have
none, so an empty list stands in for it. Where the two differ is listed in `STRICTER` and `LOOSER`: our
normalisation (docs/metrics.md#exact-call), and nothing else.
"""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from muse_core.evaluation.cases.case import EvalCase, judge_case
from muse_core.evaluation.cases.handwritten.one_shop import handwritten_cases
from muse_core.scoring.call_match import match_accepted
from muse_core.tools.shop_schema import PLAIN
from muse_core.tools.toolbox import TOOL_NAMES
from muse_core.types import ToolCall

Checker = Callable[[str, dict[str, list[Any]], list[tuple[str, dict[str, Any]]]], bool]
KINDS = {"number": "float", "integer": "integer", "array": "array", "string": "string"}
INSTALL_TIMEOUT_S = 300


@pytest.fixture(scope="module")
def bfcl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checker]:
    """`checker(tool, accepted values, calls made)`: BFCL's verdict."""
    folder = tmp_path_factory.mktemp("bfcl")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(folder),
        "bfcl-eval",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("bfcl-eval could not be installed within five minutes")
    if done.returncode:
        pytest.skip(f"bfcl-eval cannot be installed here: {done.stderr.strip()[-200:]}")
    models = types.ModuleType("bfcl_eval.constants.model_config")
    models.MODEL_CONFIG_MAPPING = {}  # type: ignore[attr-defined]
    sys.path.insert(0, str(folder))
    sys.modules[models.__name__] = models
    try:
        yield _checker()
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.startswith("bfcl_eval")]:
            del sys.modules[name]


def _checker() -> Checker:
    from bfcl_eval.constants.enums import Language
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker

    described = {schema["name"]: _description(schema) for schema in PLAIN.as_json()}

    def check(tool: str, accepted: dict[str, list[Any]], made: list[tuple[str, dict[str, Any]]]) -> bool:
        calls = [{name: arguments} for name, arguments in made]
        answer = [{tool: {name: [_plain(value) for value in values] for name, values in accepted.items()}}]
        found = ast_checker([described[tool]], calls, answer, Language.PYTHON, "simple_python", "ours")
        return bool(found["valid"])

    return check


def _plain(value: Any) -> Any:
    """Their answers give a float argument as a float."""
    return float(value) if isinstance(value, int) else value


def _description(schema: dict[str, Any]) -> dict[str, Any]:
    """Our JSON schema in the shape of a BFCL function."""
    properties = {}
    for name, entry in schema["parameters"]["properties"].items():
        one = next((part for part in entry.get("anyOf", [entry]) if part.get("type") != "null"), entry)
        properties[name] = {"type": KINDS[one["type"]], "description": entry["description"]}
        if one["type"] == "array":
            properties[name]["items"] = {"type": "integer"}
    required = schema["parameters"].get("required", [])
    return {
        "name": schema["name"],
        "parameters": {"type": "dict", "properties": properties, "required": required},
    }


def sample() -> Iterator[tuple[EvalCase, list[tuple[str, dict[str, Any]]]]]:
    """Calls made of the hand-written gold: right, differently written, and wrong in one way each."""
    for case in handwritten_cases():
        if case.expected_tool == "none":
            continue
        tool, gold = case.expected_tool, {name: values[0] for name, values in case.accepted.items()}
        yield case, [(tool, gold)]
        yield (
            case,
            [(tool, {name: value if name in LISTED else _shouted(value) for name, value in gold.items()})],
        )
        yield case, [(tool, gold), (tool, gold)]
        yield case, []
        yield case, [(next(name for name in TOOL_NAMES if name != tool), gold)]
        yield case, [(tool, gold | {"mood": "happy"})]
        for name, values in case.accepted.items():
            yield case, [(tool, {key: value for key, value in gold.items() if key != name})]
            yield case, [(tool, gold | {name: _other(gold[name])})]
            yield from ((case, [(tool, gold | {name: value})]) for value in values if value != "")


LISTED = ("sort_by", "attribute", "target")  # the tools take these as they are listed only


def _shouted(value: Any) -> Any:
    """Another case and punctuation that both rules pass over."""
    return f"{value.upper()}." if isinstance(value, str) else value


def _other(value: Any) -> Any:
    return value + " zzz" if isinstance(value, str) else [9, 10] if isinstance(value, list) else value + 1


def test_the_verdicts_are_the_same(bfcl: Checker) -> None:
    seen = {True: 0, False: 0}
    for case, made in sample():
        theirs = bfcl(case.expected_tool, _floats(case), made)
        ours = judge_case(case, [ToolCall("c", name, arguments) for name, arguments in made], False).exact
        assert ours == theirs, (case.case_id, made, theirs)
        seen[theirs] += 1
    assert seen[True] >= 100 and seen[False] >= 300


def _floats(case: EvalCase) -> dict[str, list[Any]]:
    lists = {"items": [[int(item) for item in values] for values in case.accepted.get("items", [])]}  # type: ignore[union-attr]
    return {name: lists.get(name) or values for name, values in case.accepted.items()}  # type: ignore[misc]


# What our normalisation takes for the same and BFCL does not: (tool, argument, gold, said).
LOOSER = [
    ("search", "max_price", "₹1,499", 1499),  # a case may write a price in words; the tool takes the number
    ("search", "max_price", "1.5k", 1500),
    ("search", "max_price", "डेढ़ हज़ार", 1500),
    ("search", "colour", "black", "काला"),  # Hindi and Roman spellings of a lexicon value
    ("search", "colour", "black", "kaala"),
    ("search", "query", "shoes", "shoe"),  # `query` is a set of lemmatised tokens
    ("search", "query", "casual shirt", "shirt casual"),
    ("search", "query", "shirt", "a shirt"),
    ("search", "size", "8", 8),  # a size may be a number
    ("search", "brand", "Aravali", "Aravali!"),  # every punctuation mark, not only theirs
    ("compare", "items", [1, 3], [3, 1]),  # lists are sets
    ("translate", "text", "where is it", "Where is it?"),
]
# And the other way round: theirs deletes spaces and some marks, ours turns marks into spaces.
STRICTER = [
    ("search", "query", "footstool", "foot stool"),
    ("search", "brand", "Om Sai", "Omsai"),
    ("translate", "text", "t-shirt", "tshirt"),
    ("search", "sort_by", "price_low", "PRICE_LOW."),  # and ours is exact only if the tool takes the value
]


@pytest.mark.parametrize(("tool", "name", "gold", "said"), LOOSER + STRICTER)
def test_the_differences_are_these(bfcl: Checker, tool: str, name: str, gold: Any, said: Any) -> None:
    also = {"query": "shirt"} if tool == "search" and name != "query" else {}
    also |= {"target": "en"} if tool == "translate" else {}
    accepted = {key: [value] for key, value in ({name: gold} | also).items()}
    ours = match_accepted(tool, accepted, ToolCall("c", tool, {name: said} | also)).exact
    theirs = bfcl(tool, accepted, [(tool, {name: said} | also)])
    assert (ours, theirs) == ((True, False) if (tool, name, gold, said) in LOOSER else (False, True))


def test_an_argument_given_as_nothing_is_not_given(bfcl: Checker) -> None:
    """`colour=None` is an argument left out for us; for BFCL it is an unexpected one."""
    accepted: dict[str, list[Any]] = {"query": ["shirt"]}
    call = ToolCall("c", "search", {"query": "shirt", "colour": None})
    assert match_accepted("search", accepted, call).exact
    assert not bfcl("search", accepted, [("search", dict(call.arguments))])
