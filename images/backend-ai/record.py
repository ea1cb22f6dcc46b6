"""Writes release.json beside this file: version, commit and state of each component of Backend.AI that is installed here. The first
container of each pod hands it on (charts/backend-ai).

  record.py [SOURCE.json]   SOURCE.json: commit and state of the checkout that lies over the packages

A version is read from what is installed. That is the file that the component reads (ai/backend/<component>/VERSION), or the
metadata of its package.
"""

import json
import sys
from importlib import metadata
from pathlib import Path

RECORD = Path(__file__).with_name("release.json")
# Component in the chart -> package, and its folder below ai/backend.
COMPONENTS = {
    "manager": ("backend.ai-manager", "manager"),
    "agent": ("backend.ai-agent", "agent"),
    "storage-proxy": ("backend.ai-storage-proxy", "storage"),
    "webserver": ("backend.ai-webserver", "web"),
    "appproxy-coordinator": ("backend.ai-appproxy-coordinator", "appproxy/coordinator"),
    "appproxy-worker": ("backend.ai-appproxy-worker", "appproxy/worker"),
}


def version_of(package: str, folder: str) -> str:
    distribution = metadata.distribution(package)
    file = Path(str(distribution.locate_file(f"ai/backend/{folder}/VERSION")))
    return file.read_text().strip() if file.is_file() else distribution.version


source: dict[str, object] = json.loads(Path(sys.argv[1]).read_text()) if len(sys.argv) > 1 else {}
record = {name: {"version": version_of(*where), **source} for name, where in COMPONENTS.items()}
# The Job that fills the database is a program of the manager's.
RECORD.write_text(json.dumps({**record, "bootstrap": record["manager"]}))
