"""Who may ask: sites by their public key, visitors by their token, servers by their API key.

What looks into the registry may read a file, so that the routes call it in a thread.
"""

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot import tokens
from bot.sites.access import allowed_origin, frame_ancestors
from bot.sites.errors import RegistryError
from bot.sites.registry import Registry
from bot.sites.secret import BYTES, server_secret
from bot.sites.types import Key, Site
from prompts import UserError

TOKEN_LIFE = 900  # seconds of a visitor's token; the page fetches another when it ends
logger = logging.getLogger(__name__)


class GateError(UserError):
    """The registry or the secret cannot be read. What exactly is wrong with them is in the log only."""

    status = 503


class Gate:
    """The registry of one server; without a file there are no sites, and the API has no keys."""

    def __init__(self, file: Path | None, clock: Callable[[], float] = time.time) -> None:
        self.file = file
        self._clock = clock
        self._registry = None if file is None else Registry(file, clock)
        self._making = threading.Lock()
        self._secret: bytes | None = None
        self._random = secrets.token_bytes(BYTES)
        self._warned = False

    def site(self, id: str) -> Site | None:
        """The site of a public key; None for an unknown and a disabled one. Raises GateError."""
        with _told():
            return None if self._registry is None else self._registry.site(id)

    def frame_ancestors(self, id: str) -> tuple[str, ...]:
        """Who may frame the chat of a public key; nobody where that cannot be told."""
        try:
            return frame_ancestors(self.site(id))
        except GateError:
            return ()

    def lists(self, origin: str) -> bool:
        """Whether a site lists this origin."""
        try:
            with _told():
                sites = () if self._registry is None else self._registry.all_sites()
        except GateError:
            return False
        return any(allowed_origin(site, origin) for site in sites)

    def token(self, site: Site, origin: str, visitor: str | None = None) -> str:
        """A token for a visitor, a new one unless named. Raises GateError."""
        with _told():
            secret, now = self._signing(), self._clock()
        return tokens.issue(secret, site, origin, now, visitor or tokens.new_visitor(), TOKEN_LIFE)

    def user(self, site: Site, id: str, signature: str) -> str | None:
        """The visitor that a user of the site is, whom its own server vouches for; None where it does not."""
        if not tokens.verify_signed(site.secret, id, signature, self._clock()):
            return None
        return hashlib.sha256(f"{site.name}\0{id}".encode()).hexdigest()[:32]

    def visitor(self, token: str, site: Site, origins: Iterable[str]) -> tokens.Visitor | None:
        """Who a token speaks for at one of these origins. Raises GateError."""
        with _told():
            secret, now = self._signing(), self._clock()
        found = [tokens.verify(secret, token, site, origin, now) for origin in origins]
        return next(filter(None, found), None)

    def key(self, secret: str) -> Key | None:
        """The API key that a caller shows. Raises GateError."""
        with _told():
            return None if self._registry is None else self._registry.key(secret)

    @property
    def guarded(self) -> bool:
        """Whether an API key was ever made. Raises GateError."""
        with _told():
            return self._registry is not None and self._registry.guarded

    def new_answer_id(self, site: Site | None) -> str:
        """An id for an answer, which feedback can name."""
        return tokens.new_answer_id(self._marking(), "" if site is None else site.name)

    def is_answer_id(self, id: str, site: Site | None) -> bool:
        """Whether such an id is ours, for that site."""
        return tokens.is_answer_id(self._marking(), id, "" if site is None else site.name)

    def _signing(self) -> bytes:
        """The secret that all servers of this registry share. Raises RegistryError."""
        with self._making:
            if self._secret is None:
                self._secret = self._random if self.file is None else server_secret(self.file)
            return self._secret

    def _marking(self) -> bytes:
        """The same; where it cannot be kept, one for this run: an answer must not fail for its id."""
        try:
            return self._signing()
        except RegistryError as error:
            if not self._warned:
                logger.warning("ids of answers are good until the server stops: %s", error)
            self._warned = True
            return self._random


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RegistryError as error:
        logger.warning("a request was turned away: %s", error)
        raise GateError("web.gate_failed") from error
