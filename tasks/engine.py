"""Whether the engine that `execution.engine` asks for can be used; asked before anything is started.

Imports nothing heavy, so that the command line can ask before it imports Prefect.
"""

from __future__ import annotations

import socket
from importlib.util import find_spec
from urllib.parse import urlsplit

from muse_core.config.run_config import ExecutionConfig
from muse_core.errors import ConfigError
from tasks.addresses import without_passwords

ANSWER_TIMEOUT_S = 10.0
MODULES = {"dask": "prefect_dask", "ray": "prefect_ray"}


def check_engine(settings: ExecutionConfig) -> None:
    """ConfigError when the engine is not installed or nothing listens at its address."""
    if settings.engine == "local":
        return
    if find_spec(MODULES[settings.engine]) is None:
        raise ConfigError(
            f"execution.engine is {settings.engine!r}, which is not installed: "
            f"pip install -e '.[{settings.engine}]', or use --set execution.engine=local"
        )
    if settings.cluster_address:
        _require_listener(settings.engine, settings.cluster_address)


def _require_listener(engine: str, address: str) -> None:
    try:
        host, port = _host_and_port(address)
        socket.create_connection((host, port), ANSWER_TIMEOUT_S).close()
    except (OSError, ValueError) as problem:
        raise ConfigError(
            without_passwords(
                f"execution.cluster_address is {address!r}, but no {engine} cluster answers there ({problem})"
            )
            + "; expected host:port or scheme://host:port of a running scheduler. Start it, correct the "
            "address, or set execution.cluster_address=null for a local cluster"
        ) from None


def _host_and_port(address: str) -> tuple[str, int]:
    parts = urlsplit(address if "//" in address else f"//{address}")
    if not parts.hostname or not parts.port:
        raise ValueError("it has no host and port")
    return parts.hostname, parts.port
