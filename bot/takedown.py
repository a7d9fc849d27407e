"""`forum-bot takedown`: take an article or a name out of every answer, and put it back."""

import re
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from prompts import UserError, say
from vectorstore.catalog import Catalog
from vectorstore.corpora import at_corpus, root_store
from vectorstore.generations import current_generation
from vectorstore.settings import StoreSettings, load_settings
from vectorstore.takedowns import Kind, Takedown, effective, places, plain_name, put, undo

MOST_DAYS = 3650


class TakedownError(UserError):
    """Something that cannot be taken down or put back."""


def run(arguments: Namespace) -> Iterator[str]:
    """Do what the arguments ask and yield the lines to print. Raises TakedownError, StoreError."""
    store = at_corpus(load_settings(StoreSettings, store=arguments.store), arguments.corpus).store
    if (arguments.what is None) != arguments.list:
        raise TakedownError("takedown.what")
    folder = current_generation(store)
    if arguments.list:
        yield from _listed([entry for _, entry in _entries(store)])
    elif arguments.undo:
        yield _undone(store, arguments.what)
    else:
        yield from _taken_down(store, folder, arguments.what, _days(arguments.until))


def _listed(entries: Sequence[Takedown]) -> Iterator[str]:
    if not entries:
        yield say("takedown.none")
    for entry in entries:
        line = say(f"takedown.line_{entry.kind}", what=entry.what, since=entry.since, by=entry.by)
        until = entry.until
        yield line if until is None else say("takedown.line_until", line=line, until=until)


def _entries(store: Path) -> list[tuple[Path, Takedown]]:
    """What is down in a store, with the store whose list says so: of the store above a corpus, names only."""
    return [
        (place, entry)
        for place in places(store)
        for entry in effective(place)
        if place == store or entry.kind == "name"
    ]


def _undone(store: Path, what: str) -> str:
    found = [(place, entry) for place, entry in _entries(store) if entry.what in (what, plain_name(what))]
    if not found:
        raise TakedownError("takedown.not_down", what=what)
    for place, entry in found:
        undo(place, entry)
    return say("takedown.undone", what=what)


def _taken_down(store: Path, folder: Path, what: str, days: int | None) -> Iterator[str]:
    catalog = Catalog(folder / "articles")
    try:
        kind = _kind(what, catalog)
    finally:
        catalog.close()
    article = kind == "article"
    entry = put(store if article else root_store(store), kind, what if article else plain_name(what), days)
    yield say(f"takedown.done_{kind}", what=entry.what)
    if entry.until is not None:
        yield say("takedown.ends", until=entry.until)


def _days(found: int | None) -> int | None:
    if found is not None and not 1 <= found <= MOST_DAYS:
        raise TakedownError("takedown.bad_days", found=found, limit=MOST_DAYS)
    return found


def _kind(what: str, catalog: Catalog) -> Kind:
    """An article where the index holds one of that id; else a name, if it looks like one."""
    if catalog.article(what) is not None:
        return "article"
    name = plain_name(what)
    if re.fullmatch(r"[가-힣]{2,6}|[A-Za-z가-힣][A-Za-z가-힣.'’-]*(?: [A-Za-z가-힣.'’-]+){1,4}", name):
        return "name"
    raise TakedownError("takedown.unknown", what=what)
