"""What a question costs: `make bench`, or `python benchmarks/bench.py [--strict]`.

All in one run and one after another, as the machine's speed changes from hour to hour: a cold `ask` against
the bare imports of its libraries (alternating), warm questions, the served bot's memory after as many
questions over HTTP, and what `ask` imports. Questions: `questions.txt`, about the bundled report. The table
goes to standard output, the same figures to `results/<commit>.json`.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
QUESTION = "2부 사회는 누가 봤나요?"
LIBRARIES = "import sentence_transformers, langchain_chroma, langchain_core.prompts"
HEAVY = ("torch", "sentence_transformers", "gradio")  # what `ask` must not import
# The same question said in five ways, so that no answer comes from a cache of questions.
WORDINGS = ("{}", "혹시 {}", "기사에서 {}", "궁금한데요, {}", "질문이 있습니다. {}")
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table; `limit` None is for information."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def good(self) -> bool:
        """Whether the value is within the limit."""
        return self.limit is None or self.value <= self.limit


def main() -> int:
    """Measure, print the table, keep the figures; 1 where a limit is passed and --strict is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="exit 1 where a limit is passed")
    parser.add_argument("--rounds", type=int, default=5, help="cold starts of each kind")
    parser.add_argument("--questions", type=int, default=200, help="warm questions, and questions over HTTP")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="forum-bot-bench-") as folder:
        store = Path(folder) / "store"
        run("-m", "ingest", "--store", str(store))
        measures = [
            *cold(store, arguments.rounds),
            *warm(store, asked(arguments.questions)),
            *served(store, asked(arguments.questions)),
            *imported(store),
        ]
    for measure in measures:
        print(line(measure))
    print(f"-> {keep(measures, arguments).relative_to(ROOT)}")
    return int(arguments.strict and not all(measure.good for measure in measures))


def asked(count: int) -> list[str]:
    """That many different questions (up to 200; then they repeat)."""
    questions = (ROOT / "benchmarks" / "questions.txt").read_text(encoding="utf-8").split("\n")[:-1]
    worded = [wording.format(question) for wording in WORDINGS for question in questions]
    return [worded[n % len(worded)] for n in range(count)]


def cold(store: Path, rounds: int) -> Iterator[Measure]:
    """A question from a new process, against the bare imports, in turn."""
    ask = ("-m", "bot", "ask", QUESTION, "--json", "--store", str(store))
    run(*ask)
    run("-c", LIBRARIES)  # both once unmeasured: the page cache is then the same for every round
    pairs = [(run(*ask)[0], run("-c", LIBRARIES)[0]) for _ in range(rounds)]
    asking, importing = (statistics.median(column) for column in zip(*pairs, strict=True))
    yield Measure("cold ask", asking, "s")
    yield Measure("bare imports", importing, "s")
    yield Measure("cold ask / bare imports", asking / importing, "", 0.6)


def warm(store: Path, questions: Sequence[str]) -> Iterator[Measure]:
    """Questions to a bot that is loaded, in this process."""
    from bot.bot import Bot
    from bot.settings import BotSettings
    from vectorstore.settings import load_settings

    bot = Bot(load_settings(BotSettings, store=store))
    bot.warm()
    times = []
    for question in questions:
        started = time.perf_counter()
        bot.answer(question)
        times.append(1000 * (time.perf_counter() - started))
    yield Measure("warm question p50", statistics.median(times), "ms", 60)
    yield Measure("warm question p95", percentile(times, 95), "ms", 150)


def served(store: Path, questions: Sequence[str]) -> Iterator[Measure]:
    """Questions over HTTP to `forum-bot serve`, then its resident memory."""
    with server(store) as (process, address, started):
        yield Measure("server ready after", time.perf_counter() - started, "s")
        times = []
        for question in questions:
            began = time.perf_counter()
            post(address + "/api/chat", {"question": question})
            times.append(1000 * (time.perf_counter() - began))
        yield Measure("question over HTTP p50", statistics.median(times), "ms")
        yield Measure("question over HTTP p95", percentile(times, 95), "ms")
        yield Measure(f"server memory after {len(questions)}", resident_mb(process.pid), "MB", 800)


@contextmanager
def server(store: Path) -> Iterator[tuple[subprocess.Popen[str], str, float]]:
    """A served bot that is ready: its process, its address and when it was started."""
    command = [sys.executable, "-m", "bot", "serve", "--port", "0", "--store", str(store)]
    started = time.perf_counter()
    # Everything is asked from one address, as fast as it is answered.
    unlimited = os.environ | {"FORUM_BOT_VISITOR_LIMIT": "none", "FORUM_BOT_LIMIT": "none"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=unlimited, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        assert process.stdout is not None
        found = next(filter(None, (re.search(r"http://\S+?:\d+", text) for text in process.stdout)))
        while not is_ready(found[0]):
            if time.perf_counter() - started > START_SECONDS:
                raise TimeoutError(f"not ready after {START_SECONDS} s")
            time.sleep(0.05)
        yield process, found[0], started
    finally:
        process.terminate()
        process.wait(timeout=30)


def is_ready(address: str) -> bool:
    """Whether /readyz says so."""
    try:
        with urllib.request.urlopen(address + "/readyz", timeout=10) as reply:
            return bool(reply.status == 200)
    except urllib.error.URLError:
        return False


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


def imported(store: Path) -> Iterator[Measure]:
    """How many of the heavy libraries a question imports."""
    code = (
        "import sys; from bot.cli import main; main(sys.argv[1:]); "
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    names = run("-c", code, "ask", QUESTION, "--json", "--store", str(store))[1].splitlines()[-1].split()
    yield Measure(f"of {', '.join(HEAVY)} imported", len(names), "", 0)


def run(*arguments: str) -> tuple[float, str]:
    """Run Python with these arguments in the project: seconds and standard output."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return time.perf_counter() - started, done.stdout


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` % of all are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def line(measure: Measure) -> str:
    """One line of the table."""
    limit = "" if measure.limit is None else f"<= {measure.limit:g}"
    mark = "" if measure.limit is None else "ok" if measure.good else "OVER"
    return f"{measure.name:58} {measure.value:8.2f} {measure.unit:3} {limit:8} {mark}".rstrip()


def keep(measures: Sequence[Measure], arguments: argparse.Namespace) -> Path:
    """Write the figures beside the commit that they were measured on."""
    record = {
        "commit": git("rev-parse", "--short", "HEAD") or "unknown",
        "changed": bool(git("status", "--porcelain", "--untracked-files=no")),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "rounds": arguments.rounds,
        "questions": arguments.questions,
        "measures": [asdict(measure) | {"good": measure.good} for measure in measures],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{record['commit']}.json"
    path.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def git(*arguments: str) -> str:
    """What git prints, "" where there is no git."""
    try:
        return subprocess.check_output(
            ["git", *arguments], cwd=ROOT, text=True, stderr=subprocess.DEVNULL
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
