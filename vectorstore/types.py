"""The records that cross package borders: frozen, typed, and JSON on the way in and out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from vectorstore.morphemes import Morpheme

Role = Literal["section", "title", "subtitle", "dateline", "byline", "caption", "body"]


@dataclass(frozen=True, slots=True)
class Part:
    """One kept line of an article: `text[start:end]`, and what it is."""

    role: Role
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Article:
    """One article or post. Every offset anywhere refers to `text`."""

    id: str
    title: str
    text: str
    """The cleaned text in NFC: every kept line word for word, in order, one a line."""
    source: str
    """The path or URL it was read from."""
    parts: tuple[Part, ...] = ()
    """The lines of `text`, in order; together they cover it but for the line breaks."""
    publisher: str | None = None
    author: str | None = None
    published: str | None = None
    """ISO date or minute: 2023-11-22 or 2023-11-22T18:13."""
    url: str | None = None
    """Where a reader can open it (http or https only)."""

    @property
    def published_date(self) -> str | None:
        """The day of publication, YYYY-MM-DD."""
        return self.published[:10] if self.published else None

    def paragraph(self, start: int, end: int) -> tuple[int, int]:
        """The bounds of the line or lines that hold `text[start:end]`."""
        left = self.text.rfind("\n", 0, start) + 1
        right = self.text.find("\n", end)
        return left, len(self.text) if right < 0 else right

    def role_at(self, offset: int) -> Role:
        """What the line at `offset` is; body where nothing says otherwise."""
        return next((part.role for part in self.parts if part.start <= offset < part.end), "body")

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready record; `Article.from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Article":
        """The article of a record that `to_json` wrote."""
        parts = tuple(Part(**part) for part in record.get("parts", ()))
        return cls(**{**record, "parts": parts})


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an article: `article.text[start:end]`."""

    start: int
    end: int
    hidden: bool = False
    """Whether it holds a name that is taken down: then it is read and never quoted."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences that is indexed as one unit."""

    article: str
    number: int
    start: int
    end: int
    text: str
    """`article.text[start:end]`, word for word."""

    @property
    def id(self) -> str:
        """Its name in Chroma and in the lexical index."""
        return f"{self.article}#{self.number}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article cut up and ready to be indexed."""

    article: Article
    sentences: tuple[Sentence, ...]
    chunks: tuple[Chunk, ...]
    title: Sequence[Morpheme]
    """The morphemes of the article's title."""
    morphemes: tuple[Sequence[Morpheme], ...]
    """The morphemes of each chunk; their places count from somewhere in the text, not from the chunk."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that a search found; `score` is higher for better."""

    chunk: Chunk
    score: float


def indexed_text(article: Article, chunk: Chunk) -> str:
    """What a chunk is found by: its text under the article's title."""
    return chunk.text if article.title in chunk.text else f"{article.title}\n{chunk.text}"
