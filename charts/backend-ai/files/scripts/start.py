"""Starts a component when what it needs is there:

  start.py [--metrics COMPONENT] [--import MODULE] ... [--stage NAME] [--answers URL] -- PROGRAM [ARGUMENT ...]

1. Writes the configuration: each file of /templates goes to /etc/backend.ai, with @NAME@ replaced by the environment variable NAME.
2. --metrics: prepares the folder that the processes of the component share their metrics in. Upstream's program does it before
   its imports, because prometheus_client looks for it when it is imported. Each process that the component forks then reports the
   number of its open files there, which Backend.AI does not.
3. --import: imports the module, which the program would import later on. Imports are most of a start, and need no other pod.
4. --stage: waits until etcd says that the bootstrap Job of this release (BOOTSTRAP_ID) is past that stage. Without BOOTSTRAP_ID,
   the Job of any release will do. With --answers, waits until the URL answers with a success.
5. Becomes the program: a Python script, by its path or on PATH.

It has no deadline of its own: the startup probe ends a wait that is too long. The log says what was waited for.
"""

import base64
import gc
import http.client
import importlib
import itertools
import json
import os
import re
import runpy
import shutil
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

TEMPLATES = Path("/templates")
CONFIGURATION = Path("/etc/backend.ai")
ETCD = "http://etcd:2379"
PERIOD_SECONDS = 0.2
# The metric of open files, and how often it is set.
OPEN_FILES = "backendai_e2e_open_files"
OPEN_FILES_SECONDS = 2
# Of these looks, one is written to the log.
LOOKS_PER_LINE = 50


def say(text: str) -> None:
    print(f"start.py: {text}", flush=True)


def render(text: str, name: str) -> str:
    """The text with @NAME@ replaced. Raises SystemExit for a variable that is not there."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            sys.exit(f"start.py: {name}: no environment variable {match[1]}")
        return os.environ[match[1]]

    return re.sub(r"@([A-Z][A-Z0-9_]*)@", value, text)


def write_configuration() -> None:
    for template in TEMPLATES.iterdir():
        if template.is_file():
            (CONFIGURATION / template.name).write_text(render(template.read_text(), template.name))


def prepare_metrics(component: str) -> None:
    """The program does it again, which changes nothing. A release without the module keeps its metrics otherwise."""
    try:
        setup = importlib.import_module("ai.backend.common.metrics.multiprocess_setup")
    except ModuleNotFoundError as error:
        say(f"this release has no {error.name}")
        return
    setup.setup_prometheus_multiprocess_dir(component)
    # Not in this process: a thread of its own could hold a lock of the library while the process forks.
    os.register_at_fork(after_in_child=lambda: threading.Thread(target=report_open_files, daemon=True).start())


def report_open_files() -> None:
    from prometheus_client import Gauge

    gauge = Gauge(OPEN_FILES, "Open files of the process", multiprocess_mode="liveall")
    while True:
        gauge.set(len(os.listdir("/proc/self/fd")))
        time.sleep(OPEN_FILES_SECONDS)


def import_early(modules: list[str]) -> None:
    """Imports without garbage collections: they would find nothing, a hundred times. What is imported stays for good, so later
    collections leave it alone, too.
    """
    gc.disable()
    for module in modules:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            say(f"this release has no {module} ({error})")
    gc.freeze()
    gc.enable()


def stage_reached(stage: str) -> bool:
    """etcd takes and gives keys and values of its JSON gateway in base64."""

    def b64(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    body = json.dumps({"key": b64(f"/backend-ai-chart/bootstrap/{stage}")}).encode()
    with urllib.request.urlopen(f"{ETCD}/v3/kv/range", body, timeout=3) as answer:
        found = json.load(answer).get("kvs", [])
    wanted = os.environ.get("BOOTSTRAP_ID")
    return any(wanted is None or pair.get("value") == b64(wanted) for pair in found)


def answers(url: str) -> bool:
    urllib.request.urlopen(url, timeout=3).close()
    return True


def wait_for(what: str, probe: Callable[[], bool]) -> None:
    for look in itertools.count():
        try:
            if probe():
                return
            problem = "not yet"
        # No listener, a status of failure, half an answer.
        except (OSError, ValueError, http.client.HTTPException) as error:
            problem = str(error)
        if look % LOOKS_PER_LINE == 0:
            say(f"waiting for {what}: {problem}")
        time.sleep(PERIOD_SECONDS)


def main(arguments: list[str]) -> None:
    end = arguments.index("--")
    options, command = arguments[:end], arguments[end + 1 :]
    pairs = list(zip(options[::2], options[1::2], strict=True))
    waits = {
        "--stage": lambda stage: wait_for(f"stage {stage} of the bootstrap Job", lambda: stage_reached(stage)),
        "--answers": lambda url: wait_for(url, lambda: answers(url)),
    }
    for option, _ in pairs:
        if option not in {"--metrics", "--import", *waits}:
            sys.exit(f"start.py: unknown option {option}")
    # Files of a ConfigMap cannot be executed.
    program = shutil.which(command[0], mode=os.F_OK)
    if program is None:
        sys.exit(f"start.py: no program {command[0]}")

    write_configuration()
    for option, value in pairs:
        if option == "--metrics":
            prepare_metrics(value)
    import_early([value for option, value in pairs if option == "--import"])
    for option, value in pairs:
        if option in waits:
            waits[option](value)
    sys.argv = command
    # As if Python had started the program itself.
    sys.path[0] = str(Path(program).parent)
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
