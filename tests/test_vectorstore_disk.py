"""A disk without room: refused before anything is written, or given up with the old index as it was."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from posts import command, post, town, write

from ingest.split import SPLITTER
from vectorstore.errors import StoreError
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index
from vectorstore.writer import IndexWriter

SIZE = 24  # MB of the small disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of SIZE MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(folder)]
    if os.name == "nt" or os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_more_text_than_the_disk_holds_is_refused_before_anything_is_written(
    tmp_path: Path, encoder: KiwiEncoder
) -> None:
    store = tmp_path / "store"
    write(store, encoder, *town())
    before = sorted(store.rglob("*"))
    with (
        pytest.raises(StoreError, match="공간이 모자라"),
        IndexWriter.open(store, encoder, SPLITTER, coming=10**15) as writer,
    ):
        writer.put(post("new", "새 글이다."))
    assert sorted(store.rglob("*")) == before


def test_a_command_that_would_fill_the_disk_says_so(small_disk: Path, tmp_path: Path) -> None:
    export = tmp_path / "posts.jsonl"
    text = "도서관이 문을 연다. 누구나 올 수 있다. " * 200
    lines = (json.dumps({"id": f"p{n}", "text": f"{n}. {text}"}, ensure_ascii=False) for n in range(200))
    export.write_text("\n".join(lines), encoding="utf-8")
    done = command("-m", "ingest", str(export), "--store", str(small_disk / "store"))
    assert done.returncode == 1
    assert "공간이 모자라" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disk_that_fills_up_midway_leaves_the_old_index_answering(
    small_disk: Path, encoder: KiwiEncoder
) -> None:
    store = small_disk / "store"
    write(store, encoder, *town())
    before = [hit.chunk.id for hit in Index(store, encoder).search("야시장은 언제 열리나요?", 3)]
    text = "도서관이 문을 연다. 누구나 올 수 있다. " * 15
    with (
        pytest.raises(StoreError, match="이전 색인은 그대로"),
        IndexWriter.open(store, encoder, SPLITTER) as writer,
    ):
        for number in range(20_000):  # ends long before, with the disk
            writer.put(post(f"p{number}", f"{number}. {text}"))
    assert [hit.chunk.id for hit in Index(store, encoder).search("야시장은 언제 열리나요?", 3)] == before
    assert not (store / "CURRENT.new").exists()
    assert len(list((store / "generations").iterdir())) == 1
