"""Reads the registry while a server runs, and follows what other processes change in it.

Everything is held in memory; the file is looked at again at most twice a second. Where it cannot be read,
what was read last goes on for half a minute, and then nobody is let in.
"""

import hmac
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.sites.changes import key_hash, mark_used
from bot.sites.errors import RegistryError
from bot.sites.file import read_rows
from bot.sites.origins import is_exact
from bot.sites.types import Key, Look, Previous, Site

FRESH = 0.5  # seconds for which what was read is not looked at again
STALE = 30.0  # seconds for which it serves on while the file cannot be read
MAX_KEY = 200  # characters; ours have 46
# A file may change twice within one tick of its clock: a change that is younger than this is read again.
_SETTLED = 2.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Contents:
    """What the file held, and when it was read."""

    sites: tuple[Site, ...] = ()
    by_id: Mapping[str, Site] = field(default_factory=dict)
    """By every public key, be its grace time over."""
    keys: tuple[Key, ...] = ()
    state: tuple[int, int, int] | None = None
    """Number, time and size of the file; None where there was none or it may still be changing."""
    there: bool = False


class Registry:
    """Sites and keys by what a request shows; threads may share it. A file that is not there holds none."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, stale: float = STALE) -> None:
        self._path = path
        self._clock = clock
        self._stale = stale
        self._lock = threading.Lock()
        self._contents: _Contents | None = None
        self._looked = self._read = 0.0
        self._noted: dict[str, str] = {}

    def site(self, id: str) -> Site | None:
        """The site of a public key, or of one that was rotated and has its grace time; None for all others.

        A disabled site is None too. Raises RegistryError where the file cannot be read.
        """
        now = self._clock()
        found = self._fresh().by_id.get(id)
        return None if found is None or found.disabled or id not in found.ids(now) else found

    def key(self, secret: str) -> Key | None:
        """The key that a caller shows, unless it is unknown or revoked; notes the day of its use."""
        if not secret.isascii() or len(secret) > MAX_KEY:
            return None
        hash = key_hash(secret)
        found = None
        for key in self._fresh().keys:  # every one is compared, so that the time taken tells nothing
            if hmac.compare_digest(key.hash.encode(), hash.encode()):
                found = key
        if found is None or found.revoked is not None:
            return None
        self._note_use(found)
        return found

    @property
    def guarded(self) -> bool:
        """Whether the API asks for a key: where one was ever made, be it revoked."""
        return bool(self._fresh().keys)

    def all_sites(self) -> tuple[Site, ...]:
        """Every site, the disabled ones too, by name."""
        return self._fresh().sites

    def all_keys(self) -> tuple[Key, ...]:
        """Every key, the revoked ones too, by name."""
        return self._fresh().keys

    def _fresh(self) -> _Contents:
        with self._lock:
            now = time.monotonic()
            if self._contents is not None and now - self._looked < FRESH:
                return self._contents
            try:
                self._contents = self._look(self._contents)
                self._read = now
            except RegistryError as error:
                if self._contents is None or now - self._read > self._stale:
                    raise
                logger.warning("the registry cannot be read, its last state goes on: %s", error)
            self._looked = now
            return self._contents

    def _look(self, before: _Contents | None) -> _Contents:
        """What the file holds now; `before` where it has not changed."""
        try:
            found = self._path.stat()
        except FileNotFoundError as exc:
            if before is not None and before.there:  # must not open what keys have closed
                raise RegistryError("sites.registry_gone", path=self._path) from exc
            return _Contents()
        except OSError as exc:
            raise RegistryError("sites.registry_failed", path=self._path, problem=exc.strerror) from exc
        state = _state(found)
        if before is not None and before.state == state:
            return before
        settled = time.time() - found.st_mtime > _SETTLED
        return _contents(self._path, state if settled else None)

    def _note_use(self, key: Key) -> None:
        today = datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
        if key.used == today or self._noted.get(key.hash) == today:
            return
        self._noted[key.hash] = today
        try:
            mark_used(self._path, key.hash, today)
        except RegistryError as error:
            logger.warning("the use of a key was not noted: %s", error)


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_mtime_ns, found.st_size


def _contents(path: Path, state: tuple[int, int, int] | None) -> _Contents:
    site_rows, key_rows = read_rows(path)
    try:
        sites, keys = tuple(map(_site, site_rows)), tuple(map(_key, key_rows))
    except (ValueError, TypeError) as exc:  # a row that somebody wrote by hand
        raise RegistryError("sites.registry_broken", path=path, problem=exc) from exc
    earlier = {site.previous.id: site for site in sites if site.previous is not None}
    return _Contents(sites, {**earlier, **{site.id: site for site in sites}}, keys, state, there=True)


def _site(row: tuple[object, ...]) -> Site:
    id, name, origins, look, disabled, created, previous, until, secret = row
    exact = tuple(filter(is_exact, json.loads(str(origins))))
    rotated = None if previous is None else Previous(str(previous), float(str(until)))
    chosen = Look(**json.loads(str(look)))
    return Site(
        str(id), str(name), exact, chosen, disabled != 0, str(created), rotated, _text_or_none(secret)
    )  # fmt: skip


def _key(row: tuple[object, ...]) -> Key:
    name, hash, created, used, revoked = row
    return Key(str(name), str(hash), str(created), _text_or_none(used), _text_or_none(revoked))


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)
