"""Transactions of Prefect's server over SQLite: what `flows/prefect_server.py` mends; that it has to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
READ, WRITE = "SELECT count FROM buckets", "UPDATE buckets SET count = count + 1"


async def two_at_once(path: Path, begin: Callable[..., Any] | None) -> int:
    """One transaction reads, another one writes, the first writes too; the count at the end."""
    import sqlalchemy as sa
    from prefect.server.database.configurations import AioSqliteConfiguration

    config = AioSqliteConfiguration(f"sqlite+aiosqlite:///{path}", timeout=20)
    begins = begin or AioSqliteConfiguration.begin_transaction
    engine = await config.engine()
    has_read = asyncio.Event()

    async def first() -> None:
        async with await config.session(engine) as session, begins(config, session):
            await session.execute(sa.text(READ))
            has_read.set()
            await asyncio.wait({second}, timeout=1)  # it ends, or waits for us
            await session.execute(sa.text(WRITE))

    async def other() -> None:
        await has_read.wait()
        async with await config.session(engine) as session, begins(config, session):
            await session.execute(sa.text(WRITE))

    async with await config.session(engine) as session, begins(config, session):
        await session.execute(sa.text("CREATE TABLE buckets (count INTEGER)"))
        await session.execute(sa.text("INSERT INTO buckets VALUES (0)"))
    second = asyncio.create_task(other())
    try:
        await asyncio.gather(first(), second)
        async with await config.session(engine) as session, begins(config, session):
            return int((await session.execute(sa.text(READ))).scalar_one())
    finally:
        await engine.dispose()


def test_a_transaction_that_reads_first_waits_for_its_turn(tmp_path: Path) -> None:
    from flows.prefect_server import begin_transaction

    assert asyncio.run(two_at_once(tmp_path / "waits.db", begin_transaction)) == 2


def test_prefects_own_is_refused_at_once(tmp_path: Path) -> None:
    """When this fails, Prefect has mended it, and `flows/prefect_server.py` can go."""
    from sqlalchemy.exc import OperationalError

    with pytest.raises(OperationalError, match="database is locked"):
        asyncio.run(two_at_once(tmp_path / "refused.db", None))
