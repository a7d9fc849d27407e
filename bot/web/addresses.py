"""Who a visitor is: the address that the nearest hop we do not trust has come from.

Whoever asks can write any header, so only X-Forwarded-For is read, and only what proxies of ours have put
there: from its right end, one hop for each proxy that is configured.
"""

import ipaddress
from collections.abc import Iterable

from starlette.requests import Request

from bot.journal import network

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_HOPS = 32  # of X-Forwarded-For, from its right end
_NOWHERE = "local"  # a connection without an address: a Unix socket


class Visitors:
    """Tells visitors apart; `proxies` are addresses or networks of our own proxies. Raises ValueError."""

    def __init__(self, proxies: Iterable[str] = ()) -> None:
        self._proxies = tuple(map(_network, proxies))

    def of(self, request: Request) -> str:
        """The visitor who sent a request: an IPv4 address, or the /64 network of an IPv6 address."""
        peer = request.client.host if request.client else None
        return self.named(peer, request.headers.getlist("x-forwarded-for"))

    def named(self, peer: str | None, forwarded: Iterable[str] = ()) -> str:
        """The visitor behind a connection from `peer` with these X-Forwarded-For headers, the first first."""
        found = _address(peer or "")
        if found is None:
            return peer or _NOWHERE
        hops = [hop for line in forwarded for hop in line.split(",")][-MAX_HOPS:]
        while hops and self._trusted(found):
            before = _address(hops.pop())
            if before is None:  # not what a proxy writes: the proxy itself is all that is known
                break
            found = before
        return network(str(found))

    def _trusted(self, address: Address) -> bool:
        return any(address in proxy for proxy in self._proxies)


def _network(text: str) -> Network:
    """A proxy's address, or a network of them. Raises ValueError, also for one that holds every address."""
    found = ipaddress.ip_network(text, strict=False)
    if found.prefixlen == 0:
        raise ValueError("every address would be trusted")
    return found


def _address(text: str) -> Address | None:
    """An address as a proxy may write it: with a port, in brackets, with a zone, as IPv4 in IPv6."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
