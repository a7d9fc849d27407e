"""The API for other servers: a bearer key, or a request from this machine while no key was ever made."""

import ipaddress
import re
from asyncio import to_thread
from collections.abc import Awaitable, Callable

from fastapi import Request

from bot.web.fences import LOOPBACK
from bot.web.gate import Gate
from bot.web.visitors import bearer
from prompts import UserError


class KeyRequiredError(UserError):
    """No key, or one that is unknown or revoked."""

    status = 401
    code = "invalid_api_key"


def key_required(gate: Gate) -> Callable[[Request], Awaitable[None]]:
    """A dependency that lets in who shows a key. Raises KeyRequiredError and GateError."""

    async def check(request: Request) -> None:
        shown = bearer(request)
        # Looked up whatever it is, so that the time taken tells nothing.
        key = await to_thread(gate.key, shown)
        if key is None and not (_from_here(request) and not await to_thread(lambda: gate.guarded)):
            raise KeyRequiredError("web.key_wrong" if shown else "web.key_missing")

    return check


def _from_here(request: Request) -> bool:
    """Whether a program of this machine asks, by itself: not for somebody else, as a proxy would."""
    if request.client is None or getattr(request.state, "forwarded", True):
        return False
    try:
        near = ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
    host = re.sub(r":\d+$", "", request.headers.get("host", "").lower())
    return near and host in LOOPBACK
