"""Writing: all of it or nothing of it, one writer at a time, and no mix of encoders."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from posts import ROOT, post, town, write

from ingest.split import SPLITTER, prepare
from vectorstore.errors import BusyError, StoreError
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index
from vectorstore.writer import IndexWriter, indexed_text


class LengthEncoder:
    """A tiny encoder with a meaning of its own: the length of a text and its letters of Hangul."""

    name = "length"
    dimension = 2

    @property
    def fingerprint(self) -> dict[str, str | int]:
        return {"name": "length", "revision": "r7", "dimension": 2}

    def encode_query(self, text: str) -> NDArray[np.float32]:
        vector = np.array([1 + len(text), sum("가" <= char <= "힣" for char in text)], np.float32)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.encode_query(text) for text in texts])


@pytest.fixture
def store(tmp_path: Path, encoder: KiwiEncoder) -> Path:
    write(tmp_path / "store", encoder, *town())
    return tmp_path / "store"


def pointer(store: Path) -> str:
    return (store / "CURRENT").read_text(encoding="utf-8")


def generations(store: Path) -> list[str]:
    return sorted(path.name for path in (store / "generations").iterdir())


def test_what_was_written_is_found(store: Path, encoder: KiwiEncoder) -> None:
    index = Index(store, encoder)
    assert index.article_ids() == ["baduk", "market", "river"]
    assert index.search("산책로 공사는 언제 끝나나요?", 1)[0].chunk.article == "river"


def test_an_update_replaces_what_was_there(store: Path, encoder: KiwiEncoder) -> None:
    write(store, encoder, post("river", "버들천 오리 축제가 가을에 열린다."))
    index = Index(store, encoder)
    assert index.article_ids() == ["baduk", "market", "river"]
    assert "오리 축제" in index.search("오리 축제는 언제?", 1)[0].chunk.text
    texts = [hit.chunk.text for hit in index.search("산책로 정비 공사비", 10)]
    assert not any("12억" in text for text in texts)
    rows = index.generation
    assert len(rows.rows) == rows.dense.count() == rows.manifest.chunks


def test_a_shorter_text_leaves_no_chunk_of_the_longer_one(store: Path, encoder: KiwiEncoder) -> None:
    long = " ".join(f"{number}번째 이야기는 마을 창고에서 시작한다." for number in range(120))
    write(store, encoder, post("river", long))
    short = post("river", "짧은 글이다.")
    assert [row[0] for row in Index(store, encoder).generation.rows].count("river") > len(short.chunks)
    write(store, encoder, short)
    assert [row[0] for row in Index(store, encoder).generation.rows].count("river") == len(short.chunks)


def test_one_id_put_twice_keeps_the_later(store: Path, encoder: KiwiEncoder) -> None:
    write(store, encoder, post("new", "먼저 온 글이다."), post("new", "나중에 온 글이다."))
    article = Index(store, encoder).article("new")
    assert article is not None
    assert "나중에" in article.text


def test_a_writer_sees_its_own_changes(store: Path, encoder: KiwiEncoder) -> None:
    with IndexWriter.open(store, encoder, SPLITTER) as writer:
        new = post("new", "새 글이다.")
        assert writer.article("new") is None
        writer.put(new)
        assert writer.article("new") == new.article
        writer.remove("new")
        assert writer.article("new") is None
        assert writer.article("market") is not None


def test_when_nothing_changed_nothing_is_written(store: Path, encoder: KiwiEncoder) -> None:
    before, folders = pointer(store), generations(store)
    with IndexWriter.open(store, encoder, SPLITTER) as writer:
        assert writer.article("market") is not None
    assert (pointer(store), generations(store)) == (before, folders)


def test_a_removed_article_is_gone_and_the_others_stay(store: Path, encoder: KiwiEncoder) -> None:
    with IndexWriter.open(store, encoder, SPLITTER) as writer:
        writer.remove("market")
    index = Index(store, encoder)
    assert index.article_ids() == ["baduk", "river"]
    assert all(hit.chunk.article != "market" for hit in index.search("야시장 개회사 구청장", 10))


def test_a_store_may_become_empty_and_full_again(store: Path, encoder: KiwiEncoder) -> None:
    with IndexWriter.open(store, encoder, SPLITTER) as writer:
        for id in ("market", "river", "baduk"):
            writer.remove(id)
    index = Index(store, encoder)
    assert index.article_ids() == []
    assert index.search("야시장은 언제?", 5) == []
    write(store, encoder, *town())
    assert index.search("야시장은 언제?", 5) != []


def test_an_exception_drops_the_changes(store: Path, encoder: KiwiEncoder) -> None:
    before, folders = pointer(store), generations(store)
    with pytest.raises(ZeroDivisionError), IndexWriter.open(store, encoder, SPLITTER) as writer:
        writer.put(post("new", "새 글이다."))
        writer.remove("market")
        raise ZeroDivisionError
    assert (pointer(store), generations(store)) == (before, folders)
    assert Index(store, encoder).article_ids() == ["baduk", "market", "river"]
    write(store, encoder, post("new", "새 글이다."))
    assert "new" in Index(store, encoder).article_ids()


def test_an_exception_in_the_first_ingest_leaves_no_index(tmp_path: Path, encoder: KiwiEncoder) -> None:
    store = tmp_path / "first"
    with pytest.raises(KeyboardInterrupt), IndexWriter.open(store, encoder, SPLITTER) as writer:
        writer.put(post("new", "새 글이다."))
        raise KeyboardInterrupt
    assert not (store / "CURRENT").exists()
    with pytest.raises(StoreError, match="색인이 없습니다"):
        Index(store, encoder)


def test_a_second_writer_in_this_process_is_refused(store: Path, encoder: KiwiEncoder) -> None:
    with IndexWriter.open(store, encoder, SPLITTER), pytest.raises(BusyError) as caught:
        IndexWriter.open(store, encoder, SPLITTER)
    assert str(store) in str(caught.value)
    IndexWriter.open(store, encoder, SPLITTER).__exit__(None, None, None)


def test_a_second_writer_is_refused_with_exit_code_75(
    store: Path, encoder: KiwiEncoder, tmp_path: Path
) -> None:
    note = tmp_path / "글.txt"
    note.write_text("글이다.", encoding="utf-8")
    with IndexWriter.open(store, encoder, SPLITTER):
        done = subprocess.run(
            [sys.executable, "-m", "ingest", str(note), "--store", str(store)], cwd=ROOT, capture_output=True,
            encoding="utf-8", check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (75, "")
    assert len(done.stderr.splitlines()) == 1
    assert "다른 프로세스" in done.stderr


def test_readers_are_served_while_a_writer_works(store: Path, encoder: KiwiEncoder) -> None:
    with IndexWriter.open(store, encoder, SPLITTER) as writer:
        writer.put(post("market", "전혀 다른 글이다."))
        assert "구청장" in Index(store, encoder).search("개회사는 누가 했나요?", 1)[0].chunk.text


def test_another_encoder_is_refused_and_both_are_named_with_the_way_out(
    store: Path, encoder: KiwiEncoder
) -> None:
    before = pointer(store)
    for attempt in (
        lambda: IndexWriter.open(store, LengthEncoder(), SPLITTER),
        lambda: Index(store, LengthEncoder()),
    ):
        with pytest.raises(StoreError) as caught:
            attempt()
        line = str(caught.value)
        assert "\n" not in line
        for part in (
            "kiwi",
            str(encoder.fingerprint["revision"]),
            "256",
            "length",
            "r7",
            "forum-bot reindex",
        ):
            assert part in line
    assert pointer(store) == before


def test_another_splitter_is_refused_by_a_writer(store: Path, encoder: KiwiEncoder) -> None:
    with pytest.raises(StoreError, match="reindex") as caught:
        IndexWriter.open(store, encoder, "other-splitter-9")
    assert SPLITTER in str(caught.value)
    assert "other-splitter-9" in str(caught.value)


def test_a_rebuild_may_change_the_encoder(store: Path) -> None:
    other = LengthEncoder()
    with IndexWriter.open(store, other, SPLITTER, fresh=True) as writer:
        for article in writer.articles():
            writer.put(prepare(article))
    index = Index(store, other)
    assert index.article_ids() == ["baduk", "market", "river"]
    assert index.generation.manifest.encoder == other.fingerprint
    assert index.search("산책로 공사는 언제 끝나나요?", 1)[0].chunk.article == "river"


def test_a_chunk_is_found_by_the_title_above_it(encoder: KiwiEncoder) -> None:
    market, *_ = town()
    first, last = market.chunks[0], market.chunks[-1]
    assert indexed_text(market.article, first).count(market.article.title) == 1
    assert indexed_text(market.article, last).startswith(market.article.title)


def test_a_store_that_is_a_file_is_one_korean_line(tmp_path: Path, encoder: KiwiEncoder) -> None:
    (tmp_path / "store").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="쓸 수 없습니다") as caught:
        IndexWriter.open(tmp_path / "store", encoder, SPLITTER)
    assert "\n" not in str(caught.value)
