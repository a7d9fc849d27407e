"""A small SQLite file beside the registry, for its owner's eyes only; a change is whole or not at all.

A rollback journal that is deleted after each change, and no WAL; what is deleted is overwritten with zeros,
so that a purged text is in no file of the folder.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from bot.sites.file import keep_private
from prompts import UserError

PATIENCE = 5.0  # seconds that a change waits for that of another process


class LedgerError(UserError):
    """A file of counts or questions that cannot be read or written."""


@contextmanager
def changing(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """One change; makes the file where there is none. Raises LedgerError."""
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        keep_private(path)
        with closing(_connect(path)) as db:
            db.execute("PRAGMA journal_mode = DELETE")
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA temp_store = MEMORY")
            db.execute("BEGIN IMMEDIATE")
            db.execute(schema)
            yield db
            db.execute("COMMIT")  # after an exception, closing takes the change back


def rows(path: Path, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
    """What a query finds; nothing where there is no file. Raises LedgerError."""
    if not path.exists():
        return []
    with _told(path), closing(_connect(path)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():  # a crash came before the first change
            return []
        return db.execute(query, tuple(values)).fetchall()


def _connect(path: Path) -> sqlite3.Connection:
    # Not mode=ro: after a crash in the middle of a change, the next reader takes that change back.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        raise LedgerError("report.file_failed", path=path, problem=exc) from exc
    except OSError as exc:
        raise LedgerError("report.file_failed", path=path, problem=exc.strerror) from exc
