"""Read the reader's training data and turn each passage into an analysed page."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.passages import Page, analyse
from ingest.split import prepare
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.types import Article, Part

FOLDER = Path(__file__).parent / "reader_data"


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One question with its page; `answers` are (start, end) in the page's text, none for no answer."""

    passage: str
    page: Page
    question: str
    type: str
    answers: tuple[tuple[int, int], ...]
    record: dict[str, Any]


def examples(encoder: KiwiEncoder, folder: Path = FOLDER) -> Iterator[Example]:
    """Every question of every file, passage by passage."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            page = analyse(encoder, *_prepared(record))
            for question in record["questions"]:
                spans = _spans(page.article.text, question)
                yield Example(record["id"], page, question["q"], question["type"], spans, question)


def _prepared(record: dict[str, Any]) -> tuple[Article, Any]:
    title, body = record["title"], record["text"]
    text = f"{title}\n{body}"
    parts = [Part("title", 0, len(title))]
    start = len(title) + 1
    for paragraph in body.split("\n"):
        parts.append(Part("body", start, start + len(paragraph)))
        start += len(paragraph) + 1
    article = Article(
        record["id"], title, text, "reader_data", tuple(parts), published=record.get("published")
    )
    return article, prepare(article).sentences


def _spans(text: str, question: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    if not question["answers"]:
        return ()
    base = text.rfind(question["in"])
    places = []
    for answer in [*question["answers"], *question.get("alt", [])]:
        start = base + question["in"].find(answer)
        places.append((start, start + len(answer)))
    return tuple(places)
