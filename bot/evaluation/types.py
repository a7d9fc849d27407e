"""The records of a measurement: what is asked, what is right, and what came out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """One text to be found."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the ids of the passages (articles) that answer it, one at least."""

    id: str
    question: str
    right: frozenset[str]


@dataclass(frozen=True, slots=True)
class Data:
    """Questions, with the passages to ask among; None: the articles of an index that is there."""

    name: str
    questions: tuple[Asked, ...]
    passages: tuple[Passage, ...] | None = None
    skipped: int = 0
    """Questions of the file that no passage answers, which are left out."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Means over all questions, 0 to 1, cut off at the rank that the name says."""

    recall_1: float
    recall_5: float
    recall_10: float
    mrr_10: float
    ndcg_10: float


@dataclass(frozen=True, slots=True)
class Run:
    """One retriever over all questions; no measures where it could not run, and why."""

    retriever: str
    measures: Measures | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NoiseRun:
    """Recall@10 of one retriever over questions that one kind of noise was laid on."""

    noise: str
    retriever: str
    recall_10: float
    fall: float
    """Points of 100 below the same questions without noise."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one measurement found."""

    data: str
    encoder: str
    passages: int
    """Different texts: those with identical text count as one."""
    questions: int
    skipped: int
    runs: tuple[Run, ...]
    noise: tuple[NoiseRun, ...] = ()
    noise_questions: int = 0
