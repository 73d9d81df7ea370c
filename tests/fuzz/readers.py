"""Every reader of outside files, as a function of a file's bytes, with the errors that it may raise.

A reader gets its bytes as a file with the ending of the corpus's file that they were made of. Anything but
its own errors is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.load import load_catalog
from muse_core.config.load import load_config
from muse_core.conversation_files.read import read_chats
from muse_core.errors import CatalogError, ConfigError
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.evaluation.human.key import key_path, read_key
from muse_core.evaluation.human.ratings_file import check_files, open_files
from muse_core.evaluation.monitor.turns import read_turns
from muse_core.evaluation.public_sets.set_files import read_set_file
from muse_core.feedback.served import read_feedback
from muse_core.manifests import ManifestError, read_manifest
from muse_core.tools.call_objects import UnreadableCall
from muse_core.tools.call_syntax import CallSyntaxError, extract, parse_call, render
from muse_core.tools.extra import tools_of
from muse_core.tools.foreign_calls import read_written
from muse_core.utterances.labels import labelled
from muse_core.utterances.log_file import requests
from tests.unit.tools.builders_tools import shop

CORPUS = Path(__file__).parent / "corpus"
STUDY = "0123456789ab"


@dataclass(frozen=True)
class Reader:
    """`read` gets a file. `share`: how many of a thousand inputs it is given."""

    read: Callable[[Path], object]
    errors: tuple[type[Exception], ...]
    share: int
    name: str = ""  # of the file, where it matters


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def _call(path: Path) -> None:
    """What is read is written and read again as it was."""
    text = _text(path)
    extract(text)
    name, arguments = parse_call(text)
    kept = {key: value for key, value in arguments.items() if value is not None}
    assert parse_call(render(name, kept)) == (name, kept) or len(render(name, kept)) > 4000


@cache
def _index() -> CatalogIndex:
    return CatalogIndex(shop())


def _ratings(path: Path) -> None:
    key = read_key(CORPUS.parent / "study", STUDY)
    check_files(open_files([path]), key)


def _key(path: Path) -> None:
    place = key_path(path.parent, STUDY)
    place.parent.mkdir(parents=True, exist_ok=True)
    path.rename(place)
    key = read_key(path.parent, STUDY)
    check_files(open_files([CORPUS / "ratings" / "whole.json"]), key)


def _settings(path: Path) -> None:
    load_config("cpu", None, _text(path).split("\n"))


def _label(path: Path) -> None:
    tool, _, arguments = _text(path).partition("\n")
    labelled(tool, arguments)


def _tool(path: Path) -> None:
    words = CORPUS / "wordings" / "delivery.toml"
    path.with_name(f"{path.stem}.wordings.toml").write_bytes(words.read_bytes())
    tools_of(path)


def _wordings(path: Path) -> None:
    tool = path.with_name("delivery.toml")
    tool.write_bytes((CORPUS / "tool" / "delivery.toml").read_bytes())
    tools_of(tool)


READERS: Mapping[str, Reader] = {
    "call": Reader(_call, (CallSyntaxError,), 300),
    "written": Reader(lambda path: read_written(_text(path)), (UnreadableCall,), 200),
    "manifest": Reader(lambda path: read_manifest(path.parent), (ManifestError,), 120, "manifest.json"),
    "ratings": Reader(_ratings, (ConfigError,), 60),
    "key": Reader(_key, (ConfigError,), 30),
    "cases": Reader(load_cases, (ConfigError,), 60),
    "chats": Reader(lambda path: list(read_chats(path, _index(), {})), (ConfigError,), 40),
    "log": Reader(lambda path: list(requests(path)), (ConfigError,), 40),
    "label": Reader(_label, (), 30),
    "feedback": Reader(lambda path: list(read_feedback(path)), (ConfigError,), 20),
    "turns": Reader(lambda path: read_turns(path, 10).seconds(0.5), (ConfigError,), 30),
    "set": Reader(read_set_file, (ConfigError,), 30),
    "config": Reader(lambda path: load_config("cpu", path), (ConfigError,), 12),
    "settings": Reader(_settings, (ConfigError,), 8),
    "tool": Reader(_tool, (ConfigError,), 5),
    "wordings": Reader(_wordings, (ConfigError,), 5, "delivery.wordings.toml"),
    "catalogue": Reader(lambda path: load_catalog(path).as_json(), (CatalogError, ConfigError), 10),
}
