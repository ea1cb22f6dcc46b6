"""The manager that is installed here: its release, its commands and its database.

Environment: DATABASE_HOST (default: the Service), DATABASE_PASSWORD.
"""

import asyncio
import os
from pathlib import Path

import asyncpg
from ai.backend.manager import __version__ as RELEASE

__all__ = ["CONFIGURATION", "RELEASE", "WORK", "connect", "manager_cli", "query"]

CONFIGURATION = Path("/etc/backend.ai")
# Where files for the commands are written.
WORK = Path("/tmp/bootstrap")


def manager_cli(*arguments: str) -> None:
    from ai.backend.manager.cli.__main__ import main

    main(args=[f"--config={CONFIGURATION}/manager.toml", *arguments], prog_name="backend.ai mgr", standalone_mode=False)


async def connect(database: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=os.environ.get("DATABASE_HOST", "postgres"),
        user="backendai",
        password=os.environ["DATABASE_PASSWORD"],
        database=database,
        timeout=10,
    )


def query(database: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
    """Rows of one statement."""

    async def fetch() -> list[asyncpg.Record]:
        connection = await connect(database)
        try:
            return await connection.fetch(sql, *arguments)
        finally:
            await connection.close()

    return asyncio.run(fetch())
