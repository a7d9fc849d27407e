"""The server's log: a JSON object a line, or plain text, and personal data in neither.

    {"time": "2025-04-17T05:00:00.123Z", "level": "WARNING", "logger": "bot.web.stream", "event": "…"}

Whatever a text holds, it stays one line: control characters, ANSI escapes and what turns the direction of
writing are escaped. Of an exception come its type and the places it passed, without its message, which may
repeat a question.
"""

import hashlib
import hmac
import ipaddress
import json
import logging
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TextIO

from bot.masking import masked

Form = Literal["text", "json"]
MAX_TEXT = 4_000  # characters of one string
MAX_ITEMS = 50  # of a list or a mapping
DEPTH = 4  # of lists in lists
PLACES = 20  # of an exception, the innermost
CAUSES = 5  # exceptions that led to one another
logger = logging.getLogger(__name__)


def configure(
    form: Form, level: int | str = logging.WARNING, stream: TextIO | None = None
) -> logging.Handler:
    """Send every logger's records, and Python's warnings, to one stream (default: stderr) and no other."""
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else MaskedText())
    handler.addFilter(_tells)
    root = logging.getLogger()
    for old in [each for each in root.handlers if getattr(each, "of_forum_bot", False)]:
        root.removeHandler(old)
    handler.of_forum_bot = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(level)
    warnings.showwarning = _warned
    return handler


def _tells(record: logging.LogRecord) -> bool:
    """Whether a record tells an operator something: not each further write to a reader who is gone."""
    return not (record.name == "asyncio" and str(record.msg).startswith("socket.send() raised"))


def _warned(
    message: Warning | str, category: type[Warning], filename: str, lineno: int,
    file: TextIO | None = None, line: str | None = None,
) -> None:  # fmt: skip
    """Log a Python warning as an exception is: without its text, which may hold what a model answered."""
    logger.warning("%s at %s:%d", category.__name__, "/".join(Path(filename).parts[-2:]), lineno)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, event, fields, and of an exception its type and places."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its line break."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "event": _text(_event(record)),
        }
        fields = {name: value for name, value in vars(record).items() if name not in _OWN}
        if fields:
            line["fields"] = _plain(fields)
        if record.exc_info and record.exc_info[1] is not None:
            line["exceptions"] = list(_exceptions(record.exc_info[1]))
        return escaped(json.dumps(line, ensure_ascii=False, allow_nan=False))


class MaskedText(logging.Formatter):
    """The same for people: level, logger and event, and the places of an exception below."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and one for each exception."""
        lines = [f"{record.levelname}: {record.name}: {_text(_event(record))}"]
        if record.exc_info and record.exc_info[1] is not None:
            errors = _exceptions(record.exc_info[1])
            lines += [f"  {one['type']}: {' > '.join(one['at'])}" for one in errors]
        return "\n".join(escaped(line) for line in lines)


_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]"
)


def escaped(text: str) -> str:
    r"""The text with every character that does something instead of being seen as \uXXXX."""
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(record: logging.LogRecord) -> str:
    """The message with its arguments; as it stands where they do not fit, for a log must not fail."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


def _text(text: str) -> str:
    found = masked(text)
    return found if len(found) <= MAX_TEXT else found[:MAX_TEXT] + "…"


def _plain(value: object, depth: int = DEPTH) -> Any:
    """A value as JSON has it, every string in it masked."""
    match value:
        case bool() | None:
            return value
        case int() | float() if abs(value) < 1e10:  # a longer one may be a number of somebody
            return value
        case Mapping() if depth:
            return {_text(str(key)): _plain(one, depth - 1) for key, one in islice(value.items(), MAX_ITEMS)}
        case list() | tuple() | set() | frozenset() if depth:
            return [_plain(one, depth - 1) for one in islice(value, MAX_ITEMS)]
        case BaseException():
            return type(value).__name__
        case _:
            return _text(str(value))


def _exceptions(error: BaseException) -> Iterator[dict[str, Any]]:
    """The exception and what led to it, the latest first: type and places."""
    one: BaseException | None = error
    for _ in range(CAUSES):
        if one is None:
            return
        yield {"type": f"{type(one).__module__}.{type(one).__qualname__}", "at": _places(one)}
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _places(error: BaseException) -> list[str]:
    """Where it passed, outermost first: bot.web.stream:101 run."""
    found, trace = [], error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        module = frame.f_globals.get("__name__", "?")
        found.append(f"{module}:{trace.tb_lineno} {frame.f_code.co_name}")
        trace = trace.tb_next
    return found[-PLACES:]


def visitor_hash(address: str, day: date, secret: bytes) -> str:
    """A visitor for one day: 16 hex digits that nobody without the secret can lead back to the address.

    An IPv6 visitor is a /64 network. The key of a day is made of the secret, so that two days' hashes of one
    address have nothing in common.
    """
    key = hmac.digest(secret, day.isoformat().encode(), hashlib.sha256)
    return hmac.new(key, network(address).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def network(address: str) -> str:
    """An IPv4 address as it is, the /64 of an IPv6 address; anything else unchanged."""
    try:
        found = ipaddress.ip_address(address.strip().strip("[]").partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))
