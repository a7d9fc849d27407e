"""Many visitors at once: `python benchmarks/chats.py [--visitors 50] [--seconds 60] [--extractive]`.

A served bot in a process of its own; visitors from many loopback addresses ask it over `POST /api/chat` one
question after another, with a pause of 1 to 5 s between (`--think 0` for none). The language model is the
test-suite's stub, in this process, writing 25 pieces of one to three letters a second. Told: errors, the time
to the first event, and to the first checked sentence beside the stub's own time for it. `--extractive` leaves
the model out. The table goes to standard output, the figures to `results/chats-<commit>.json`.
"""

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from llm_stub import Stub  # noqa: E402 - the stub belongs to the tests

RATE = 25.0  # pieces a second
# What is asked, a word of the sentence that answers it, and the model's answer with a place for its number.
TALK = (
    ("2부 사회는 누가 봤나요?", "임한필이", "2부 토론회의 사회는 임한필 포럼 정책위원장이 봤습니다 {}."),
    ("개회사는 누가 했나요?", "전우진", "개회사는 전우진 포럼 수석대표가 했습니다 {}."),
    (
        "토론회는 어디에서 열렸나요?",
        "대회의실이다",
        "정책토론회는 광주시의회 4층 대회의실에서 열렸습니다 {}.",
    ),
    ("격려사는 누가 했나요?", "전우진", "격려사는 주기환 국민의힘 광주시당위원장이 했습니다 {}."),
    (
        "새민주는 무엇의 줄임말인가요?",
        "새민주",
        "새민주는 새로운미래를준비하는모임을 줄여서 부르는 말입니다 {}.",
    ),
)


@dataclass
class Tally:
    """What the visitors met with, in seconds."""

    first: list[float] = field(default_factory=list)
    sentence: list[tuple[str, float]] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    fallbacks: list[str] = field(default_factory=list)


def main() -> int:
    """Measure, print the table, keep the figures; 1 where there was an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, nargs=2, default=(1.0, 5.0), metavar=("FROM", "TO"))
    parser.add_argument("--extractive", action="store_true", help="without the model")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="forum-bot-chats-") as folder, Stub() as stub:
        stub.rate, stub.reply = RATE, written
        tally, alone, memory = asyncio.run(measured(arguments, stub, Path(folder)))
    figures = table(tally, alone, memory)
    for name, value in figures.items():
        print(f"{name:<52} {value}")
    keep(figures | {"arguments": vars(arguments)})
    return 1 if tally.errors else 0


def written(body: dict[str, Any]) -> str:
    """The stub's answer to a prompt: its number for the sentence that answers the question."""
    told = body["messages"][-1]["content"]
    for question, word, answer in TALK:
        found = re.search(rf"\[(\d+)\][^\n]*{word}", told)
        if question in told and found:
            return answer.format(f"[{found[1]}]") + f" 기사에 그렇게 적혀 있습니다 [{found[1]}]."
    return "1"


async def measured(
    arguments: argparse.Namespace, stub: Stub, folder: Path
) -> tuple[Tally, dict[str, float], float]:
    """The tally, the stub's own time for each first sentence, and the server's memory in MB."""
    alone = {question: await stubs_own(stub.url, question, word) for question, word, _ in TALK}
    unlimited = {"FORUM_BOT_VISITOR_LIMIT": "none", "FORUM_BOT_LIMIT": "none"}
    settings = unlimited if arguments.extractive else unlimited | {
        "FORUM_BOT_LLM": "openai:stub", "FORUM_BOT_LLM_URL": stub.url + "/v1",
        "FORUM_BOT_LLM_CALLS": str(arguments.visitors), "FORUM_BOT_LLM_WAITING": str(arguments.visitors),
    }  # fmt: skip
    command = [sys.executable, "-m", "bot", "serve", "--port", "0", "--store", str(folder / "store")]
    subprocess.run([sys.executable, "-m", "ingest", "--store", str(folder / "store")], check=True, cwd=ROOT,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = re.search(r"http://\S+", server.stdout.readline())[0]  # type: ignore[index]
        await ready(url)
        tally = Tally()
        until = time.monotonic() + arguments.seconds
        await asyncio.gather(
            *(visit(number, url, until, arguments.think, tally) for number in range(arguments.visitors))
        )
        return tally, alone, resident(server.pid)
    finally:
        server.terminate()
        server.wait(30)


async def stubs_own(url: str, question: str, word: str) -> float:
    """Seconds from a request to the stub until its first sentence is there, with nothing between."""
    body = {
        "stream": True,
        "model": "stub",
        "messages": [{"role": "user", "content": f"[1] {word}\n{question}"}],
    }
    began, text = time.monotonic(), ""
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", url + "/v1/chat/completions", json=body) as reply,
    ):
        async for line in reply.aiter_lines():
            if line.startswith("data: {"):
                text += json.loads(line[6:])["choices"][0]["delta"].get("content") or ""
            if "]." in text:
                return time.monotonic() - began
    raise RuntimeError("the stub wrote no sentence")


async def visit(number: int, url: str, until: float, think: tuple[float, float], tally: Tally) -> None:
    """One visitor, from an address of his own."""
    chance = random.Random(number)
    address = f"127.0.{1 + number // 200}.{2 + number % 200}"
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(transport=transport, timeout=60) as client:
        await asyncio.sleep(chance.uniform(0, max(think[1], 0.5)))
        while time.monotonic() < until:
            await ask(client, url, chance.choice(TALK)[0], tally)
            await asyncio.sleep(chance.uniform(*think))


async def ask(client: httpx.AsyncClient, url: str, question: str, tally: Tally) -> None:
    """One question, to the end of its answer."""
    began = time.monotonic()
    seen: dict[str, float] = {}
    try:
        async with client.stream("POST", url + "/api/chat", json={"question": question}) as reply:
            if reply.status_code != 200:
                tally.errors.append(f"HTTP {reply.status_code}")
                return
            event = ""
            async for line in reply.aiter_lines():
                if line.startswith("event: "):
                    event = line[7:]
                    seen.setdefault(event, time.monotonic() - began)
                elif line.startswith("data: ") and event == "error":
                    tally.errors.append(line[6:])
                elif line.startswith("data: ") and event == "answer":
                    answer = json.loads(line[6:])
                    if answer["fallback"]:
                        tally.fallbacks.append(answer["fallback"])
    except httpx.HTTPError as exc:
        tally.errors.append(repr(exc))
        return
    if "done" not in seen or "answer" not in seen:
        tally.errors.append(f"no end: {sorted(seen)}")
        return
    tally.first.append(min(seen.values()))
    tally.sentence.append((question, seen.get("token", seen["answer"])))
    tally.whole.append(seen["done"])


async def ready(url: str) -> None:
    """Return once the server has loaded its index."""
    async with httpx.AsyncClient() as client:
        for _ in range(240):
            if (await client.get(url + "/readyz")).status_code == 200:
                return
            await asyncio.sleep(0.5)
    raise TimeoutError(url)


def resident(process: int) -> float:
    """Resident memory in MB, where the system tells (Linux)."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return float("nan")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def table(tally: Tally, alone: dict[str, float], memory: float) -> dict[str, Any]:
    """The figures by name."""

    def at(values: list[float], share: float) -> float:
        return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 2) if values else 0.0

    beyond = [seconds - alone[question] for question, seconds in tally.sentence]
    return {
        "questions answered": len(tally.whole),
        "errors": len(tally.errors),
        "kinds of error": sorted(set(tally.errors))[:5],
        "answers that fell back": len(tally.fallbacks),
        "kinds of fallback": sorted(set(tally.fallbacks)),
        "first event, p50 / p95 / p99 [s]": (
            at(tally.first, 0.5),
            at(tally.first, 0.95),
            at(tally.first, 0.99),
        ),
        "first sentence, p50 / p95 [s]": (
            at([s for _, s in tally.sentence], 0.5),
            at([s for _, s in tally.sentence], 0.95),
        ),
        "beyond the stub's own time for it, p50 / p95 [s]": (at(beyond, 0.5), at(beyond, 0.95)),
        "whole answer, p50 / p95 [s]": (at(tally.whole, 0.5), at(tally.whole, 0.95)),
        "memory of the server afterwards [MB]": round(memory),
    }


def keep(figures: dict[str, Any]) -> None:
    """Write the figures beside the commit that they were measured on."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    name = f"chats-{commit.stdout.strip() or 'unknown'}.json"
    path = ROOT / "benchmarks" / "results" / name
    path.write_text(json.dumps(figures, ensure_ascii=False, indent=1, default=list) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
