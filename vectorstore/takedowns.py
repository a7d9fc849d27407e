"""Articles and names that must not be shown, in a list beside the generations, so that no ingest undoes it.

    <store>/takedowns.json    what is taken down: replaced in one step, followed by every open index
    <store>/takedowns.log     who ordered what, and when: a JSON object a line

A taken-down article is not found, not shown and not cited. A name stands nowhere in what an index gives out:
its letters are ○ (so that every offset stays true), a sentence that holds it is not quoted, and a question
with it finds nothing. The index itself is not changed; taking the entry off the list brings everything back.
A name is in the list of the store above all its corpora (see `corpora`), and is taken down in each of them.
"""

import getpass
import json
import os
import re
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from vectorstore.corpora import root_store
from vectorstore.errors import BusyError, StoreError
from vectorstore.generations import sync
from vectorstore.types import Article, Sentence

FILE, LOG = "takedowns.json", "takedowns.log"
EVERY = 1.0  # seconds between two looks at the list: a takedown is in effect after no more than that
LOCK_SECONDS = 10.0
_HIDDEN = "○"

Kind = Literal["article", "name"]


@dataclass(frozen=True, slots=True)
class Takedown:
    """One entry of the list."""

    kind: Kind
    what: str
    """An article's id, or a name."""
    since: str
    """ISO second, UTC."""
    until: str | None = None
    """When it ends by itself; None for never."""
    by: str = ""
    """The account that ordered it."""

    def holds(self, now: str) -> bool:
        """Whether it is in effect at an ISO second."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class Hidden:
    """What an index leaves out."""

    articles: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        forms = "|".join(map(name_form, self.names))
        return re.compile(forms, re.IGNORECASE) if forms else None

    def asked(self, question: str) -> bool:
        """Whether a question (in its normal form) names somebody whose name is taken down."""
        return self._pattern is not None and self._pattern.search(question) is not None

    def article(self, article: Article) -> Article:
        """The article with the names made unreadable, letter by letter."""
        if self._pattern is None:
            return article
        return replace(
            article,
            title=self._unreadable(article.title),
            text=self._unreadable(article.text),
            source=self._unreadable(article.source),
            author=self._unless_named(article.author),
            url=self._unless_named(article.url),
        )

    def sentences(self, article: Article, sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
        """The sentences of an article, given as it is, those marked that hold such a name."""
        if self._pattern is None:
            return tuple(sentences)
        found = [match.span() for match in self._pattern.finditer(article.text)]
        return tuple(
            replace(one, hidden=any(start < one.end and end > one.start for start, end in found))
            for one in sentences
        )

    def _unreadable(self, text: str) -> str:
        pattern = self._pattern
        return pattern.sub(lambda match: _HIDDEN * len(match[0]), text) if pattern is not None else text

    def _unless_named(self, text: str | None) -> str | None:
        return None if text is not None and self.asked(text) else text


_AFTER = (  # what may follow a two-letter name: no Hangul, a particle, or a title
    r"(?![가-힣])|(?=[은는이가을를의에도과와만께씨님군양]"
    r"|기자|의원|대표|교수|시장|회장|위원|후보|장관|선수|감독)"
)


def name_form(name: str) -> str:
    """A pattern of a name as it may be written: 홍길동, 홍 길동, 홍 길 동; one of two letters as a word."""
    if not re.fullmatch("[가-힣]+", name):
        words = r"\s+".join(map(re.escape, name.split()))
        return rf"(?<![A-Za-z가-힣]){words}(?![A-Za-z])"
    apart, spaced = rf"{name[0]}\s?{name[1:]}", r"\s".join(name)
    if len(name) == 2:
        return rf"(?<![가-힣]){apart}(?:{_AFTER})"
    return rf"{apart}|{spaced}"


def plain_name(name: str) -> str:
    """A name as the list holds it: NFC, single blanks, none in a Hangul name."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    return name.replace(" ", "") if re.fullmatch("[가-힣 ]+", name) else name


class Takedowns:
    """The list of one store as an open index follows it: at most one look a second."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._files = tuple(place / FILE for place in places(store))
        self._next = 0.0
        self._seen: tuple[_State | None, ...] = ()
        self._entries: tuple[Takedown, ...] = ()
        self._hidden = NOTHING
        self.changes = 0
        """How often what is hidden has changed since the index was opened."""

    def now(self) -> Hidden:
        """What is hidden now. Raises StoreError for a list that cannot be read: then nothing is shown."""
        moment = time.monotonic()
        if moment >= self._next:
            self._look()
            self._next = moment + EVERY
        return self._hidden

    def _look(self) -> None:
        seen = tuple(map(_state, self._files))
        if seen != self._seen:
            self._entries = read_all(self._store)
            self._seen = seen
        hidden = hidden_by(self._entries)
        if hidden != self._hidden:
            self._hidden = hidden
            self.changes += 1


NOTHING = Hidden()
_State = tuple[int, int, int]


def _state(path: Path) -> _State | None:
    """What tells one content of a file from the next; None where it is not there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise StoreError("store.takedowns_broken", path=path) from exc
    return found.st_mtime_ns, found.st_size, found.st_ino


def places(store: Path) -> tuple[Path, ...]:
    """The stores whose lists count for a store: its own and, for a corpus, that of the store above it."""
    return tuple(dict.fromkeys((store, root_store(store))))


def read_all(store: Path) -> tuple[Takedown, ...]:
    """What counts for a store: its own list, and the names of the list above it. Raises StoreError."""
    own, *above = map(read, places(store))
    return (*own, *(entry for entries in above for entry in entries if entry.kind == "name"))


def effective(store: Path) -> tuple[Takedown, ...]:
    """The entries of a store's own list that are in effect now. Raises StoreError."""
    return _in_effect(read(store))


def _in_effect(entries: Iterable[Takedown]) -> tuple[Takedown, ...]:
    now = _stamp(datetime.now(UTC))
    return tuple(entry for entry in entries if entry.holds(now))


def hidden_by(entries: Iterable[Takedown]) -> Hidden:
    """What the entries hide that are in effect now."""
    good = _in_effect(entries)
    articles = frozenset(entry.what for entry in good if entry.kind == "article")
    return Hidden(articles, tuple(sorted(entry.what for entry in good if entry.kind == "name")))


def read(store: Path) -> tuple[Takedown, ...]:
    """The list of a store, ended entries included. Raises StoreError where it cannot be read."""
    path = store / FILE
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(records, list):
            raise TypeError("not a list")
        entries = tuple(Takedown(**record) for record in records)
        if any(entry.kind not in ("article", "name") or not entry.what for entry in entries):
            raise ValueError("an entry is of no known kind")
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, AttributeError) as exc:
        raise StoreError("store.takedowns_broken", path=path) from exc
    return entries


def put(store: Path, kind: Kind, what: str, days: int | None = None) -> Takedown:
    """Take an article or a name down, for some days or for good. Raises StoreError, BusyError."""
    now = datetime.now(UTC)
    until = _stamp(now + timedelta(days=days)) if days is not None else None
    entry = Takedown(kind, what, _stamp(now), until, _account())
    _change(store, "takedown", entry, add=True)
    return entry


def undo(store: Path, entry: Takedown) -> None:
    """Take an entry off the list. Raises StoreError, BusyError."""
    _change(store, "undo", replace(entry, since=_stamp(datetime.now(UTC)), by=_account()), add=False)


def _change(store: Path, action: str, entry: Takedown, *, add: bool) -> None:
    """Write the order to the log, then the list: what is hidden was always ordered by somebody."""
    now = _stamp(datetime.now(UTC))
    try:
        with FileLock(store / "takedowns.lock", timeout=LOCK_SECONDS):
            same = (entry.kind, entry.what)
            kept = [one for one in effective(store) if (one.kind, one.what) != same]
            line = {"time": now, "by": entry.by, "action": action, "kind": entry.kind, "what": entry.what}
            _append(store / LOG, {**line, "until": entry.until})
            _write(store / FILE, [*kept, entry] if add else kept)
    except Timeout as exc:
        raise BusyError("store.busy", store=store) from exc
    except OSError as exc:
        raise StoreError("store.not_writable", store=store, problem=exc.strerror) from exc


def _append(path: Path, record: dict[str, str | None]) -> None:
    line = json.dumps(record, ensure_ascii=False) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, entries: Sequence[Takedown]) -> None:
    beside = path.with_name(path.name + ".new")
    text = json.dumps([asdict(entry) for entry in entries], ensure_ascii=False, indent=1)
    beside.write_text(text + "\n", encoding="utf-8")
    sync(beside)
    os.replace(beside, path)  # noqa: PTH105 - the atomic step deserves its plain name
    sync(path.parent)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"
