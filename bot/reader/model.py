"""The reader's weights and how they are used: a linear score, and a softmax over a sentence's candidates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from bot.evidence import Asked, Ranked
from bot.lexicon import question_words
from bot.passages import Candidate
from bot.reader.features import DENSE, Row, extract, wh_particle
from bot.reader.spans import Span

ANY = "*"  # weights that hold for every type of question


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights by type of question: `dense[type]` of shape (len(DENSE),), `keys[type][key]`."""

    dense: Mapping[str, NDArray[np.float32]]
    keys: Mapping[str, Mapping[str, float]]

    def score(self, asked: Asked, row: Row) -> NDArray[np.float32]:
        """The score of every candidate of a sentence, shape (candidates,)."""
        kind = asked.question.type
        weights = self.dense[ANY] + self.dense.get(kind, np.float32(0))
        total = row.dense @ weights
        tables = [table for table in (self.keys.get(ANY), self.keys.get(kind)) if table is not None]
        particle = wh_particle(asked.question.morphemes, frozenset(question_words()))
        for number, span in enumerate(row.anatomy.spans):
            total[number] += sum(table.get(key, 0.0) for key in span_keys(span, particle) for table in tables)
        return np.asarray(total, np.float32)


def span_keys(span: Span, particle: str) -> tuple[str, ...]:
    """A candidate's keys, with the question word's particle crossed with its own."""
    return (*span.keys, f"asks={particle},{span.keys[1]}")


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A candidate answer with its share of the softmax over all of them."""

    candidate: Candidate
    span: Span
    score: float
    share: float

    @property
    def text(self) -> str:
        """Its words as they stand."""
        return self.candidate.line.text[self.span.start : self.span.end]


def read(asked: Asked, ranked: Sequence[Ranked], model: Model | None = None) -> list[Found]:
    """Every candidate answer in the sentences, best first.

    The share of a candidate is its sentence's share times its own within the sentence.
    """
    model = model or load_model()
    found = []
    for item in ranked:
        row = extract(asked, item.candidate)
        if row.anatomy.spans:
            scores = model.score(asked, row)
            shares = np.exp(scores - scores.max())
            shares *= item.share / shares.sum()
            found += [
                Found(item.candidate, span, float(score), float(share))
                for span, score, share in zip(row.anatomy.spans, scores, shares, strict=True)
            ]
    return sorted(found, key=lambda answer: -answer.share)


@cache
def load_model() -> Model:
    """The weights that ship with the package."""
    record = json.loads((files("bot.reader") / "weights.json").read_text(encoding="utf-8"))
    dense = {
        kind: np.array([table.get(name, 0.0) for name in DENSE], np.float32)
        for kind, table in record["dense"].items()
    }
    return Model(dense, record["keys"])
