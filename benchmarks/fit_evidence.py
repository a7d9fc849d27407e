"""Fit the weights of `bot/evidence.py`: `python -m benchmarks.fit_evidence` prints them with their accuracy.

A listwise softmax over the sentences of a passage, on three quarters of the passages of reader_data; the rest
tells how often the right sentence comes first. `retrieved` and `header_asked` are set by hand: a passage is
always retrieved here, and has no header but its title.
"""

import random

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.reader_data import examples
from bot.evidence import Asked, features
from bot.passages import Candidate
from bot.people import cast_of
from bot.question import understand
from vectorstore.kiwi_encoder import KiwiEncoder

SEED, L2 = 0, 1.0


def main() -> None:
    """Fit, and print the right sentence's share on either side and the weights."""
    names, groups = collect()
    passages = sorted({passage for passage, _, _ in groups})
    random.Random(SEED).shuffle(passages)
    held = set(passages[: len(passages) // 4])
    sides = [[g for g in groups if (g[0] in held) == side] for side in (False, True)]
    weights = fit(sides[0], len(names))
    for name, side in zip(("fitted on", "held out"), sides, strict=True):
        print(
            name, len(side), f"{np.mean([np.argmax(rows @ weights) in right for _, rows, right in side]):.3f}"
        )
    print({name: round(float(weight), 1) for name, weight in zip(names, weights, strict=True)})


def collect() -> tuple[list[str], list[tuple[str, NDArray[np.float64], list[int]]]]:
    """The features' names; for each question its passage, (sentences, features), and the right sentences."""
    encoder, names, groups = KiwiEncoder(), [], []
    for example in examples(encoder):
        asked = Asked.of(understand(example.question), encoder)
        named = cast_of(example.page).named_in(asked.question.text)
        lines = example.page.lines
        right = [
            n for n, line in enumerate(lines) if any(line.start <= a < line.end for a, _ in example.answers)
        ]
        if right and example.type != "yesno":
            rows = [features(asked, Candidate(example.page, n, 0.0), named) for n in range(len(lines))]
            names = list(rows[0])
            groups.append((example.passage, np.array([list(row.values()) for row in rows]), right))
    return names, groups


def fit(groups: list[tuple[str, NDArray[np.float64], list[int]]], width: int) -> NDArray[np.float64]:
    """The weights that put the most probability on the right sentences."""

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = 0.5 * L2 * float(weights @ weights), L2 * weights
        for _, rows, right in groups:
            scores = rows @ weights
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            mass = shares[right].sum()
            wanted = np.zeros_like(shares)
            wanted[right] = shares[right] / mass
            value -= float(np.log(mass + 1e-12))
            slope = slope + rows.T @ (shares - wanted)
        return value, slope

    return np.asarray(minimize(loss, np.zeros(width), jac=True, method="L-BFGS-B").x)


if __name__ == "__main__":
    main()
