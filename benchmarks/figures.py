"""The lines of a benchmark's table, and the file that keeps them beside the commit."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table; `limit` None is for information."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def good(self) -> bool:
        """Whether the value is within the limit; what was not measured (NaN) is not."""
        return self.limit is None or self.value <= self.limit


def line(measure: Measure) -> str:
    """One line of the table."""
    limit = "" if measure.limit is None else f"<= {measure.limit:g}"
    mark = "" if measure.limit is None else "ok" if measure.good else "OVER"
    return f"{measure.name:58} {measure.value:8.2f} {measure.unit:3} {limit:8} {mark}".rstrip()


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` % of all are not above (nearest rank); NaN where there is none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def keep(prefix: str, figures: Mapping[str, object]) -> Path:
    """Write the figures to `results/<prefix><commit>.json`, with what they were measured on."""
    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    record = {
        "commit": commit,
        "changed": bool(git("status", "--porcelain", "--untracked-files=no")),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load": load(),
        "python": platform.python_version(),
        **figures,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{prefix}{commit}.json"
    text = json.dumps(record, ensure_ascii=False, indent=1, default=str)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def load() -> float | None:
    """The system's load of the last five minutes; above the cores, others were working here."""
    return round(os.getloadavg()[1], 1) if hasattr(os, "getloadavg") else None


def git(*arguments: str) -> str:
    """What git prints, "" where there is no git."""
    try:
        return subprocess.check_output(
            ["git", *arguments], cwd=ROOT, text=True, stderr=subprocess.DEVNULL
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
