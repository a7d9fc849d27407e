"""An origin as a person writes it → the exact text that a browser sends, or the reason why it cannot be one.

`HTTPS://Example.KR:443` is `https://example.kr`, `https://한글.kr` is `https://xn--bj0bj06e.kr`. An origin
goes into a Content-Security-Policy too, whose grammar knows no IPv6 address and no underscore.
"""

import ipaddress
import re

from bot.sites.errors import SiteError, shown

MAX_LENGTH = 300  # longer than any origin: a host has at most 253 characters
_DEFAULT_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(
    r"(?!.{254})(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")  # a browser reads such a host as an IPv4 address
# Browsers keep these four, Python's IDNA (2003) replaces or drops them: such a name must come as xn--….
_DEVIANT = frozenset("ßς\u200c\u200d")


def exact_origin(text: str) -> str:
    """The origin that `text` means, in the form that a browser sends; raises SiteError with the reason."""
    if not text.isprintable() or " " in text or not 0 < len(text) <= MAX_LENGTH:
        raise _refusal(text, "shape")
    if "*" in text:
        raise _refusal(text, "wildcard")
    match = re.fullmatch(r"(https?)://(.*)", text, re.IGNORECASE)
    if match is None:
        raise _refusal(text, "scheme")
    scheme, rest = match[1].lower(), match[2]
    for signs, reason in (("@", "user"), ("/?#\\", "path"), ("[]", "ipv6")):
        if any(sign in rest for sign in signs):
            raise _refusal(text, reason)
    name, colon, digits = rest.partition(":")
    host = _host(text, name)
    if scheme == "http" and not _loopback(host):
        raise _refusal(text, "http")
    port = _port(text, digits) if colon else _DEFAULT_PORTS[scheme]
    return f"{scheme}://{host}" if port == _DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{port}"


def is_exact(origin: object) -> bool:
    """Whether a stored value is an origin in that form."""
    try:
        return isinstance(origin, str) and exact_origin(origin) == origin
    except SiteError:
        return False


def _host(text: str, name: str) -> str:
    """The host in lower case and in ASCII."""
    try:
        host = "" if _DEVIANT & set(name) else name.encode("idna").decode("ascii").lower()
    except UnicodeError:  # an empty or too long label, a sign that no name may hold
        host = ""
    if not _HOST.fullmatch(host) or (_NUMERIC.fullmatch(host) and not _ipv4(host)):
        raise _refusal(text, "host")
    return host


def _port(text: str, digits: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", digits) or not 1 <= int(digits) <= 65535:
        raise _refusal(text, "port")
    return int(digits)


def _loopback(host: str) -> bool:
    return host == "localhost" or (_ipv4(host) and ipaddress.IPv4Address(host).is_loopback)


def _ipv4(host: str) -> bool:
    """Whether it is an address of four plain numbers; 127.1 and 0x7f.1 are none."""
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False


def _refusal(text: str, reason: str) -> SiteError:
    return SiteError(f"sites.origin_{reason}", origin=shown(text))
