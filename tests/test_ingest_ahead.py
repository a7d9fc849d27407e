"""Documents cut up ahead of the writer come out in order, and as if each were cut up by itself."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ingest.ahead import BATCH, Document, split_ahead
from ingest.extent import documents_of, size_of
from ingest.pipeline import ingest_sources
from ingest.split import prepare
from ingest.types import Verdict
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.morphemes import morphemes
from vectorstore.reader import Index
from vectorstore.types import Article

TEXTS = [
    "도서관이 문을 연다. 누구나 올 수 있다.",
    "시장은 “비가 왔다. 우산이 없었다”고 말했다. 모두 웃었다.\n둘째 문단이다. 끝났다.",
    "가" * 700,
    "비가 아주 많이 왔다고 한다. " * 60,
]


def documents(count: int) -> list[Document | Verdict]:
    articles = (Article(f"a{n}", f"{n}번째 글", TEXTS[n % len(TEXTS)], "s") for n in range(count))
    return [Document(article.id, None, article) for article in articles]


def test_documents_and_verdicts_keep_their_order_over_batches() -> None:
    items = documents(3 * BATCH // 400)
    items.insert(2, Verdict("고장", None, "skipped", "읽을 수 없습니다."))
    with ThreadPoolExecutor(1) as helper:
        found = list(split_ahead(iter(items), helper))
    assert found == items
    assert all(item.prepared is not None for item in found if isinstance(item, Document))


def test_an_article_among_others_is_cut_up_as_by_itself() -> None:
    with ThreadPoolExecutor(1) as helper:
        for item in split_ahead(documents(len(TEXTS)), helper):
            assert isinstance(item, Document)
            assert item.prepared == prepare(item.article)


def test_a_known_article_is_not_cut_up() -> None:
    with ThreadPoolExecutor(1) as helper:
        found = list(split_ahead(documents(3), helper, lambda article: article.id == "a1"))
    prepared = [isinstance(item, Document) and item.prepared is not None for item in found]
    assert prepared == [True, False, True]


def test_the_morphemes_of_a_chunk_are_those_of_its_text() -> None:
    for text in TEXTS[:2]:
        prepared = prepare(Article("a", "제목", text, "s"))
        for chunk, found in zip(prepared.chunks, prepared.morphemes, strict=True):
            assert [(m.form, m.tag) for m in found] == [(m.form, m.tag) for m in morphemes(chunk.text)]
        assert [m.form for m in prepared.title] == ["제목"]


def test_a_repeated_id_far_apart_counts_as_updated(tmp_path: Path, encoder: KiwiEncoder) -> None:
    path = tmp_path / "posts.jsonl"
    lines = [{"id": f"p{n % 40}", "text": f"{n}번째. {TEXTS[1]}"} for n in range(60)]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    verdicts = ingest_sources([str(path)], tmp_path / "store", encoder)
    assert [verdict.status for verdict in verdicts] == ["added"] * 40 + ["updated"] * 20
    index = Index(tmp_path / "store", encoder)
    article = index.article("p3")
    assert article is not None
    assert article.text.startswith("43번째.")


def test_the_extent_counts_lines_of_exports_and_files(tmp_path: Path) -> None:
    (tmp_path / "가.jsonl").write_text('{"id":"1"}\n{"id":"2"}\n', encoding="utf-8")
    (tmp_path / "나.txt").write_text("글", encoding="utf-8")
    sources = [str(tmp_path), "https://a.example/1"]
    assert documents_of(sources) == 4
    assert size_of(sources) == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert documents_of(["\0"]) == 1
