"""Visitors of other sites: `POST /api/token`, and what a request in the name of a site must show.

A site's key is public, so that it opens nothing alone: the browser's Origin must be one that the site lists
(or our own, for the page in the frame), and a token binds the visitor to both for a quarter of an hour.
"""

from asyncio import to_thread
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from bot.sites.access import allowed_origin
from bot.sites.types import Site
from bot.tokens import MAX_USER
from bot.web.gate import TOKEN_LIFE, Gate
from prompts import UserError


class SiteRefusedError(UserError):
    """An unknown site, a disabled one, or a page that the site does not list: one answer for all three."""

    status = 403


class VisitorError(UserError):
    """No token, or one that is over, forged, or of another site or origin."""

    status = 401


class TokenRequest(BaseModel):
    """The body of `POST /api/token`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    site: Annotated[str, Field(max_length=200)]
    user: Annotated[str, Field(max_length=MAX_USER)] | None = None
    """The site's own id of a user, vouched for by `signature` (`bot.tokens.sign_user`)."""
    signature: Annotated[str, Field(max_length=100)] = ""


def token_router(gate: Gate) -> APIRouter:
    """The route that hands out visitors' tokens."""
    router = APIRouter()

    @router.post("/api/token")
    async def token(request: Request, body: TokenRequest) -> dict[str, Any]:
        """A token for a page of the site, or for our own page in its frame.

        Raises SiteRefusedError, and VisitorError for a user whom the site's server does not vouch for.
        """
        site, origins = await _invited(gate, request, body.site)
        if not origins:
            raise SiteRefusedError("web.site_refused")
        user = None if body.user is None else gate.user(site, body.user, body.signature)
        if user is None and body.user is not None:
            raise VisitorError("web.user_unknown")
        return {"token": await to_thread(gate.token, site, origins[0], user), "expires_in": TOKEN_LIFE}

    return router


async def admitted(gate: Gate, request: Request, id: str | None) -> Site | None:
    """The site in whose name a request comes, None where it names none.

    Keeps site and visitor in `request.state`. Raises SiteRefusedError, VisitorError and GateError.
    """
    request.state.site = request.state.visitor = None
    if id is None:
        request.state.readable = False
        return None
    site, origins = await _invited(gate, request, id)
    visitor = await to_thread(gate.visitor, bearer(request), site, origins)
    if visitor is None:
        raise VisitorError("web.visitor_unknown")
    request.state.site, request.state.visitor = site, visitor
    return site


async def _invited(gate: Gate, request: Request, id: str) -> tuple[Site, tuple[str, ...]]:
    """The site of that key, and the origins that the request may come from; none where it does not say.

    Raises SiteRefusedError for a site that is none, and for an origin that is not the site's.
    """
    request.state.readable = False
    site = await to_thread(gate.site, id)
    origins = _origins(request, site)
    if site is None or ("origin" in request.headers and not origins):
        raise SiteRefusedError("web.site_refused")
    request.state.readable = allowed_origin(site, request.headers.get("origin"))
    return site, origins


def _origins(request: Request, site: Site | None) -> tuple[str, ...]:
    """Where a request comes from, as far as it may: a page that the site lists, or our own.

    A browser leaves Origin out where our own page reads something from us, and nowhere else.
    """
    host = request.headers.get("host", "").lower()
    own = (f"https://{host}", f"http://{host}")  # a proxy in front may be the one that speaks TLS
    origins = request.headers.getlist("origin")
    if not origins and request.method == "GET":
        return own
    shown = tuple(origin for origin in origins if origin in own or allowed_origin(site, origin))
    return shown if len(origins) == 1 else ()


def bearer(request: Request) -> str:
    """What the Authorization header shows as a bearer's; empty without one."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    return shown.strip() if scheme.lower() == "bearer" else ""
