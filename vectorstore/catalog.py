"""The articles of one generation and what they were cut into, in one SQLite file."""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from vectorstore.types import Article, Chunk, Prepared, Sentence

FILE = "articles.sqlite3"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS article (id TEXT PRIMARY KEY, record TEXT NOT NULL, sentences TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chunk (
    article TEXT NOT NULL, number INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    terms TEXT NOT NULL, PRIMARY KEY (article, number));
"""


class Catalog:
    """Articles by id, their sentences, and the chunks in the row order of the lexical index.

    One connection, guarded by a lock, so that the threads of a server can share it.
    """

    def __init__(self, folder: Path, *, writable: bool = False) -> None:
        path = folder / FILE
        self._lock = threading.Lock()
        if writable:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.executescript(_SCHEMA)
        else:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )

    def close(self) -> None:
        """Commit what is pending and let the file go."""
        self._db.commit()
        self._db.close()

    def discard(self) -> None:
        """Let the file go without what is pending; harmless once it is closed."""
        self._db.close()

    def article(self, id: str) -> Article | None:
        """The article of that id, or None."""
        row = self._one("SELECT record FROM article WHERE id = ?", id)
        return Article.from_json(json.loads(row[0])) if row else None

    def sentences(self, id: str) -> tuple[Sentence, ...]:
        """The sentences of an article, in text order; none for an unknown id."""
        row = self._one("SELECT sentences FROM article WHERE id = ?", id)
        return tuple(Sentence(start, end) for start, end in json.loads(row[0])) if row else ()

    def article_ids(self) -> list[str]:
        """Every article's id, sorted."""
        return [row[0] for row in self._all("SELECT id FROM article ORDER BY id")]

    def articles(self) -> Iterator[Article]:
        """Every article, sorted by id, read one at a time."""
        for id in self.article_ids():
            article = self.article(id)
            if article is not None:
                yield article

    def published(self) -> list[tuple[str, str]]:
        """(id, date or minute of publication) of every article that has one."""
        query = "SELECT id, json_extract(record, '$.published') AS day FROM article WHERE day IS NOT NULL"
        return [(row[0], str(row[1])) for row in self._all(query)]

    def rows(self) -> list[tuple[str, int, int, int]]:
        """(article, number, start, end) of every chunk, in the row order of the lexical index."""
        return self._all('SELECT article, number, start, "end" FROM chunk ORDER BY article, number')

    def chunks(self, article: Article) -> Iterator[tuple[Chunk, str]]:
        """The chunks of an article in row order, each with its terms as the writer joined them."""
        query = 'SELECT number, start, "end", terms FROM chunk WHERE article = ? ORDER BY number'
        for number, start, end, terms in self._all(query, article.id):
            yield Chunk(article.id, number, start, end, article.text[start:end]), terms

    def newest(self, count: int, without: Collection[str] = ()) -> list[str]:
        """The ids of the articles published last, but for some, the newest first."""
        rows = self._all(
            "SELECT id FROM article ORDER BY json_extract(record, '$.published') DESC, id LIMIT ?",
            len(without) + count,
        )
        return [row[0] for row in rows if row[0] not in without][:count]

    def counts(self) -> tuple[int, int]:
        """How many articles and how many chunks there are."""
        articles = self._all("SELECT count(*) FROM article")[0][0]
        return articles, self._all("SELECT count(*) FROM chunk")[0][0]

    def chunk_ids(self, article: str) -> list[str]:
        """The chunk ids of one article."""
        rows = self._all("SELECT number FROM chunk WHERE article = ?", article)
        return [f"{article}#{row[0]}" for row in rows]

    def put(self, prepared: Prepared, terms: Sequence[str]) -> None:
        """Write an article over the one of that id; `terms` is one string for each chunk."""
        article = prepared.article
        spans = json.dumps([[sentence.start, sentence.end] for sentence in prepared.sentences])
        record = json.dumps(article.to_json(), ensure_ascii=False)
        self.remove(article.id)
        rows = [_row(chunk, text) for chunk, text in zip(prepared.chunks, terms, strict=True)]
        with self._lock:
            self._db.execute("INSERT INTO article VALUES (?, ?, ?)", (article.id, record, spans))
            self._db.executemany("INSERT INTO chunk VALUES (?, ?, ?, ?, ?)", rows)

    def remove(self, id: str) -> None:
        """Forget an article and its chunks."""
        with self._lock:
            self._db.execute("DELETE FROM article WHERE id = ?", (id,))
            self._db.execute("DELETE FROM chunk WHERE article = ?", (id,))

    def _one(self, query: str, *values: str) -> tuple[str, ...] | None:
        with self._lock:
            row: tuple[str, ...] | None = self._db.execute(query, values).fetchone()
        return row

    def _all(self, query: str, *values: str | int) -> list[Any]:
        with self._lock:
            return self._db.execute(query, values).fetchall()


def _row(chunk: Chunk, terms: str) -> tuple[str, int, int, int, str]:
    return chunk.article, chunk.number, chunk.start, chunk.end, terms
