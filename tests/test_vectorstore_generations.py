"""Generations: a reader opens the old index or the new one, and a broken one is said to be so."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from posts import ROOT, post, town, write

from ingest.split import SPLITTER
from vectorstore.errors import BusyError, StoreError
from vectorstore.generations import (
    FORMAT,
    KEPT,
    check_files,
    current_generation,
    current_id,
    drop_old,
    new_generation,
    read_manifest,
    switch_to,
    write_lock,
    write_manifest,
)
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index
from vectorstore.writer import IndexWriter

ARTICLES = 30  # of the index that the kills hit


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Path:
    store = tmp_path_factory.mktemp("made") / "store"
    write(store, encoder, *town())
    return store


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    """A good store that a test may break."""
    return Path(shutil.copytree(made, tmp_path / "store"))


def finish(store: Path, second: int) -> Path:
    """A finished generation of that second, which holds nothing but its manifest."""
    folder = store / "generations" / f"20240101T0000{second:02}-abcdef"
    folder.mkdir(parents=True)
    write_manifest(folder, {"name": "kiwi", "revision": "1", "dimension": 256}, SPLITTER, 0, 0)
    return folder


def refusal(store: Path, encoder: KiwiEncoder) -> str:
    with pytest.raises(StoreError) as caught:
        Index(store, encoder)
    line = str(caught.value)
    assert "\n" not in line
    assert "forum-bot" in line
    return line


def test_a_store_that_is_not_there_names_the_command_that_makes_it(
    tmp_path: Path, encoder: KiwiEncoder
) -> None:
    assert "forum-bot ingest" in refusal(tmp_path / "없음", encoder)


@pytest.mark.parametrize(
    "content", [b"", b"../../etc", b"\xff\xfe\x00", b"20240101T000000-zzzzzz", "최신".encode(), b"a" * 5000]
)
def test_a_broken_current_is_told_with_its_content(store: Path, encoder: KiwiEncoder, content: bytes) -> None:
    (store / "CURRENT").write_bytes(content)
    line = refusal(store, encoder)
    assert "CURRENT" in line
    assert len(line) < 600


def test_a_current_that_names_a_generation_that_is_gone_is_told(store: Path, encoder: KiwiEncoder) -> None:
    gone = current_generation(store)
    shutil.rmtree(gone)
    assert gone.name in refusal(store, encoder)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 2}', '{"encoder": {}}', '"글"'])
def test_a_broken_manifest_is_told_with_its_path(store: Path, encoder: KiwiEncoder, content: str) -> None:
    path = current_generation(store) / "manifest.json"
    path.write_text(content, encoding="utf-8")
    assert str(path) in refusal(store, encoder)


def test_a_manifest_that_is_missing_is_told(store: Path, encoder: KiwiEncoder) -> None:
    (current_generation(store) / "manifest.json").unlink()
    assert "manifest.json" in refusal(store, encoder)


def test_another_format_is_told_with_both_numbers(store: Path, encoder: KiwiEncoder) -> None:
    path = current_generation(store) / "manifest.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**record, "format": 97, "new_field": 1}), encoding="utf-8")
    line = refusal(store, encoder)
    assert "97" in line
    assert str(FORMAT) in line


@pytest.mark.parametrize("change", ["longer", "shorter", "gone"])
@pytest.mark.parametrize("part", ["articles", "lexical"])
def test_a_file_of_another_size_is_told_with_its_path(
    store: Path, encoder: KiwiEncoder, part: str, change: str
) -> None:
    path = max((current_generation(store) / part).rglob("*.*"), key=lambda file: file.stat().st_size)
    data = path.read_bytes()
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes(data + b"x" if change == "longer" else data[: len(data) // 2])
    assert str(path) in refusal(store, encoder)


def test_a_chroma_folder_that_is_gone_is_told(store: Path, encoder: KiwiEncoder) -> None:
    shutil.rmtree(current_generation(store) / "chroma")
    assert "chroma" in refusal(store, encoder)


def test_a_chroma_file_of_noise_is_told(store: Path, encoder: KiwiEncoder) -> None:
    noise = random.Random(7).randbytes(200_000)
    (current_generation(store) / "chroma" / "chroma.sqlite3").write_bytes(noise)
    assert "chroma" in refusal(store, encoder)


def test_a_broken_store_can_be_built_anew_from_its_articles(store: Path, encoder: KiwiEncoder) -> None:
    shutil.rmtree(current_generation(store) / "chroma")
    from ingest.pipeline import reindex

    assert reindex(store, encoder) == 3
    assert Index(store, encoder).search("산책로 공사는 언제 끝나나요?", 1)[0].chunk.article == "river"


def test_the_manifest_describes_the_generation(store: Path, encoder: KiwiEncoder) -> None:
    folder = current_generation(store)
    manifest = read_manifest(folder)
    assert (manifest.format, manifest.articles, manifest.splitter) == (FORMAT, 3, SPLITTER)
    assert manifest.encoder == encoder.fingerprint
    assert manifest.files
    assert all((folder / name).stat().st_size == size for name, size in manifest.files.items())
    check_files(folder, manifest)


def test_a_switch_keeps_the_generation_before_and_drops_the_older_ones(tmp_path: Path) -> None:
    folders = []
    for second in range(4):
        folders.append(finish(tmp_path, second))
        switch_to(tmp_path, folders[-1])
    assert current_id(tmp_path) == folders[-1].name
    assert [folder.is_dir() for folder in folders] == [False, False, True, True]
    assert KEPT == 2


def test_what_a_crash_left_behind_is_dropped(tmp_path: Path) -> None:
    switch_to(tmp_path, finish(tmp_path, 0))
    left = new_generation(tmp_path)
    (left / "half").write_text("x", encoding="utf-8")
    drop_old(tmp_path)
    assert not left.exists()
    assert current_generation(tmp_path).is_dir()


def test_the_lock_is_for_one_and_free_again_afterwards(tmp_path: Path) -> None:
    with write_lock(tmp_path / "s"), pytest.raises(BusyError) as caught, write_lock(tmp_path / "s"):
        pass
    assert caught.value.exit_code == 75
    with write_lock(tmp_path / "s"):
        pass


def test_a_lock_of_a_process_that_died_is_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from vectorstore.generations import write_lock\n"
        "with write_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(BusyError), write_lock(tmp_path):
            pass
        child.kill()
        child.wait()
    with write_lock(tmp_path):
        pass


REWRITE = f"""
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from posts import post
from ingest.split import SPLITTER
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.writer import IndexWriter
with IndexWriter.open(Path(sys.argv[1]), KiwiEncoder(), SPLITTER) as writer:
    for number in range({ARTICLES}):
        writer.put(post(f"p{{number}}", f"{{number}}번째 글은 새것이다. 새 이야기가 이어진다."))
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def old_store(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Path:
    store = tmp_path_factory.mktemp("old") / "store"
    texts = (f"{number}번째 글은 옛것이다. 옛 이야기가 이어진다." for number in range(ARTICLES))
    write(store, encoder, *(post(f"p{number}", text) for number, text in enumerate(texts)))
    return store


def beside(store: Path, old: str) -> list[Path]:
    """The generations that are not the old one."""
    return [path for path in (store / "generations").iterdir() if path.name != old]


MOMENTS: dict[str, Callable[[Path, str], bool]] = {
    "the new folder is there": lambda store, old: bool(beside(store, old)),
    "the lexical index is written": lambda store, old: any(
        (new / "lexical").is_dir() for new in beside(store, old)
    ),
    "the manifest is written": lambda store, old: any(
        (new / "manifest.json").is_file() for new in beside(store, old)
    ),
    "the pointer is about to move": lambda store, old: (
        (store / "CURRENT.new").exists() or current_id(store) != old
    ),
}


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no kill -9")
@pytest.mark.parametrize(("seed", "moment"), list(enumerate(MOMENTS)))
def test_a_kill_in_the_middle_of_an_ingest_leaves_the_old_index_or_the_new(
    old_store: Path, tmp_path: Path, encoder: KiwiEncoder, seed: int, moment: str
) -> None:
    store = Path(shutil.copytree(old_store, tmp_path / "store"))
    old = current_id(store)

    command = [sys.executable, "-c", REWRITE, str(store), str(Path(__file__).parent)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        while not MOMENTS[moment](store, old) and child.poll() is None:
            time.sleep(0.001)
        time.sleep(random.Random(seed).uniform(0, 0.03))
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert whose(store, encoder) in ({"옛것"}, {"새것"})
    write(store, encoder, post("after", "나중 글이다."))
    assert len(Index(store, encoder).article_ids()) == ARTICLES + 1
    assert all((path / "manifest.json").is_file() for path in (store / "generations").iterdir())


def whose(store: Path, encoder: KiwiEncoder) -> set[str]:
    """Which of the two texts the articles and every search hold."""
    index = Index(store, encoder)
    assert len(index.article_ids()) == ARTICLES
    texts = [index.article(id) for id in index.article_ids()]
    found = {word for article in texts if article for word in ("옛것", "새것") if word in article.text}
    for number in (0, 17, ARTICLES - 1):
        for hit in index.search(f"{number}번째 글은 어떤 것인가?", 20):
            found |= {word for word in ("옛것", "새것") if word in hit.chunk.text}
    return found


def test_without_a_kill_the_same_ingest_brings_the_new_index(
    old_store: Path, tmp_path: Path, encoder: KiwiEncoder
) -> None:
    store = Path(shutil.copytree(old_store, tmp_path / "store"))
    with IndexWriter.open(store, encoder, SPLITTER) as writer:
        for number in range(ARTICLES):
            writer.put(post(f"p{number}", f"{number}번째 글은 새것이다. 새 이야기가 이어진다."))
    assert whose(store, encoder) == {"새것"}
