"""Steps of the bootstrap: each says how long it took, and its failure names it."""

import threading
import time
from collections.abc import Callable

from differences import holds
from manager import RELEASE

STARTED = time.monotonic()
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


class Background:
    """A step in a thread of its own, and what follows it. Its join() waits for the end and raises the failure."""

    def __init__(self, name: str, work: Callable[[], object], after: Callable[[], object] = lambda: None) -> None:
        self._failure: StepFailed | None = None
        self._thread = threading.Thread(target=self._run, args=(name, work, after), daemon=True)
        self._thread.start()

    def _run(self, name: str, work: Callable[[], object], after: Callable[[], object]) -> None:
        try:
            step(name, work)
            after()
        except StepFailed as error:
            self._failure = error
        except Exception as error:
            self._failure = StepFailed(f"after {name}: {type(error).__name__}: {error}")

    def join(self) -> None:
        self._thread.join()
        if self._failure is not None:
            raise self._failure
