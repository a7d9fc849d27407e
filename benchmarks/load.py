"""The served bot under load: `python benchmarks/load.py [--only L1,L2] [--seconds 600] [--strict]`.

Each row has a server of its own (`python -m bot serve`, the bundled report, no language model but in L4) and
visitors from many loopback addresses, each question on a new connection. The limits are an operator's, but
for what a row would pass by itself: told beside it.

L1  50 conversations at once, with pauses of 1 to 5 s, 40 questions (`questions.txt`)
L2  200 questions opened at once, again and again for at most 60 s; refused visitors come back after 1 s
L3  search alone (the encoder too): 500 questions by 8 threads, beside the same one after another
L4  30 visitors who leave in the middle of a slow answer that a model writes (the test-suite's stub)
L5  20 readers of 100 bytes a second and 5 who take nothing, beside 50 visitors; in turn with 50 alone
L7  SIGTERM under load, and the next start

The table goes to standard output, the same figures to `results/load-<commit>.json`.
"""

import argparse
import asyncio
import contextlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chats import RATE, TALK, asking, written
from figures import ROOT, Measure, keep, line, percentile
from llm_stub import Stub
from served import ADMIN, UNLIMITED, Served, StartError, ingest, resident_mb, serving, status_of
from visitors import (
    Reply,
    address,
    ask,
    connected,
    crowd,
    events,
    has_addresses,
    read_head,
    request,
)

VISITORS, THINK = 50, (1.0, 5.0)
AT_ONCE, STORM, COME_BACK = 200, 60.0, 1.0  # places, seconds at most, seconds after a refusal
PATIENT = 12  # questions of a visitor before the next one takes his place; 10 a minute are let through
SETTLED, LOOK = 12.0, 0.25  # seconds that are looked at after a storm, and between two looks
GROWTH = 300.0  # MB
QUERIES, THREADS, K = 500, 8, 10
ABORTS, CALLS, CLOSED = 30, 10, 2.0
SLOW, IDLE, BYTES = 20, 5, 100  # readers, and bytes that a slow one takes in a second
CUT, CUT_IDLE = 130.0, 70.0  # seconds: 120 and 60, and what lies between two looks
STOPPED, AGAIN = 30.0, 60.0
FOR_ALL = {"FORUM_BOT_LIMIT": "none"}  # where 1,200 a minute are passed at once; a visitor keeps his limit


@dataclass(slots=True)
class Found:
    """The lines of one row, and what else is kept of it."""

    measures: list[Measure]
    more: dict[str, Any] = field(default_factory=dict)


def main() -> int:
    """Measure the rows, print and keep the figures; with --strict 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default=",".join(ROWS), help="rows, as L1,L4")
    parser.add_argument("--seconds", type=float, default=600.0, help="of L1, and twice of L5")
    parser.add_argument("--chunks", type=int, default=20_000, help="of the index of L3")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a limit is passed")
    arguments = parser.parse_args()
    rows = arguments.only.upper().split(",")
    if unknown := set(rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if not has_addresses():
        print(f"{address(1)} cannot be used: visitors need the addresses of 127.0.0.0/8, as Linux has them")
        return 1
    found = measured(rows, arguments)
    path = keep("load-", {"arguments": vars(arguments), "rows": {row: asdict(found[row]) for row in found}})
    print(f"-> {path.relative_to(ROOT)}")
    good = len(found) == len(rows) and all(one.good for row in found.values() for one in row.measures)
    return int(arguments.strict and not good)


def measured(rows: Sequence[str], arguments: argparse.Namespace) -> dict[str, Found]:
    """Each row in turn, printed as soon as it is there; without those whose server did not start."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="forum-bot-load-") as folder:
        store = Path(folder) / "store"
        ingest(store)
        for row in rows:
            try:
                found[row] = ROWS[row](store, arguments)
            except StartError as exc:
                print(f"{row}: not measured, {exc}", flush=True)
                continue
            print("\n".join(line(measure) for measure in found[row].measures), flush=True)
    return found


def questions() -> list[str]:
    """The forty that the bundled report answers."""
    return (ROOT / "benchmarks" / "questions.txt").read_text(encoding="utf-8").split("\n")[:-1]


def counted(found: Iterable[object]) -> dict[str, int]:
    """How many of each."""
    return dict(Counter(map(str, found)))


# L1


def conversations(server: Served, seconds: float) -> Found:
    """L1."""
    talk = crowd(server.url, VISITORS, seconds, THINK, questions())
    replies, memory = asyncio.run(_with_memory(server, talk, 60.0))
    whole = [reply for reply in replies if reply.whole and reply.answer]
    first = [reply.first for reply in whole]
    ends = [reply.ended for reply in whole]
    faults = [reply.fault or f"HTTP {reply.status}" for reply in replies if not reply.whole]
    return Found(
        [
            Measure("L1 questions answered", len(whole), ""),
            Measure("L1 errors, drops and refusals", len(faults), "", 0),
            Measure("L1 first byte, p50", percentile(first, 50), "s"),
            Measure("L1 first byte, p95", percentile(first, 95), "s", 1.0),
            Measure("L1 first byte, p99", percentile(first, 99), "s", 2.0),
            Measure("L1 end to end, p50", percentile(ends, 50), "s"),
            Measure("L1 end to end, p95", percentile(ends, 95), "s"),
            *_memory_lines("L1", memory),
        ],
        {
            "faults": counted(faults),
            "kinds": counted(str(reply.answer["kind"]) for reply in whole if reply.answer),
            "memory_mb": memory,
        },
    )


async def _with_memory(
    server: Served, work: Awaitable[list[Reply]], every: float
) -> tuple[list[Reply], list[float]]:
    """What the work gives, and the server's memory in MB at the start, each so often and at the end."""
    memory = [resident_mb(server.process.pid)]

    async def look() -> None:
        while True:
            await asyncio.sleep(every)
            memory.append(resident_mb(server.process.pid))

    looking = asyncio.create_task(look())
    try:
        replies = await work
    finally:
        looking.cancel()
    return replies, [*memory, resident_mb(server.process.pid)]


def _memory_lines(row: str, memory: Sequence[float]) -> Iterator[Measure]:
    yield Measure(f"{row} server memory at the start", memory[0], "MB")
    yield Measure(f"{row} server memory at the end", memory[-1], "MB")
    yield Measure(f"{row} server memory, growth at most", max(memory) - memory[0], "MB", GROWTH)


# L2


def storm(server: Served, seconds: float, settled: float = SETTLED) -> Found:
    """L2."""
    work = _storm(server.url, seconds, settled)
    replies, memory = asyncio.run(_with_memory(server, work, 1.0))
    until = replies[0].began + seconds
    refused = [reply for reply in replies if reply.refused]
    faults = [reply.fault for reply in replies if reply.fault and not reply.gave_up]
    given_up = sum(reply.gave_up for reply in replies)
    late = [reply.began + reply.ended - until for reply in refused if reply.began > until]
    return Found(
        [
            Measure("L2 questions answered", sum(reply.whole for reply in replies), ""),
            Measure("L2 refused: 429 or 503, and when to come again", len(refused), ""),
            Measure("L2 let in, and told in the end that it takes too long", given_up, "", 0),
            Measure("L2 every other reply", len(faults), "", 0),
            Measure("L2 refusal told after, p95", percentile([one.ended for one in refused], 95), "s"),
            Measure("L2 refusal told after, at most", max((one.ended for one in refused), default=0), "s", 1),
            Measure("L2 last refusal of a new visitor after the storm", max(late, default=0.0), "s", 10),
            *_memory_lines("L2", memory),
        ],
        {"faults": counted(faults), "statuses": counted(reply.status for reply in replies)},
    )


async def _storm(url: str, seconds: float, settled: float) -> list[Reply]:
    """The replies of the storm, and of the new visitors who look afterwards whether it is over."""
    began = time.monotonic()
    each = (_place(url, number, began + seconds) for number in range(AT_ONCE))
    after = _after(url, began + seconds, settled)
    return [reply for replies in await asyncio.gather(*each, after) for reply in replies]


async def _place(url: str, number: int, until: float) -> list[Reply]:
    """One place of the storm: a visitor who does not let up, then the next one."""
    chance, replies, asked = random.Random(number), list[Reply](), questions()
    while time.monotonic() < until or not replies:
        visitor = number + AT_ONCE * (len(replies) // PATIENT)
        replies.append(await ask(url, chance.choice(asked), visitor))
        if not replies[-1].whole:
            await asyncio.sleep(COME_BACK)
    return replies


async def _after(url: str, until: float, settled: float) -> list[Reply]:
    """New visitors after the storm, one after another, until one has not been refused for a while."""
    await asyncio.sleep(until - time.monotonic())
    replies, calm = list[Reply](), until
    while time.monotonic() < min(until + 2 * SETTLED, calm + settled):
        replies.append(await ask(url, questions()[0], 1_000_000 + len(replies)))
        calm = calm if replies[-1].whole else time.monotonic()
        await asyncio.sleep(LOOK)
    return replies


# L3


def search(store: Path, chunks: int) -> Found:
    """L3. `chunks` of a made-up corpus (see `scale.py`); the threads first, so that nothing is known yet."""
    sys.path.insert(0, str(ROOT))
    from scale import ingest as ingest_corpus
    from scale import questions as corpus_questions
    from scale import write_corpus

    from vectorstore.kiwi_encoder import KiwiEncoder
    from vectorstore.reader import Index

    corpus, own = store.with_name("corpus.jsonl"), store.with_name("corpus")
    write_corpus(corpus, chunks)
    ingest_corpus(corpus, own)
    index = Index(own, KiwiEncoder())
    index.search(questions()[0], K)  # the analyser and the index are loaded
    asked = list(corpus_questions(QUERIES))

    def one(question: str) -> tuple[float, object]:
        began = time.perf_counter()
        hits = index.search(question, K)
        return time.perf_counter() - began, hits

    with ThreadPoolExecutor(THREADS) as pool:
        parallel = list(pool.map(one, asked))
    serial = [one(question) for question in asked]
    other = sum(left[1] != right[1] for left, right in zip(parallel, serial, strict=True))
    return Found(
        [
            Measure("L3 chunks", len(index.generation.rows), ""),
            Measure(f"L3 search by {THREADS} threads, p50", percentile(_times(parallel), 50), "ms"),
            Measure(f"L3 search by {THREADS} threads, p95", percentile(_times(parallel), 95), "ms", 500),
            Measure("L3 search one after another, p95", percentile(_times(serial), 95), "ms"),
            Measure(f"L3 of {len(asked)} questions with other results", other, "", 0),
        ]
    )


def _times(found: Sequence[tuple[float, object]]) -> list[float]:
    """In ms."""
    return [1000 * seconds for seconds, _ in found]


# L4


def aborts(store: Path) -> Found:
    """L4. The model writes one checked sentence and then, for long, one that does not end."""
    with Stub() as stub:
        stub.rate, stub.reply = RATE, lambda body: written(body) + " 축사를 했습니다" * 400
        with serving(store, UNLIMITED | ADMIN | asking(stub, CALLS)) as server:
            closed, open_calls = asyncio.run(_leave(server.url, stub))
            slots = _slots_free(server)
            stub.rate, stub.reply = None, written
            after = asyncio.run(_at_once(server.url, CALLS))
    by_model = sum(reply.whole and reply.answer is not None and reply.answer["mode"] == "generative"
                   for reply in after)  # fmt: skip
    return Found(
        [
            Measure("L4 visitors who left in the middle", len(closed) + open_calls, ""),
            Measure("L4 calls of the model that stayed open", open_calls, "", 0),
            Measure("L4 call of the model closed after, p95", percentile(closed, 95), "s"),
            Measure("L4 call of the model closed after, at most", max(closed, default=0.0), "s", CLOSED),
            Measure("L4 every slot free after", slots, "s", CLOSED),
            Measure(f"L4 of {CALLS} questions at once afterwards, not by the model", CALLS - by_model, "", 0),
        ]
    )


async def _leave(url: str, stub: Stub) -> tuple[list[float], int]:
    """Seconds from each leaving to the end of its call, as many as the model has slots at a time; how many
    calls did not end in five times the limit."""
    closed, before = [], 0
    for start in range(0, ABORTS, CALLS):
        numbers = range(start, min(start + CALLS, ABORTS))
        left = await asyncio.gather(*(_left(url, number) for number in numbers))
        until = time.monotonic() + 5 * CLOSED
        while stub.open and time.monotonic() < until:
            await asyncio.sleep(0.005)
        ends, before = sorted(stub.aborted[before:]), len(stub.aborted)
        closed += [end - begin for begin, end in zip(sorted(left), ends, strict=False)]
    return closed, ABORTS - len(closed)


async def _left(url: str, number: int) -> float:
    """Ask, read the first sentence and leave; when. Raises RuntimeError where there is none."""
    reader, writer = await connected(url, number)
    reply = Reply(TALK[number % len(TALK)][0], time.monotonic())
    try:
        writer.write(request(url, reply.question))
        await read_head(reader, reply)
        async for name, _ in events(reader):
            if name == "token":
                return time.monotonic()
    finally:
        writer.transport.abort() if number % 2 else writer.close()
    raise RuntimeError(f"the answer ended before its visitor left (HTTP {reply.status})")


async def _at_once(url: str, count: int) -> list[Reply]:
    each = (ask(url, TALK[number % len(TALK)][0], 100 + number) for number in range(count))
    return await asyncio.gather(*each)


def _slots_free(server: Served) -> float:
    """Seconds until the server counts no open and no waiting question; infinite where it always does."""
    began = time.monotonic()
    while time.monotonic() - began < 5 * CLOSED:
        told = server.told()
        if told["open_chats"] == told["waiting_chats"] == told["model_waiting"] == 0:
            return time.monotonic() - began
        time.sleep(0.02)
    return float("inf")


# L5


def slow_readers(server: Served, seconds: float) -> Found:
    """L5. Alone, beside slow readers, and alone again."""
    first, beside, cuts, last = asyncio.run(_in_turn(server, seconds))
    alone = first + last
    ends = [[reply.ended for reply in replies if reply.whole] for replies in (alone, beside)]
    firsts = [[reply.first for reply in replies if reply.whole] for replies in (alone, beside)]
    faults = [
        [reply.fault or f"HTTP {reply.status}" for reply in replies if not reply.whole]
        for replies in (alone, beside)
    ]
    rise = 100 * (percentile(ends[1], 95) / percentile(ends[0], 95) - 1)
    slow, idle = cuts[:SLOW], cuts[SLOW:]
    return Found(
        [
            Measure("L5 first byte alone, p95", percentile(firsts[0], 95), "s"),
            Measure("L5 first byte beside slow readers, p95", percentile(firsts[1], 95), "s"),
            Measure("L5 end to end alone, p95", percentile(ends[0], 95), "s"),
            Measure("L5 end to end beside slow readers, p95", percentile(ends[1], 95), "s"),
            Measure("L5 end to end, p95 rises by", rise, "%", 20),
            Measure("L5 errors, drops and refusals alone", len(faults[0]), ""),
            Measure("L5 errors, drops and refusals beside slow readers", len(faults[1]), "", 0),
            Measure("L5 reader of 100 B/s cut after, at least", min(slow), "s"),
            Measure("L5 reader of 100 B/s cut after, at most", max(slow), "s", CUT),
            Measure("L5 reader who takes nothing cut after, at most", max(idle), "s", CUT_IDLE),
        ],
        {"faults": [counted(each) for each in faults], "cuts_s": cuts},
    )


async def _in_turn(
    server: Served, seconds: float
) -> tuple[list[Reply], list[Reply], list[float], list[Reply]]:
    """Replies alone, beside slow readers with the seconds after which each of these was cut, and alone."""

    async def some(seconds: float) -> list[Reply]:
        return await crowd(server.url, VISITORS, seconds, THINK, questions())

    first = await some(seconds / 2)
    cutting = asyncio.create_task(_cuts(server))
    beside = await some(seconds)
    cuts = await cutting
    return first, beside, cuts, await some(seconds / 2)


async def _cuts(server: Served) -> list[float]:
    """The seconds until each slow reader was cut; infinite for one that was not. Those who take nothing
    are the last ones."""
    numbers = [500 + number for number in range(SLOW + IDLE)]
    began, cuts = time.monotonic(), dict.fromkeys(numbers, float("inf"))
    tasks = [asyncio.create_task(_slow(server, one, one >= 500 + SLOW)) for one in numbers]
    try:
        while (passed := time.monotonic() - began) < CUT and float("inf") in cuts.values():
            await asyncio.sleep(1.0)
            held = _held(server.port)
            gone = [one for one in numbers if address(one) not in held and cuts[one] == float("inf")]
            cuts |= dict.fromkeys(gone, passed)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return list(cuts.values())


async def _slow(server: Served, number: int, idle: bool) -> None:
    """Ask in one go, twenty questions and take 100 bytes of the answers a second, or four and take none."""
    loop = asyncio.get_running_loop()
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # next to nothing is held for it
        reader.bind((address(number), 0))
        reader.setblocking(False)
        await loop.sock_connect(reader, ("127.0.0.1", server.port))
        some = questions()[: 4 if idle else 20]
        asked = b"".join(request(server.url, question, "keep-alive") for question in some)
        await loop.sock_sendall(reader, asked)
        while True:
            await asyncio.sleep(1.0)
            with contextlib.suppress(OSError):  # nothing is there, or the server has cut the connection
                if not idle:
                    reader.recv(BYTES)


def _held(port: int) -> set[str]:
    """The addresses that a server on the loopback holds a connection to; from Linux's own table."""
    found = set()
    for text in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, local, remote, state, *_ = text.split()
        if state == "01" and local.endswith(f":{port:04X}"):
            found.add(socket.inet_ntoa(bytes.fromhex(remote[:8])[::-1]))
    return found


# L7


def restart(server: Served, store: Path, seconds: float) -> Found:
    """L7. Fifty visitors without a pause; the next start is on the same port."""
    ended = asyncio.run(_stopped(server, seconds))
    with serving(store, UNLIMITED, server.port, ready=False) as again:
        statuses = _until_ready(again)
        ready = time.monotonic() - again.began
        answered = asyncio.run(ask(again.url, questions()[0], 1)).whole
    before = [reply for reply in ended.replies if reply.began <= ended.at and not reply.whole]
    cut = [reply for reply in before if reply.status]
    hung_up = [reply for reply in before if reply.connected and not reply.status]
    new = [reply for reply in ended.replies if reply.began > ended.refused_at]
    running = sum(reply.began <= ended.at < reply.began + reply.ended for reply in ended.replies)
    return Found(
        [
            Measure("L7 answers running at SIGTERM", running, ""),
            Measure("L7 answers that had begun, cut", len(cut), "", 0),
            Measure("L7 connected just before it, hung up on unheard", len(hung_up), "", 0),
            Measure("L7 new connections refused after", ended.refused_at - ended.at, "s", 1),
            Measure("L7 questions taken after that", sum(reply.connected for reply in new), "", 0),
            Measure("L7 process ended after", ended.gone_at - ended.at, "s", STOPPED),
            Measure("L7 exit code", abs(ended.code), "", 0),
            Measure("L7 ready again after", ready, "s", AGAIN),
            Measure("L7 /readyz before that other than 503", len(statuses - {503}), "", 0),
            Measure("L7 first question not answered", not answered, "", 0),
        ],
        {
            "cut": counted(reply.fault for reply in cut),
            "unheard": counted(reply.fault for reply in hung_up),
            "questions": len(ended.replies),
        },
    )


@dataclass(frozen=True, slots=True)
class Ended:
    """How a server stopped; the times are monotonic, of the signal, the first refusal, the end."""

    replies: list[Reply]
    at: float
    refused_at: float
    gone_at: float
    code: int


async def _stopped(server: Served, seconds: float) -> Ended:
    """Load the server, stop it in the middle, and go on asking for a second after it refuses."""
    loop, leave = asyncio.get_running_loop(), asyncio.Event()
    asking = [asyncio.create_task(_restless(server.url, number, leave)) for number in range(VISITORS)]
    try:
        await asyncio.sleep(seconds)
        at = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        gone = loop.run_in_executor(None, _gone, server)
        refused_at = await _refused(server.url)
        await asyncio.sleep(1.0)
        leave.set()
        replies = [reply for one in await asyncio.gather(*asking) for reply in one]
        return Ended(replies, at, refused_at, *await gone)
    finally:
        for task in asking:
            task.cancel()


async def _restless(url: str, number: int, leave: asyncio.Event) -> list[Reply]:
    """A visitor who asks at once again, and takes a breath only where he is not let in."""
    chance, replies, asked = random.Random(number), list[Reply](), questions()
    while not leave.is_set():
        replies.append(await ask(url, chance.choice(asked), number))
        if not replies[-1].whole:
            await asyncio.sleep(0.1)
    return replies


async def _refused(url: str) -> float:
    """When a new connection was refused (monotonic); infinite where none was."""
    until = time.monotonic() + STOPPED
    while time.monotonic() < until:
        try:
            _, writer = await connected(url, 400)
        except ConnectionRefusedError:
            return time.monotonic()
        writer.transport.abort()
        await asyncio.sleep(0.01)
    return float("inf")


def _gone(server: Served) -> tuple[float, int]:
    """When the process ended (monotonic), and its exit code; infinite and -9 where it does not."""
    try:
        code = server.process.wait(STOPPED + 10)
    except subprocess.TimeoutExpired:
        return float("inf"), -9
    return time.monotonic(), code


def _until_ready(server: Served) -> set[int]:
    """What /readyz says before it says 200. Raises StartError."""
    statuses = set()
    while (status := status_of(server.url + "/readyz")) != 200:
        server.check(status)
        statuses.add(status)
        time.sleep(0.02)
    return statuses


def row_1(store: Path, asked: argparse.Namespace) -> Found:
    """A visitor who thinks for 3 s passes 10 questions a minute, and 50 of them 600: without limits."""
    with serving(store, UNLIMITED) as server:
        return conversations(server, asked.seconds)


def row_2(store: Path, asked: argparse.Namespace) -> Found:
    """Everybody's 600 questions a minute are passed in seconds, and then refuse for long: without them."""
    with serving(store, FOR_ALL) as server:
        return storm(server, min(asked.seconds, STORM))


def row_5(store: Path, asked: argparse.Namespace) -> Found:
    """Visitors as in L1, so without limits."""
    with serving(store, UNLIMITED) as server:
        return slow_readers(server, asked.seconds)


def row_7(store: Path, asked: argparse.Namespace) -> Found:
    """Visitors who do not think, so without limits."""
    with serving(store, UNLIMITED) as server:
        return restart(server, store, 5.0)


ROWS: dict[str, Callable[[Path, argparse.Namespace], Found]] = {
    "L1": row_1,
    "L2": row_2,
    "L3": lambda store, asked: search(store, asked.chunks),
    "L4": lambda store, _: aborts(store),
    "L5": row_5,
    "L7": row_7,
}

if __name__ == "__main__":
    sys.exit(main())
