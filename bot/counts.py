"""How many questions of which kind, day by day: sums only, from which nothing of a visitor can be read.

Sums are gathered in memory and added to the file from time to time; several servers may share it.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from bot.ledger import LedgerError, changing, rows
from bot.llm.failures import Kind as FallbackKind
from bot.types import Answer
from prompts import say

DAYS = 400  # that are kept
MOST_CITED = 1_000  # articles of one day that are told apart
MOST_PENDING = 10_000  # sums in memory while the file cannot be written
RATINGS = ("wrong", "missing", "source", "harmful", "other")
"""Why an answer was no help."""

What = Literal["answer", "smalltalk", "refusal", "failed", "left", "fallback", "cited", "up", "down"]
QUESTIONS: tuple[What, ...] = ("answer", "refusal", "smalltalk", "failed", "left")
"""The ends that a question can have: one of three answers, none for a fault, none as nobody waited."""
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS count (day TEXT NOT NULL, what TEXT NOT NULL, which TEXT NOT NULL,"
    " number INTEGER NOT NULL, PRIMARY KEY (day, what, which)) WITHOUT ROWID"
)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Count:
    """One sum: of a day, of a kind, and which of that kind (a reason, an article)."""

    day: str
    what: str
    which: str
    number: int


class Counts:
    """Adds to the sums of today; threads may share it."""

    def __init__(self, path: Path, today: Callable[[], date] = date.today) -> None:
        self._path = path
        self._today = today
        self._lock = threading.Lock()
        self._pending: Counter[tuple[str, What, str]] = Counter()
        self._cleared: str | None = None

    def answered(self, answer: Answer) -> None:
        """Count an answer, its reason or fallback, and the articles that it cites."""
        self.note(answer.kind, answer.reason or "")
        if answer.fallback is not None:
            self.note("fallback", fallback_kind(answer.fallback))
        for article in sorted({citation.article for citation in answer.citations}):
            self.note("cited", article)

    def rated(self, up: bool, reason: str | None = None) -> None:
        """Count what a visitor thought of an answer; an unknown reason is `other`."""
        known = reason if reason is None or reason in RATINGS else "other"
        self.note("up" if up else "down", "" if up else known or "")

    def note(self, what: What, which: str = "") -> None:
        """Count one."""
        key = (self._today().isoformat(), what, which)
        with self._lock:
            if key in self._pending or len(self._pending) < MOST_PENDING:
                self._pending[key] += 1

    def flush(self) -> None:
        """Add what was counted to the file; what cannot be written is kept for the next time."""
        with self._lock:
            pending, self._pending = self._pending, Counter()
        today = self._today().isoformat()
        if not pending and self._cleared == today:
            return
        try:
            self._write(pending, today)
            self._cleared = today
        except LedgerError as error:
            logger.warning("the counts could not be written: %s", error)
            with self._lock:
                self._pending.update(pending)

    def _write(self, pending: Counter[tuple[str, What, str]], today: str) -> None:
        if not pending and not self._path.exists():
            return
        with changing(self._path, _SCHEMA) as db:
            db.executemany(
                "INSERT INTO count VALUES (?, ?, ?, ?)"
                " ON CONFLICT (day, what, which) DO UPDATE SET number = number + excluded.number",
                [(*key, number) for key, number in pending.items()],
            )
            for day in {day for day, what, _ in pending if what == "cited"}:
                db.execute(
                    "DELETE FROM count WHERE day = ? AND what = 'cited' AND which NOT IN (SELECT which FROM"
                    " count WHERE day = ? AND what = 'cited' ORDER BY number DESC, which LIMIT ?)",
                    (day, day, MOST_CITED),
                )
            oldest = date.fromisoformat(today) - timedelta(days=DAYS - 1)
            db.execute("DELETE FROM count WHERE day < ?", (oldest.isoformat(),))


def read_counts(path: Path, first: date, last: date) -> list[Count]:
    """Every sum of the days from `first` to `last`. Raises LedgerError."""
    found = rows(
        path,
        "SELECT day, what, which, number FROM count WHERE day BETWEEN ? AND ? ORDER BY day, what, which",
        (first.isoformat(), last.isoformat()),
    )
    return [Count(str(day), str(what), str(which), int(str(number))) for day, what, which, number in found]


def fallback_kind(why: str) -> str:
    """Which of the known reasons a fallback's sentence is; `other` for none of them."""
    return _fallbacks().get(why, "other")


@cache
def _fallbacks() -> dict[str, str]:
    return {say(f"llm.why_{kind}"): kind for kind in get_args(FallbackKind)}
