"""Put the questions to each retriever, one after another, and measure what comes back."""

import random
from collections.abc import Callable, Iterator, Sequence

from bot.evaluation.corpus import Corpus, opened
from bot.evaluation.measures import DEPTH, measure
from bot.evaluation.noise import NOISES, noisy
from bot.evaluation.retrievers import Rank, Retriever, all_retrievers
from bot.evaluation.types import Asked, Data, NoiseRun, Report, Run
from vectorstore.settings import StoreSettings

NOISY_QUESTIONS = 300
SEED = "forum-bot"

Listener = Callable[[str], None]


def evaluate(
    data: Data, settings: StoreSettings, noise: bool = False, on_retriever: Listener = lambda name: None
) -> Report:
    """Every retriever over the data; with `noise`, recall@10 under each noise too.

    `on_retriever` hears each retriever's name as its turn comes. Raises DataError, StoreError, EncoderError.
    """
    with opened(data, settings) as corpus:
        retrievers = all_retrievers(corpus)
        runs = tuple(_run(retriever, corpus, data.questions, on_retriever) for retriever in retrievers)
        some = sample(data.questions, NOISY_QUESTIONS) if noise else ()
        return Report(
            data.name, corpus.index.encoder.name, len(set(corpus.same.values())), len(data.questions),
            data.skipped, runs, tuple(_noise_runs(retrievers, corpus, some)) if noise else (), len(some),
        )  # fmt: skip


def sample(questions: Sequence[Asked], count: int) -> tuple[Asked, ...]:
    """That many of the questions, always the same ones, in their order; all where there are not more."""
    if len(questions) <= count:
        return tuple(questions)
    chosen = random.Random(SEED).sample(range(len(questions)), count)
    return tuple(questions[place] for place in sorted(chosen))


def _run(retriever: Retriever, corpus: Corpus, questions: Sequence[Asked], on_retriever: Listener) -> Run:
    on_retriever(retriever.name)
    if retriever.rank is None:
        return Run(retriever.name, reason=retriever.reason)
    right = _right(corpus, questions)
    found = _rankings(retriever.rank, [asked.question for asked in questions], corpus)
    return Run(retriever.name, measure(found, right))


def _noise_runs(
    retrievers: Sequence[Retriever], corpus: Corpus, questions: Sequence[Asked]
) -> Iterator[NoiseRun]:
    right = _right(corpus, questions)
    for retriever in retrievers:
        if retriever.rank is None:
            continue
        clean = 0.0
        for noise in ("clean", *NOISES):
            wordings = [_worded(asked, noise) for asked in questions]
            recall = measure(_rankings(retriever.rank, wordings, corpus), right).recall_10
            clean = recall if noise == "clean" else clean
            yield NoiseRun(noise, retriever.name, recall, 100 * (clean - recall))


def _worded(asked: Asked, noise: str) -> str:
    return asked.question if noise == "clean" else noisy(asked.question, noise, f"{SEED}:{asked.id}")


def _right(corpus: Corpus, questions: Sequence[Asked]) -> dict[str, frozenset[str]]:
    """The right passages by the question's place (a file may give an id twice)."""
    return {str(place): corpus.right(asked) for place, asked in enumerate(questions)}


def _rankings(rank: Rank, wordings: Sequence[str], corpus: Corpus) -> dict[str, list[str]]:
    """The first ten different passages for each wording, by its place; those with the same text are one."""
    rankings = {}
    for place, wording in enumerate(wordings):
        found = dict.fromkeys(corpus.same[id] for id in rank(wording))
        rankings[str(place)] = list(found)[:DEPTH]
    return rankings
