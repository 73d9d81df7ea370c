"""Ratings files as raters send them back: read, checked against the key, every problem with its place.

Refused: files of several studies, of another pack, unfinished ones, two of one rater, values outside the
scale, items that are unknown, missing or twice, and files that were changed after the page wrote them
(their check, a CRC-32, no longer fits: that finds accidents, not forgers). One problem anywhere and
nothing is used.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muse_core.errors import ConfigError
from muse_core.evaluation.human import CRITERIA
from muse_core.json_text import JsonTextError, read_json
from muse_core.ordinary_files import ordinary

FORMAT = "muse-ratings@1"
MAX_BYTES = 64 * 2**20
PROGRESS = "muse-rating-progress@1"
HEAD = {"format", "study", "pack", "rater", "check", "ratings"}
FIELDS = {"item", "status", "a", "b", "preference", "seconds", "comment"}
PREFERENCES = ("A", "B", "tie")
_STUDY = re.compile(r"[0-9a-f]{12}")
_ITEM = re.compile(r'"item"\s*:\s*"([^"]*)"')


@dataclass(frozen=True)
class RatingsFile:
    """One rater's file. `ratings` are its entries, `lines` the line of each item."""

    name: str
    body: Mapping[str, Any]
    lines: Mapping[str, int]

    @property
    def rater(self) -> str:
        return str(self.body["rater"])

    @property
    def ratings(self) -> Sequence[Mapping[str, Any]]:
        return list(self.body["ratings"])

    def place(self, item: object) -> str:
        line = self.lines.get(str(item))
        return f"{self.name}{'' if line is None else f', line {line}'}, item {item}"


def open_files(paths: Sequence[Path]) -> list[RatingsFile]:
    """The files, all of one study. ConfigError lists what cannot be read."""
    problems: list[str] = []
    files: list[RatingsFile] = []
    for path in paths:
        try:
            files.append(_open(path))
        except ValueError as problem:
            problems.append(str(problem))
    studies: dict[str, list[str]] = {}
    for file in files:
        studies.setdefault(str(file.body["study"]), []).append(file.name)
    if len(studies) > 1:
        named = "; ".join(f"study {study}: {', '.join(names)}" for study, names in studies.items())
        problems.append(
            f"found files of {len(studies)} studies, expected one ({named}); import each by itself"
        )
    _refuse(problems)
    return files


def _open(path: Path) -> RatingsFile:
    """ValueError says in one line what is wrong."""
    try:
        text = ordinary(path, MAX_BYTES).read_bytes().decode("utf-8-sig")
        body = read_json(text)
    except OSError as problem:
        raise ValueError(f"{path}: {problem.strerror or problem}") from None
    except UnicodeDecodeError as problem:
        raise ValueError(
            f"{path}: byte {problem.start} is not UTF-8; send the file as the page saved it"
        ) from None
    except JsonTextError as problem:
        raise ValueError(f"{path}: {problem}; send the file as the page saved it") from None
    found = body.get("format") if isinstance(body, dict) else None
    if found == PROGRESS:
        raise ValueError(
            f"{path}: this is saved progress, not ratings; load it in the page, finish, “Save ratings”"
        )
    if found != FORMAT:
        raise ValueError(
            f"{path}: found format {found!r}, expected {FORMAT!r}; import what “Save ratings” wrote"
        )
    shapes = {"study": str, "pack": str, "rater": str, "check": str, "ratings": list}
    wrong = [name for name, kind in shapes.items() if not isinstance(body.get(name), kind)]
    wrong += sorted(body.keys() - HEAD)
    wrong += [] if "study" in wrong or _STUDY.fullmatch(body["study"]) else ["study"]
    rated = () if "ratings" in wrong else body["ratings"]
    wrong += [f"ratings[{n}]" for n, one in enumerate(rated) if not isinstance(one, dict)]
    if wrong:
        raise ValueError(
            f"{path}: wrong, missing or unknown: {', '.join(wrong)}; send the file as the page saved it"
        )
    lines = {m.group(1): text.count("\n", 0, m.start()) + 1 for m in _ITEM.finditer(text)}
    return RatingsFile(str(path), body, lines)


def check_files(files: Sequence[RatingsFile], key: Mapping[str, Any]) -> None:
    """ConfigError with every problem of every file."""
    problems = [problem for file in files for problem in _problems(file, key)]
    first: dict[str, str] = {}
    for file in files:
        if file.rater in first:
            problems.append(
                f"{file.name}: rater {file.rater} is already in {first[file.rater]}; import one of them"
            )
        first.setdefault(file.rater, file.name)
    _refuse(problems)


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise ConfigError("the ratings cannot be used; nothing was written:", problems)


def _problems(file: RatingsFile, key: Mapping[str, Any]) -> Iterator[str]:
    rater = key["raters"].get(file.rater)
    if rater is None:
        yield f"{file.name}: found rater {file.rater!r}, expected one of {', '.join(key['raters'])}"
        return
    if file.body["pack"] != rater["pack"]:
        yield f"{file.name}: pack {file.body['pack'][:12]}… is not the page that was made for {file.rater}"
        return
    found = list(_entry_problems(file, key))
    yield from found
    if not found and checksum(file.body) != file.body["check"]:
        yield (
            f"{file.name}: its check {file.body['check']} does not fit its contents; it was changed after "
            "the page saved it. Ask the rater to save it again"
        )


def _entry_problems(file: RatingsFile, key: Mapping[str, Any]) -> Iterator[str]:
    names = [entry.get("item") for entry in file.ratings]
    for name in sorted({str(n) for n in names if names.count(n) > 1}):
        yield f"{file.place(name)}: rated more than once"
    for entry in file.ratings:
        place, known = file.place(entry.get("item")), key["items"].get(str(entry.get("item")))
        if known is None:
            yield f"{place}: not an item of this study"
        else:
            yield from (f"{place}: {problem}" for problem in _rating_problems(entry, bool(known["same"])))
    missing = [name for name in key["items"] if name not in names]
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        named = ", ".join(missing[:5]) + more
        yield f"{file.name}: half-filled: no rating of {named}; every item is rated or skipped"


def _rating_problems(entry: Mapping[str, Any], same: bool) -> Iterator[str]:
    unknown = sorted(entry.keys() ^ FIELDS)
    if unknown:
        yield f"fields missing or unknown: {', '.join(unknown)}"
        return
    if not _is_count(entry["seconds"]):
        yield f"seconds is {entry['seconds']!r}, expected a whole number from 0"
    if not isinstance(entry["comment"], str):
        yield f"comment is {entry['comment']!r}, expected a text"
    if entry["status"] == "skipped":
        if any(entry[name] is not None for name in ("a", "b", "preference")):
            yield "skipped, and yet scored"
    elif entry["status"] != "rated":
        yield f"status is {entry['status']!r}, expected 'rated' or 'skipped'"
    else:
        yield from _score_problems(entry, same)


def _score_problems(entry: Mapping[str, Any], same: bool) -> Iterator[str]:
    for side in ("a", "b"):
        scores = entry[side] if isinstance(entry[side], dict) else {}
        for name in CRITERIA:
            if name not in scores:
                yield f"half-filled: {side}.{name} is missing, expected a whole number from 1 to 5"
            elif not _is_count(scores[name]) or not 1 <= scores[name] <= 5:
                yield f"{side}.{name} is {scores[name]!r}, expected a whole number from 1 to 5"
        yield from (f"{side}.{name} is not a question" for name in sorted(scores.keys() - set(CRITERIA)))
    if entry["preference"] not in PREFERENCES:
        yield f"preference is {entry['preference']!r}, expected A, B or tie"
    if same and (entry["preference"] != "tie" or entry["a"] != entry["b"]):
        yield "both answers are the same, and yet rated differently"


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def checksum(body: Mapping[str, Any]) -> str:
    """The page's own check: CRC-32 (IEEE 802.3) over study, pack, rater and one line per rating."""
    lines = [str(body[name]) for name in ("study", "pack", "rater")]
    for entry in body["ratings"]:
        scores = [
            ",".join(str((entry[side] or {}).get(name, "")) for name in CRITERIA) for side in ("a", "b")
        ]
        rest = (entry["preference"] or "", entry["seconds"], entry["comment"])
        lines.append("|".join(map(str, (entry["item"], entry["status"], *scores, *rest))))
    return f"{zlib.crc32(chr(10).join(lines).encode('utf-8', 'replace')):08x}"
