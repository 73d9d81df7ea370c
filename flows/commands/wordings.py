"""`muse wordings check | sample | count`: what a person who adds a wording looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from muse_core.dialogue.samples import Sample, samples
from muse_core.dialogue.utterance import Utterance
from muse_core.errors import ConfigError
from muse_core.types import TURN_TYPES
from muse_core.wordings.book import HERE, Book, Wording, read_book, shipped
from muse_core.wordings.grammar import readings
from muse_core.wordings.kinds import kinds
from muse_core.wordings.sides import PARTS
from muse_core.wordings.words import SCRIPTS

FEWEST = 3  # test and dev wordings of a shelf


def check(place: Path | None) -> None:
    """Reads every file below a folder, or a tool's file with its wordings. ConfigError names each problem
    with its file and line."""
    if place is not None and place.is_file():
        _check_tool(place)
        return
    root = place or HERE
    if not root.is_dir():
        raise ConfigError(f"{root} is no folder; give one that has {', '.join(SCRIPTS)} in it")
    book, problems = read_book(root)
    if problems:
        raise ConfigError(
            f"the wordings of {root} have mistakes ({len(problems)}); mend these lines", problems
        )
    own = [one for shelf in book.values() for one in shelf if not one.is_borrowed]
    print(f"{len(own)} wordings in {len(SCRIPTS)} languages, no problems")
    for one in own:
        if one.is_decided:
            print(f"{one.line}: on {one.part}: {one.text}")


def _check_tool(file: Path) -> None:
    """A tool of a shop's own, given by its file or by its wordings'."""
    from muse_core.config.tool_files import KINDS, WORDINGS
    from muse_core.tools.extra import tools_of

    if file.name.endswith(WORDINGS):
        beside = [file.with_name(file.name.removesuffix(WORDINGS) + kind) for kind in KINDS]
        file = next((path for path in beside if path.is_file()), beside[0])
    books = [tool.words.book for tool in tools_of(file) if tool.words is not None]
    own = [one for book in books for shelf in book.values() for one in shelf if not one.is_borrowed]
    names = ", ".join(dict.fromkeys(one.shelf[2] for one in own))
    print(f"{len(own)} wordings of {names} in {file.name}, no problems")
    for one in own:
        if one.is_decided:
            print(f"{one.line}: on {one.part}: {one.text}")


def count(by_kind: bool) -> None:
    """Prints the wordings of every language and intent by split; exits with 1 when a shelf has too few."""
    rows: dict[tuple[str, ...], Counter[str]] = {}
    for (script, intent, kind), wordings in shipped().items():
        key = (script, intent, kind) if by_kind else (script, intent)
        rows.setdefault(key, Counter()).update(one.part for one in wordings)
    names = ("language", "intent", "kind")[: 2 + by_kind]
    _print_columns(
        [
            (*names, *PARTS, "all"),
            *(
                (*key, *(str(parts[part]) for part in PARTS), str(parts.total()))
                for key, parts in rows.items()
            ),
        ],
        len(names),
    )
    short = list(_short(shipped()))
    for line in short:
        print(line)
    print(
        f"{len(shipped())} shelves (language × intent × kind), {len(short)} with fewer than {FEWEST} held out"
    )
    if short:
        raise typer.Exit(1)


def _print_columns(rows: Sequence[Sequence[str]], names: int) -> None:
    """The rows in columns, the first `names` of them to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if at < names else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def _short(book: Book) -> Iterable[str]:
    for (script, intent, kind), wordings in book.items():
        parts = Counter(one.part for one in wordings)
        few = [f"{parts[side]} {side}" for side in ("test", "dev") if parts[side] < FEWEST]
        if few:
            yield f"{script}/{intent}.toml [{kind}] has {' and '.join(few)} wordings; {FEWEST} are wanted"


def sample(intent: str, language: str, kind: str | None, like: str | None, number: int, seed: int) -> None:
    """Prints utterances of an intent's wordings; the words that a call depends on stand in «»."""
    wanted = _wanted(intent, language, kind, like)
    found = samples(shipped(), wanted, number, seed)
    for one in found:
        _show(one)
    if not found:
        print("none of these wordings came up; another --seed may find one")


def _wanted(intent: str, language: str, kind: str | None, like: str | None) -> list[Wording]:
    problems = [
        f"{name} {value!r}; it is one of {', '.join(known)}"
        for name, value, known in _asked(intent, language, kind)
        if value is not None and value not in known
    ]
    if problems:
        raise ConfigError("these wordings cannot be shown", problems)
    wanted = [
        one
        for (script, its_intent, its_kind), wordings in shipped().items()
        if (script, its_intent) == (language, intent) and kind in (None, its_kind)
        for one in wordings
        if like is None or any(like.lower() in text.lower() for text in (one.text, *readings(one.text)))
    ]
    if not wanted:
        raise ConfigError(
            f"no wording of {intent} in {language} has {like!r}", [f"look in {HERE / language}"]
        )
    return wanted


def _asked(intent: str, language: str, kind: str | None) -> Iterable[tuple[str, str | None, Sequence[str]]]:
    yield "--intent", intent, TURN_TYPES
    yield "--language", language, SCRIPTS
    if intent in TURN_TYPES and language in SCRIPTS:
        yield "--kind", kind, [name for name, one in kinds()[intent].items() if language in one.only]  # type: ignore[index]


def _show(one: Sample) -> None:
    out = Console(soft_wrap=True)
    out.print(Text(marked(one.utterance)))
    out.print(Text(f"    {one.wording.shelf[2]}, {one.wording.part}: {one.wording.text}", style="dim"))


def marked(utterance: Utterance) -> str:
    """The text with «» around the words that a call depends on."""
    text, shown, at = utterance.text, "", 0
    for start, end in utterance.arguments:
        shown += f"{text[at:start]}«{text[start:end]}»"
        at = end
    return shown + text[at:]
