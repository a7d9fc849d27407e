"""Small Korean posts of our own, stores made of them, and our commands in processes of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from ingest.split import SPLITTER, prepare
from vectorstore.encoders import Encoder
from vectorstore.types import Article, Part, Prepared, Role
from vectorstore.writer import IndexWriter

ROOT = Path(__file__).resolve().parents[1]

Lines: TypeAlias = tuple[tuple[Role, str], ...]

MARKET = (
    ("title", "느티나무시장, 여름밤 야시장 연다"),
    ("byline", "송가람 기자"),
    (
        "body",
        "느티나무시장 상인회는 7월 5일부터 매주 금요일 오후 6시에 야시장을 연다. 야시장에는 먹거리 가게 "
        "24곳이 나온다. 상인회장 오지훈 씨는 “손님이 다시 찾는 시장을 만들겠다”고 말했다.",
    ),
    (
        "body",
        "첫날 행사에서 개회사는 서다은 구청장이 했고 축사는 문태오 시의원이 했다. "
        "공연은 중앙광장에서 열린다.",
    ),
)
RIVER = (
    ("title", "버들천 산책로 정비, 내년 봄에 끝난다"),
    (
        "body",
        "버들천 산책로 정비 공사가 내년 4월에 끝난다. 시는 공사비 12억 원을 들여 낡은 다리 두 곳을 "
        "새로 놓는다. 배소라 물순환과장은 “장마가 오기 전에 마무리하겠다”고 밝혔다.",
    ),
)
BADUK = (
    ("title", "동네 바둑 모임이 새 회원을 찾는다"),
    (
        "body",
        "동네 바둑 모임이 새 회원을 찾는다. 모임은 토요일 아침 10시에 주민센터 2층에서 연다. "
        "회비는 월 5천 원이다.",
    ),
)


def article(id: str, lines: tuple[tuple[Role, str], ...] = MARKET) -> Article:
    """An article of the given lines."""
    text = "\n".join(line for _, line in lines)
    parts, start = [], 0
    for role, line in lines:
        parts.append(Part(role, start, start + len(line)))
        start += len(line) + 1
    title = next(line for role, line in lines if role == "title")
    return Article(
        id, title, text, f"posts/{id}.txt", tuple(parts), "느티나무신문", "송가람", "2024-06-28T09:00",
        f"https://news.example.kr/{id}",
    )  # fmt: skip


def post(id: str, text: str, title: str | None = None) -> Prepared:
    """A post of one paragraph, cut up."""
    lines: tuple[tuple[Role, str], ...] = (("title", title or f"{id}번 글"), ("body", text))
    return prepare(article(id, lines))


def town() -> tuple[Prepared, ...]:
    """Three posts of one town."""
    named = {"market": MARKET, "river": RIVER, "baduk": BADUK}
    return tuple(prepare(article(id, lines)) for id, lines in named.items())  # type: ignore[arg-type]


def write(store: Path, encoder: Encoder, *posts: Prepared) -> None:
    """Bring posts into a store."""
    with IndexWriter.open(store, encoder, SPLITTER) as writer:
        for prepared in posts:
            writer.put(prepared)


def filled(
    store: Path,
    encoder: Encoder,
    named: dict[str, Lines],
    authors: dict[str, str],
    days: dict[str, str] | None = None,
) -> None:
    """A store of articles and posts by id, each by its author and in no newspaper, of the days given."""
    articles = (article(id, lines) for id, lines in named.items())
    changed = (
        replace(
            each, author=authors[each.id], published=(days or {}).get(each.id, each.published), publisher=None
        )
        for each in articles
    )
    write(store, encoder, *(prepare(each) for each in changed))


def command(*argv: str, cwd: Path = ROOT, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run `python …` as a person would and return what came of it."""
    return subprocess.run(
        [sys.executable, *argv], cwd=cwd, env={**os.environ, "PYTHONIOENCODING": "utf-8", **env}, input=stdin,
        capture_output=True, encoding="utf-8", check=False, timeout=120,
    )  # fmt: skip


def soon(found: Callable[[], bool]) -> bool:
    """Whether it comes true within three seconds."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        if found():
            return True
        time.sleep(0.05)
    return False
