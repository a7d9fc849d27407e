import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import main
from ingest.pipeline import ingest_sources
from vectorstore.kiwi_encoder import KiwiEncoder


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORUM_BOT_EMBEDDING", "kiwi")
    monkeypatch.setenv("FORUM_BOT_STORE", str(tmp_path / "none"))


def test_questions_are_put_to_the_store_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ingest_sources([], tmp_path / "store", KiwiEncoder())
    data = tmp_path / "q.jsonl"
    data.write_text('{"question": "2부 사회는 누가 봤나요?", "article": "forum-report"}\n', encoding="utf-8")
    assert main(["eval", "retrieval", str(data), "--store", str(tmp_path / "store")]) == 0
    out, err = capsys.readouterr()
    assert "q.jsonl: 글 1건, 질문 1개, 인코더 kiwi" in out
    assert "    1.000    1.000    1.000    1.000    1.000  하이브리드" in out
    assert "재는 중: 하이브리드" in err


def test_the_result_is_printed_and_saved_as_json_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "own.jsonl"
    line = {"id": "a", "question": "목줄을 매나?", "passage_id": "p", "passage": "개는 목줄을 맨다."}
    data.write_text(json.dumps(line), encoding="utf-8")
    saved, picture = tmp_path / "out.json", tmp_path / "out.svg"
    words = ["eval", "retrieval", str(data), "--json", "--save", str(saved), "--picture", str(picture)]
    assert main(words) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(saved.read_text(encoding="utf-8"))
    assert printed["runs"][0]["measures"]["recall_1"] == 1
    assert picture.read_text(encoding="utf-8").startswith("<svg ")


def test_bad_data_is_one_korean_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "retrieval", "none.jsonl"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "파일 none.jsonl을 읽지 못했습니다: No such file or directory\n"


def test_a_missing_store_is_said_with_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "q.jsonl"
    data.write_text('{"question": "언제?", "article": "a"}\n', encoding="utf-8")
    assert main(["eval", "retrieval", str(data)]) == 1
    assert str(tmp_path / "none") in capsys.readouterr().err


def test_a_result_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "own.jsonl"
    data.write_text(
        '{"question": "개는?", "passage_id": "p", "passage": "개는 목줄을 맨다."}', encoding="utf-8"
    )
    assert main(["eval", "retrieval", str(data), "--save", str(tmp_path / "no" / "out.json")]) == 1
    assert "쓰지 못했습니다" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["retrieval"], ["answers"], ["unknown", "q.jsonl"]])
def test_wrong_use_is_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["eval", *words])
    assert caught.value.code == 2


def test_help_answers_without_loading_heavy_libraries() -> None:
    code = (
        "import sys\nfrom bot.cli import main\ntry:\n    main(['eval', 'retrieval', '--help'])\n"
        "except SystemExit: pass\nprint([m for m in ('torch', 'chromadb', 'kiwipiepy') if m in sys.modules])"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=root)
    assert done.stdout.endswith("[]\n")
    assert "passages.jsonl" in done.stdout
