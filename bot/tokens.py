"""Short-lived proof that a visitor came by way of a site: `<payload>.<HMAC-SHA256>`, both url-safe base64.

The payload is compact JSON and no secret. Nothing is stored: a token is good for one site and one origin,
until it expires. Whoever holds it may use it until then, so it lives an hour at most.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass

from bot.sites.types import Site

LIFE = 3600  # seconds, at most
LEEWAY = 60  # seconds by which the clocks of two servers may differ
MAX_TOKEN = 2_000  # characters; a host name of 253 fits
MAX_USER = 200
_PURPOSE = b"forum-bot visitor 1\0"  # the secret signs nothing else under this name
_ANSWER = b"forum-bot answer 1\0"
_ID = 22  # letters of 128 bits


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a good token speaks for."""

    id: str
    site: str
    """The public key that the token was made for."""
    origin: str
    issued: int
    expires: int


def new_visitor() -> str:
    """An id that nobody can guess: 128 random bits."""
    return secrets.token_urlsafe(16)


def issue(secret: bytes, site: Site, origin: str, now: float, visitor: str, life: int = LIFE) -> str:
    """A token for a visitor who asks from `origin`; raises ValueError for a life of more than an hour."""
    if not 0 < life <= LIFE:
        raise ValueError(f"a token lives 1 to {LIFE} seconds, not {life}")
    record = [visitor, site.id, origin, int(now), int(now) + life]
    payload = _encode(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode())
    return f"{payload}.{_signature(secret, payload)}"


def verify(secret: bytes, token: str, site: Site | None, origin: str | None, now: float) -> Visitor | None:
    """Who the token speaks for; None unless we made it, for this site and this origin, within its life."""
    payload, _, signature = token.partition(".")
    if site is None or site.disabled or len(token) > MAX_TOKEN or not token.isascii():
        return None
    if not hmac.compare_digest(signature, _signature(secret, payload)):
        return None
    visitor = Visitor(*json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
    if visitor.site not in site.ids(now) or visitor.origin != origin:
        return None
    return visitor if visitor.issued - LEEWAY <= now < visitor.expires else None


def sign_user(site_secret: str, user_id: str, expires: int) -> str:
    """What a site's own server computes: `<expires>.<hex of HMAC-SHA256(secret, "<expires>.<user id>")>`."""
    signed = hmac.new(site_secret.encode(), f"{expires}.{user_id}".encode(), hashlib.sha256)
    return f"{expires}.{signed.hexdigest()}"


def verify_signed(site_secret: str | None, user_id: str, signature: str, now: float) -> bool:
    """Whether the site's own server vouches for this user id, for an hour from now at most."""
    match = re.fullmatch(r"([1-9][0-9]{0,11})\.[0-9a-f]{64}", signature, re.ASCII)
    if not site_secret or match is None or not 0 < len(user_id) <= MAX_USER or not user_id.isprintable():
        return False
    expires = int(match[1])
    good = hmac.compare_digest(signature, sign_user(site_secret, user_id, expires))
    return good and now < expires <= now + LIFE + LEEWAY


def new_answer_id(secret: bytes, site: str) -> str:
    """The id of an answer: 128 random bits, and our mark that we made it for the site of that name."""
    random = secrets.token_urlsafe(16)
    return random + _mark(secret, random, site)


def is_answer_id(secret: bytes, id: str, site: str) -> bool:
    """Whether we made this id for an answer on the site of that name."""
    if len(id) != 2 * _ID or not id.isascii():
        return False
    return hmac.compare_digest(id[_ID:], _mark(secret, id[:_ID], site))


def _mark(secret: bytes, random: str, site: str) -> str:
    signed = hmac.digest(secret, _ANSWER + random.encode() + b"\0" + site.encode(), hashlib.sha256)
    return _encode(signed[:16])


def _signature(secret: bytes, payload: str) -> str:
    return _encode(hmac.new(secret, _PURPOSE + payload.encode(), hashlib.sha256).digest())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
