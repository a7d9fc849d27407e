"""Questions that visitors agreed to leave with the operator: masked, for some days, and then gone.

Nothing is kept unless the operator sets FORUM_BOT_KEEP_QUESTIONS and the visitor consents. Of a question its
day is kept, and not its hour nor who asked it.
"""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from bot.ledger import changing
from bot.masking import masked
from bot.types import Answer

MOST_DAYS = 30
MOST = 100_000  # questions; the oldest give way
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS question (day TEXT NOT NULL, text TEXT NOT NULL, kind TEXT NOT NULL,"
    " reason TEXT, sources TEXT NOT NULL)"
)


class Kept:
    """The file of questions; threads may share it."""

    def __init__(self, path: Path, days: int, today: Callable[[], date] = date.today) -> None:
        """`days` as in FORUM_BOT_KEEP_QUESTIONS: with 0 nothing is added."""
        self._path = path
        self._days = days
        self._today = today

    def keep(self, question: str, answer: Answer) -> None:
        """Add a question with what became of it. Raises LedgerError."""
        if not self._days:
            return
        sources = list(dict.fromkeys(citation.article for citation in answer.citations))
        row = (self._today().isoformat(), masked(question), answer.kind, answer.reason, json.dumps(sources))
        with changing(self._path, _SCHEMA) as db:
            db.execute("INSERT INTO question VALUES (?, ?, ?, ?, ?)", row)
            db.execute("DELETE FROM question WHERE rowid <= (SELECT max(rowid) FROM question) - ?", (MOST,))

    def purge(self) -> int:
        """Delete what is older than its days, or than the most days where nothing is kept any more."""
        return purge(self._path, self._today() - timedelta(days=self._days or MOST_DAYS))


def purge(path: Path, until: date | None = None) -> int:
    """Delete the questions up to that day, or all; how many there were. Raises LedgerError."""
    if not path.exists():
        return 0
    with changing(path, _SCHEMA) as db:
        if until is None:
            return db.execute("DELETE FROM question").rowcount
        return db.execute("DELETE FROM question WHERE day <= ?", (until.isoformat(),)).rowcount
