"""`forum-bot ask | chat | doctor | reindex`, as a person at a terminal meets them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from posts import ROOT, command, town, write

from bot.cli import main
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index

QUESTION = "2부 사회는 누가 봤나요?"


@pytest.fixture
def at(report_store: Path) -> tuple[str, str]:
    return "--store", str(report_store)


def test_ask_prints_the_answer_and_its_source(
    at: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", QUESTION, *at]) == 0
    out, err = capsys.readouterr()
    assert "임한필" in out
    assert "[1]" in out
    assert "전남일보" in out
    assert "2023-11-22" in out
    assert err == ""


def test_ask_as_json_is_one_line_of_the_contract(
    at: tuple[str, str], report_index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", QUESTION, "--json", *at]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    assert (record["id"], record["kind"], record["refused"]) == (None, "answer", False)
    article = report_index.article(record["citations"][0]["article"])
    assert article is not None
    for citation in record["citations"]:
        assert article.text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_refusal_is_an_answer_too_and_exits_with_0(
    at: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "오늘 서울 날씨 어때?", "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["refused"] is True


def test_ask_batch_writes_a_line_an_answer_in_order(
    at: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "questions.jsonl"
    records = [
        {"id": "a", "question": QUESTION},
        {"id": "b", "question": ""},
        {
            "id": "c",
            "question": "그럼 1부는?",
            "history": [["user", QUESTION], ["assistant", "임한필 정책위원장입니다."]],
        },
    ]
    path.write_text(
        "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8"
    )
    assert main(["ask", "--batch", str(path), *at]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in lines] == ["a", "b", "c"]
    assert [line["kind"] for line in lines] == ["answer", "refusal", "answer"]
    assert "이동국" in lines[2]["answer"]


def test_ask_without_a_question_or_with_two_sources_is_a_usage_error(
    at: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for argv in (["ask"], ["ask", QUESTION, "--batch", str(tmp_path / "x")]):
        assert main([*argv, *at]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
    for argv in ([], ["없는명령"], ["ask", QUESTION, "--nope"]):
        with pytest.raises(SystemExit) as caught:
            main(argv)
        assert caught.value.code == 2


@pytest.mark.parametrize("question", ["", "   ", "가" * 2_001, "가" * 100_000])
def test_a_question_of_0_or_too_many_characters_is_one_korean_line(
    at: tuple[str, str], capsys: pytest.CaptureFixture[str], question: str
) -> None:
    assert main(["ask", question, *at]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert len(err) < 200


@pytest.mark.parametrize("argv", [["ask", QUESTION], ["ask", QUESTION, "--json"], ["chat"], ["reindex"]])
def test_a_store_that_is_named_and_missing_is_one_korean_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    store = tmp_path / "없음"
    assert main([*argv, "--store", str(store)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "색인이 없습니다" in err
    assert not (store / "CURRENT").exists()


def test_a_batch_with_a_bad_history_or_line_is_one_korean_line(
    at: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "questions.jsonl"
    for bad in ('{"id": 1, "question": "왜?", "history": "글"}', "{", '{"id": 1}'):
        path.write_text(bad + "\n", encoding="utf-8")
        assert main(["ask", "--batch", str(path), *at]) == 1
        err = capsys.readouterr().err
        assert "1번째 줄" in err
        assert len(err.splitlines()) == 1


def test_where_no_store_is_named_the_bundled_report_is_put_in_first(tmp_path: Path) -> None:
    done = command("-m", "bot", "ask", QUESTION, "--json", cwd=ROOT, FORUM_BOT_STORE=str(tmp_path / "store"))
    assert done.returncode == 0, done.stderr
    assert "임한필" in json.loads(done.stdout)["answer"]
    assert len(done.stderr.splitlines()) == 1
    assert str(tmp_path / "store") in done.stderr


def test_an_answer_needs_neither_torch_nor_gradio(report_store: Path) -> None:
    code = (
        "import sys; from bot.cli import main\n"
        f"assert main(['ask', '{QUESTION}', '--json', '--store', sys.argv[1]]) == 0\n"
        "heavy = {'torch', 'gradio', 'sentence_transformers', 'transformers', 'fastapi'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = command("-c", code, str(report_store))
    answer, heavy = done.stdout.splitlines()
    assert json.loads(answer)["kind"] == "answer"
    assert heavy == "[]"


def test_a_conversation_answers_carries_on_and_ends(report_store: Path) -> None:
    said = "1부 사회는 누가 봤나요?\n그럼 2부는?\n\n" + "가" * 2_001 + "\n끝\n"
    done = command("-m", "bot", "chat", "--store", str(report_store), stdin=said)
    assert (done.returncode, done.stderr) == (0, "")
    assert "이동국" in done.stdout
    assert "임한필" in done.stdout
    assert "비어" in done.stdout
    assert "너무 깁니다" in done.stdout
    assert done.stdout.rstrip().endswith("안녕히 가세요.")


def test_a_conversation_ends_where_the_input_ends(report_store: Path) -> None:
    done = command("-m", "bot", "chat", "--store", str(report_store))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith("안녕히 가세요.")


def test_the_doctor_finds_a_good_store_healthy(
    at: tuple[str, str], report_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *at]) == 0
    out = capsys.readouterr().out
    assert "✗" not in out
    for part in ("Python", "kiwi", "chromadb", str(report_store), "기사 1건"):
        assert part in out


@pytest.mark.parametrize("damage", ["missing", "pointer", "chroma"])
def test_the_doctor_finds_what_is_wrong(
    report_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    store = tmp_path / "store"
    if damage != "missing":
        shutil.copytree(report_store, store)
    if damage == "pointer":
        (store / "CURRENT").write_text("엉망", encoding="utf-8")
    if damage == "chroma":
        shutil.rmtree(next((store / "generations").iterdir()) / "chroma")
    assert main(["doctor", "--store", str(store)]) == 1
    out = capsys.readouterr().out
    assert "✗" in out
    assert "✓" in out


def test_reindex_builds_the_index_anew(
    tmp_path: Path, encoder: KiwiEncoder, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store"
    write(store, encoder, *town())
    before = (store / "CURRENT").read_text(encoding="utf-8")
    assert main(["reindex", "--store", str(store)]) == 0
    assert "3건" in capsys.readouterr().out
    assert (store / "CURRENT").read_text(encoding="utf-8") != before
    assert Index(store, encoder).article_ids() == ["baduk", "market", "river"]


def test_the_commands_of_the_store_are_there_too(
    at: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "forum-report", *at]) == 0
    assert "임한필" in capsys.readouterr().out
    assert main(["search", QUESTION, "-k", "1", "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["article"] == "forum-report"
    assert main(["info", "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["articles"] == 1


def test_a_bad_setting_is_one_korean_line(
    at: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORUM_BOT_PORT", "팔천")
    assert main(["ask", QUESTION, *at]) == 1
    err = capsys.readouterr().err
    assert "FORUM_BOT_PORT" in err
    assert len(err.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_error(report_store: Path) -> None:
    argv = [sys.executable, "-m", "bot", "ask", QUESTION, "--store", str(report_store)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0
