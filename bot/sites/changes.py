"""What an operator changes: each function is one transaction on the registry's file.

Secrets come from the system's random source: 128 bits for what is public, 256 for what must not be guessed.
"""

import hashlib
import json
import secrets
import sqlite3
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.sites.errors import SiteError, shown
from bot.sites.file import changing
from bot.sites.origins import exact_origin
from bot.sites.types import LANGUAGES, MAX_LIMIT, MAX_ORIGINS, THEMES, Look, Previous, Site
from vectorstore import corpora

GRACE = 24.0  # hours for which a rotated public key still works, unless told otherwise
MAX_GRACE = 30 * 24.0
MAX_NAME = 60


def add_site(path: Path, name: str, origins: Sequence[str], look: Look | None = None) -> Site:
    """Register a site under a name of the operator's choice; raises SiteError where something is wrong."""
    look = _good_look(look or Look())
    exact = tuple(dict.fromkeys(exact_origin(origin) for origin in origins))
    if not exact:
        raise SiteError("sites.no_origin")
    if len(exact) > MAX_ORIGINS:
        raise SiteError("sites.too_many_origins", count=len(exact), limit=MAX_ORIGINS)
    site = Site(_public_key(), good_name(name), exact, look, created=_now())
    row = (site.name, site.id, json.dumps(exact), json.dumps(asdict(look)), site.created)
    with changing(path) as db:
        try:
            db.execute(
                "INSERT INTO site (name, id, origins, look, created, disabled) VALUES (?,?,?,?,?,0)", row
            )
        except sqlite3.IntegrityError as exc:
            raise SiteError("sites.site_taken", name=site.name) from exc
    return site


def set_disabled(path: Path, name: str, disabled: bool) -> None:
    """Switch a site off or on again."""
    _update_site(path, name, "disabled = ?", int(disabled))


def rotate(path: Path, name: str, grace: float = GRACE, now: float | None = None) -> tuple[str, Previous]:
    """Give a site a new public key; the old one works for `grace` hours more, the one before it no longer."""
    if not 0 <= grace <= MAX_GRACE:
        raise SiteError("sites.grace_bad", value=f"{grace:g}", limit=f"{MAX_GRACE:g}")
    until = (time.time() if now is None else now) + grace * 3600
    new = _public_key()
    with changing(path) as db:
        row = db.execute("SELECT id FROM site WHERE name = ?", (good_name(name),)).fetchone()
        if row is None:
            raise SiteError("sites.site_unknown", name=name)
        change = "UPDATE site SET previous = id, until = ?, id = ? WHERE name = ?"
        db.execute(change, (until, new, good_name(name)))
    return new, Previous(row[0], until)


def make_secret(path: Path, name: str) -> str:
    """Give a site a new secret for its own server to sign visitors with; an older one is void at once."""
    secret = secrets.token_urlsafe(32)
    _update_site(path, name, "secret = ?", secret)
    return secret


def remove_site(path: Path, name: str) -> None:
    """Forget a site and its keys."""
    with changing(path) as db:
        if not db.execute("DELETE FROM site WHERE name = ?", (good_name(name),)).rowcount:
            raise SiteError("sites.site_unknown", name=name)


def add_key(path: Path, name: str) -> str:
    """Make an API key; it is returned this once, and only its hash is kept.

    The key is random, 256 bits of it, and no password: nobody can try them through, so a fast hash is right.
    """
    key = f"fb_{secrets.token_urlsafe(32)}"
    name = good_name(name)
    with changing(path) as db:
        db.execute("DELETE FROM key WHERE name = ? AND revoked IS NOT NULL", (name,))
        try:
            row = (name, key_hash(key), _now())
            db.execute("INSERT INTO key (name, hash, created) VALUES (?, ?, ?)", row)
        except sqlite3.IntegrityError as exc:
            raise SiteError("sites.key_taken", name=name) from exc
    return key


def revoke_key(path: Path, name: str) -> None:
    """Refuse a key from now on. It stays listed, so that the API does not open to all with its last key."""
    with changing(path) as db:
        change = "UPDATE key SET revoked = ? WHERE name = ? AND revoked IS NULL"
        if not db.execute(change, (_now(), good_name(name))).rowcount:
            raise SiteError("sites.key_unknown", name=name)


def mark_used(path: Path, hash: str, day: str) -> None:
    """Note the day on which a key was used; an earlier day changes nothing."""
    with changing(path, patience=1.0) as db:
        db.execute("UPDATE key SET used = ? WHERE hash = ? AND (used IS NULL OR used < ?)", (day, hash, day))


def good_name(name: str) -> str:
    """A name as it is kept: composed Hangul, no blanks around it."""
    good = unicodedata.normalize("NFC", name).strip()
    if not good or len(good) > MAX_NAME or not good.isprintable():
        raise SiteError("sites.name_bad", name=shown(name), limit=MAX_NAME)
    return good


def key_hash(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def _update_site(path: Path, name: str, change: str, value: object) -> None:
    with changing(path) as db:
        if not db.execute(f"UPDATE site SET {change} WHERE name = ?", (value, good_name(name))).rowcount:
            raise SiteError("sites.site_unknown", name=name)


def _good_look(look: Look) -> Look:
    if not 1 <= look.limit <= MAX_LIMIT:
        raise SiteError("sites.limit_bad", value=shown(str(look.limit)), limit=MAX_LIMIT)
    for value, known, key in ((look.theme, THEMES, "theme"), (look.lang, LANGUAGES, "lang")):
        if value not in known:
            raise SiteError("sites.choice_bad", option=f"--{key}", value=shown(value), known=", ".join(known))
    return look if look.corpus is None else replace(look, corpus=corpora.good_name(look.corpus))


def _public_key() -> str:
    return f"site_{secrets.token_urlsafe(16)}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
