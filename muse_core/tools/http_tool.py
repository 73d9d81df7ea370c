"""A tool behind an address: a TOML or JSON file says what it is, and its answers come by HTTP.

    name = "delivery"
    description = "say how long delivery takes"
    address = "https://shop.example/delivery"     # POST {"pincode": "560001"} -> {"text": "3 days"}
    share = 0.3                                    # of the turns of its type, how many ask for it
    [parameters]                                   # JSON schema
    required = ["pincode"]
    properties.pincode = {type = "string", pattern = "^[1-8][0-9]{5}$"}
    [samples]
    pincode = {pattern = "[1-8]\\\\d{5}"}

An argument `item` is a position in the last results; the address is told the product's id with it. In a
run the answers are recorded (`recorded.py`); where customers are served the address is asked each time.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, get_args
from urllib.parse import urlsplit

from muse_core.errors import ConfigError, ToolError
from muse_core.json_text import check_depth, read_json
from muse_core.ordinary_files import ordinary
from muse_core.tools.base import ShopWorld, Tool, ToolArguments
from muse_core.tools.http_post import post
from muse_core.tools.recorded import Recording
from muse_core.tools.samples import ITEM, Samples
from muse_core.tools.tool_schema import arguments_of, schema_problems, unread_keys
from muse_core.types import JsonValue, TurnType

_TRAITS: Mapping[str, Callable[[Any], bool]] = {
    "turn_type": lambda found: found in get_args(TurnType),
    "share": lambda found: _is_number(found) and 0 < found < 1,
    "replies": lambda found: _are_names(found),
    "failure": lambda found: isinstance(found, str),
    "needless": lambda found: isinstance(found, int) and found >= 0,
}
_EXPECTED = {
    "turn_type": f"one of {', '.join(get_args(TurnType))}", "share": "a number between 0 and 1",
    "replies": "a list of names of situations", "failure": "the name of a situation",
    "needless": "a whole number",
}  # fmt: skip
_KNOWN = ("name", "description", "address", "parameters", "samples", "timeout_s", "max_bytes", *_TRAITS)
_MOST_BYTES = 2**20
DEFAULT_TIMEOUT_S, DEFAULT_MAX_BYTES = 5.0, 100_000


class HttpTool(Tool):
    """What all tools behind an address share; `read_http_tool` makes a class of each."""

    address: ClassVar[str]
    timeout_s: ClassVar[float]
    max_bytes: ClassVar[int]
    recording: ClassVar[Recording | None]  # None: the address is asked each time
    turn_type = "comparison"
    needless = 0

    def careless(self, noun: Callable[[], str], said: Mapping[str, JsonValue]) -> dict[str, JsonValue] | None:
        required = [name for name, field in self.Arguments.model_fields.items() if field.is_required()]
        if not all(name == ITEM or name in self.samples for name in required):
            return None
        return {name: 1 if name == ITEM else self.samples[name].first for name in required}

    def __call__(self, arguments: ToolArguments, world: ShopWorld) -> JsonValue:
        body = arguments.model_dump(exclude_none=True, mode="json")
        if ITEM in body:
            body["product_id"] = _product_of(body[ITEM], world)
        answer = self.recording.answer(_call_of(body), lambda: self._ask(body)) if self.recording else None
        answer = self._ask(body) if self.recording is None else answer
        if isinstance(answer, Mapping) and isinstance(answer.get("error"), str):
            raise ToolError(answer["error"][:200])
        value: JsonValue = answer
        return value

    def _ask(self, body: Mapping[str, JsonValue]) -> JsonValue:
        return post(self.name, self.address, body, self.timeout_s, self.max_bytes, self.recording is None)


def _call_of(body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What an answer is recorded for: of an item its product, wherever it stands."""
    return {name: value for name, value in body.items() if name != ITEM or "product_id" not in body}


def _product_of(item: int, world: ShopWorld) -> str:
    shown = world.session.last_shown
    if not shown:
        raise ToolError("there are no earlier results; call search first")
    if not 1 <= item <= len(shown):
        raise ToolError(f"no item {item} in the last results; positions go to {len(shown)}")
    return shown[item - 1]


def read_http_tool(path: Path, is_live: bool, read_samples: Callable[[Any], dict[str, Samples]]) -> Tool:
    """The tool of a file. ConfigError names everything that is wrong in it."""
    written = _read(path)
    problems = _problems(written)
    samples: dict[str, Samples] = {}
    try:
        samples = read_samples(written.get("samples", {}))
    except ValueError as problem:
        problems.append(str(problem))
    if problems:
        raise ConfigError(f"{path} is no tool that can be used:", problems)
    schema = {"type": "object"} | written.get("parameters", {})
    try:
        arguments = arguments_of(written["name"], schema)
    except ValueError as problem:
        raise ConfigError(f"{path}: {problem}") from None
    has_item = ITEM in arguments.model_fields
    traits = {name: written[name] for name in ("turn_type", "failure", "needless") if name in written}
    recording = None if is_live else Recording(path.with_name(f"{path.stem}.recorded.jsonl"))
    made = {
        "name": written["name"], "description": written["description"], "Arguments": arguments,
        "address": written["address"], "timeout_s": float(written.get("timeout_s", DEFAULT_TIMEOUT_S)),
        "max_bytes": int(written.get("max_bytes", DEFAULT_MAX_BYTES)), "recording": recording,
        "wordings": (written["name"],), "replies": tuple(written.get("replies", (written["name"],))),
        "asked_share": float(written.get("share", 0.3)), "needs_results": has_item, "samples": samples,
    }  # fmt: skip
    tool: Tool = type(written["name"], (HttpTool,), made | traits)()
    return tool


def _read(path: Path) -> Mapping[str, Any]:
    try:
        text = ordinary(path, _MOST_BYTES).read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".json":
            found = read_json(text)
        else:
            found = tomllib.loads(text)
            check_depth(found)
    except (OSError, ValueError, RecursionError) as problem:
        raise ConfigError(f"{path} cannot be read: {problem}") from None
    if not isinstance(found, Mapping):
        raise ConfigError(
            f"{path}: found a {type(found).__name__}, expected an object with {', '.join(_KNOWN)}"
        )
    return found


def _problems(written: Mapping[str, Any]) -> list[str]:
    found = [f"{key!r} is not known; known are {', '.join(_KNOWN)}" for key in written if key not in _KNOWN]
    for key in ("name", "description", "address"):
        if not isinstance(written.get(key), str) or not written[key].strip():
            found.append(f"`{key}` is {written.get(key)!r}, expected a text")
    if isinstance(written.get("address"), str) and not _is_address(written["address"]):
        found.append(f"`address` is {written['address']!r}, expected http://… or https://…")
    for key in ("timeout_s", "max_bytes"):
        if key in written and not (_is_number(written[key]) and written[key] > 0):
            found.append(f"`{key}` is {written[key]!r}, expected a number above 0")
    found += [
        f"`{name}` is {written[name]!r}, expected {_EXPECTED[name]}"
        for name, fits in _TRAITS.items()
        if name in written and not fits(written[name])
    ]
    schema = written.get("parameters", {})
    if not isinstance(schema, Mapping):
        return [*found, f"`parameters` is {schema!r}, expected a JSON schema of an object"]
    wrong = schema_problems(schema)
    return [*found, *(wrong or unread_keys(schema))]


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # brackets that are no IPv6 address
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


def _are_names(found: Any) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(name, str) for name in found)
