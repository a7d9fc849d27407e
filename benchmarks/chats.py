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
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from figures import ROOT, keep
from served import UNLIMITED, Served, ingest, resident_mb, serving
from visitors import Reply, at, crowd

sys.path.insert(0, str(ROOT / "tests"))

from llm_stub import Stub

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
        store = Path(folder) / "store"
        ingest(store)
        settings = UNLIMITED if arguments.extractive else UNLIMITED | asking(stub, arguments.visitors)
        with serving(store, settings) as server:
            figures = asyncio.run(measured(arguments, stub, server))
    for name, value in figures.items():
        print(f"{name:<52} {value}")
    keep("chats-", figures | {"arguments": vars(arguments)})
    return 1 if figures["errors"] else 0


def asking(stub: Stub, calls: int) -> dict[str, str]:
    """The settings of a bot that asks the stub, so many questions at once and as many in line."""
    return {
        "FORUM_BOT_LLM": "openai:stub", "FORUM_BOT_LLM_URL": stub.url + "/v1",
        "FORUM_BOT_LLM_CALLS": str(calls), "FORUM_BOT_LLM_WAITING": str(calls),
    }  # fmt: skip


def written(body: dict[str, Any]) -> str:
    """The stub's answer to a prompt: its number for the sentence that answers the question."""
    told = body["messages"][-1]["content"]
    for question, word, answer in TALK:
        found = re.search(rf"\[(\d+)\][^\n]*{word}", told)
        if question in told and found:
            return answer.format(f"[{found[1]}]") + f" 기사에 그렇게 적혀 있습니다 [{found[1]}]."
    return "1"


async def measured(arguments: argparse.Namespace, stub: Stub, server: Served) -> dict[str, Any]:
    """The figures by name, beside the stub's own time for each first sentence."""
    alone = {question: await stubs_own(stub.url, question, word) for question, word, _ in TALK}
    questions = [question for question, _, _ in TALK]
    replies = await crowd(server.url, arguments.visitors, arguments.seconds, arguments.think, questions)
    return table(replies, alone, resident_mb(server.process.pid))


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


def table(replies: list[Reply], alone: dict[str, float], memory: float) -> dict[str, Any]:
    """The figures by name."""
    whole = [reply for reply in replies if reply.whole and reply.answer]
    faults = [reply.fault or f"HTTP {reply.status}" for reply in replies if not reply.whole]
    fallbacks = [
        str(reply.answer["fallback"]) for reply in whole if reply.answer and reply.answer["fallback"]
    ]
    first = [reply.first for reply in whole]
    sentence = [reply.seen.get("token", reply.seen["answer"]) for reply in whole]
    beyond = [seconds - alone[reply.question] for reply, seconds in zip(whole, sentence, strict=True)]
    ends = [reply.seen["done"] for reply in whole]
    return {
        "questions answered": len(whole),
        "errors": len(faults),
        "kinds of error": sorted(set(faults))[:5],
        "answers that fell back": len(fallbacks),
        "kinds of fallback": sorted(set(fallbacks)),
        "first event, p50 / p95 / p99 [s]": (at(first, 50), at(first, 95), at(first, 99)),
        "first sentence, p50 / p95 [s]": (at(sentence, 50), at(sentence, 95)),
        "beyond the stub's own time for it, p50 / p95 [s]": (at(beyond, 50), at(beyond, 95)),
        "whole answer, p50 / p95 [s]": (at(ends, 50), at(ends, 95)),
        "memory of the server afterwards [MB]": round(memory),
    }


if __name__ == "__main__":
    sys.exit(main())
