"""The one function that gets a document from the web: guarded, pinned to a judged address, bounded.

Redirects are followed by us, each one judged like a first URL. Proxies of the environment are not used,
cookies and credentials never sent, no content encoding accepted (590 bytes can unpack to 268 MB).
"""

import socket
import ssl
import threading
import time
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urljoin

from ingest.guard import Rules, Target, admit
from ingest.types import SourceError

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    "User-Agent": "forum-bot",
    "Accept": "text/html, application/xhtml+xml, text/plain, text/markdown, application/pdf",
    "Accept-Language": "ko",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as it came."""

    url: str
    """Where it was found after redirects."""
    data: bytes
    type: str
    """The media type in lower case, without parameters; empty where none is given."""
    charset: str | None


def fetch(url: str, rules: Rules | None = None) -> Fetched:
    """Get the document at `url`. Raises SourceError with the reason where it may not or cannot be had."""
    rules = rules or Rules()
    deadline = time.monotonic() + rules.seconds
    for _ in range(rules.redirects + 1):
        target = admit(url, rules, _left(deadline, rules))
        found = _get(target, rules, deadline)
        if isinstance(found, Fetched):
            return found
        url = found
    raise SourceError("ingest.url_redirects", limit=rules.redirects)


def _get(target: Target, rules: Rules, deadline: float) -> Fetched | str:
    """The document, or the URL that it has moved to."""
    connection = _Pinned(target, _left(deadline, rules))
    timer = threading.Timer(_left(deadline, rules), connection.abort)
    timer.daemon = True
    timer.start()
    try:
        connection.request("GET", target.path, headers=_HEADERS)
        response = connection.getresponse()
        if response.status in _REDIRECTS:
            return urljoin(target.url, response.headers.get("Location") or "")
        return _document(response, target, rules)
    except ssl.SSLCertVerificationError as exc:
        raise SourceError("ingest.url_certificate", host=target.host) from exc
    except (OSError, HTTPException, ValueError) as exc:
        if time.monotonic() >= deadline - 0.05 or isinstance(exc, TimeoutError):
            raise SourceError("ingest.url_slow", seconds=f"{rules.seconds:g}") from exc
        raise SourceError("ingest.url_failed", host=target.host) from exc
    finally:
        timer.cancel()
        connection.discard()
        if connection.aborted:
            raise SourceError("ingest.url_slow", seconds=f"{rules.seconds:g}")


def _document(response: HTTPResponse, target: Target, rules: Rules) -> Fetched:
    if response.status != 200:
        raise SourceError("ingest.url_status", host=target.host, status=response.status)
    encoding = (response.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding != "identity":
        raise SourceError("ingest.url_encoded", encoding=encoding[:40])
    promised = response.headers.get("Content-Length")
    data = response.read(rules.max_bytes + 1)
    if len(data) > rules.max_bytes:
        raise SourceError("ingest.url_big", limit=f"{rules.max_bytes / 1_000_000:g}")
    if promised is not None and promised.strip().isdigit() and len(data) < int(promised):
        raise SourceError("ingest.url_cut")
    kind, charset = _media_type(response.headers.get("Content-Type") or "")
    return Fetched(target.url, data, kind, charset)


def _media_type(header: str) -> tuple[str, str | None]:
    message = Message()
    message["Content-Type"] = header or "application/octet-stream"
    charset = message.get_param("charset")
    return message.get_content_type() if header else "", charset if isinstance(charset, str) else None


def _left(deadline: float, rules: Rules) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise SourceError("ingest.url_slow", seconds=f"{rules.seconds:g}")
    return left


class _Pinned(HTTPConnection):
    """A connection to the judged address, under the name of the URL (Host header, TLS server name)."""

    def __init__(self, target: Target, seconds: float) -> None:
        super().__init__(target.bare_host, target.port, timeout=seconds)
        self._target = target
        self._wire: socket.socket | None = None
        self.aborted = False

    def connect(self) -> None:
        """Open the socket: to the address, never to a name."""
        self._wire = socket.create_connection((self._target.address, self._target.port), self.timeout)
        if self._target.scheme == "https":
            context = ssl.create_default_context()
            name = self._target.host.rstrip(".")
            secure = context.wrap_socket(self._wire, server_hostname=name, do_handshake_on_connect=False)
            self._wire = secure  # before the handshake, so that `abort` reaches it
            secure.do_handshake()
        self.sock = self._wire

    def discard(self) -> None:
        """Close all, a socket whose handshake failed included."""
        self.close()
        if self._wire is not None:
            self._wire.close()

    def abort(self) -> None:
        """Break the connection off, from another thread, when the time is up."""
        self.aborted = True
        if self._wire is not None:  # `sock` is gone as soon as the body is being read
            try:
                self._wire.shutdown(socket.SHUT_RDWR)
            except OSError:  # it is closed already
                return
