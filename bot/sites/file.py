"""The registry's file: SQLite with a rollback journal, for its owner's eyes only.

A change is one transaction that is pushed to the disk before it counts: a crash at any moment leaves all of
it or nothing. No WAL: that would put two more files beside it, and fail on shared folders.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.sites.errors import RegistryError

FORMAT = 1
PATIENCE = 10.0  # seconds that a change waits for that of another process
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS site (name TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, origins TEXT NOT NULL,"
    " look TEXT NOT NULL, disabled INTEGER NOT NULL, created TEXT NOT NULL, previous TEXT UNIQUE, until REAL,"
    " secret TEXT)",
    "CREATE TABLE IF NOT EXISTS key (name TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, created TEXT NOT NULL,"
    " used TEXT, revoked TEXT)",
)


@contextmanager
def changing(path: Path, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
    """One change, all or nothing, one at a time; makes the file where there is none. Raises RegistryError."""
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        keep_private(path)
        with closing(_connect(path, patience)) as db:
            db.execute("PRAGMA journal_mode = DELETE")
            db.execute("PRAGMA synchronous = EXTRA")
            db.execute("PRAGMA secure_delete = ON")  # a removed secret leaves no trace in the file
            db.execute("BEGIN IMMEDIATE")
            if _format(path, db) == 0:
                for statement in _SCHEMA:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {FORMAT}")
            yield db
            db.execute("COMMIT")  # after an exception, closing takes the change back


def read_rows(path: Path, patience: float = 1.0) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """All sites and all keys as of one moment, by name; raises RegistryError where there is no such file."""
    with _told(path), closing(_connect(path, patience)) as db:
        db.execute("BEGIN")
        if _format(path, db) == 0:  # a crash came before the first change
            return [], []
        sites = db.execute(
            "SELECT id, name, origins, look, disabled, created, previous, until, secret"
            " FROM site ORDER BY name"
        )
        keys = db.execute("SELECT name, hash, created, used, revoked FROM key ORDER BY name")
        return sites.fetchall(), keys.fetchall()


def keep_private(path: Path) -> None:
    """Make the file, empty, where it is missing, and take it from everybody but its owner.

    A file that is there is not opened: closing it would end the locks that SQLite holds on it in our process.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if os.name != "nt" and path.stat().st_mode & 0o077:
            path.chmod(0o600)


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    # Not mode=ro: after a crash in the middle of a change, the next reader takes that change back.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=patience, isolation_level=None
    )


def _format(path: Path, db: sqlite3.Connection) -> int:
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found not in (0, FORMAT):
        raise RegistryError("sites.registry_format", path=path, found=found, expected=FORMAT)
    return int(found)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in the user's words what goes wrong with the file."""
    try:
        yield
    except sqlite3.OperationalError as exc:
        if "locked" in str(exc):
            raise RegistryError("sites.registry_busy", path=path) from exc
        raise RegistryError("sites.registry_failed", path=path, problem=exc) from exc
    except sqlite3.DatabaseError as exc:
        raise RegistryError("sites.registry_broken", path=path, problem=exc) from exc
    except OSError as exc:
        raise RegistryError("sites.registry_failed", path=path, problem=exc.strerror) from exc
