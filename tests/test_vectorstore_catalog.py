"""The articles of a generation in their SQLite file."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from posts import BADUK, article, post, town

from ingest.split import prepare
from vectorstore.catalog import Catalog
from vectorstore.types import Article, Hit


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    made = Catalog(tmp_path, writable=True)
    for prepared in town():
        made.put(prepared, ["말"] * len(prepared.chunks))
    return made


def test_an_article_comes_back_as_it_went_in(catalog: Catalog) -> None:
    for prepared in town():
        assert catalog.article(prepared.article.id) == prepared.article
        assert catalog.sentences(prepared.article.id) == prepared.sentences
    assert catalog.article("없음") is None
    assert catalog.sentences("없음") == ()


def test_ids_and_rows_come_sorted(catalog: Catalog) -> None:
    assert catalog.article_ids() == ["baduk", "market", "river"]
    assert [each.id for each in catalog.articles()] == ["baduk", "market", "river"]
    rows = catalog.rows()
    assert rows == sorted(rows)
    assert catalog.counts() == (3, len(rows))


def test_an_article_is_replaced_by_the_one_of_its_id(catalog: Catalog) -> None:
    new = post("market", "이제 다른 글이다.")
    catalog.put(new, ["말"] * len(new.chunks))
    found = catalog.article("market")
    assert found is not None
    assert found.text.endswith("이제 다른 글이다.")
    assert catalog.chunk_ids("market") == [chunk.id for chunk in new.chunks]
    assert catalog.counts()[0] == 3


def test_a_removed_article_leaves_nothing(catalog: Catalog) -> None:
    catalog.remove("market")
    assert catalog.article("market") is None
    assert catalog.chunk_ids("market") == []
    assert "market" not in {row[0] for row in catalog.rows()}


def test_a_reader_cannot_write(catalog: Catalog, tmp_path: Path) -> None:
    catalog.close()
    reader = Catalog(tmp_path)
    with pytest.raises(sqlite3.OperationalError):
        reader.remove("market")
    reader.close()


def test_many_threads_may_read(catalog: Catalog) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(catalog.article, ["market", "river", "baduk"] * 40))
    assert [each.id for each in found if each] == ["market", "river", "baduk"] * 40


def test_an_id_may_hold_any_letters(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "x", writable=True)
    for id in ("글 #1", "a'b", "../위", "%", "🙂"):
        prepared = post(id, "글이다.")
        catalog.put(prepared, ["말"] * len(prepared.chunks))
        assert catalog.article(id) is not None
    assert catalog.counts()[0] == 5
    catalog.close()


def test_an_article_survives_json() -> None:
    market = article("market")
    assert Article.from_json(market.to_json()) == market


def test_an_article_knows_the_role_and_the_paragraph_of_a_place() -> None:
    market = article("market")
    at = market.text.index("개회사")
    start, end = market.paragraph(at, at + 3)
    assert market.text[start:end].startswith("첫날 행사에서")
    assert market.text[start:end].endswith("열린다.")
    assert [market.role_at(0), market.role_at(at), market.role_at(10_000)] == ["title", "body", "body"]
    assert market.published_date == "2024-06-28"


def test_a_chunk_is_named_after_its_article_and_number() -> None:
    chunk = prepare(article("baduk", BADUK)).chunks[0]  # type: ignore[arg-type]
    assert chunk.id == "baduk#0"
    assert Hit(chunk, 1.0).chunk is chunk
