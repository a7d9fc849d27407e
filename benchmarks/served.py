"""A served bot in a process of its own, as an operator runs it: `python -m bot serve`."""

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from figures import ROOT

START_SECONDS = 120
STOP_SECONDS = 40  # a stop lets running answers go on for 30
# For those who ask from one address, or more than 600 times a minute together.
UNLIMITED = {"FORUM_BOT_VISITOR_LIMIT": "none", "FORUM_BOT_LIMIT": "none"}
ADMIN = {"FORUM_BOT_ADMIN_PORT": "0"}


class StartError(Exception):
    """A server that ended, or was not ready in time; the message has what it said last."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server; `began` is when it was started (monotonic).

    `admin` is the address of the admin port, "" where the settings do not ask for one.
    """

    process: subprocess.Popen[str]
    url: str
    admin: str
    began: float

    @property
    def port(self) -> int:
        """The chat's port."""
        return int(self.url.rpartition(":")[2])

    def wait_ready(self) -> float:
        """Wait until /readyz says 200: the seconds since the start. Raises StartError."""
        while (status := status_of(self.url + "/readyz")) != 200:
            self.check(status)
            time.sleep(0.05)
        return time.monotonic() - self.began

    def check(self, status: int) -> None:
        """Raise StartError where nothing more is to be waited for."""
        if self.process.poll() is not None:
            raise StartError(f"the server ended with exit code {self.process.returncode}")
        if time.monotonic() - self.began > START_SECONDS:
            raise StartError(f"{self.url}/readyz says {status} after {START_SECONDS} s")

    def told(self) -> dict[str, object]:
        """`/status` of the admin port."""
        with urllib.request.urlopen(self.admin + "/status", timeout=10) as reply:
            return dict(json.load(reply))


def ingest(store: Path) -> None:
    """Bring the bundled report into a store."""
    command = [sys.executable, "-m", "ingest", "--store", str(store)]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=300)


@contextmanager
def serving(store: Path, settings: Mapping[str, str], port: int = 0, ready: bool = True) -> Iterator[Served]:
    """Serve a store while the block runs, and wait until it is ready; it is ended however the block ends.

    `settings` are environment variables. Raises StartError.
    """
    began = time.monotonic()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **settings}
    command = [sys.executable, "-m", "bot", "serve", "--port", str(port), "--store", str(store)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    watchdog = threading.Timer(START_SECONDS, process.kill)  # so that a silent start ends the reading
    try:
        watchdog.start()
        url = _address(process)
        admin = _address(process) if "FORUM_BOT_ADMIN_PORT" in settings else ""
        watchdog.cancel()
        served = Served(process, url, admin, began)
        if ready:
            served.wait_ready()
        yield served
    finally:
        watchdog.cancel()
        _end(process)


def _address(process: subprocess.Popen[str]) -> str:
    """The next address that a server tells. Raises StartError."""
    assert process.stdout is not None
    for text in process.stdout:
        if found := re.search(r"http://\S+?:\d+", text):
            return found[0]
    raise StartError(f"the server told no address; exit code {process.wait(10)}, its reason is above")


def _end(process: subprocess.Popen[str]) -> None:
    """End it, by force where it does not go."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)
    if process.stdout is not None:
        process.stdout.close()


def status_of(url: str) -> int:
    """The HTTP status at an address; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code
    except OSError:
        return 0


def post(url: str, body: object) -> None:
    """Post JSON and read the whole reply. Raises RuntimeError where the answer did not come."""
    request = urllib.request.Request(
        url, json.dumps(body).encode("utf-8"), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        text = reply.read().decode("utf-8")
    if "event: error" in text:
        raise RuntimeError(text)


def resident_mb(pid: int) -> float:
    """The resident memory of a process in MB (10**6 bytes): /proc, or `ps` where there is none."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        kib = re.search(r"VmRSS:\s+(\d+) kB", status.read_text(encoding="utf-8"))[1]  # type: ignore[index]
    else:
        kib = subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)], text=True).strip()
    return int(kib) * 1024 / 1e6
