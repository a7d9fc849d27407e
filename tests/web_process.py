"""The product's server in a process of its own, with its admin port, for tests that send it signals."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from web_server import Site

HERE = Path(__file__).resolve()


@dataclass
class Served:
    process: subprocess.Popen[str]
    site: Site
    admin: Site | None = None


@contextmanager
def served(bot: dict[str, float] | None = None, **settings: object) -> Iterator[Served]:
    """Serve a LibraryBot(**bot); what the settings do not say is default. At the end it is killed."""
    asked = json.dumps({"settings": {"port": 0, **settings}, "fenced": True, "bot": bot or {}}, default=str)
    paths = [str(HERE.parents[1]), str(HERE.parent)]
    start = f"import sys; sys.path[:0] = {paths!r}; import web_server; web_server.child(sys.argv[1])"
    with subprocess.Popen(
        [sys.executable, "-c", start, asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        try:
            ports = [_port(process) for _ in range(2 if settings.get("admin_port") is not None else 1)]
            yield Served(process, *map(Site, ports))
        finally:
            process.kill()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    return int(line.partition("127.0.0.1:")[2].split("/")[0].split()[0])
