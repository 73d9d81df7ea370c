"""What a Prefect server needs for our deployments: made by `muse up`, looked at by `muse doctor`.

- the work pool that the deployments name, and the slots of the tag `gpu`;
- an automation that calls a run `Crashed` when its heartbeats end: worker and process died together, and
  nobody else is left to say so;
- two automations that start a crashed run again, in the same run, where its deployment says so (the tag
  `restart`), `RESTARTS` times at most. Finished stages are found in the store, a training goes on from its
  checkpoint. One acts at once, after the automations above. The other waits `SETTLED`: a worker reports a
  process that died twice, before and after it has called the flow's hooks (up to half a minute), and its
  second report would end the next life;
- the deployments of `deployments/prefect.yaml`.

Heartbeats come every 30 s (`PREFECT_FLOWS_HEARTBEAT_FREQUENCY`, the shortest that Prefect takes).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

from flows.deployments import FILE, RESTART
from flows.environment import variables_with
from muse_core.errors import MuseError

ROOT = FILE.parent.parent
POOL, QUEUE_TYPE, SLOTS_TAG = "muse-local", "process", "gpu"
SILENCE = timedelta(seconds=90)  # two heartbeats lost, and the third late
SLOW_START = timedelta(minutes=15)
SETTLED = timedelta(seconds=60)
RESTARTS = 3
RUN = "prefect.flow-run"
SILENT = "A run whose heartbeats end is called Crashed: its worker and its process are gone."
ENDED = ("Completed", "Failed", "Crashed", "Cancelled", "TimedOut")
LIVES = ("Pending", "Running", "Retrying", "Cancelling")
ASIDE = ("Scheduled", "AwaitingRetry", "AwaitingConcurrencySlot", "Late", "Paused", "Suspended")


def automations() -> tuple[AutomationCore, ...]:
    """Runs of this project's flow alone."""
    return (
        _becomes_crashed(
            "muse: no heartbeat", SILENT, f"{RUN}.heartbeat", {f"{RUN}.heartbeat"}, SILENCE
        ),
        _becomes_crashed(
            "muse: never began", "A run that a worker took and that never began is called Crashed.",
            f"{RUN}.Pending", {f"{RUN}.Running", f"{RUN}.heartbeat"}, SLOW_START,
        ),
        _goes_on(
            "muse: start again", "goes on at once when it was called Crashed for its silence",
            {"prefect.state-message": SILENT},
            expect={f"{RUN}.Crashed"}, posture=Posture.Reactive,
        ),
        _goes_on(
            "muse: start again later", f"goes on when it stays Crashed for {SETTLED.seconds} s", {},
            after={f"{RUN}.Crashed"}, expect=_states({*ENDED, *ASIDE, *LIVES} - {"Crashed"}),
            posture=Posture.Proactive, within=SETTLED,
        ),
    )  # fmt: skip


def _becomes_crashed(
    name: str, what: str, after: str, instead: set[str], within: timedelta
) -> AutomationCore:
    """Crashed, when none of `instead` and no end follows on `after` in time."""
    return AutomationCore(
        name=name,
        description=what,
        trigger=EventTrigger(
            after={after},
            expect={*instead, *_states({*ENDED, *ASIDE})},
            match=ResourceSpecification({"prefect.resource.id": f"{RUN}.*"}),
            match_related=ResourceSpecification(
                {"prefect.resource.role": "flow", "prefect.resource.name": "muse"}
            ),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=what, force=False)],
    )


def _goes_on(name: str, what: str, match: dict[str, str], **trigger: Any) -> AutomationCore:
    """Back in the queue, for runs whose deployment says so."""
    counts = [str(count) for count in range(1, RESTARTS + 1)]
    return AutomationCore(
        name=name,
        description=f"A run with the tag `{RESTART}` {what}, {RESTARTS} times at most.",
        trigger=EventTrigger(
            match=ResourceSpecification(
                {"prefect.resource.id": f"{RUN}.*", "prefect.run-count": counts, **match}
            ),
            match_related=ResourceSpecification(
                {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{RESTART}"}
            ),
            for_each={"prefect.resource.id"},
            threshold=1,
            **trigger,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.SCHEDULED, name="AwaitingRetry", message="It goes on.", force=False
            )
        ],
    )


def _states(names: Iterable[str]) -> set[str]:
    """The events of runs that come into these states."""
    return {f"{RUN}.{name}" for name in names}


@dataclass(frozen=True)
class Part:
    """One thing that the server needs. `lacks` says what is wrong with it ("" = nothing), `make` mends it."""

    name: str
    lacks: Callable[[SyncPrefectClient], str]
    make: Callable[[SyncPrefectClient], None]


def parts(gpu_slots: int | None = None) -> Iterator[Part]:
    """`gpu_slots`: how many tasks tagged `gpu` run at once (None: what the server has, or 1)."""
    yield Part("pool", _pool_lacks, _make_pool)
    yield Part(
        "gpu slots",
        lambda client: _slots_lack(client, gpu_slots),
        lambda client: _make_slots(client, gpu_slots),
    )
    for one in automations():
        yield _automation(one)
    yield Part("deployments", _deployments_lack, deploy)


def set_up(gpu_slots: int | None, tell: Callable[[str], None]) -> None:
    """Makes what the server lacks. The server is the one in PREFECT_API_URL."""
    with get_client(sync_client=True) as client:
        for part in parts(gpu_slots):
            lacking = part.lacks(client)
            if lacking:
                tell(f"{part.name}: {lacking}; setting it up …")
                part.make(client)


def lacking() -> Iterator[tuple[str, str]]:
    """(part, what it lacks or "") of the server in PREFECT_API_URL."""
    with get_client(sync_client=True) as client:
        for part in parts():
            yield part.name, part.lacks(client)


def worker_is_online(name: str) -> bool:
    """Whether the pool hears from the worker of that name; any, for ""."""
    with get_client(sync_client=True) as client:
        try:
            found = client.read_workers_for_work_pool(POOL)
        except ObjectNotFound:
            return False
    return any(one.status == "ONLINE" and name in ("", one.name) for one in found)


def _pool_lacks(client: SyncPrefectClient) -> str:
    try:
        pool = client.read_work_pool(POOL)
    except ObjectNotFound:
        return f"there is no work pool {POOL}"
    return f"the work pool {POOL} is paused" if pool.is_paused else ""


def _make_pool(client: SyncPrefectClient) -> None:
    client.create_work_pool(WorkPoolCreate(name=POOL, type=QUEUE_TYPE, is_paused=False), overwrite=True)


def _slots_lack(client: SyncPrefectClient, wanted: int | None) -> str:
    try:
        found = client.read_concurrency_limit_by_tag(SLOTS_TAG).concurrency_limit
    except ObjectNotFound:
        return f"tasks tagged {SLOTS_TAG} have no limit"
    return f"{found} at once, {wanted} wanted" if wanted not in (None, found) else ""


def _make_slots(client: SyncPrefectClient, wanted: int | None) -> None:
    client.create_concurrency_limit(SLOTS_TAG, wanted or 1)


def _automation(wanted: AutomationCore) -> Part:
    def lacks(client: SyncPrefectClient) -> str:
        found = client.read_automations_by_name(wanted.name)
        if not found:
            return "there is no such automation"
        if not found[0].enabled:
            return "it is off"
        same = found[0].trigger == wanted.trigger and found[0].actions == wanted.actions
        return "" if same and len(found) == 1 else "it is another one"

    def make(client: SyncPrefectClient) -> None:
        for old in client.read_automations_by_name(wanted.name):
            client.delete_automation(old.id)
        client.create_automation(wanted)

    return Part(wanted.name, lacks, make)


def _deployments_lack(client: SyncPrefectClient) -> str:
    lacking = []
    for entry in yaml.safe_load(FILE.read_text("utf-8"))["deployments"]:
        try:
            found = client.read_deployment_by_name(f"muse/{entry['name']}")
        except ObjectNotFound:
            lacking.append(f"{entry['name']} is missing")
            continue
        if (found.entrypoint, found.version) != (entry["entrypoint"], str(entry["version"])):
            lacking.append(f"{entry['name']} is of another version")
    return ", ".join(lacking[:3]) + (f" and {len(lacking) - 3} more" if len(lacking) > 3 else "")


def deploy(client: SyncPrefectClient) -> None:
    """`prefect deploy` for the list; MuseError with what it said."""
    api = str(client.api_url).rstrip("/")
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(FILE)],
        env=variables_with({"PREFECT_API_URL": api}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MuseError(f"`prefect deploy` failed:\n{(done.stdout + done.stderr)[-1500:].strip()}")
