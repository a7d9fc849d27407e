"""Which addresses may be fetched: public ones, by http or https, on ports 80 and 443.

A URL that a user pastes must not make this machine talk to its own network (SSRF: OWASP ASVS 1.3.6). The
name is resolved once, every address is judged, and the connection goes to a judged address.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote, urlsplit

from ingest.types import SourceError
from prompts import say

Resolver = Callable[[str, int], list[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# `is_global` alone lets many of these through (measured on Python 3.11.7): translated, tunnelled and
# special addresses, most of which carry an IPv4 address inside.
_DENIED = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24
    198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 ::/96 ::ffff:0:0/96
    ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20
    5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
"""


def resolve(host: str, port: int) -> list[str]:
    """Every address that the system has for the name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be fetched and at what cost. The command line sets none of it."""

    ports: frozenset[int] = frozenset({80, 443})
    trusted: frozenset[str] = frozenset()
    """Addresses that pass although they are not public: for tests on the loopback."""
    resolver: Resolver = field(default=resolve)
    max_bytes: int = 5_000_000
    seconds: float = 20.0
    """For everything together: names, redirects, connection and body."""
    redirects: int = 3


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be fetched, and the one address to connect to."""

    scheme: str
    host: str
    """In ASCII, without brackets: what TLS and the Host header name."""
    port: int
    path: str
    """Path and query, in ASCII."""
    address: str

    @property
    def url(self) -> str:
        """The address bar's form."""
        default = {"http": 80, "https": 443}[self.scheme]
        return f"{self.scheme}://{self.netloc if self.port != default else self.bare_host}{self.path}"

    @property
    def bare_host(self) -> str:
        """The host, with brackets around an IPv6 address."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def netloc(self) -> str:
        """Host and port."""
        return f"{self.bare_host}:{self.port}"


def admit(url: str, rules: Rules, seconds: float) -> Target:
    """The target of a URL that may be fetched; its name is resolved here, once, in at most `seconds`.

    Raises SourceError with the reason where it may not.
    """
    scheme, host, port, path = _parsed(url)
    if port not in rules.ports:
        raise _refused("url_port")
    addresses = _resolved(host, port, rules.resolver, seconds)
    for address in addresses:
        if address not in rules.trusted and not is_public(address):
            raise _refused("url_private")
    return Target(scheme, host, port, path, addresses[0])


def is_public(text: str) -> bool:
    """Whether the address is one of the public internet; False for what is no address."""
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    denied = any(address in net for net in _denied() if net.version == address.version)
    return address.is_global and not address.is_multicast and not address.is_reserved and not denied


@cache
def _denied() -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(net) for net in _DENIED.split())


def _parsed(url: str) -> tuple[str, str, int, str]:
    """Scheme, ASCII host, port and path of the URL. Raises SourceError."""
    if len(url) > 2000 or re.search(r"[\x00-\x20\x7f\\<>\"^`{|}]", url) or re.search(r"\s", url):
        raise _refused("url_malformed")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise _refused("url_malformed") from exc
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https"):
        raise _refused("url_scheme")
    if "@" in parts.netloc:
        raise _refused("url_user")
    host = _ascii_host(parts.hostname or "")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return scheme, host, port if port is not None else {"http": 80, "https": 443}[scheme], _ascii_path(path)


def _ascii_host(host: str) -> str:
    """The host as names are looked up: lower case, IDNA. Raises SourceError."""
    if ":" in host:  # IPv6: must be one, and without a zone
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError as exc:
            raise _refused("url_malformed") from exc
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError as exc:
        raise _refused("url_malformed") from exc
    if not re.fullmatch(r"[a-z0-9_](?:[a-z0-9_.\-]{0,251}[a-z0-9_])?\.?", name):
        raise _refused("url_malformed")
    return name


def _ascii_path(path: str) -> str:
    return quote(path, safe="/%?&=+,;:@!$'()*~-._[]#")


def _resolved(host: str, port: int, resolver: Resolver, seconds: float) -> list[str]:
    """The addresses of the host. The system's look-up knows no time limit, so it runs beside us."""
    found: list[str] = []
    failed: list[OSError | UnicodeError] = []

    def look_up() -> None:
        try:
            found.extend(resolver(host, port))
        except (OSError, UnicodeError) as exc:
            failed.append(exc)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive() or failed or not found:
        raise SourceError("ingest.url_unresolved", host=host) from (failed[0] if failed else None)
    return found


def _refused(reason: str) -> SourceError:
    return SourceError("ingest.url_refused", reason=say(f"ingest.{reason}"))
