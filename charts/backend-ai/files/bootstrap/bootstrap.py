"""Brings a Backend.AI from empty stores to one that can run sessions. Safe to run again.

All commands of the manager's CLI run in this one process: its imports cost seconds, and each call of the command would pay
for them again. The steps say in etcd when they are done (start.sh waits for that), so that each component starts as early
as it can:

  stage "config"    etcd holds the configuration        -> storage-proxy
  stage "appproxy"  the app proxy's schema is there     -> coordinator
  stage "database"  schema, accounts and roles are there -> managers, agents

Environment: BOOTSTRAP_ID (what the stages are marked with), and what fixture.py and the functions below read.
The last line of the output says how it ended.
"""

import asyncio
import base64
import importlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import first_rows
from differences import holds
from manager import CONFIGURATION, RELEASE, WORK, manager_cli, query

STARTED = time.monotonic()
ETCD = "http://etcd:2379"
# Backend.AI's own prefix of all keys of the namespace "local".
ETCD_PREFIX = "/sorna/local/"
S3_REGION = "us-east-1"
ARTIFACT_BUCKET = "artifacts"
# How long one thing that another pod provides may stay away, in seconds.
PATIENCE = 240


class StepFailed(Exception):
    """A step that did not do what it should; the text is for a person."""


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:6.1f}s] {text}", flush=True)


def step(name: str, work: Callable[[], object]) -> None:
    """Runs one step, says how long it took, and names it in the error when it fails."""
    if not holds("steps", name, RELEASE):
        say(f"{name}: not in {RELEASE}")
        return
    began = time.monotonic()
    try:
        work()
    except StepFailed as error:
        raise StepFailed(f"{name}: {error}") from error
    except SystemExit as error:
        if error.code not in (None, 0):
            raise StepFailed(f"{name}: exit status {error.code}, see the lines above") from error
    except Exception as error:
        raise StepFailed(f"{name}: {type(error).__name__}: {error}") from error
    say(f"{name}: done in {time.monotonic() - began:.1f} s")


def wait_until(what: str, probe: Callable[[], str | None]) -> None:
    """Waits until the probe returns None. It returns what is wrong otherwise, which the error repeats."""
    deadline = time.monotonic() + PATIENCE
    while (problem := probe()) is not None:
        if time.monotonic() > deadline:
            raise StepFailed(f"{what} is not there after {PATIENCE} s; last: {problem}")
        time.sleep(0.2)


def tcp(host: str, port: int) -> Callable[[], str | None]:
    def probe() -> str | None:
        try:
            socket.create_connection((host, port), timeout=2).close()
        except OSError as error:
            return f"{host}:{port}: {error}"
        return None

    return probe


def etcd_put(key: str, value: str) -> None:
    def b64(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    body = json.dumps({"key": b64(key), "value": b64(value)}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{ETCD}/v3/kv/put", data=body), timeout=10).close()


def mark(stage: str) -> None:
    etcd_put(f"/backend-ai-chart/bootstrap/{stage}", os.environ["BOOTSTRAP_ID"])
    say(f"stage {stage} reached")


def put_configuration() -> None:
    """The part of the configuration that all components share."""
    values = {
        "config/redis/addr": "valkey:6379",
        "config/redis/password": os.environ["VALKEY_PASSWORD"],
        # Who may own vfolders: users and projects.
        "volumes/_types/user": "",
        "volumes/_types/group": "",
        "volumes/default_host": "local:volume1",
        "volumes/exposed_volume_info": "percentage",
        # Handed to clients as it is, so the name must hold in other namespaces too.
        "volumes/proxies/local/client_api": os.environ["STORAGE_CLIENT_URL"],
        "volumes/proxies/local/manager_api": "http://storage-proxy:6022",
        "volumes/proxies/local/secret": os.environ["STORAGE_MANAGER_SECRET"],
        "volumes/proxies/local/ssl_verify": "false",
    }
    for key, value in values.items():
        etcd_put(ETCD_PREFIX + key, value)


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


def bucket() -> None:
    import botocore.session
    from botocore.config import Config

    client = botocore.session.get_session().create_client(
        "s3",
        endpoint_url="http://s3:7070",
        region_name=S3_REGION,
        aws_access_key_id=os.environ["S3_ACCESS_KEY"],
        aws_secret_access_key=os.environ["S3_SECRET_KEY"],
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 5}),
    )
    names = [entry["Name"] for entry in client.list_buckets().get("Buckets", [])]
    if ARTIFACT_BUCKET not in names:
        client.create_bucket(Bucket=ARTIFACT_BUCKET)


def kernel_image_pushed() -> str | None:
    """The other container of this pod pushes it."""
    registry, _, rest = os.environ["KERNEL_IMAGE"].partition("/")
    name, _, tag = rest.rpartition(":")
    accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
    request = urllib.request.Request(f"http://{registry}/v2/{name}/manifests/{tag}", headers={"Accept": accept})
    try:
        urllib.request.urlopen(request, timeout=5).close()
    except OSError as error:
        return f"{request.full_url}: {error}"
    return None


def rescan() -> None:
    """The command logs its errors and exits with 0, so the result is looked up."""
    image = os.environ["KERNEL_IMAGE"]
    manager_cli("image", "rescan", image.partition("/")[0])
    if not query("backend", "SELECT 1 FROM images WHERE name = $1 AND status = 'ALIVE'", image):
        raise StepFailed(f"the manager found no image {image} in the registry, see the lines above")


class Background:
    """A step in a thread of its own; join() waits for its end and repeats its failure."""

    def __init__(self, name: str, work: Callable[[], object], stage: str) -> None:
        self._failure: StepFailed | None = None
        self._thread = threading.Thread(target=self._run, args=(name, work, stage), daemon=True)
        self._thread.start()

    def _run(self, name: str, work: Callable[[], object], stage: str) -> None:
        try:
            step(name, work)
            mark(stage)
        except StepFailed as error:
            self._failure = error

    def join(self) -> None:
        self._thread.join()
        if self._failure is not None:
            raise self._failure


def configuration() -> None:
    wait_until("etcd", tcp("etcd", 2379))
    wait_until("Valkey", tcp("valkey", 6379))
    put_configuration()


def bootstrap() -> None:
    WORK.mkdir(exist_ok=True)
    say(f"Backend.AI {RELEASE}")
    # The imports need no other pod, so they run while the others start.
    shared = Background("configuration in etcd", configuration, "config")
    appproxy = Background("schema of the app proxy", appproxy_schema, "appproxy")
    needed = "permissions" if holds("steps", "roles", RELEASE) else "fixture"
    step("imports", lambda: importlib.import_module(f"ai.backend.manager.cli.{needed}"))
    shared.join()
    step("PostgreSQL", wait_for_database)
    step("schema of the manager", manager_schema)
    for name, work in first_rows.STEPS.items():
        step(name, work)
    mark("database")
    step("S3 server", lambda: wait_until("the S3 server", tcp("s3", 7070)))
    step("bucket", bucket)
    step("kernel image", lambda: wait_until("the kernel image", kernel_image_pushed))
    step("rescan of the registry", rescan)
    appproxy.join()


try:
    bootstrap()
except StepFailed as failed:
    say(f"bootstrap FAILED at {failed}")
    sys.exit(1)
say("bootstrap done")
