"""Answers read-only questions about the Docker engine of an agent, for tests that may not enter its pod.

  GET /containers       [{id, names, image, state, status, created, labels}]
  GET /containers/<id>  {id, name, image, state, labels, limits, mounts, networks, restartCount}; 404 where there is none
  GET /images           [{id, tags, digests, bytes}]
  GET /networks         [{name, created}]: time in ISO 8601
  GET /scratches        names of the folders below the scratch root
  GET /healthz          without a token

All but the last want "Authorization: Bearer <OBSERVER_TOKEN>". Environment variables of containers hold secrets of their
users and are never told.
"""

import hmac
import http.client
import json
import os
import re
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SOCKET = os.environ["DOCKER_SOCKET"]
SCRATCH_ROOT = os.environ["SCRATCH_ROOT"]
TOKEN = os.environ["OBSERVER_TOKEN"]
PORT = 6090
# Seconds that the engine may take for an answer.
ENGINE_TIMEOUT = 10


class EngineConnection(http.client.HTTPConnection):
    def __init__(self) -> None:
        super().__init__("engine", timeout=ENGINE_TIMEOUT)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


class NotThere(Exception):
    """The engine knows no such thing."""


def ask_engine(path: str) -> Any:
    connection = EngineConnection()
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        if answer.status == HTTPStatus.NOT_FOUND:
            raise NotThere(body.get("message", path))
        if answer.status != HTTPStatus.OK:
            raise OSError(f"the engine answered {answer.status} to {path}: {body.get('message')}")
        return body
    finally:
        connection.close()


def containers() -> list[dict[str, Any]]:
    return [
        {
            "id": entry["Id"],
            "names": [name.lstrip("/") for name in entry["Names"]],
            "image": entry["Image"],
            "state": entry["State"],
            "status": entry["Status"],
            "created": entry["Created"],
            "labels": entry["Labels"],
        }
        for entry in ask_engine("/containers/json?all=1")
    ]


def container(name: str) -> dict[str, Any]:
    entry = ask_engine(f"/containers/{name}/json")
    host = entry["HostConfig"]
    return {
        "id": entry["Id"],
        "name": entry["Name"].lstrip("/"),
        "image": entry["Config"]["Image"],
        "state": entry["State"],
        "labels": entry["Config"]["Labels"],
        "limits": {
            key: host[key]
            for key in ("Memory", "MemorySwap", "NanoCpus", "CpuPeriod", "CpuQuota", "CpusetCpus", "ShmSize")
        },
        "mounts": [
            {
                "type": mount["Type"],
                "source": mount["Source"],
                "destination": mount["Destination"],
                "writable": mount["RW"],
            }
            for mount in entry["Mounts"]
        ],
        "networks": sorted(entry["NetworkSettings"]["Networks"]),
        "restartCount": entry["RestartCount"],
    }


def images() -> list[dict[str, Any]]:
    return [
        {
            "id": entry["Id"],
            "tags": entry["RepoTags"] or [],
            "digests": entry["RepoDigests"] or [],
            "bytes": entry["Size"],
        }
        for entry in ask_engine("/images/json")
    ]


def networks() -> list[dict[str, Any]]:
    return [{"name": entry["Name"], "created": entry["Created"]} for entry in ask_engine("/networks")]


def answer_to(path: str) -> Any:
    if path == "/containers":
        return containers()
    if match := re.fullmatch(r"/containers/([A-Za-z0-9][A-Za-z0-9_.-]*)", path):
        return container(match[1])
    if path == "/images":
        return images()
    if path == "/networks":
        return networks()
    if path == "/scratches":
        return sorted(entry.name for entry in os.scandir(SCRATCH_ROOT) if entry.is_dir())
    raise NotThere(f"no such page: {path}")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.reply(HTTPStatus.OK, {"status": "ok"})
            return
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {TOKEN}".encode()):
            self.reply(HTTPStatus.UNAUTHORIZED, {"error": "wrong or missing bearer token"})
            return
        try:
            self.reply(HTTPStatus.OK, answer_to(self.path))
        except NotThere as error:
            self.reply(HTTPStatus.NOT_FOUND, {"error": str(error)})
        except OSError as error:
            self.reply(HTTPStatus.BAD_GATEWAY, {"error": str(error)})

    def reply(self, status: HTTPStatus, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Probes would fill the log."""


ThreadingHTTPServer(("", PORT), Handler).serve_forever()
