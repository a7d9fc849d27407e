"""The index that is asked, and its passages: a temporary one for data that brings its own."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.evaluation.data import DataError
from bot.evaluation.types import Asked, Data, Passage
from ingest.split import SPLITTER, prepare
from vectorstore.encoders import Encoder, load_encoder
from vectorstore.reader import Index
from vectorstore.settings import StoreSettings
from vectorstore.types import Article
from vectorstore.writer import IndexWriter


@dataclass(frozen=True)
class Corpus:
    """An opened index with the passages in it; `scratch` is a folder that goes when this does."""

    index: Index
    passages: tuple[Passage, ...]
    scratch: Path

    @cached_property
    def same(self) -> Mapping[str, str]:
        """Each passage's id → the id of the first passage with the same text."""
        first: dict[str, str] = {}
        return {each.id: first.setdefault(_plain(each.text), each.id) for each in self.passages}

    def right(self, asked: Asked) -> frozenset[str]:
        """The passages that answer a question, those with the same text as one. Raises DataError."""
        for id in sorted(asked.right - self.same.keys()):
            raise DataError("evaluation.right_unknown", question=asked.id, passage=id)
        return frozenset(self.same[id] for id in asked.right)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


@contextmanager
def opened(data: Data, settings: StoreSettings) -> Iterator[Corpus]:
    """The corpus that the questions are put to. Raises StoreError, EncoderError."""
    encoder = load_encoder(settings)
    with TemporaryDirectory(prefix="forum-bot-eval-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        if data.passages is None:
            index = Index(settings.store, encoder)
            yield Corpus(index, tuple(_stored(index)), scratch)
        else:
            yield Corpus(_built(data.passages, encoder, scratch / "store"), data.passages, scratch)


def _stored(index: Index) -> Iterator[Passage]:
    for article in index.generation.catalog.articles():
        yield Passage(article.id, article.title, article.text)


def _built(passages: Sequence[Passage], encoder: Encoder, store: Path) -> Index:
    """An index with one article for each passage, word for word (nothing is cleaned away)."""
    with IndexWriter.open(store, encoder, splitter=SPLITTER) as writer:
        for passage in passages:
            writer.put(prepare(Article(passage.id, passage.title, passage.text, source=passage.id)))
    return Index(store, encoder)
