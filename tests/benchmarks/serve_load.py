"""`muse serve` under load, beside the same model behind plain `generate` in FastAPI.

    OMP_NUM_THREADS=2 python -m tests.benchmarks.serve_load --home HOME [--clients 50 --requests 40
        --plain-requests 40]

Clients on loopback, each sends a request, waits for the answer and sends the next: first requests of the
train side of HOME's conversations, the same ones to both servers. Both run the last model of HOME, greedy,
on its own catalogue, with the tools run on the server; one server after the other. The plain one is what
one writes first: a FastAPI endpoint that calls `generate` once an act, alone, in FastAPI's own threads. It
repairs nothing and writes values freely, so it does less for a turn. HOME is written to (the turn log).

Prints one JSON object: for each server errors, p50/p95/p99 seconds, requests a second, CPU seconds of the
server a request; and the ratios of requests a second and of CPU seconds. On a shared machine the CPU ratio
holds, the seconds do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx

TIMEOUT_S = 3600.0
TICKS = os.sysconf("SC_CLK_TCK")
ROUNDS = 5  # of calls in one turn, as the tool loop has them


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--requests", type=int, default=40, help="of each client")
    parser.add_argument("--plain-requests", type=int, default=40, help="of each client to the plain server")
    parser.add_argument("--plain-server", type=int, metavar="PORT", help="be the plain server")
    asked = parser.parse_args()
    if asked.plain_server:
        return serve_plainly(asked.home, asked.plain_server)
    texts = first_requests(asked.home)
    serve = [
        "-c",
        "from flows.cli import app; app()",
        "serve",
        "--home",
        str(asked.home),
        "--timeout",
        "3600",
    ]
    found = {"muse serve": load(serve, texts, asked.clients, asked.requests)}
    plain = ["-m", "tests.benchmarks.serve_load", "--home", str(asked.home), "--plain-server"]
    found["generate in FastAPI"] = load(plain, texts, asked.clients, asked.plain_requests)
    ours, theirs = found.values()
    ratios = {
        "requests_per_second": ours["requests_per_second"] / theirs["requests_per_second"],
        "cpu_seconds": theirs["cpu_seconds_per_request"] / ours["cpu_seconds_per_request"],
    }
    about = {"clients": asked.clients, "threads": os.environ.get("OMP_NUM_THREADS"), "cores": os.cpu_count()}
    print(json.dumps({**found, "ratios": ratios, **about}, indent=1))
    return int(any(one["errors"] for one in found.values()))


def first_requests(home: Path) -> list[str]:
    """What shoppers of the train side say first, without pictures, each once."""
    from muse_core.artifacts import ArtifactStore
    from muse_core.records import from_table
    from muse_core.types import ArtifactRef

    store = ArtifactStore(home / "artifacts")
    newest = store.latest("conversations")
    assert newest is not None, f"no conversations below {home}"
    talks = from_table("conversations", store.read_table(ArtifactRef(**newest["ref"])))
    said = (talk.messages[1].content for talk in talks if talk.side == "train" and talk.shop is None)
    return list(dict.fromkeys(text for text in said if "[image" not in text))


# ---- the clients --------------------------------------------------------------------------------------


def load(command: Sequence[str], texts: Sequence[str], clients: int, each: int) -> dict[str, Any]:
    """A server, started and ended, and what `clients` saw of it."""
    with server(command) as (process, url):
        asyncio.run(_clients(url, texts, 1, 2))  # what is built on first use
        before, began = cpu_seconds(process.pid), time.monotonic()
        seen = asyncio.run(_clients(url, texts, clients, each))
        wall, cpu = time.monotonic() - began, cpu_seconds(process.pid) - before
    seconds = sorted(one for one, _ in seen)
    count = len(seen)
    return {
        "requests": count,
        "errors": sum(not is_ok for _, is_ok in seen),
        **{f"p{at}_s": round(seconds[min(count - 1, count * at // 100)], 3) for at in (50, 95, 99)},
        "requests_per_second": round(count / wall, 3),
        "cpu_seconds_per_request": round(cpu / count, 4),
    }


async def _clients(url: str, texts: Sequence[str], clients: int, each: int) -> list[tuple[float, bool]]:
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False, limits=limits) as client:
        said = list(islice(cycle(texts), clients * each))
        work = [_client(client, said[number * each : (number + 1) * each]) for number in range(clients)]
        return [one for seen in await asyncio.gather(*work) for one in seen]


async def _client(client: httpx.AsyncClient, texts: Sequence[str]) -> list[tuple[float, bool]]:
    """(seconds, whether there was an answer) of each request."""
    seen = []
    for text in texts:
        began = time.monotonic()
        body = {"model": "muse", "messages": [{"role": "user", "content": text}]}
        try:
            answer = await client.post("/v1/chat/completions", json=body)
            is_ok = answer.status_code == 200 and bool(answer.json()["choices"][0]["message"]["content"])
        except httpx.HTTPError:
            is_ok = False
        seen.append((time.monotonic() - began, is_ok))
    return seen


@contextmanager
def server(command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    named = [*command, "--port", str(port)] if "serve" in command else [*command, str(port)]
    process = subprocess.Popen([sys.executable, *named], stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield process, url
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            httpx.get(f"{url}/health", timeout=60, trust_env=False).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.5)
    raise SystemExit("the server ended before it answered")


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processor, all its threads (proc(5), utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


# ---- the plain server ---------------------------------------------------------------------------------


def serve_plainly(home: Path, port: int) -> int:
    import fastapi
    import uvicorn

    from flows.assistant import open_assistant

    assistant = open_assistant(home, None, None, Path)
    app = fastapi.FastAPI()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/v1/chat/completions")
    def complete(body: dict[str, Any]) -> dict[str, Any]:
        text = _answer(assistant.loaded, assistant.index, body["messages"])
        return {"choices": [{"message": {"role": "assistant", "content": text}}]}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
    return 0


def _answer(loaded: Any, index: Any, messages: list[dict[str, Any]]) -> str:
    """One turn: `generate` up to the end of an act, its calls run, until it replies."""
    import torch

    from muse_core.generation.answer import as_read
    from muse_core.generation.requests import turn_of
    from muse_core.models.chat_format import END, RESULT, result_text
    from muse_core.models.chat_reader import parse_turn
    from muse_core.models.tokenizer import encode, encode_text
    from muse_core.tools.references import last_shown, lexicalise
    from muse_core.tools.toolbox import Toolbox

    request = as_read(loaded, turn_of({"messages": messages}, index))
    tokenizer = loaded.tokenizer
    end, call = (tokenizer.convert_tokens_to_ids(tag) for tag in (END, RESULT))
    toolbox, values, reply, calls = Toolbox(request.world), [], "", 0
    ids = encode(tokenizer, request.context, open_turn=True).ids
    for _ in range(ROUNDS):
        given = torch.tensor([ids])
        with torch.inference_mode():
            out = loaded.model.generate(
                given, attention_mask=torch.ones_like(given), max_new_tokens=96, do_sample=False,
                eos_token_id=[end, call], pad_token_id=end,
            )  # fmt: skip
        new = out[0, len(ids) :].tolist()
        act = parse_turn(tokenizer.decode(new, clean_up_tokenization_spaces=False), request.turn, calls)
        reply = act.reply or reply
        if not act.calls or new[-1] != call:
            break
        calls += len(act.calls)
        results = [toolbox.run(one) for one in act.calls]
        values += [result.value for result in results if result.error is None]
        shown = [part for result in results for part in (RESULT, result_text(result))][1:]
        ids = [*ids, *new, *(token for text in shown for token in encode_text(tokenizer, text))]
    return lexicalise(reply, last_shown(values), "en")[0] or "…"


if __name__ == "__main__":
    sys.exit(main())
