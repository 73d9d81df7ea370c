"""The tool parser of an export, loaded as vLLM loads it: from its file, beside nothing of ours."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muse_core.export.plugin import write_parser
from muse_core.models.chat_format import END, RESULT
from muse_core.models.chat_reader import parse_turn
from muse_core.tools.call_syntax import escape_text, wrap
from muse_core.types import ToolCall
from tests.unit.tools.test_call_syntax import arguments, names

ABSTRACT, PROTOCOL = "vllm.tool_parsers.abstract_tool_parser", "vllm.entrypoints.openai.engine.protocol"
TURNS = [
    "Try [1] at [1:price].<|end|>",
    "see \\u003cb> and \\u005cu003c<|end|>",
    "<tool>search(query='kid\\'s shirt', max_price=2000)</tool><result>",
    "<tool>search( query='लाल कुर्ता', ok=True)</tool> <tool>recommend()</tool><result>",
    "<tool>compare(items=[1, 2])</tool>",
    "<tool>search(query='a'",
    "<tool>search(</tool><result>",
    "<tool>search(query=open('f'))</tool><result>",
    "",
]


class _Base:
    """What a tool parser of vLLM begins with."""

    def __init__(self, tokenizer: Any) -> None:
        self.prev_tool_call_arr: list[dict[str, Any]] = []
        self.streamed_args_for_tool: list[str] = []

    def adjust_request(self, request: Any) -> Any:
        return request


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("muse_tool_parser", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["muse_tool_parser"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The file, with stand-ins for the classes of vLLM that it asks for: it is not installed here."""
    known: dict[str, Any] = {}
    manager = SimpleNamespace(register_module=lambda name, module: known.update({name: module}))
    parts = ("ToolCall", "FunctionCall", "ExtractedToolCallInformation", "DeltaMessage", "DeltaToolCall")
    fakes = {
        ABSTRACT: {"ToolParser": _Base, "ToolParserManager": manager},
        PROTOCOL: dict.fromkeys((*parts, "DeltaFunctionCall"), SimpleNamespace),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, values in fakes.items():
            module = ModuleType(name)
            vars(module).update(values)
            patch.setitem(sys.modules, name, module)
        for name in ("vllm", "vllm.tool_parsers", "vllm.entrypoints", "vllm.entrypoints.openai"):
            patch.setitem(sys.modules, name, ModuleType(name))
        patch.setitem(sys.modules, "vllm.entrypoints.openai.engine", ModuleType("engine"))
        module = loaded(write_parser(tmp_path_factory.mktemp("export")))
        module.parser = known["muse"](tokenizer=None)
        yield module
        sys.modules.pop("muse_tool_parser")


def calls_in(plugin: ModuleType, text: str) -> list[tuple[str, dict[str, Any]]]:
    return [(part.name, part.arguments) for part in plugin.parts_of(text) if part.name]


def text_in(plugin: ModuleType, text: str) -> str:
    return "".join(part.text for part in plugin.parts_of(text))


@pytest.mark.parametrize("text", TURNS)
def test_it_reads_what_ours_reads(plugin: ModuleType, text: str) -> None:
    ours = parse_turn(text, 0)
    if ours.malformed is None:
        assert calls_in(plugin, text) == [(call.name, call.arguments) for call in ours.calls]
        assert text_in(plugin, text).strip() == (ours.reply or "").strip()
    else:
        assert not calls_in(plugin, text)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=names, given_arguments=arguments)
def test_a_written_call_is_read_back(plugin: ModuleType, name: str, given_arguments: dict[str, Any]) -> None:
    text = wrap(ToolCall("c0.0", name, given_arguments)) + RESULT
    assert calls_in(plugin, text) == [(name, given_arguments)]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("\\u003c5<")), max_size=30)
)
def test_a_reply_is_read_back(plugin: ModuleType, said: str) -> None:
    assert text_in(plugin, escape_text(said) + END).strip() == said.strip()


def test_the_whole_answer(plugin: ModuleType) -> None:
    request = plugin.parser.adjust_request(SimpleNamespace(skip_special_tokens=True))
    assert request.skip_special_tokens is False
    found = plugin.parser.extract_tool_calls(
        "<tool>search(query='लाल')</tool><tool>recommend()</tool>", request
    )
    assert found.tools_called and found.content is None
    assert [(one.function.name, one.function.arguments) for one in found.tool_calls] == [
        ("search", '{"query": "लाल"}'),
        ("recommend", "{}"),
    ]
    reply = plugin.parser.extract_tool_calls("Try [1] \\u003c ₹500.", request)
    assert not reply.tools_called and reply.content == "Try [1] < ₹500."


@pytest.mark.parametrize("text", TURNS[:5])
def test_a_stream_says_the_same_as_the_whole(plugin: ModuleType, text: str) -> None:
    parser = type(plugin.parser)(tokenizer=None)
    said, calls = "", []
    for end in range(1, len(text) + 1):
        delta = parser.extract_tool_calls_streaming(
            text[: end - 1], text[:end], text[end - 1 : end], [], [], [], None
        )
        if delta is not None:
            said += getattr(delta, "content", "")
            calls += [
                (one.index, one.function.name, json.loads(one.function.arguments)) for one in delta.tool_calls
            ]
    whole = calls_in(plugin, text)
    assert calls == [(place, *call) for place, call in enumerate(whole)]
    assert said == text_in(plugin, text)
    assert [one["arguments"] for one in parser.prev_tool_call_arr] == [call[1] for call in whole]
    assert len(parser.streamed_args_for_tool) == len(whole)


def test_the_file_needs_nothing_of_ours_and_says_what_is_missing(tmp_path: Path) -> None:
    path = write_parser(tmp_path)
    assert "muse_core" not in path.read_text("utf-8")
    load = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import muse_tool_parser"
    done = subprocess.run(
        [sys.executable, "-I", "-c", load],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1 and "found no vLLM" in done.stderr
