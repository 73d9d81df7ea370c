"""How the tests share a small machine: one thread for each process, and what takes longest starts first.

Two workers of pytest-xdist with two threads each on two cores wait for each other by spinning. So every
test runs on one thread, and so does every process that it starts, unless `OMP_NUM_THREADS` says
otherwise; a test that is about threads sets its own.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler.protocol import Scheduling

os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch and numpy read it when they are imported, below us


OURS = ("muse_core", "tasks", "flows", "data_contracts")


@pytest.fixture(autouse=True)
def as_it_was_logged() -> Iterator[None]:
    """A command that is run in this process sends our records to its own stderr: not those of the next
    test."""
    loggers = [logging.getLogger(name) for name in (*OURS, "")]
    before = [(one.level, one.propagate, list(one.handlers)) for one in loggers]
    filters = [(handler, list(handler.filters)) for handler in loggers[-1].handlers]
    yield
    for one, (level, propagate, handlers) in zip(loggers, before, strict=True):
        one.setLevel(level)
        one.propagate = propagate
        one.handlers[:] = handlers
    for handler, known in filters:
        handler.filters[:] = known


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """For `--dist loadfile`: a worker takes a file; those that share a Prefect server are taken together."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class FilesByServer(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            shared = "tests/integration/"
            return shared if nodeid.startswith(shared) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False  # its order, most tests first, leaves the longest file for the end
    return FilesByServer(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a worker: files with a test that is marked slow come first, so that no worker ends with one."""
    if hasattr(config, "workerinput"):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)
