"""What the bootstrap does otherwise for a release, from the table in differences.json.

Each entry holds for the releases from "since" to "until", both included. A series as "until", such as "26.8", means its last patch.
The keys "tables" and "columns" are those of the first rows (fixture.py), and "projects" are types of project. The "steps" are those
of bootstrap.py and first_rows.py. What the table does not name holds for all.
"""

import json
import re
from pathlib import Path
from typing import Any

TABLE: dict[str, dict[str, dict[str, str]]] = json.loads(Path(__file__).with_name("differences.json").read_text())


def numbers(version: str) -> tuple[int, ...]:
    """Year, month and patch, or year and month of a series. A pre-release counts as its release."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    if found is None:
        raise ValueError(f"{version!r} is no version of Backend.AI")
    return tuple(int(part) for part in found.groups() if part is not None)


def holds(kind: str, name: str, release: str) -> bool:
    entry = TABLE[kind].get(name, {})
    at = numbers(release)
    until = numbers(entry["until"]) if "until" in entry else ()
    return ("since" not in entry or at >= numbers(entry["since"])) and at[: len(until)] <= until


def adapted(fixture: dict[str, list[dict[str, Any]]], release: str) -> dict[str, list[dict[str, Any]]]:
    """The rows that the database of a release takes."""
    absent = {row["id"] for row in fixture["groups"] if not holds("projects", row["type"], release)}
    return {
        table: [
            {column: value for column, value in row.items() if holds("columns", f"{table}.{column}", release)}
            for row in rows
            if row.get("id") not in absent and row.get("group_id") not in absent
        ]
        for table, rows in fixture.items()
        if holds("tables", table, release)
    }
