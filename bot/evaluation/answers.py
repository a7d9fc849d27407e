"""Put gold questions to the bot and judge its replies: `forum-bot eval answers GOLD`.

A line of GOLD is `{"id", "category", "question", "all_of": [["a", "b"], …], "none_of": […], "refuse"}` and
may have `allow_refuse` and `history`. After normalisation (NFC, single spaces, lower case) a reply is right
where every group of `all_of` has one of its strings in it and none of `none_of` is there; where `refuse` is
true, it must be a refusal instead, and where `allow_refuse` is, it may be. One of over `max_chars` is wrong.
The score is that of CRAG (Yang et al. 2024): +1 for right, 0 for a refusal, -1 for wrong; their mean.
"""

import statistics
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.batch import read_history
from bot.bot import Bot
from bot.evaluation.data import DataError, read_records, read_text
from bot.types import Answer, Turn

Listener = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Gold:
    """A question with what its reply must hold and must not."""

    id: str
    category: str
    question: str
    all_of: tuple[tuple[str, ...], ...]
    none_of: tuple[str, ...]
    refuse: bool
    allow_refuse: bool
    history: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A reply with what is wrong about it; nothing where it is right."""

    id: str
    category: str
    question: str
    refuse: bool
    refused: bool
    problems: tuple[str, ...]
    answer: str
    ms: float


@dataclass(frozen=True, slots=True)
class Score:
    """What came out over some questions; shares are 0 to 1, None where there is nothing to share."""

    questions: int
    right: float
    crag: float
    """-1 to 1: right answers and right refusals count +1, other refusals 0, all else -1."""
    refusal_precision: float | None
    """Of the refusals, how many were called for."""
    refusal_recall: float | None
    """Of those called for, how many came."""
    over_refusal: float | None
    """Of the answerable questions, how many were refused."""


@dataclass(frozen=True, slots=True)
class Answers:
    """One measurement."""

    data: str
    max_chars: int
    judged: tuple[Judged, ...]
    whole: Score
    categories: Mapping[str, Score]
    p50_ms: float
    p95_ms: float


def read_gold(path: Path) -> list[Gold]:
    """The questions of a file; raises DataError, which names the line."""
    found = [_gold(path, number, record) for number, record in read_records(path)]
    if not found:
        raise DataError("evaluation.no_gold", path=path)
    return found


def evaluate_answers(
    bot: Bot, name: str, gold: Sequence[Gold], max_chars: int, on_question: Listener = lambda done, of: None
) -> Answers:
    """Ask everything, in order; raises UserError where the bot cannot answer at all."""
    bot.warm()
    judged = []
    for number, item in enumerate(gold):
        on_question(number, len(gold))
        started = time.perf_counter()
        answer = bot.answer(item.question, item.history)
        taken = 1000 * (time.perf_counter() - started)
        problems = tuple(judge(item, answer, max_chars))
        judged.append(
            Judged(
                item.id, item.category, item.question, item.refuse, answer.kind == "refusal", problems,
                answer.answer, taken,
            )
        )  # fmt: skip
    categories = {item.category: 0 for item in gold}
    scores = {name: score([each for each in judged if each.category == name]) for name in categories}
    times = sorted(each.ms for each in judged)
    p95 = times[max(0, -(-95 * len(times) // 100) - 1)]
    return Answers(name, max_chars, tuple(judged), score(judged), scores, statistics.median(times), p95)


def judge(item: Gold, answer: Answer, max_chars: int) -> list[str]:
    """What is wrong about a reply, in a few words each."""
    text = _normal(answer.answer)
    refused = answer.kind == "refusal"
    problems = [] if text else ["empty"]
    if max_chars and len(text) > max_chars:
        problems.append(f"{len(text)} > {max_chars}")
    problems += [f"none_of: {word}" for word in item.none_of if _normal(word) and _normal(word) in text]
    if item.refuse:
        return problems if refused else [*problems, "answered"]
    if refused:
        return problems if item.allow_refuse else [*problems, "refused"]
    missing = [group for group in item.all_of if not any(_normal(word) in text for word in group)]
    return problems + [f"all_of: {' / '.join(group)}" for group in missing]


def score(judged: Sequence[Judged]) -> Score:
    """The shares over these replies."""
    right = sum(not each.problems for each in judged)
    wrong = sum(bool(each.problems) and not (each.refused and not each.refuse) for each in judged)
    refused = [each for each in judged if each.refused]
    unanswerable = [each for each in judged if each.refuse]
    answerable = [each for each in judged if not each.refuse]
    called_for = sum(each.refuse or not each.problems for each in refused)
    return Score(
        len(judged), right / len(judged), (right - wrong) / len(judged),
        called_for / len(refused) if refused else None,
        sum(each.refused for each in unanswerable) / len(unanswerable) if unanswerable else None,
        sum(each.refused and bool(each.problems) for each in answerable) / len(answerable)
        if answerable
        else None,
    )  # fmt: skip


def _gold(path: Path, number: int, record: dict[str, Any]) -> Gold:
    groups, never = record.get("all_of", []), record.get("none_of", [])
    if not isinstance(groups, list) or not all(_strings(group) and group for group in groups):
        raise DataError("evaluation.bad_gold", path=path, line=number, field="all_of")
    if not _strings(never):
        raise DataError("evaluation.bad_gold", path=path, line=number, field="none_of")
    category = record.get("category")
    return Gold(
        str(record.get("id") or number), category if isinstance(category, str) and category else "-",
        read_text(path, number, record, "question"), tuple(tuple(group) for group in groups), tuple(never),
        record.get("refuse") is True, record.get("allow_refuse") is True,
        tuple(read_history(record.get("history"), number)),
    )  # fmt: skip


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).lower().split())
