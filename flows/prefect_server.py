"""Prefect's server as this project starts it, over SQLite made to wait for its turn.

Prefect 3.8.8 evaluates automations in transactions that read first and write later. Where somebody else has
written in between, SQLite refuses the write at once ("database is locked"), however long its `busy_timeout`.
After four such refusals an event is given up, and those that follow it in the same run are held back for
fifteen minutes: a run that crashes meanwhile is not started again. A transaction that asks for the right to
write when it begins waits for it instead, `busy_timeout` (60 s) at most.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prefect.server.api import server
from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


def create_app() -> FastAPI:
    """For `uvicorn --factory`."""
    AioSqliteConfiguration.begin_transaction = begin_transaction  # type: ignore[method-assign,assignment]
    return server.create_app()


@asynccontextmanager
async def begin_transaction(
    _: AioSqliteConfiguration, session: AsyncSession, with_for_update: bool = False
) -> AsyncGenerator[AsyncSessionTransaction, None]:
    """Prefect's, which asks at the beginning only where `with_for_update` is true."""
    before = SQLITE_BEGIN_MODE.set("IMMEDIATE")
    try:
        async with session.begin() as transaction:
            yield transaction
    finally:
        SQLITE_BEGIN_MODE.reset(before)
