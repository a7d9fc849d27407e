"""What a question costs: `make bench`, or `python benchmarks/bench.py [--strict]`.

All in one run and one after another, as the machine's speed changes from hour to hour: a cold `ask` against
the bare imports of its libraries (alternating), warm questions, the served bot's memory after as many
questions over HTTP, and what `ask` imports. Questions: `questions.txt`, about the bundled report. The table
goes to standard output, the same figures to `results/<commit>.json`.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from figures import ROOT, Measure, keep, line, percentile
from served import UNLIMITED, ingest, post, resident_mb, serving

QUESTION = "2부 사회는 누가 봤나요?"
LIBRARIES = "import sentence_transformers, langchain_chroma, langchain_core.prompts"
HEAVY = ("torch", "sentence_transformers", "gradio")  # what `ask` must not import
# The same question said in five ways, so that no answer comes from a cache of questions.
WORDINGS = ("{}", "혹시 {}", "기사에서 {}", "궁금한데요, {}", "질문이 있습니다. {}")


def main() -> int:
    """Measure, print the table, keep the figures; 1 where a limit is passed and --strict is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="exit 1 where a limit is passed")
    parser.add_argument("--rounds", type=int, default=5, help="cold starts of each kind")
    parser.add_argument("--questions", type=int, default=200, help="warm questions, and questions over HTTP")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="forum-bot-bench-") as folder:
        store = Path(folder) / "store"
        ingest(store)
        measures = [
            *cold(store, arguments.rounds),
            *warm(store, asked(arguments.questions)),
            *served(store, asked(arguments.questions)),
            *imported(store),
        ]
    for measure in measures:
        print(line(measure))
    path = keep(
        "",
        {
            "rounds": arguments.rounds,
            "questions": arguments.questions,
            "measures": [asdict(measure) | {"good": measure.good} for measure in measures],
        },
    )
    print(f"-> {path.relative_to(ROOT)}")
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
    with serving(store, UNLIMITED) as server:  # asked from one address, as fast as it is answered
        yield Measure("server ready after", time.monotonic() - server.began, "s")
        times = []
        for question in questions:
            began = time.perf_counter()
            post(server.url + "/api/chat", {"question": question})
            times.append(1000 * (time.perf_counter() - began))
        yield Measure("question over HTTP p50", statistics.median(times), "ms")
        yield Measure("question over HTTP p95", percentile(times, 95), "ms")
        yield Measure(f"server memory after {len(questions)}", resident_mb(server.process.pid), "MB", 800)


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


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
