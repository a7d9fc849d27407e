"""A tiny real bot for the tests of the web half: it answers from one article by the words of the question."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

from bot.types import Answer, Citation, Event, Sources, Token, Turn
from vectorstore.types import Article, Part

LINES = (
    ("title", "마을 도서관, 겨울부터 밤에도 연다"),
    ("byline", "김하늘 기자"),
    ("body", "한빛마을 도서관이 다음 달부터 밤 10시까지 문을 연다. 관장 이서준 씨는 20일 주민 설명회에서 "
             "“퇴근한 뒤에도 책을 읽을 수 있어야 한다”고 말했다. 설명회에는 주민 140명이 참석했다."),
    ("caption", "20일 한빛마을 회관에서 열린 주민 설명회 모습."),
)  # fmt: skip


def library_article(url: str | None = "https://news.example.kr/articles/1?id=3&page=2") -> Article:
    """One short article of four lines."""
    text = "\n".join(line for _, line in LINES)
    parts, start = [], 0
    for role, line in LINES:
        parts.append(Part(role, start, start + len(line)))  # type: ignore[arg-type]
        start += len(line) + 1
    return Article(
        "library",
        LINES[0][1],
        text,
        "articles/library.txt",
        tuple(parts),
        "한빛신문",
        "김하늘",
        "2024-11-21T09:30",
        url,
    )


def cite(article: Article, quote: str, marker: int = 1) -> Citation:
    """A citation of `quote`, which `article` holds."""
    start = article.text.index(quote)
    return Citation(
        marker, article.id, article.title, article.source, article.publisher, article.published_date,
        quote, start, start + len(quote),
    )  # fmt: skip


class LibraryBot:
    """Answers questions about the library; `pace` is its pause after each piece of the answer."""

    def __init__(self, article: Article | None = None, pace: float = 0.0, warm_seconds: float = 0.0) -> None:
        self._article = article or library_article()
        self._pace = pace
        self._warm_seconds = warm_seconds
        self._warm = threading.Event()
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []
        self.closed = 0

    @property
    def ready(self) -> bool:
        return self._warm.is_set()

    def warm(self) -> None:
        time.sleep(self._warm_seconds)
        self._warm.set()

    def article(self, id: str) -> Article | None:
        return self._article if id == self._article.id else None

    def suggestions(self) -> tuple[str, ...]:
        return ("도서관은 몇 시까지 여나요?", "관장은 누구인가요?", "설명회에는 몇 명이 왔나요?")

    def follow_ups(self, answer: Answer, asked: Sequence[str] = ()) -> tuple[str, ...]:
        known = (answer.question, *asked)
        return tuple(question for question in self.suggestions() if question not in known)

    def stream(
        self, question: str, history: Sequence[Turn] = (), left: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        self.asked.append((question, tuple(history)))
        if "고장" in question:
            raise RuntimeError("a wire came loose in /srv/secret")
        try:
            answer = self._answer(question)
            yield Sources(answer.citations)
            for word in answer.answer.split(" "):
                yield Token(word + " ")
                time.sleep(self._pace)
            if "끊김" in question:
                raise RuntimeError("the line went dead in /srv/secret")
            yield answer
        finally:
            self.closed += 1

    def _answer(self, question: str) -> Answer:
        if "축구" in question:
            return Answer(
                question, question, "refusal", "기사에 축구 이야기는 없습니다.", reason="no_evidence"
            )
        quote, said = (
            "한빛마을 도서관이 다음 달부터 밤 10시까지 문을 연다.",
            "도서관은 다음 달부터 밤 10시까지 엽니다.",
        )
        citations = (cite(self._article, quote),)
        if "관장" in question:
            quote = "관장 이서준 씨는 20일 주민 설명회에서 “퇴근한 뒤에도 책을 읽을 수 있어야 한다”고 말했다."
            said = "관장은 이서준 씨입니다."
            citations = (cite(self._article, quote), cite(self._article, LINES[3][1], 2))
        marks = "".join(f"[{citation.marker}]" for citation in citations)
        return Answer(question, question, "answer", f"{said} {marks}", said, citations=citations)
