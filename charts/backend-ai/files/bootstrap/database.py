"""Brings the two databases from empty ones to those that Backend.AI runs on, with the manager's own commands.

All of them run in this one process. The manager's imports take seconds, and each call of the command would repeat them.

Environment: KERNEL_IMAGE, and what manager.py and first_rows.py read.
"""

import importlib
import os
import re
import subprocess

import first_rows
from differences import holds
from manager import CONFIGURATION, RELEASE, WORK, manager_cli, query
from steps import StepFailed, say, step, wait_until


def database_ready() -> str | None:
    try:
        # The last database that PostgreSQL's first start makes.
        query("appproxy", "SELECT 1")
    except Exception as error:  # whatever keeps it from answering is reported, and tried again
        return f"{type(error).__name__}: {error}"
    return None


def wait_for_database() -> None:
    wait_until("PostgreSQL", database_ready)


def has_schema(database: str) -> bool:
    return bool(query(database, "SELECT 1 FROM pg_tables WHERE tablename = 'alembic_version'"))


def upgrade(ini: str) -> None:
    subprocess.run(["alembic", "-c", f"{CONFIGURATION}/{ini}", "upgrade", "head"], check=True)


def import_manager() -> None:
    """What the steps below import anyway. It needs no other pod."""
    needed = "permissions" if holds("steps", "roles", RELEASE) else "fixture"
    importlib.import_module(f"ai.backend.manager.cli.{needed}")


def manager_schema() -> None:
    if has_schema("backend"):
        upgrade("alembic.ini")
    else:
        manager_cli("schema", "oneshot", "-f", f"{CONFIGURATION}/alembic.ini")


def appproxy_schema() -> None:
    """In a process of its own: it is independent of the rest, and there may be another core."""
    wait_for_database()
    if has_schema("appproxy"):
        upgrade("alembic-appproxy.ini")
    else:
        command = ["backend.ai", "app-proxy-coordinator", "schema", "oneshot", "-f", f"{CONFIGURATION}/alembic-appproxy.ini"]
        subprocess.run(command, check=True)


def rescan() -> None:
    """The command logs its errors and exits with 0, so the result is looked up."""
    image = os.environ["KERNEL_IMAGE"]
    manager_cli("image", "rescan", image.partition("/")[0])
    if not query("backend", "SELECT 1 FROM images WHERE name = $1 AND status = 'ALIVE'", image):
        raise StepFailed(f"the manager found no image {image} in the registry, see the lines above")


def rows_of() -> str:
    """The release that wrote the first rows. Empty before they are complete."""
    (row,) = query("backend", "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()")
    return row[0] or ""


def note_rows() -> None:
    """A comment of the database: no release looks at it, and no migration changes it."""
    if not re.fullmatch(r"[\w.+-]+", RELEASE):
        raise StepFailed(f"{RELEASE!r} is no version")
    query("backend", f"COMMENT ON DATABASE backend IS '{RELEASE}'")


def fill_manager_database() -> None:
    """Everything but the images. Safe to run again. After an upgrade, the rows are what the migrations made of them."""
    WORK.mkdir(exist_ok=True)
    step("schema of the manager", manager_schema)
    if rows_of() not in ("", RELEASE):
        say(f"the first rows are those of {rows_of()}: no others are written")
        return
    for name, work in first_rows.STEPS.items():
        step(name, work)
    note_rows()
