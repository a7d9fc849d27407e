"""The records of the registry."""

from dataclasses import dataclass, field
from typing import Any

THEMES = ("auto", "light", "dark")
LANGUAGES = ("ko", "en")
LIMIT = 60  # requests a minute of a site that names no other number
MAX_LIMIT = 100_000
MAX_ORIGINS = 20


@dataclass(frozen=True, slots=True)
class Look:
    """What a site chooses for its visitors."""

    limit: int = LIMIT
    """Requests a minute, of all its visitors together."""
    theme: str = THEMES[0]
    lang: str = LANGUAGES[0]
    corpus: str | None = None
    """The named store that is asked; None is the store that is served."""


@dataclass(frozen=True, slots=True)
class Previous:
    """The public key before the last rotation, good until its grace time ends."""

    id: str
    until: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Site:
    """A community's site. `id` is its public key.

    `origins` are exact ones only (`origins.exact_origin`; the registry lets no other in), and none denies.
    """

    id: str
    name: str
    origins: tuple[str, ...]
    look: Look = Look()
    disabled: bool = False
    created: str = ""
    previous: Previous | None = None
    secret: str | None = field(default=None, repr=False)
    """The HMAC secret that the site's own server signs visitors with. Kept as it is: HMAC needs it."""

    def ids(self, now: float) -> tuple[str, ...]:
        """The public keys that name this site now."""
        if self.previous is None or now >= self.previous.until:
            return (self.id,)
        return self.id, self.previous.id

    def to_json(self) -> dict[str, Any]:
        """What an operator may see: of the secret only whether there is one."""
        previous = self.previous and {"id": self.previous.id, "until": self.previous.until}
        return {
            "name": self.name, "id": self.id, "origins": list(self.origins), "limit": self.look.limit,
            "theme": self.look.theme, "lang": self.look.lang, "corpus": self.look.corpus,
            "disabled": self.disabled, "created": self.created, "previous": previous,
            "secret": self.secret is not None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of another server, by its hash."""

    name: str
    hash: str = field(repr=False)
    """SHA-256 of the key, in hexadecimal digits."""
    created: str
    used: str | None = None
    """The last day on which it opened the API (UTC); the hour is nobody's business."""
    revoked: str | None = None
    """When it was revoked; None while it is good."""

    def to_json(self) -> dict[str, Any]:
        """What an operator may see."""
        return {"name": self.name, "created": self.created, "used": self.used, "revoked": self.revoked}
