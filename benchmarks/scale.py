"""How it grows: `python benchmarks/scale.py [CHUNKS …] [--full]`, and `make bench` after the others.

For each size a Korean corpus is made on the spot (sentences of `reader_data/` recombined by seed), brought in
by `python -m ingest`, searched in a process of its own, served, compared with exact search. Ingest time is
the whole command, from its start to the switched generation. Chunks are about 350 characters on average.
The table goes to standard output, the figures to `results/scale-<commit>.json`, the picture to `scale.svg`.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from figures import ROOT, keep, percentile
from served import UNLIMITED, post, resident_mb, serving

DATA = ROOT / "benchmarks" / "reader_data"
SIZES, FULL = (1_000, 10_000), 100_000  # chunks
PARAGRAPHS = 10  # of an article; each is a chunk, and so is the head
PARAGRAPH = 330  # characters before the last sentence of a paragraph; chunks then have 350 on average
QUESTIONS = 300
HELD = 5  # questions asked unmeasured, so that the index is mapped and the analyser loaded
K = 10
PICTURE = ROOT / "benchmarks" / "scale.svg"
DRAWN = {  # what the picture shows of a size
    "ingest_rate": "ingest, chunks/s",
    "query_p95_ms": "query p95, ms",
    "served_mb": "served, MB resident",
    "disk_mb": "index on disk, MB",
    "recall_at_10": "recall@10 against exact search",
}


@dataclass(frozen=True, slots=True)
class Growth:
    """One line of the table: what that many chunks cost."""

    chunks: int
    characters: float  # of a chunk, on average
    ingest_s: float
    ingest_cpu_s: float  # user and system, all threads
    ingest_rate: float  # chunks a second
    ingest_peak_mb: float
    disk_mb: float
    open_s: float  # a reader's start to its first answer, Kiwi included
    query_p50_ms: float
    query_p95_ms: float
    search_mb: float  # resident, of a process that searches
    served_mb: float  # resident, of `forum-bot serve` after as many questions
    recall_at_10: float  # of the dense half against the vectors that Chroma holds, compared one by one


def main() -> int:
    """Measure each size, print the table, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, metavar="CHUNKS", help=f"default: {SIZES}")
    parser.add_argument("--full", action="store_true", help=f"{FULL} chunks as well")
    parser.add_argument("--search", type=Path, help=argparse.SUPPRESS)  # the child that searches
    parser.add_argument("--recall", type=Path, help=argparse.SUPPRESS)  # the child that compares
    arguments = parser.parse_args()
    if arguments.search or arguments.recall:
        figures = searched(arguments.search) if arguments.search else compared(arguments.recall)
        print(json.dumps(figures))
        return 0
    sizes = arguments.sizes or [*SIZES, *((FULL,) if arguments.full else ())]
    print(header(), flush=True)
    lines = []
    for size in sizes:
        lines.append(measured(size))
        print(line(lines[-1]), flush=True)
    path = keep("scale-", {"growth": [asdict(row) for row in lines]})
    print(f"-> {path.relative_to(ROOT)}, {PICTURE.relative_to(ROOT)}")
    PICTURE.write_text(picture(lines), encoding="utf-8")
    return 0


def measured(size: int) -> Growth:
    """Everything for one size, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="forum-bot-scale-") as folder:
        corpus, store = Path(folder) / "corpus.jsonl", Path(folder) / "store"
        write_corpus(corpus, size)
        ingested = ingest(corpus, store)
        found = {**child("--search", store), **child("--recall", store)}
        served_mb = served(store)
        seconds = ingested["ingest_s"]
        return Growth(**ingested, **found, ingest_rate=found["chunks"] / seconds, served_mb=served_mb)


def write_corpus(path: Path, chunks: int, seed: int = 7) -> None:
    """Articles for about that many chunks, one JSON object a line; the same for the same seed."""
    chance = random.Random(seed)
    records = [
        json.loads(text) for file in sorted(DATA.glob("*.jsonl")) for text in file.open(encoding="utf-8")
    ]
    sentences = [found for record in records for found in re.split(r"(?<=[.?!])\s+", record["text"])]
    with path.open("w", encoding="utf-8") as file:
        for number in range(round(chunks / (PARAGRAPHS + 1))):
            paragraphs = [paragraph(sentences, chance) for _ in range(PARAGRAPHS)]
            title = f"{chance.choice(records)['title']} ({number + 1}번째 글)"
            published = f"20{chance.randint(10, 25)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            record = {
                "id": f"g{number}",
                "title": title,
                "text": "\n".join(paragraphs),
                "published": published,
            }
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def paragraph(sentences: list[str], chance: random.Random) -> str:
    """Sentences of any articles, one after another, with other numbers in them."""
    text = ""
    while len(text) < PARAGRAPH:
        text += " " + chance.choice(sentences).replace("\n", " ")
    return re.sub(r"\d", lambda _: str(chance.randint(1, 9)), text.strip())


def ingest(corpus: Path, store: Path) -> dict[str, float]:
    """`python -m ingest` from start to end: seconds, CPU seconds, peak memory, and the index's size."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "ingest", str(corpus), "--store", str(store)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    generation = store / "generations"
    return {
        "ingest_s": time.perf_counter() - started,
        "ingest_cpu_s": usage.ru_utime + usage.ru_stime,
        "ingest_peak_mb": usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024),
        "disk_mb": sum(path.stat().st_size for path in generation.rglob("*") if path.is_file()) / 1e6,
    }


def child(task: str, store: Path) -> dict[str, Any]:
    """This file's own child process for a store: its figures."""
    command = [sys.executable, __file__, task, str(store)]
    figures: dict[str, Any] = json.loads(subprocess.check_output(command, cwd=ROOT))
    return figures


def questions(count: int = QUESTIONS + HELD) -> Iterator[str]:
    """Questions of the sentences' own articles, shuffled by seed."""
    records = [
        json.loads(text) for file in sorted(DATA.glob("*.jsonl")) for text in file.open(encoding="utf-8")
    ]
    asked = [question["q"] for record in records for question in record["questions"]]
    return iter(random.Random(7).sample(asked, count))


def searched(store: Path) -> dict[str, float]:
    """Warm `Index.search`, the memory of its process, and what a chunk looks like."""
    started = time.perf_counter()
    from vectorstore.kiwi_encoder import KiwiEncoder
    from vectorstore.reader import Index

    index = Index(store, KiwiEncoder())
    asked = questions()
    index.search(next(asked), K)
    open_s = time.perf_counter() - started
    for _ in range(HELD - 1):
        index.search(next(asked), K)
    times = []
    for question in asked:
        began = time.perf_counter()
        index.search(question, K)
        times.append(1000 * (time.perf_counter() - began))
    rows = index.generation.rows
    return {
        "chunks": len(rows), "characters": statistics.fmean(end - start for _, _, start, end in rows),
        "open_s": open_s, "query_p50_ms": statistics.median(times), "query_p95_ms": percentile(times, 95),
        "search_mb": resident_mb(os.getpid()),
    }  # fmt: skip


def compared(store: Path) -> dict[str, float]:
    """The ten nearest that the index finds against the exact ten; one as near as the tenth counts."""
    import numpy as np

    from vectorstore.kiwi_encoder import KiwiEncoder
    from vectorstore.reader import Index

    index = Index(store, encoder := KiwiEncoder())
    generation = index.generation
    ids = [f"{article}#{number}" for article, number, _, _ in generation.rows]
    parts = [generation.dense.vectors(ids[at : at + 5000]) for at in range(0, len(ids), 5000)]
    matrix = np.concatenate(parts)
    shares = []
    for question in questions():
        vector = encoder.encode_query(question)
        if vector.any():
            exact = np.sort(matrix @ vector)[-K:]
            found = [cosine for _, cosine in generation.nearest(vector, K)]
            shares.append(sum(cosine >= exact[0] - 1e-5 for cosine in found) / len(exact))
    return {"recall_at_10": statistics.fmean(shares)}


def served(store: Path) -> float:
    """The memory of `forum-bot serve` in MB after as many questions over HTTP."""
    with serving(store, UNLIMITED) as server:
        for question in questions():
            post(server.url + "/api/chat", {"question": question})
        return resident_mb(server.process.pid)


def header() -> str:
    """The first line of the table."""
    return (
        " chunks  chars  ingest s  CPU s  chunks/s  peak MB  disk MB  open s"
        "  p50 ms  p95 ms  search MB  served MB  recall@10"
    )


def line(row: Growth) -> str:
    """One line of the table."""
    return (
        f"{row.chunks:7,} {row.characters:6.0f} {row.ingest_s:9.1f} {row.ingest_cpu_s:6.0f}"
        f" {row.ingest_rate:9.0f} {row.ingest_peak_mb:8.0f} {row.disk_mb:8.0f} {row.open_s:7.1f}"
        f" {row.query_p50_ms:7.1f} {row.query_p95_ms:7.1f} {row.search_mb:10.0f} {row.served_mb:10.0f}"
        f" {row.recall_at_10:10.4f}"
    )


def picture(rows: list[Growth]) -> str:
    """The growth as an SVG: a chart for each figure, a bar for each size."""
    from bot.evaluation.picture import Bar, Panel, draw

    charts = []
    for name, title in DRAWN.items():
        values = [getattr(row, name) for row in rows]
        bars = (
            Bar(f"{row.chunks:,} chunks", (value / max(values),), shown=(f"{value:,.4g}",))
            for row, value in zip(rows, values, strict=True)
        )
        charts.append(Panel(title, (), tuple(bars)))
    return draw(charts)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
