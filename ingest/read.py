"""From a source as the user names it to its documents: a file, a folder, a URL, the lines of an export."""

import errno
import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from ingest.child import Child
from ingest.clean import MAX_CHARS
from ingest.decode import decode
from ingest.fetch import Fetched, fetch
from ingest.frontmatter import split_front_matter
from ingest.jsonl import parse_lines, read_jsonl
from ingest.markdown import plain
from ingest.names import file_id, given_id, readable, url_id, web_address
from ingest.types import Extract, Raw, SourceError, Verdict
from prompts import say

MAX_FILE = 20_000_000  # bytes of a text, page or PDF; an export is read line by line and has no limit
BUNDLED = "ingest/report/forum-report.md"
"""The report that comes with the package, as verdicts and citations name it."""

_KINDS = {
    ".txt": "text", ".text": "text", "": "text", ".md": "markdown", ".markdown": "markdown",
    ".html": "page", ".htm": "page", ".xhtml": "page", ".pdf": "pdf", ".jsonl": "lines", ".ndjson": "lines",
}  # fmt: skip
_TYPES = {
    "text/html": "page", "application/xhtml+xml": "page", "text/plain": "text", "text/markdown": "markdown",
    "application/pdf": "pdf", "application/x-ndjson": "lines", "application/jsonl": "lines",
    "application/x-jsonlines": "lines",
}  # fmt: skip
_EXTRAS = {"page": ("trafilatura", "html"), "pdf": ("pypdf", "pdf")}
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")


def expand(source: str) -> Iterator[str | Verdict]:
    """The files of a folder in a fixed order, hidden ones left out; any other source itself.

    A link that leads out of the folder gets a verdict. Raises SourceError for a folder without files.
    """
    if _URL.match(source) or not _is_folder(source):
        yield source
        return
    found = False
    for folder, subfolders, names in os.walk(source):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(name for name in names if not name.startswith(".")):
            found = True
            path = Path(folder) / name
            inside = not path.is_symlink() or path.resolve().is_relative_to(Path(source).resolve())
            label = path.as_posix()
            yield label if inside else Verdict(readable(label), None, "skipped", say("ingest.link_outside"))
    if not found:
        raise SourceError("ingest.empty_folder", source=readable(source))


def _is_folder(source: str) -> bool:
    try:
        return Path(source).is_dir()
    except (OSError, ValueError):  # a name that no file can have
        return False


def read(source: str, child: Child, fetcher: Callable[[str], Fetched] = fetch) -> Iterator[Raw | Verdict]:
    """The documents of one file or URL; a verdict for each part that cannot be read.

    Raises SourceError where nothing of it can be.
    """
    if _URL.match(source):
        yield from _from_url(source, child, fetcher)
        return
    label = readable(source)
    path = _existing(source, label)
    try:
        yield from _from_file(path, label, child)
    except OSError as exc:
        denied = exc.errno in (errno.EACCES, errno.EPERM)
        raise SourceError("ingest.forbidden" if denied else "ingest.unreadable", source=label) from exc


def bundled_report() -> Raw:
    """The report of the forum in our own words that comes with the package."""
    data = (files("ingest") / "report" / "forum-report.md").read_bytes()
    return _text_document("markdown", decode(data), BUNDLED, "forum-report")


def _existing(source: str, label: str) -> Path:
    """The path, if there is a file. Raises SourceError."""
    path = Path(source)
    try:
        if path.is_file():
            return path
        missing = not path.exists()
    except (OSError, ValueError) as exc:  # a name that no file can have
        raise SourceError("ingest.missing", source=label[:200]) from exc
    raise SourceError("ingest.missing" if missing else "ingest.not_a_file", source=label)


def _from_file(path: Path, label: str, child: Child) -> Iterator[Raw | Verdict]:
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise SourceError("ingest.unsupported", suffix=path.suffix.lower())
    if kind == "lines":
        yield from read_jsonl(path, label)
    else:
        yield _document(kind, _bytes(path), label, file_id(path), child)


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise SourceError("ingest.too_big", limit=MAX_FILE // 1_000_000)
    return data


def _from_url(source: str, child: Child, fetcher: Callable[[str], Fetched]) -> Iterator[Raw | Verdict]:
    fetched = fetcher(source)
    suffix = PurePosixPath(fetched.url.partition("?")[0].partition("#")[0]).suffix.lower()
    kind = _TYPES.get(fetched.type) or (
        _KINDS.get(suffix) if fetched.type in ("", "application/octet-stream") else None
    )
    if fetched.type == "text/plain" and suffix in (".md", ".markdown", ".jsonl", ".ndjson"):
        kind = _KINDS[suffix]
    if kind is None:
        raise SourceError("ingest.unsupported_type", type=fetched.type)
    if kind == "lines":
        yield from parse_lines(fetched.data, source)
        return
    yield _document(kind, fetched.data, source, url_id(source), child, fetched)


def _document(
    kind: str, data: bytes, source: str, id: str, child: Child, fetched: Fetched | None = None
) -> Raw:
    """One document out of its bytes; for a fetched one, its address is what a reader opens."""
    if kind in ("text", "markdown"):
        raw = _text_document(kind, decode(data, fetched.charset if fetched else None), source, id)
        return raw if fetched is None else _at(raw, fetched.url)
    module, extra = _EXTRAS[kind]
    if importlib.util.find_spec(module) is None:
        raise SourceError("ingest.extra_missing", extra=extra)
    if kind == "page":
        data = decode(data, (fetched.charset if fetched else None) or _charset(data)).encode("utf-8")
    elif data.lstrip()[:5] != b"%PDF-":
        raise SourceError("ingest.empty" if not data.strip() else "ingest.pdf_broken")
    found = child.extract(kind, data)
    return _extracted(found, source, id, fetched.url if fetched else None)


def _text_document(kind: str, text: str, source: str, id: str) -> Raw:
    """A text or Markdown file; its front matter wins over what its lines say."""
    if len(text) > MAX_CHARS:
        raise SourceError("ingest.too_long", chars=len(text), limit=MAX_CHARS)
    known, body = split_front_matter(text)
    title, body = plain(body) if kind == "markdown" else (None, body)
    link = known.pop("url", None)
    own = known.pop("id", None)
    return Raw(
        body, source, source, given_id(own) if own else id, title=known.pop("title", None) or title,
        url=web_address(link), **known,
    )  # fmt: skip


def _at(raw: Raw, url: str) -> Raw:
    return replace(raw, url=raw.url or url)


def _extracted(found: Extract, source: str, id: str, url: str | None) -> Raw:
    """The document of a page or PDF. A fetched page may name another address of its own host only."""
    own = web_address(found.url)
    if url is not None:
        own = own if own and _host(own) == _host(url) else url
    return Raw(
        found.text, source, source, id, title=found.title, published=found.published, author=found.author,
        publisher=found.publisher, url=own,
    )  # fmt: skip


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.").removeprefix("m.")


def _charset(data: bytes) -> str | None:
    """The encoding that a page declares in its first 2,048 bytes."""
    found = re.search(
        rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]{2,30})", data[:2048], re.IGNORECASE
    )
    return found[1].decode("ascii") if found else None
