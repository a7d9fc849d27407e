"""What goes in and out of the bot: frozen records with the JSON of the published contract."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["answer", "smalltalk", "refusal"]
Reason = Literal["no_evidence", "out_of_scope", "unsafe", "unclear"]
Mode = Literal["extractive", "generative"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """One quoted piece of evidence: `article.text[start:end] == quote`."""

    marker: int
    article: str
    title: str
    source: str
    publisher: str | None
    published: str | None
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The bot's reply to one question."""

    question: str
    standalone: str
    kind: Kind
    answer: str
    short: str | None = None
    reason: Reason | None = None
    citations: tuple[Citation, ...] = ()
    mode: Mode = "extractive"
    model: str | None = None
    fallback: str | None = None
    latency_ms: int = 0

    @property
    def refused(self) -> bool:
        """Whether the bot declined to answer."""
        return self.kind == "refusal"

    def to_json(self, id: str | None = None) -> dict[str, Any]:
        """The published JSON: a stable set of keys in a stable order."""
        record = asdict(self)
        return {
            "id": id,
            "kind": self.kind,
            "question": self.question,
            "standalone": self.standalone,
            "answer": self.answer,
            "short": self.short,
            "refused": self.refused,
            "reason": self.reason,
            "citations": record["citations"],
            "mode": self.mode,
            "model": self.model,
            "fallback": self.fallback,
            "latency_ms": self.latency_ms,
        }


@dataclass(frozen=True, slots=True)
class State:
    """What a bot serves, as of now."""

    generation: str
    articles: int
    chunks: int
    model: str | None
    """The language model's name; None where answers are read from the articles."""
    breaker_open: bool
    """Whether the model's server is left alone, as it kept failing."""
    waiting: int
    """Questions in line for the model."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the answer's text as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The evidence that the answer will quote, known before its text."""

    citations: Sequence[Citation] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Status:
    """What the bot is doing, for the one who waits."""

    text: str


Event = Status | Sources | Token | Answer
"""What a stream yields: of several Sources the last counts, and the Answer, the last, replaces all text."""
