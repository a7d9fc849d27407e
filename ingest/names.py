"""The article's ID: readable, stable from run to run, and the same for the same file or URL."""

import hashlib
import re
import unicodedata
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from ingest.types import SourceError

MAX_SLUG = 60  # characters
MAX_ID = 200  # characters of an ID that a user gives
_MAX_URL = 2000  # characters


def file_id(path: Path) -> str:
    """`slug-6hex` of a file: the name it has, and the place it is at."""
    return f"{slug(path.stem)}-{_digest(path.absolute().as_posix())}"


def url_id(url: str) -> str:
    """`slug-6hex` of a URL: the last part of its path, or its host."""
    parts = urlsplit(url)
    stem = PurePosixPath(unquote(parts.path)).stem
    return f"{slug(stem or parts.hostname or '')}-{_digest(url)}"


def readable(source: str) -> str:
    """The source as it is shown and stored: names that are no valid text are escaped, line breaks too."""
    text = source.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def slug(name: str) -> str:
    """Hangul, letters, digits, `-` and `_` of `name` in NFC, at most 60 characters; never empty."""
    kept = re.sub(r"[^\w-]+", "-", unicodedata.normalize("NFC", name)).strip("-_")
    return kept[:MAX_SLUG].rstrip("-_") or "article"


def given_id(value: object) -> str:
    """An ID that the user states, checked: a number or a short line of text. Raises SourceError."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise SourceError("ingest.bad_id", value=str(value)[:40])
    text = unicodedata.normalize("NFC", str(value)).strip()
    if not text or len(text) > MAX_ID or any(unicodedata.category(char)[0] == "C" for char in text):
        raise SourceError("ingest.bad_id", value=text[:40])
    return text


def web_address(value: str | None) -> str | None:
    """The address if a reader can open it (http or https, with a host, no user name), else None."""
    if not value or len(value) > _MAX_URL or any(char.isspace() or char in "\\<>\"'" for char in value):
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    good = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    return value if good else None


def _digest(text: str) -> str:
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")).hexdigest()[
        :6
    ]
