import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from ingest.cli import main, reindex_main
from ingest.split import SPLITTER
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.writer import IndexWriter

ROOT = Path(__file__).parents[1]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "모임.txt"
    path.write_text("모임 안내\n토요일에 만납니다.", encoding="utf-8")
    return path


def test_json_gives_one_line_a_source_and_nothing_else(
    store: Path, note: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(note), "없음.txt", "--store", str(store), "--json"]) == 0
    out, err = capsys.readouterr()
    added, skipped = [json.loads(line) for line in out.splitlines()]
    assert added == {"source": str(note), "article": added["article"], "status": "added", "reason": None}
    assert added["article"].startswith("모임-")
    assert (skipped["source"], skipped["article"], skipped["status"]) == ("없음.txt", None, "skipped")
    assert "없음.txt를 찾을 수 없습니다" in skipped["reason"]
    assert err == ""


def test_without_sources_the_report_goes_in(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--store", str(store)]) == 0
    out, _ = capsys.readouterr()
    assert "forum-report" in out.splitlines()[0]
    assert "1건" in out.splitlines()[-1]


def test_when_nothing_goes_in_the_exit_code_is_one_and_one_line_says_why(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "빈.txt").write_bytes(b"")
    assert main([str(tmp_path / "빈.txt"), "--store", str(store), "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["status"] == "skipped"
    assert len(err.splitlines()) == 1
    assert "비어" in err


def test_a_second_run_is_good_too(store: Path, note: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(note), "--store", str(store)])
    capsys.readouterr()
    assert main([str(note), "--store", str(store), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "unchanged"


def test_another_ingest_gives_exit_code_75_and_one_line(
    store: Path, note: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with IndexWriter.open(store, KiwiEncoder(), SPLITTER):
        assert main([str(note), "--store", str(store)]) == 75
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


def test_a_broken_pointer_is_told_in_one_line(
    store: Path, note: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.mkdir()
    (store / "CURRENT").write_text("../../nowhere", encoding="utf-8")
    assert main([str(note), "--store", str(store)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_reindex_says_how_many_articles_there_are(
    store: Path, note: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reindex_main(store) == 1
    assert "다시 만들 색인이 없습니다" in capsys.readouterr().err
    main([str(note), "--store", str(store)])
    assert reindex_main(store) == 0
    assert "1건으로" in capsys.readouterr().out


def test_a_reader_that_goes_away_does_not_end_the_work(store: Path, note: Path) -> None:
    command = [sys.executable, "-m", "ingest", str(note), "--store", str(store)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0
    assert (store / "CURRENT").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such signal")
def test_ctrl_c_gives_exit_code_130_and_one_line(store: Path, note: Path) -> None:
    export = note.parent / "posts.jsonl"
    lines = (f'{{"id":"{n}","text":"{n}번째 글입니다."}}' for n in range(100_000))
    export.write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "ingest", str(export), "--store", str(store), "--json"]
    # A test run in a shell's background has SIGINT ignored, and its children inherit that.
    listening = partial(signal.signal, signal.SIGINT, signal.SIG_DFL) if os.name == "posix" else None
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, preexec_fn=listening) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, len(err.splitlines())) == (130, 1), err.decode()
    assert not (store / "CURRENT").exists()


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--nope"])
    assert caught.value.code == 2


def test_the_help_is_korean_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from ingest.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'chromadb', 'kiwipiepy', 'trafilatura', 'pypdf', 'torch', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "기사와 게시글을 색인에 넣습니다" in done.stdout


def test_the_module_runs_from_another_folder(store: Path, note: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import runpy; runpy.run_module('ingest', run_name='__main__')",
            note.name,
            "--json",
        ],
        cwd=note.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), "FORUM_BOT_STORE": str(store)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source"] == note.name
