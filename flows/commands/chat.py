"""`muse chat`: a conversation in the terminal, the tools running for real.

Each answer is shown with the calls that were made for it and what they found. `--message` asks once and
ends; `--json` prints the answer as `muse_core.generation.requests` writes it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.assistant import Assistant, Resolve, open_assistant
from flows.environment import home_folder
from muse_core.errors import ConfigError, MuseError
from muse_core.generation.answer import Answered
from muse_core.generation.requests import as_json
from muse_core.generation.talk import Talk
from muse_core.language.prices import format_price
from muse_core.language.scripts import detect_language
from muse_core.records import read_tool_message
from muse_core.tools.call_syntax import render_call
from muse_core.tools.references import items_of
from muse_core.types import JsonValue
from serving.words import LANGUAGES, words_of

HISTORY = "chat-history"
HISTORY_LINES = 1000
WHY_CHARACTERS = 4000  # of a result that /why prints
Print = Callable[[str], None]


@dataclass(frozen=True)
class ChatFlags:
    """What the user asked for besides the model and the catalogue."""

    messages: Sequence[str] = ()
    image: Path | None = None
    profile: str = ""
    language: str | None = None
    as_json: bool = False


def chat(
    home: Path | None, model: str | None, catalog: Path | None, flags: ChatFlags, resolve: Resolve
) -> None:
    """Talks until the user has enough; with messages, answers these and ends."""
    if flags.language is not None and flags.language not in LANGUAGES:
        raise ConfigError(f"--lang {flags.language}: expected one of {', '.join(LANGUAGES)}")
    if flags.as_json and not flags.messages:
        raise ConfigError("--json prints the answers to messages; add --message TEXT")
    pictures = [read_picture(flags.image)] if flags.image else []
    assistant = open_assistant(home, model, catalog, resolve)
    talk = Talk(assistant.loaded, assistant.index, flags.profile)
    language = flags.language or (detect_language(flags.messages[0]) if flags.messages else "en")
    terminal = Terminal(talk, words_of(language)["terminal"], pictures=pictures)
    if flags.messages:
        for text in flags.messages:
            terminal.answer(text, flags.as_json)
        return
    _say_who(assistant)
    terminal.run(_lines(home_folder(home) / HISTORY, terminal))


def _say_who(assistant: Assistant) -> None:
    count = len(assistant.index.catalog)
    print(f"muse chat: model {assistant.model}, shop {assistant.shop} ({count:,} products)", file=sys.stderr)


def read_picture(path: Path) -> bytes:
    """The bytes of a picture file; ConfigError when it cannot be read. What is in it `Talk` looks at."""
    try:
        return path.expanduser().read_bytes()
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read ({problem.strerror}); name a PNG or JPEG file") from None


@dataclass
class Terminal:
    """A conversation and how it is shown. `pictures` go with the next message."""

    talk: Talk
    words: dict[str, Any]
    out: Print = print
    pictures: list[bytes] = field(default_factory=list)

    def run(self, lines: Iterator[str]) -> None:
        """Until the lines end or one says so. A message that cannot be answered is said, and it goes on."""
        self.out(self.words["hello"].format(example=self.words["example"]))
        for line in lines:
            text = line.strip()
            try:
                if text.startswith("/") and not self._command(*_split(text)):
                    return
                if text and not text.startswith("/"):
                    self.answer(text)
            except MuseError as problem:
                self.out(f"! {problem}")
            except KeyboardInterrupt:  # enough of this answer, not of the chat
                self.out("")

    def answer(self, text: str, as_object: bool = False) -> None:
        """One message: answered and shown."""
        pictures, self.pictures = self.pictures, []
        answered = self.talk.say(text, pictures)
        if as_object:
            self.out(json.dumps(as_json(answered), ensure_ascii=False))
            return
        for line in self._calls(answered):
            self.out(line)
        self.out(answered.text)

    # ---- commands ------------------------------------------------------------------------------------

    def _command(self, name: str, rest: str) -> bool:
        """Does what a line with a slash asks for; False ends the chat."""
        if name in ("/quit", "/exit", "/q"):
            return False
        known: dict[str, Callable[[str], None]] = {
            "/reset": self._reset, "/lang": self._language, "/profile": self._profile, "/image": self._image,
            "/why": self._why, "/help": lambda _: self.out(self.words["help"].strip()),
        }  # fmt: skip
        if name not in known:
            self.out(self.words["unknown"].format(command=name))
            return True
        known[name](rest)
        return True

    def _reset(self, _: str) -> None:
        self.talk.reset()
        self.pictures = []
        self.out(self.words["reset"])

    def _language(self, given: str) -> None:
        if given not in LANGUAGES:
            self.out(self.words["no_language"].format(given=given or "—"))
            return
        self.words = words_of(given)["terminal"]
        self.out(self.words["language"])

    def _profile(self, given: str) -> None:
        self.talk.profile = given or self.talk.profile
        said = self.words["profile" if self.talk.profile else "no_profile"]
        self.out(said.format(profile=self.talk.profile))

    def _image(self, given: str) -> None:
        self.pictures.append(read_picture(Path(given.strip("'\""))))
        self.out(self.words["picture"])

    def _why(self, _: str) -> None:
        """What was called for the last answer, what came back, and what the model itself said."""
        last = self.talk.last
        if last is None:
            self.out(self.words["no_why"])
            return
        for message in last.messages:
            for call in message.tool_calls:
                self.out(f"→ {render_call(call)}")
            if message.role == "tool":
                self.out(f"← {message.content[:WHY_CHARACTERS]}")
            elif not message.tool_calls:
                self.out(f"= {message.content}")
        if last.fault is not None:
            self.out(self.words["own"].format(text=last.own.text))
            by = self.words[f"by_{last.repair}"] if last.repair else "—"
            self.out(self.words["repaired"].format(fault=last.fault, by=by))

    # ---- how an answer looks -------------------------------------------------------------------------

    def _calls(self, answered: Answered) -> Iterator[str]:
        """Each call, and below it what it found."""
        results = {m.answers_call: read_tool_message(m) for m in answered.messages if m.role == "tool"}
        for message in answered.messages:
            for call in message.tool_calls:
                yield f"  → {render_call(call)}"
                result = results.get(call.call_id)
                if result is not None and result.error is not None:
                    yield "    " + self.words["error"].format(error=result.error)
                elif result is not None:
                    yield from (f"    {line}" for line in self._found(result.value))

    def _found(self, value: JsonValue) -> Iterator[str]:
        items = items_of(value)
        if not items:
            yield self.words["nothing"]
        total = value.get("total") if isinstance(value, dict) else None
        if isinstance(total, int) and items:
            yield self.words["found"].format(total=total)
        for number, item in enumerate(items, start=1):
            yield f"{number:>2}  {_item(item)}"
        if isinstance(total, int) and total > len(items) > 0:
            yield "    " + self.words["more"].format(more=total - len(items))


def _item(item: Any) -> str:
    price, rating = item.get("price"), item.get("rating")
    priced = "" if price is None else format_price(float(price), str(item.get("currency", "INR")))
    return "  ".join(
        part for part in (str(item.get("title")), priced, f"★ {rating:g}" if rating else "") if part
    )


def _split(text: str) -> tuple[str, str]:
    name, _, rest = text.partition(" ")
    return name, rest.strip()


# ---- what the user types ------------------------------------------------------------------------------


def _lines(history: Path, terminal: Terminal) -> Iterator[str]:
    """What is typed, with a history where the terminal has one; what is piped is shown as it is read."""
    sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
    if not sys.stdin.isatty():
        for line in sys.stdin:
            text = line.rstrip("\n")
            terminal.out(f"{terminal.words['you']}> {text}")
            yield text
        return
    with suppress(EOFError, KeyboardInterrupt), _history(history):
        while True:
            yield input(f"{terminal.words['you']}> ")


class _history:
    """Keeps the lines of earlier chats for the arrow keys, where Python was built with readline."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __enter__(self) -> None:
        with suppress(ImportError, OSError):
            import readline

            readline.set_history_length(HISTORY_LINES)
            readline.read_history_file(self.file)

    def __exit__(self, *_: object) -> None:
        with suppress(ImportError, OSError):
            import readline

            self.file.touch(mode=0o600)
            readline.write_history_file(self.file)
