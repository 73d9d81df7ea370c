"""`muse up` and `muse down`: the servers and the worker of a home, on this machine alone.

    muse up       Prefect's server, MLflow's, what the deployments need, a worker; what runs already stays
    muse down     ends exactly what `muse up` has started

A server that the user has configured (`PREFECT_API_URL`, a Prefect profile, `MLFLOW_TRACKING_URI`) is used
and never ended. Databases are SQLite files of the home, unless `PREFECT_SERVER_DATABASE_CONNECTION_URL` and
`MLFLOW_BACKEND_STORE_URI` name others. Everything listens at 127.0.0.1.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import typer

from flows import services
from flows.embedded_server import server_command
from flows.environment import (
    Environment,
    home_folder,
    mlflow_database,
    prepare,
    use_mlflow_server,
    use_prefect_server,
    variables_with,
)
from flows.services import MLFLOW, PREFECT, WORKER, Service
from muse_core.durable import explained, file_lock
from muse_core.errors import MuseError
from tasks.addresses import without_passwords

WORKER_TIMEOUT_S = 90.0
# In memory (the default), a killed server forgets who has a slot, and the slot stays taken.
LEASES = "prefect.server.concurrency.lease_storage.filesystem"
NEXT = "prefect deployment run muse/full -p preset=quickstart --watch"
YOURS = "yours, as configured"
BUSY = "another `muse up` is at it; waiting …"


def up(home: Path | None, port: int, mlflow_port: int, gpu_slots: int | None, as_json: bool) -> None:
    """Starts what is missing and says where everything is."""
    tell, folder = _tell(as_json), home_folder(home)
    with explained(folder), file_lock(folder / "services.lock", lambda _: tell(BUSY)):
        _wait_for_known(folder)
        environment = prepare(folder)
        said = {PREFECT: _prefect(environment, port, tell)}
        said[MLFLOW] = _mlflow(environment, mlflow_port, tell)
        from flows.server_setup import set_up

        set_up(gpu_slots, tell)
        said[WORKER] = _worker(environment, tell)
    if as_json:
        print(json.dumps({name: {"address": one[0], "state": one[1]} for name, one in said.items()}))
        return
    for name, (address, state) in said.items():
        typer.echo(f"{name:8} {address}  ({state})")
    typer.echo(f"logs     {environment.home / 'logs'}")
    address, state = said[PREFECT]
    export = "" if state == YOURS else f"export PREFECT_API_URL={address}/api\n         "
    typer.echo(f"next     {export}{NEXT}")


def down(home: Path | None, as_json: bool) -> None:
    """Ends the worker first, so that its run can still say what became of it, and the servers after it."""
    folder = home_folder(home)
    found = services.read_services(folder)
    stopped = []
    for name in (WORKER, MLFLOW, PREFECT):
        if name not in found:
            continue
        _tell(as_json)(f"ending {name} (process {found[name].pid}) …")
        if services.stop(found.pop(name)):
            stopped.append(name)
        services.write_services(folder, found)
    if as_json:
        print(json.dumps({"stopped": stopped}))
    else:
        none = f"nothing that `muse up` started runs for {folder}"
        typer.echo(f"ended: {', '.join(stopped)}" if stopped else none)


def _tell(as_json: bool) -> Callable[[str], None]:
    return lambda text: None if as_json else typer.echo(text, err=True)


def _prefect(environment: Environment, port: int, tell: Callable[[str], None]) -> tuple[str, str]:
    """(address of the pages, how it came to run); PREFECT_API_URL names the server afterwards."""
    known = services.running_services(environment.home).get(PREFECT)
    if known is not None:
        state = "already running"
    elif environment.prefect_api:
        return without_passwords(environment.prefect_api.removesuffix("/api")), YOURS
    else:
        services.require_free_port(port, "--port", "Prefect's server")
        known, state = _start_prefect(environment.home, port, tell), "started"
    use_prefect_server(f"{known.address}/api")
    return known.address, state


def _wait_for_known(home: Path) -> None:
    """An earlier `muse up` may have been ended while its servers started."""
    for service in services.running_services(home).values():
        if service.health:
            services.wait_until_it_answers(service)


def _start_prefect(home: Path, port: int, tell: Callable[[str], None]) -> Service:
    tell("starting Prefect's server …")
    address = f"http://127.0.0.1:{port}"
    variables = variables_with(
        {
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(port),
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES,
            "PREFECT__SERVER_FINAL": "1",
        },
        without=("PREFECT_API_URL",),
    )
    with file_lock(home / "prefect.lock"):  # a run with a server of its own uses the same database
        command = server_command(port)
        service = services.start(home, PREFECT, command, variables, address, f"{address}/api/health")
        services.wait_until_it_answers(service)
    return service


def _mlflow(environment: Environment, port: int, tell: Callable[[str], None]) -> tuple[str, str]:
    known = services.running_services(environment.home).get(MLFLOW)
    if known is not None:
        state = "already running"
    elif environment.mlflow_uri.startswith("http"):
        return without_passwords(environment.mlflow_uri), YOURS
    else:
        services.require_free_port(port, "--mlflow-port", "MLflow's server")
        known, state = _start_mlflow(environment, port, tell), "started"
    use_mlflow_server(known.address)
    return known.address, state


def _start_mlflow(environment: Environment, port: int, tell: Callable[[str], None]) -> Service:
    """Over the database that runs without a server use. Its address stands in a variable, not in the command
    line, which every user of the machine can read."""
    tell("starting MLflow's server …")
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--no-serve-artifacts"]
    command += ["--default-artifact-root", (environment.home / "mlruns").as_uri()]
    variables = variables_with(
        {
            "MLFLOW_BACKEND_STORE_URI": mlflow_database(environment),
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        },
        without=("MLFLOW_TRACKING_URI",),
    )
    with file_lock(environment.home / "mlflow.lock"):  # two processes must not create the tables at once
        service = services.start(environment.home, MLFLOW, command, variables, address, f"{address}/health")
        services.wait_until_it_answers(service)
    return service


def _worker(environment: Environment, tell: Callable[[str], None]) -> tuple[str, str]:
    name = f"muse-{socket.gethostname()}"
    known, state = services.running_services(environment.home).get(WORKER), "already running"
    if known is None:
        known, state = _start_worker(environment.home, name, tell), "started"
    from flows.server_setup import worker_is_online

    deadline = time.monotonic() + WORKER_TIMEOUT_S
    while not worker_is_online(name):
        if not known.is_running() or time.monotonic() > deadline:
            raise MuseError(f"the worker {name} is not online; its log is {known.log}\n{known.tail()}")
        time.sleep(services.POLL_S)
    return f"{name}, process {known.pid}", state


def _start_worker(home: Path, name: str, tell: Callable[[str], None]) -> Service:
    from flows.server_setup import POOL, QUEUE_TYPE

    tell("starting a worker …")
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", QUEUE_TYPE]
    variables = variables_with({"PREFECT_LOGGING_LEVEL": "INFO"})  # so that the UI shows what a run says
    return services.start(home, WORKER, [*command, "--name", name], variables)
