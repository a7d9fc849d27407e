"""Named corpora: whole stores of their own below a store, for communities that must not be mixed.

    <store>/corpora/<name>/     articles, index and takedowns of one corpus

Nothing of a corpus is found from the store above it or from another one. Only a person's name that is taken
down is so in all of them (see `takedowns`).
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from prompts import UserError
from vectorstore.settings import StoreSettings

FOLDER = "corpora"
MAX_NAME = 40
MAX_SHOWN = 60  # characters of a bad name in a message

Settings = TypeVar("Settings", bound=StoreSettings)


class CorpusError(UserError):
    """A name that no corpus can have, or that none has."""

    status = 503


def at_corpus(settings: Settings, name: str | None, *, new: bool = False) -> Settings:
    """The same settings with the store of a named corpus; as they are where no name is given.

    Raises CorpusError for a bad name and, unless it may be `new`, for a corpus that nothing was put into.
    """
    if name is None:
        return settings
    store = corpus_store(settings.store, name)
    if not new and not (store / "CURRENT").is_file():
        raise CorpusError("store.corpus_unknown", corpus=store.name)
    return settings.model_copy(update={"store": store})


def corpus_store(store: Path, name: str) -> Path:
    """Where a corpus of that name is, or would be. Raises CorpusError for a bad name."""
    return store / FOLDER / good_name(name)


def good_name(name: str) -> str:
    """A name as it is kept: composed Hangul, small letters, as some systems take Cafe and cafe for one.

    Raises CorpusError for what is not 1 to 40 letters, digits, hyphens and low lines, no hyphen first.
    """
    good = unicodedata.normalize("NFC", name.lower())
    if not re.fullmatch(rf"\w[\w-]{{0,{MAX_NAME - 1}}}", good):
        shown = "".join(sign if sign.isprintable() else "?" for sign in name[:MAX_SHOWN])
        raise CorpusError("store.corpus_bad", corpus=shown, limit=MAX_NAME)
    return good


def names(store: Path) -> Iterator[str]:
    """The names of a store's corpora, sorted."""
    for folder in sorted((store / FOLDER).glob("*")):
        if (folder / "CURRENT").is_file():
            yield folder.name


def root_store(store: Path) -> Path:
    """The store that a corpus lies in, which keeps what is common to all; any other store itself."""
    return store.parent.parent if store.parent.name == FOLDER else store
