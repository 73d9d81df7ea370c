"""Calls that a language model would make by itself: Toolformer's sampling (Schick et al. 2023, section 2).

For each tool a prompt shows some requests with the call that each asks for, in braces. Behind every word of
another request the model says how likely a brace opens there; at the likeliest places it writes calls to
their end. What cannot be read as a call of the prompt's tool is counted and left out.

Departures from the paper: the examples are the simulator's, of conversations that are trained on; the model
reads the request alone, without the dialogue before it. A brace, not a token of its own, because a base has
never seen ours.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from muse_core.augmentation.candidates import Act, acts, row_id
from muse_core.augmentation.insertion import last_word_end
from muse_core.tools.call_syntax import CallSyntaxError, parse_call, render_call
from muse_core.types import Conversation, ToolCall

if TYPE_CHECKING:
    from muse_core.config.run_config import AugmentationConfig
    from muse_core.models.loading import LoadedModel
    from muse_core.progress import Progress

OPEN, CLOSE = " {", "}"  # not the paper's brackets: a list in a call has those
SHOTS = 6  # examples in a prompt
REQUESTS = 32  # that share one reading of a prompt
TEMPERATURE, TOP_P = 1.0, 0.95
MOST_TOKENS = 64  # of a call


@dataclass(frozen=True)
class Asked:
    """A request without its dialogue. `row_id`: of its first act with calls."""

    row_id: str
    text: str


@dataclass(frozen=True)
class Prompt:
    """Up to the next request; `shown`: the requests in it, which are not asked with it."""

    text: str
    shown: frozenset[str]


@dataclass
class Sampled:
    """`calls`: by row, each once; `drawn`: all that were written, `readable`: those that are calls of their
    prompt's tool; `places`: at which a brace was likely enough."""

    calls: dict[str, tuple[ToolCall, ...]] = field(default_factory=dict)
    places: int = 0
    drawn: int = 0
    readable: int = 0

    def numbers(self) -> dict[str, float]:
        """For the manifest; none where nothing was asked."""
        if not self.places:
            return {}
        return {
            "sampled/places": self.places,
            "sampled/drawn": self.drawn,
            "sampled/readable": self.readable / max(1, self.drawn),
        }


def asked(talks: Iterable[Conversation]) -> list[Asked]:
    """The requests whose first act has calls, in order."""
    return [
        Asked(row_id(talk, act), _request(talk, act))
        for talk in talks
        for act in acts(talk)
        if act.number == 0
    ]


def prompts(talks: Sequence[Conversation], seed: int) -> dict[str, Prompt]:
    """Tool -> its prompt, with SHOTS requests at most, drawn from those whose first act is one call of it."""
    found: dict[str, list[tuple[str, Act]]] = {}
    for talk in talks:
        for act in acts(talk):
            if act.number == 0 and len(act.calls) == 1:
                found.setdefault(act.calls[0].name, []).append((_request(talk, act), act))
    rng = np.random.default_rng(seed)
    return {
        tool: _prompt(tool, [shown[k] for k in rng.permutation(len(shown))[:SHOTS]])
        for tool, shown in sorted(found.items())
    }


def _request(talk: Conversation, act: Act) -> str:
    before = (message for message in reversed(talk.messages[: act.place]) if message.role == "user")
    return next(before).content.replace("\n", " ")


def _shown(text: str, act: Act) -> str:
    at = last_word_end(text) if act.label.position is None else min(act.label.position, len(text))
    return f"{text[:at]}{OPEN}{render_call(act.calls[0])}{CLOSE}{text[at:]}"


def _prompt(tool: str, examples: Sequence[tuple[str, Act]]) -> Prompt:
    lines = "".join(f"Request: {_shown(text, act)}\n" for text, act in examples)
    text = f"Requests to a shop, each with the call of {tool} that it asks for in braces.\n{lines}Request:"
    return Prompt(text, frozenset(text for text, _ in examples))


class CallSampler:
    """`augmentation.sampled_calls` calls at each of at most `sampled_places` places of a request at which a
    brace opens with a probability of at least `sampled_threshold`, for each tool's prompt."""

    def __init__(
        self,
        loaded: LoadedModel,
        prompts: Mapping[str, Prompt],
        settings: AugmentationConfig,
        seed: int,
        progress: Progress,
    ) -> None:
        self._loaded, self._prompts, self._settings, self._seed = loaded, prompts, settings, seed
        self._progress = progress
        self._stops = _closing(loaded)

    def sample(self, requests: Sequence[Asked]) -> Sampled:
        found = Sampled()
        for start in range(0, len(requests), REQUESTS):
            for tool, prompt in self._prompts.items():
                self._of_tool(tool, prompt, requests[start : start + REQUESTS], found)
            self._progress.update(min(start + REQUESTS, len(requests)), len(requests), "requests sampled")
        return found

    def _of_tool(self, tool: str, prompt: Prompt, requests: Sequence[Asked], found: Sampled) -> None:
        others = [request for request in requests if request.text not in prompt.shown]
        if not (places := list(self._places(prompt.text, others))):
            return
        found.places += len(places)
        for (request, _), texts in zip(places, self._written(prompt.text, places), strict=True):
            calls = [call for text in texts if (call := _read(tool, text)) is not None]
            found.drawn, found.readable = found.drawn + len(texts), found.readable + len(calls)
            known = found.calls.get(request.row_id, ())
            for call in calls:
                if all(call != one for one in known):
                    known = (*known, call)
            if known:
                found.calls[request.row_id] = known

    def _places(self, prompt: str, requests: Sequence[Asked]) -> Iterator[tuple[Asked, int]]:
        """Requests with the offsets at which a call may begin, the likeliest first."""
        from muse_core.models.chat_format import word_ends
        from muse_core.models.log_probs import branch_nlls

        ends = [(request, end) for request in requests for end in word_ends(request.text)]
        if not ends:
            return
        (nats,) = branch_nlls(self._loaded, [(prompt, [(_until(*one), OPEN) for one in ends])])
        chances: dict[Asked, list[tuple[float, int]]] = {}
        for (request, end), values in zip(ends, nats, strict=True):
            chances.setdefault(request, []).append((math.exp(-sum(values)), end))
        for request, found in chances.items():
            likely = [one for one in found if one[0] >= self._settings.sampled_threshold]
            for _, end in sorted(likely, reverse=True)[: self._settings.sampled_places]:
                yield request, end

    def _written(self, prompt: str, places: Sequence[tuple[Asked, int]]) -> list[list[str]]:
        """What the model writes at each place behind an open brace, as far as the token that closes it."""
        from muse_core.generation.decode import decode
        from muse_core.generation.prefill import prefill
        from muse_core.generation.sampling import Sampling
        from muse_core.models.tokenizer import encode_text

        tokenizer, count = self._loaded.tokenizer, self._settings.sampled_calls
        room = self._loaded.model.config.max_position_embeddings - MOST_TOKENS
        start, brace = encode_text(tokenizer, prompt), encode_text(tokenizer, OPEN)
        heads = [[*start, *encode_text(tokenizer, _until(*place)), *brace][-room:] for place in places]
        rows = prefill(self._loaded.model, [head for head in heads for _ in range(count)])
        for row in rows:
            request, end = places[row.number // count]
            name = zlib.crc32(request.row_id.encode())
            row.rng = np.random.default_rng([self._seed, name, end, row.number % count])
        decode(self._loaded.model, rows, self._stops, Sampling(TEMPERATURE, TOP_P, MOST_TOKENS))
        texts = [tokenizer.decode(row.new) for row in rows]
        return [texts[at * count : (at + 1) * count] for at in range(len(places))]


def _until(request: Asked, end: int) -> str:
    return f" {request.text[:end]}"


def _closing(loaded: LoadedModel) -> frozenset[int]:
    """Tokens in which a call ends."""
    ids = range(len(loaded.tokenizer))
    texts = loaded.tokenizer.batch_decode([[token] for token in ids])
    closing = {token for token, text in zip(ids, texts, strict=True) if CLOSE in text or "\n" in text}
    return frozenset({*closing, loaded.end_id})


def _read(tool: str, text: str) -> ToolCall | None:
    try:
        name, arguments = parse_call(text.partition(CLOSE)[0].strip())
    except CallSyntaxError:
        return None
    return ToolCall("sampled", name, arguments) if name == tool else None
