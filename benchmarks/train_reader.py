"""Train the offline reader: `python -m benchmarks.train_reader` (seeded; minutes on two cores).

A linear listwise model: the softmax over the candidate answers of the right sentence is to fall on the
right ones (cf. ListNet: Cao et al. 2007). Which sentence is right, `bot/evidence.py` says: learned apart,
both generalise to news better than learned as one (right sentence .62 against .42 on a real article).
One set of weights for every question, and one more for each type of question, which L2 keeps small.
Splits are by passage, so that no passage is on both sides.

    python -m benchmarks.train_reader            # five-fold figures, then weights from all of the data
    python -m benchmarks.train_reader --curve    # the learning curve too
"""

import argparse
import json
import random
import re
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from benchmarks.reader_data import Example, examples
from bot.evidence import Asked, rank
from bot.lexicon import question_words
from bot.passages import Candidate
from bot.question import understand
from bot.reader.features import DENSE, extract, wh_particle
from bot.reader.model import ANY, span_keys
from bot.reader.spans import clean_answer
from vectorstore.kiwi_encoder import KiwiEncoder

WEIGHTS = Path(__file__).parent.parent / "bot" / "reader" / "weights.json"
L2_ANY, L2_TYPE = 1.0, 2.0  # per question; chosen by the five-fold figure
MIN_COUNT = 20  # a key that fewer candidates show gets no weight
SEED = 7
FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One question: its candidates' features (sparse columns by name) and which of them are right."""

    example: Example
    kind: str
    dense: NDArray[np.float32]
    keys: list[tuple[str, ...]]
    target: NDArray[np.float32]
    """Share of the target mass of each candidate, sums to 1."""
    sentence: NDArray[np.int64]
    """The line of each candidate."""
    texts: list[str]
    best_sentence: int
    """The line that `bot.evidence` puts first."""


def main() -> None:
    """Train, print the figures and write the weights."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--curve", action="store_true")
    options.add_argument("--no-write", action="store_true")
    chosen = options.parse_args()
    started = time.time()
    groups = collect()
    print(f"{len(groups)} questions with an answer, {time.time() - started:.0f} s to extract")
    passages = sorted({group.example.passage for group in groups})
    random.Random(SEED).shuffle(passages)
    print("five-fold:", cross_validate(groups, passages))
    if chosen.curve:
        for share in (0.1, 0.25, 0.5, 1.0):
            print(f"{share:.0%} of the training passages:", cross_validate(groups, passages, share, folds=2))
    if not chosen.no_write:
        write(Problem(groups).fit())
        print(f"weights written, {time.time() - started:.0f} s in all")


def collect() -> list[Group]:
    """Every answerable question with its candidates."""
    encoder = KiwiEncoder()
    groups = []
    for example in examples(encoder):
        if example.answers and example.type != "yesno":
            group = _group(example, encoder)
            if group is not None:
                groups.append(group)
    return groups


def _group(example: Example, encoder: KiwiEncoder) -> Group | None:
    asked = Asked.of(understand(example.question), encoder)
    particle = wh_particle(asked.question.morphemes, frozenset(question_words()))
    text = example.page.article.text
    dense, keys, places, lines, texts = [], [], [], [], []
    for number, line in enumerate(example.page.lines):
        row = extract(asked, Candidate(example.page, number, 1.0))
        dense.append(row.dense)
        for span in row.anatomy.spans:
            keys.append(span_keys(span, particle))
            places.append((line.start + span.start, line.start + span.end))
            lines.append(number)
            texts.append(clean_answer(line.text[span.start : span.end]))
    target = _target(text, example.answers, places)
    if target is None:
        return None
    ranked = rank(asked, [Candidate(example.page, number, 1.0) for number in range(len(example.page.lines))])
    best = ranked[0].candidate.place
    return Group(
        example, asked.question.type, np.concatenate(dense), keys, target, np.array(lines), texts, best
    )


def _target(
    text: str, answers: Sequence[tuple[int, int]], places: Sequence[tuple[int, int]]
) -> NDArray[np.float32] | None:
    """For each answer the candidates that overlap it best share its mass."""
    target = np.zeros(len(places), np.float32)
    begin = np.array([place[0] for place in places])
    end = np.array([place[1] for place in places])
    for start, stop in answers:
        common = np.clip(np.minimum(end, stop) - np.maximum(begin, start), 0, None)
        f1 = 2 * common / ((end - begin) + (stop - start))
        if f1.max(initial=0.0) >= 0.6:
            best = f1 >= f1.max() - 1e-6
            target[best] += 1.0 / best.sum()
    return target / target.sum() if target.sum() else None


class Problem:
    """The listwise loss over some groups, with the columns that their features need."""

    def __init__(self, groups: Sequence[Group]) -> None:
        kinds = sorted({group.kind for group in groups} | {ANY})
        kept = [_kept(group) for group in groups]
        counts: Counter[tuple[str, str]] = Counter()
        for group, rows in zip(groups, kept, strict=True):
            for row in rows:
                counts.update((kind, key) for key in group.keys[row] for kind in (ANY, group.kind))
        keyed = sorted(name for name, count in counts.items() if count >= MIN_COUNT)
        self.names = [(kind, name) for kind in kinds for name in DENSE] + keyed
        self._kind_count = len(kinds)
        number = {kind: place for place, kind in enumerate(kinds)}
        column = {name: place for place, name in enumerate(keyed)}
        self._dense = np.concatenate([group.dense[rows] for group, rows in zip(groups, kept, strict=True)])
        self._kind = np.concatenate(
            [np.full(len(rows), number[group.kind]) for group, rows in zip(groups, kept, strict=True)]
        )
        self._any = number[ANY]
        self._keys = _key_matrix(groups, kept, column)
        target = [
            group.target[rows] / group.target[rows].sum() for group, rows in zip(groups, kept, strict=True)
        ]
        self._target = np.concatenate(target).astype(np.float64)
        self._sizes = np.array([len(rows) for rows in kept])
        self._bounds = np.concatenate([[0], np.cumsum(self._sizes)[:-1]])

    def fit(self) -> dict[tuple[str, str], float]:
        """The weights that minimise the loss, by name."""
        penalty = np.array([L2_ANY if kind == ANY else L2_TYPE for kind, _ in self.names])
        width = len(DENSE)
        split = self._kind_count * width
        of_kind = [np.flatnonzero(self._kind == kind) for kind in range(self._kind_count)]

        def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            blocks = weights[:split].reshape(self._kind_count, width)
            scores = self._keys @ weights[split:] + self._dense @ blocks[self._any]
            for kind, rows in enumerate(of_kind):
                scores[rows] += self._dense[rows] @ blocks[kind]
            tops = np.maximum.reduceat(scores, self._bounds)
            powers = np.exp(scores - np.repeat(tops, self._sizes))
            shares = powers / np.repeat(np.add.reduceat(powers, self._bounds), self._sizes)
            value = -float((self._target * np.log(shares + 1e-12)).sum())
            error = shares - self._target
            slopes = np.empty_like(blocks)
            for kind, rows in enumerate(of_kind):
                slopes[kind] = error[rows] @ self._dense[rows]
            slopes[self._any] = error @ self._dense
            gradient = np.concatenate([slopes.ravel(), self._keys.T @ error]) + penalty * weights
            return value + 0.5 * float((penalty * weights * weights).sum()), gradient

        found = minimize(
            loss, np.zeros(len(self.names)), jac=True, method="L-BFGS-B", options={"maxiter": 120}
        )
        return {name: float(weight) for name, weight in zip(self.names, found.x, strict=True)}


def _kept(group: Group) -> NDArray[np.int64]:
    """The candidates to train on: all of the right sentences."""
    return np.flatnonzero(np.isin(group.sentence, np.unique(group.sentence[group.target > 0])))


def _key_matrix(
    groups: Sequence[Group], kept: Sequence[NDArray[np.int64]], column: dict[tuple[str, str], int]
) -> csr_matrix:
    """One row a candidate, one column a (type, key), ones where it shows the key."""
    columns = array("i")
    bounds = array("q", [0])
    for group, rows in zip(groups, kept, strict=True):
        for row in rows:
            for key in group.keys[row]:
                for kind in (ANY, group.kind):
                    place = column.get((kind, key))
                    if place is not None:
                        columns.append(place)
            bounds.append(len(columns))
    shape = (len(bounds) - 1, len(column))
    return csr_matrix((np.ones(len(columns), np.float32), np.array(columns), np.array(bounds)), shape=shape)


def score(weights: dict[tuple[str, str], float], group: Group) -> NDArray[np.float64]:
    """The score of each candidate of a group."""
    dense = np.array([weights.get((ANY, name), 0.0) + weights.get((group.kind, name), 0.0) for name in DENSE])
    total = group.dense @ dense
    for number, keys in enumerate(group.keys):
        total[number] += sum(weights.get((kind, key), 0.0) for key in keys for kind in (ANY, group.kind))
    return np.asarray(total)


def cross_validate(
    groups: Sequence[Group], passages: Sequence[str], share: float = 1.0, folds: int = FOLDS
) -> str:
    """Exact match and F1 on passages that were not trained on: in the right sentence, and in the passage."""
    inside: list[tuple[float, float]] = []
    whole: list[tuple[float, float]] = []
    right: list[float] = []
    by_type: dict[str, list[float]] = {}
    for fold in range(folds):
        held = set(passages[fold::FOLDS])
        kept = [passage for passage in passages if passage not in held]
        train = set(kept[: int(len(kept) * share)])
        weights = Problem([group for group in groups if group.example.passage in train]).fit()
        for group in (group for group in groups if group.example.passage in held):
            scores = score(weights, group)
            gold = np.unique(group.sentence[group.target > 0])
            inside.append(_marks(group, np.where(np.isin(group.sentence, gold), scores, -np.inf)))
            best = group.best_sentence
            right.append(float(best in gold))
            chosen = np.where(group.sentence == best, scores, -np.inf)
            whole.append(_marks(group, chosen) if np.isfinite(chosen).any() else (0.0, 0.0))
            by_type.setdefault(group.example.type, []).append(inside[-1][1])
    parts = " ".join(f"{kind} {np.mean(values):.2f}" for kind, values in sorted(by_type.items()))
    (em, f1), (whole_em, whole_f1) = np.mean(inside, axis=0), np.mean(whole, axis=0)
    return (
        f"right sentence given: EM {em:.3f} F1 {f1:.3f}; passage given: sentence {np.mean(right):.3f} "
        f"EM {whole_em:.3f} F1 {whole_f1:.3f} | F1 by type: {parts}"
    )


def _marks(group: Group, scores: NDArray[np.float64]) -> tuple[float, float]:
    """(exact match, F1) of the best candidate against the best of the answers."""
    found = group.texts[int(np.argmax(scores))]
    text = group.example.page.article.text
    gold = [clean_answer(text[a:b]) for a, b in group.example.answers]
    return float(found in gold), max(letter_f1(found, answer) for answer in gold)


def letter_f1(found: str, gold: str) -> float:
    """F1 over letters, as KorQuAD counts it (spaces and marks left out)."""
    a, b = (Counter(re.sub(r"[^\w]", "", text)) for text in (found, gold))
    common = sum((a & b).values())
    return 2 * common / (sum(a.values()) + sum(b.values())) if common else 0.0


def write(weights: dict[tuple[str, str], float]) -> None:
    """Write the weights, rounded to two digits, those near zero left out."""
    dense: dict[str, dict[str, float]] = {}
    keys: dict[str, dict[str, float]] = {}
    for (kind, name), weight in weights.items():
        if abs(weight) >= 0.02:
            (dense if name in DENSE else keys).setdefault(kind, {})[name] = round(weight, 2)
    record = {
        "about": "Made by `python -m benchmarks.train_reader`; see benchmarks/reader_data/README.md.",
        "dense": dense,
        "keys": keys,
    }
    WEIGHTS.write_text(json.dumps(record, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
