"""Brings a Backend.AI from empty stores to one that can run sessions. Safe to run again.

Each step says in etcd when it is done, and start.py waits for that. So each component starts as early as it can:

  stage "config"    etcd holds the configuration        -> storage-proxy, agents
  stage "appproxy"  the app proxy's schema is there     -> coordinator
  stage "database"  and schema, accounts and roles, too  -> managers

Environment: BOOTSTRAP_ID (what the stages are marked with), and what manager.py, fixture.py and the functions below read.
The last line of the output says how it ended.
"""

import base64
import json
import os
import socket
import sys
import urllib.request
from collections.abc import Callable

import database
import snapshot
from manager import RELEASE, query
from steps import Background, StepFailed, say, step, wait_until

ETCD = "http://etcd:2379"
# Backend.AI's own prefix of all keys of the namespace "local".
ETCD_PREFIX = "/sorna/local/"
S3_REGION = "us-east-1"
ARTIFACT_BUCKET = "artifacts"


def tcp(host: str, port: int) -> Callable[[], str | None]:
    def probe() -> str | None:
        try:
            socket.create_connection((host, port), timeout=2).close()
        except OSError as error:
            return f"{host}:{port}: {error}"
        return None

    return probe


def etcd_put(values: dict[str, str]) -> None:
    """All at once: each request would wait its turn beside the imports of the manager."""

    def b64(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    puts = [{"requestPut": {"key": b64(key), "value": b64(value)}} for key, value in values.items()]
    body = json.dumps({"success": puts}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{ETCD}/v3/kv/txn", data=body), timeout=10).close()


def mark(stage: str) -> None:
    etcd_put({f"/backend-ai-chart/bootstrap/{stage}": os.environ["BOOTSTRAP_ID"]})
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
    etcd_put({ETCD_PREFIX + key: value for key, value in values.items()})


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


def kernel_manifest() -> dict[str, object]:
    """From the registry. Raises OSError while it is not there: the other container of this pod pushes it."""
    registry, _, rest = os.environ["KERNEL_IMAGE"].partition("/")
    name, _, tag = rest.rpartition(":")
    accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
    request = urllib.request.Request(f"http://{registry}/v2/{name}/manifests/{tag}", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def kernel_image_pushed() -> str | None:
    try:
        kernel_manifest()
    except OSError as error:
        return f"{os.environ['KERNEL_IMAGE']}: {error}"
    return None


def rescan_if_needed() -> None:
    """The database may know the image by this very content, from the snapshot or from an earlier run."""
    config = kernel_manifest().get("config")
    known = "SELECT 1 FROM images WHERE name = $1 AND status = 'ALIVE' AND trim(config_digest) = $2"
    image = os.environ["KERNEL_IMAGE"]
    if not isinstance(config, dict) or not query("backend", known, image, config.get("digest")):
        database.rescan()


def configuration() -> None:
    wait_until("etcd", tcp("etcd", 2379))
    wait_until("Valkey", tcp("valkey", 6379))
    put_configuration()


def prepare_databases() -> Background | None:
    """From the snapshot where there is one, and the databases are empty. Returns what goes on beside the other steps."""
    made = snapshot.find(os.environ)
    if made is not None:
        step("PostgreSQL", database.wait_for_database)
        if not any(map(database.has_schema, snapshot.DATABASES)):
            step("databases from the snapshot", made.restore)
            database.note_rows()
            mark("appproxy")
            return None
    appproxy = Background("schema of the app proxy", database.appproxy_schema, lambda: mark("appproxy"))
    # The imports need no other pod, so they run while the others start.
    step("imports", database.import_manager)
    step("PostgreSQL", database.wait_for_database)
    database.fill_manager_database()
    return appproxy


def prepare_storage() -> None:
    wait_until("the S3 server", tcp("s3", 7070))
    bucket()


def bootstrap() -> None:
    say(f"Backend.AI {RELEASE}")
    shared = Background("configuration in etcd", configuration, lambda: mark("config"))
    appproxy = prepare_databases()
    shared.join()
    mark("database")
    step("bucket", prepare_storage)
    step("kernel image", lambda: wait_until("the kernel image", kernel_image_pushed))
    step("rescan of the registry", rescan_if_needed)
    if appproxy is not None:
        appproxy.join()


if __name__ == "__main__":
    try:
        bootstrap()
    except StepFailed as failed:
        say(f"bootstrap FAILED at {failed}")
        sys.exit(1)
    say("bootstrap done")
