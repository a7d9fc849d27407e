"""What visitors think of answers: a small SQLite file beside the registry, without a word of any question.

An entry has no time but its day, and of who sent it nothing. A note is kept only where its writer agreed.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from bot.masking import masked
from bot.sites.file import keep_private
from prompts import UserError

Verdict = Literal["up", "down"]
Reason = Literal["wrong", "missing", "source", "harmful"]
MAX_NOTE = 500  # characters
MAX_ENTRIES = 100_000  # the oldest go first
_PATIENCE = 5.0  # seconds that one entry waits for another's
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS feedback (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
    " verdict TEXT NOT NULL, reason TEXT, note TEXT, sources TEXT NOT NULL, site TEXT, day TEXT NOT NULL)"
)


class FeedbackError(UserError):
    """The file of feedback cannot be read or written."""

    status = 503


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one visitor thinks of one answer."""

    id: str
    """The answer's."""
    verdict: Verdict
    reason: Reason | None = None
    note: str | None = None
    sources: tuple[str, ...] = ()
    """The articles that the answer cited."""
    site: str | None = None
    """The site's name; None on our own page."""
    day: str = ""
    """When, in UTC; the store fills it in."""


def feedback_file(registry: Path) -> Path:
    """Where the feedback is kept."""
    return registry.with_name("feedback.sqlite3")


def keep(path: Path, feedback: Feedback, most: int = MAX_ENTRIES) -> None:
    """Write an entry down, with its note masked; a second one of the same answer replaces the first.

    Raises FeedbackError.
    """
    note = None if feedback.note is None else masked(feedback.note)[:MAX_NOTE]
    sources = json.dumps(feedback.sources, ensure_ascii=False)
    day = feedback.day or datetime.now(UTC).date().isoformat()
    row = (feedback.id, feedback.verdict, feedback.reason, note, sources, feedback.site, day)
    with _opened(path) as db:
        db.execute(
            "INSERT INTO feedback (id, verdict, reason, note, sources, site, day) VALUES (?,?,?,?,?,?,?)"
            " ON CONFLICT (id) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason,"
            " note = excluded.note, sources = excluded.sources, day = excluded.day",
            row,
        )
        db.execute("DELETE FROM feedback WHERE number <= (SELECT max(number) FROM feedback) - ?", (most,))


def entries(path: Path) -> tuple[Feedback, ...]:
    """Everything that is kept, the oldest first; nothing where there is no file. Raises FeedbackError."""
    if not path.exists():
        return ()
    with _opened(path) as db:
        rows = db.execute(
            "SELECT id, verdict, reason, note, sources, site, day FROM feedback ORDER BY number"
        ).fetchall()
    return tuple(
        Feedback(id, verdict, reason, note, tuple(json.loads(sources)), site, day)
        for id, verdict, reason, note, sources, site, day in rows
    )


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """One change, all or nothing; makes the file, for its owner's eyes only, where there is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        keep_private(path)
        with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as db:
            db.execute("PRAGMA secure_delete = ON")  # a note that is taken back leaves no trace
            db.execute("BEGIN IMMEDIATE")
            db.execute(_SCHEMA)
            yield db
            db.execute("COMMIT")
    except (sqlite3.Error, OSError) as exc:
        raise FeedbackError("web.feedback_failed", path=path, problem=exc) from exc
