import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pdf_files import pdf

from ingest.fetch import Fetched
from ingest.pipeline import ingest_sources, reindex
from ingest.split import SPLITTER
from ingest.types import SourceError, Verdict
from vectorstore.encoders import Encoder
from vectorstore.errors import BusyError
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index
from vectorstore.types import Article
from vectorstore.writer import IndexWriter


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return KiwiEncoder()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def statuses(verdicts: list[Verdict]) -> list[str]:
    return [verdict.status for verdict in verdicts]


def stored(store: Path, encoder: Encoder) -> dict[str, Article]:
    with IndexWriter.open(store, encoder, SPLITTER) as writer:
        return {article.id: article for article in writer.articles()}


def generation(store: Path) -> str:
    return (store / "CURRENT").read_text(encoding="utf-8")


def test_without_sources_the_bundled_report_goes_in_and_is_found(store: Path, encoder: Encoder) -> None:
    (verdict,) = ingest_sources([], store, encoder)
    assert verdict == Verdict("ingest/report/forum-report.md", "forum-report", "added")
    hits = Index(store, encoder).search("2부 사회는 누가 봤나요?", 3)
    assert any("임한필" in hit.chunk.text for hit in hits)


def test_a_second_run_changes_nothing(store: Path, encoder: Encoder) -> None:
    ingest_sources([], store, encoder)
    before = generation(store)
    assert statuses(ingest_sources([], store, encoder)) == ["unchanged"]
    assert generation(store) == before


def test_an_edited_file_is_updated_under_its_id(tmp_path: Path, store: Path, encoder: Encoder) -> None:
    path = tmp_path / "글.txt"
    path.write_text("모임 안내\n토요일에 만납니다.", encoding="utf-8")
    (first,) = ingest_sources([str(path)], store, encoder)
    path.write_text("모임 안내\n일요일에 만납니다.", encoding="utf-8")
    (second,) = ingest_sources([str(path)], store, encoder)
    assert (first.status, second.status) == ("added", "updated")
    assert first.article == second.article
    (article,) = stored(store, encoder).values()
    assert "일요일" in article.text


def test_good_neighbours_of_bad_files_all_go_in(tmp_path: Path, store: Path, encoder: Encoder) -> None:
    folder = tmp_path / "글"
    folder.mkdir()
    good = {
        "가.txt": "토요일 모임 안내입니다.".encode("cp949"),
        "나.md": "# 일요일\n\n산에 갑니다.".encode(),
        "다.pdf": pdf(["월요일에는 쉽니다."]),
        "라.txt": "화요일 글입니다.".encode("utf-16"),
        "마.jsonl": (
            b'{"id":"j1","text":"\xea\xb8\x80"}\n{"id":"j2"}\n{"id":"j3","text":"\xea\xb8\x80\xec\x9e\x90"}\n'
        ),
    }
    bad = {
        "bad1.txt": b"",
        "bad2.html": b"\x89PNG\r\n\x1a\n",
        "bad3.txt": bytes(range(256)) * 20,
        "bad4.pdf": b"%PDF-1.7 broken",
        "bad5.docx": b"PK\x03\x04",
        "bad6.txt": "가나다라 ".encode() * 50 + b"\xff\xff",
    }
    for name, data in {**good, **bad}.items():
        (folder / name).write_bytes(data)
    verdicts = ingest_sources([str(folder), str(tmp_path / "없음.txt")], store, encoder)
    skipped = [verdict for verdict in verdicts if verdict.status == "skipped"]
    assert statuses(verdicts).count("added") == 6
    assert len(skipped) == len(bad) + 2
    assert all(verdict.reason and not verdict.fault for verdict in skipped)
    assert len(stored(store, encoder)) == 6


def test_the_later_of_two_lines_with_one_id_wins(tmp_path: Path, store: Path, encoder: Encoder) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"id":"a","text":"앞의 글"}\n{"id":"a","text":"뒤의 글"}\n', encoding="utf-8")
    verdicts = ingest_sources([str(path)], store, encoder)
    assert statuses(verdicts) == ["added", "updated"]
    assert verdicts[1].reason is not None
    assert stored(store, encoder)["a"].text == "뒤의 글"


def test_one_text_under_two_names_is_added_twice(tmp_path: Path, store: Path, encoder: Encoder) -> None:
    for name in ("가.txt", "나.txt"):
        (tmp_path / name).write_text("같은 글입니다.", encoding="utf-8")
    assert (
        statuses(ingest_sources([str(tmp_path / "가.txt"), str(tmp_path / "나.txt")], store, encoder))
        == ["added"] * 2
    )


def test_a_page_from_the_web_is_cited_with_its_address(store: Path, encoder: Encoder) -> None:
    page = (
        "<html><body><h1>모임</h1><p>정기 모임은 토요일 오후 "
        "일곱 시 마을회관에서 열린다고 알립니다.</p></body></html>"
    )

    def fetcher(url: str) -> Fetched:
        return Fetched("https://a.example/1", page.encode(), "text/html", "utf-8")

    (verdict,) = ingest_sources(["https://a.example/old"], store, encoder, fetcher=fetcher)
    assert verdict.status == "added"
    (article,) = stored(store, encoder).values()
    assert (article.url, article.source) == ("https://a.example/1", "https://a.example/old")


def test_an_address_that_is_refused_is_a_verdict(store: Path, encoder: Encoder) -> None:
    (verdict,) = ingest_sources(["http://127.0.0.1/"], store, encoder)
    assert (verdict.status, verdict.article) == ("skipped", None)
    assert not (store / "CURRENT").exists()


def test_verdicts_are_heard_as_they_fall(tmp_path: Path, store: Path, encoder: Encoder) -> None:
    heard: list[Verdict] = []
    path = tmp_path / "글.txt"
    path.write_text("글입니다.", encoding="utf-8")
    verdicts = ingest_sources([str(path), "없음.txt"], store, encoder, heard.append)
    assert heard == verdicts


def test_a_bug_that_one_document_uncovers_costs_only_itself(
    tmp_path: Path, store: Path, encoder: Encoder
) -> None:
    def broken(url: str) -> Fetched:
        raise ZeroDivisionError

    path = tmp_path / "글.txt"
    path.write_text("글입니다.", encoding="utf-8")
    verdicts = ingest_sources(["https://a.example/1", str(path)], store, encoder, fetcher=broken)
    assert [(verdict.status, verdict.fault) for verdict in verdicts] == [("skipped", True), ("added", False)]


def test_an_interrupted_run_leaves_the_index_as_it_was(tmp_path: Path, store: Path, encoder: Encoder) -> None:
    ingest_sources([], store, encoder)
    before = generation(store)
    path = tmp_path / "글.txt"
    path.write_text("글입니다.", encoding="utf-8")

    def stop(verdict: Verdict) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest_sources([str(path)], store, encoder, stop)
    assert generation(store) == before
    assert list(stored(store, encoder)) == ["forum-report"]


def test_a_second_writer_is_told_to_wait(store: Path, encoder: Encoder) -> None:
    with IndexWriter.open(store, encoder, SPLITTER), pytest.raises(BusyError) as caught:
        ingest_sources([], store, encoder)
    assert caught.value.exit_code == 75


def test_a_reindex_keeps_every_article_and_finds_the_same(
    tmp_path: Path, store: Path, encoder: Encoder
) -> None:
    path = tmp_path / "posts.jsonl"
    lines = (json.dumps({"id": f"p{n}", "text": f"{n}번째 글은 도서관 이야기입니다."}) for n in range(30))
    path.write_text("\n".join(lines), encoding="utf-8")
    ingest_sources([str(path)], store, encoder)
    before, articles = generation(store), stored(store, encoder)
    heard: list[str] = []
    assert reindex(store, encoder, heard.append) == 30
    assert sorted(heard) == sorted(articles)
    assert generation(store) != before
    assert stored(store, encoder) == articles


def test_every_chunk_that_a_search_finds_is_word_for_word(store: Path, encoder: Encoder) -> None:
    ingest_sources([], store, encoder)
    article = stored(store, encoder)["forum-report"]
    for hit in Index(store, encoder).search("디지털 치료제", 5):
        assert article.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text


@pytest.fixture(autouse=True)
def _no_traceback_on_the_way(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert not [record for record in caplog.records if record.name.startswith("chromadb") and record.exc_info]


def test_the_error_of_a_source_is_a_user_error() -> None:
    assert SourceError("ingest.empty").exit_code == 1
