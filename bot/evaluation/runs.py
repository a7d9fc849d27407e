"""Put the questions to each retriever, one after another, and measure what comes back."""

import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

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
    right = {str(place): corpus.right(asked) for place, asked in enumerate(questions)}
    retriever.rank(questions[0].question)  # once unmeasured: models load on first use
    rankings, times = {}, []
    for place, asked in enumerate(questions):
        started = time.perf_counter()
        found = retriever.rank(asked.question)
        times.append(1000 * (time.perf_counter() - started))
        rankings[str(place)] = _distinct(found, corpus.same)
    return Run(retriever.name, measure(rankings, right), statistics.median(times))


def _noise_runs(
    retrievers: Sequence[Retriever], corpus: Corpus, questions: Sequence[Asked]
) -> list[NoiseRun]:  # fmt: skip
    right = {str(place): corpus.right(asked) for place, asked in enumerate(questions)}
    found = []
    for retriever in retrievers:
        if retriever.rank is None:
            continue
        clean = _recall(retriever.rank, [asked.question for asked in questions], corpus, right)
        found.append(NoiseRun("clean", retriever.name, clean, 0.0))
        for noise in NOISES:
            wordings = [noisy(asked.question, noise, f"{SEED}:{asked.id}") for asked in questions]
            recall = _recall(retriever.rank, wordings, corpus, right)
            found.append(NoiseRun(noise, retriever.name, recall, 100 * (clean - recall)))
    return found


def _recall(
    rank: Rank, wordings: Sequence[str], corpus: Corpus, right: Mapping[str, frozenset[str]]
) -> float:  # fmt: skip
    rankings = {str(place): _distinct(rank(text), corpus.same) for place, text in enumerate(wordings)}
    return measure(rankings, right).recall_10


def _distinct(found: Sequence[str], same: Mapping[str, str]) -> list[str]:
    """The first ten different passages of a ranking; those with the same text are one."""
    return list(dict.fromkeys(same[id] for id in found))[:DEPTH]
