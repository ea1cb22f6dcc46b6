"""A snapshot of both databases as database.py fills them, for this release and these files.

It is made with the image of the bootstrap Job, which then needs neither the manager's imports nor its commands. A start is ten
seconds shorter. It holds stand-ins for what each installation has of its own: accounts, registry, addresses, secrets. A snapshot
of another release, other files or other names does not count. Then the bootstrap does all its steps.

  snapshot.py FOLDER    makes it there, and compares what it restores with what the steps do for another installation.
                        Needs empty databases and a registry with the kernel image (images/bootstrap).
"""

import asyncio
import difflib
import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import database
from manager import RELEASE, connect, query
from steps import StepFailed, say, step

HERE = Path(__file__).parent
FOLDER = Path("/opt/bai/snapshot")
DATABASES = ("backend", "appproxy")
# Hashes of passwords that the standard library can make: algorithm, rounds, salt, hash.
PASSWORD_HASH = re.compile(r"pbkdf2_(sha256|sha3_256)\$(\d+)\$([0-9a-f]+)\$([0-9a-f]+)")
# A value without any of these may stand in a literal of SQL, alone or within JSON.
UNQUOTED = re.compile(r"[^'\"\\\s]+")

# Random ids (derived ones are of version 5), the start of one in a name, times, and hashes of passwords.
VOLATILE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[1-4678][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<=-)[0-9a-f]{8}(?=')"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?"
    f"|{PASSWORD_HASH.pattern}"
)
REGISTRIES = "UPDATE public.domains SET allowed_docker_registries = $1 WHERE name = 'default'"
POLICY = "UPDATE public.keypair_resource_policies SET max_concurrent_sessions = $1 WHERE name = 'default'"


def installation(name: str, registry: str, max_sessions: int) -> dict[str, str]:
    """The variables of an installation that exists for a comparison only."""
    accounts = {
        user: {
            "email": f"{user}@{name}.invalid",
            "password": f"{name}-password-{user}",
            "accessKey": f"AKIA{name.upper()}{user.upper():0>8}",
            "secretKey": f"{name}-secret-key-{user}",
        }
        for user in ("admin", "user", "user2")
    }
    return {
        "ACCOUNTS": json.dumps(accounts),
        "REGISTRY_NAME": registry,
        "KERNEL_IMAGE": f"{registry}/{os.environ['KERNEL_PATH']}",
        "FURTHER_REGISTRIES": f"further.{name}.invalid:5001",
        "COORDINATOR_URL": f"http://coordinator.{name}.invalid:10200",
        "APPPROXY_API_SECRET": f"{name}-api-secret",
        "MAX_SESSIONS": str(max_sessions),
    }


def texts_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The texts of an installation that are values of their own in the databases, by name."""
    accounts = json.loads(environment["ACCOUNTS"])
    of_accounts = {
        f"{name}.{key}": account[key] for name, account in accounts.items() for key in ("email", "accessKey", "secretKey")
    }
    return {**of_accounts, **{key: environment[key] for key in ("REGISTRY_NAME", "COORDINATOR_URL", "APPPROXY_API_SECRET")}}


def image_in_registry(environment: Mapping[str, str]) -> str:
    """The kernel image without its registry, and how that registry is filed."""
    path = environment["KERNEL_IMAGE"].removeprefix(f"{environment['REGISTRY_NAME']}/")
    return f"{environment['REGISTRY_PROJECT']} {path}"


def key() -> str:
    """Identifies what a snapshot depends on, besides its image: the release, and the files that fill the databases."""
    files = sorted(file for file in HERE.iterdir() if file.suffix in (".py", ".json"))
    hashes = [f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    return hashlib.sha256("\n".join([RELEASE, *hashes]).encode()).hexdigest()


@dataclass(frozen=True)
class Snapshot:
    # Database -> SQL, with stand-ins.
    sql: dict[str, str]
    # Stand-in -> value.
    values: dict[str, str]
    allowed_registries: list[str]
    max_sessions: int

    def restore(self) -> None:
        """Fills both databases, which must be empty."""
        backend = replaced(self.sql["backend"], self.values)
        further = [(REGISTRIES, self.allowed_registries), (POLICY, self.max_sessions)]
        asyncio.run(execute({**self.sql, "backend": backend}, further))


async def execute(sql: Mapping[str, str], further: Sequence[tuple[str, object]]) -> None:
    """Executes the SQL of each database, and after that of the manager also those statements with their values."""

    async def execute_one(name: str) -> None:
        connection = await connect(name)
        try:
            # All of it or nothing: a bootstrap that is cut short begins again.
            async with connection.transaction():
                await connection.execute(sql[name])
                for statement, value in further if name == "backend" else []:
                    await connection.execute(statement, value)
        finally:
            await connection.close()

    await asyncio.gather(*map(execute_one, sql))


def replaced(text: str, values: Mapping[str, str]) -> str:
    """The text with each key replaced by its value: once, so that no value is taken for a key."""
    pattern = "|".join(re.escape(key) for key in sorted(values, key=len, reverse=True))
    return re.sub(pattern, lambda match: values[match[0]], text)


def rehashed(stored: str, password: str) -> str:
    """A hash of the password, made as the stored one was. Raises ValueError for an algorithm that is not known here."""
    match = PASSWORD_HASH.fullmatch(stored)
    if match is None:
        raise ValueError(f"no known hash of a password: {stored.split('$')[0]}")
    salt = secrets.token_bytes(len(match[3]) // 2)
    made = hashlib.pbkdf2_hmac(match[1], password.encode(), salt, int(match[2]))
    return f"pbkdf2_{match[1]}${match[2]}${salt.hex()}${made.hex()}"


def find(environment: Mapping[str, str], folder: Path = FOLDER) -> Snapshot | None:
    """The snapshot for this installation; None, after saying why, where there is none that fits."""
    description = folder / "snapshot.json"
    if not description.is_file():
        say("no snapshot in this image: all steps are done")
        return None
    made: dict[str, Any] = json.loads(description.read_text())
    wanted = texts_of(environment)
    accounts = json.loads(environment["ACCOUNTS"])
    odd = sorted(name for name, text in wanted.items() if not UNQUOTED.fullmatch(text))
    for problem in (
        "it was made for another release or other files" if made["key"] != key() else None,
        "it has other accounts" if sorted(made["hashes"]) != sorted(accounts) else None,
        "it has another kernel image" if made["image"] != image_in_registry(environment) else None,
        f"quoted characters in {', '.join(odd)}" if odd else None,
    ):
        if problem is not None:
            say(f"the snapshot in this image is not used, {problem}: all steps are done")
            return None
    return Snapshot(
        sql={name: (folder / f"{name}.sql").read_text() for name in DATABASES},
        values={
            **{stand_in: wanted[name] for name, stand_in in made["texts"].items()},
            **{stored: rehashed(stored, accounts[name]["password"]) for name, stored in made["hashes"].items()},
        },
        allowed_registries=[environment["REGISTRY_NAME"], *filter(None, environment["FURTHER_REGISTRIES"].split(","))],
        max_sessions=int(environment["MAX_SESSIONS"]),
    )


def dump(name: str) -> str:
    """Statements only, for any client. The user who restores it becomes the owner."""
    options = ["--inserts", "--no-owner", "--no-privileges", "--no-comments"]
    where = ["--host", os.environ["DATABASE_HOST"], "--username", "backendai", name]
    ended = subprocess.run(["pg_dump", *options, *where], check=True, stdout=subprocess.PIPE, text=True)
    # Lines that only psql understands.
    return "".join(line for line in ended.stdout.splitlines(keepends=True) if not line.startswith("\\"))


def fresh(installation: Mapping[str, str]) -> dict[str, str]:
    """Fills empty databases by all steps. Returns a dump of each."""
    os.environ.update(installation)
    database.fill_manager_database()
    step("schema of the app proxy", database.appproxy_schema)
    step("rescan of the registry", database.rescan)
    return {name: dump(name) for name in DATABASES}


def empty() -> None:
    """The commands of the manager leave connections open: hence the force."""
    for name in DATABASES:
        query("postgres", f"DROP DATABASE {name} WITH (FORCE)")
        query("postgres", f"CREATE DATABASE {name}")


def write(folder: Path, sql: Mapping[str, str]) -> None:
    """Writes the snapshot. Raises StepFailed where a value is stored in another form, so that it cannot be replaced."""
    texts = texts_of(os.environ)
    rows = query("backend", "SELECT username, password FROM users")
    hashes = {row["username"]: row["password"] for row in rows}
    for stand_in in (*texts.values(), *hashes.values()):
        if stand_in not in sql["backend"]:
            raise StepFailed(f"the database does not hold {stand_in} as it is")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in sql.items():
        (folder / f"{name}.sql").write_text(text)
    description = {"key": key(), "texts": texts, "hashes": hashes, "image": image_in_registry(os.environ)}
    (folder / "snapshot.json").write_text(json.dumps(description))


def comparable(sql: str) -> list[str]:
    """The lines of a dump, in an order of their own and without what no two installations have alike."""
    return sorted(VOLATILE.sub("<any>", line) for line in sql.splitlines())


def make(folder: Path) -> None:
    step("imports", database.import_manager)
    write(folder, fresh(installation("snapshot", "127.0.0.1:5000", 30)))
    empty()
    made = fresh(installation("other", "localhost:5000", 7))
    empty()
    # PostgreSQL writes conditions of indexes in another form once they were restored.
    asyncio.run(execute(made, []))
    expected = {name: dump(name) for name in DATABASES}
    empty()
    found = find(os.environ, folder)
    if found is None:
        raise StepFailed("the snapshot does not fit the installation that it is compared with")
    found.restore()
    for name in DATABASES:
        wrong = list(difflib.unified_diff(comparable(expected[name]), comparable(dump(name)), "steps", "snapshot", n=0))
        if wrong:
            raise StepFailed("\n".join([f"the database {name} differs from one that the steps made:", *wrong[:20]]))
    say(f"snapshot made: {sum(file.stat().st_size for file in folder.iterdir())} bytes")


if __name__ == "__main__":
    try:
        make(Path(sys.argv[1]))
    except StepFailed as failed:
        say(f"no snapshot: {failed}")
        sys.exit(1)
