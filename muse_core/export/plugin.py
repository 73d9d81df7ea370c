"""The tool parser of an export: one file that imports nothing of ours, the grammar of calls in it."""

from __future__ import annotations

from pathlib import Path

from muse_core.export import tool_parser
from muse_core.tools import call_reader

PLUGIN_FILE = "muse_tool_parser.py"
_IMPORT = "from muse_core.tools.call_reader import CallSyntaxError, parse_call\n"
_FUTURE = "from __future__ import annotations\n"


def write_parser(folder: Path) -> Path:
    """Writes `folder/muse_tool_parser.py`, which registers itself with vLLM when it is loaded there."""
    reader, parser = (Path(str(one.__file__)).read_text("utf-8") for one in (call_reader, tool_parser))
    grammar = reader.partition(_FUTURE)[2]
    head, _, body = parser.partition(_IMPORT)
    path = folder / PLUGIN_FILE
    path.write_text(f'{head}{grammar}{body}\n\nif __name__ == "muse_tool_parser":\n    register()\n', "utf-8")
    return path
