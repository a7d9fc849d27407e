"""`python -m vectorstore show | search | info`, as scripts and people call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from posts import ROOT, command

from vectorstore.cli import main
from vectorstore.reader import Index

QUESTION = "2부 사회는 누가 봤나요?"
HIT = {"article", "chunk", "score", "start", "end"}


@pytest.fixture
def at(report_store: Path) -> tuple[str, str]:
    return "--store", str(report_store)


def test_show_as_json_is_the_record_with_the_text(
    at: tuple[str, str], report_index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "forum-report", "--json", *at]) == 0
    record = json.loads(capsys.readouterr().out)
    article = report_index.article("forum-report")
    assert article is not None
    assert record["text"] == article.text
    assert (record["id"], record["publisher"], record["published"]) == (
        "forum-report",
        "전남일보",
        "2023-11-22T18:13",
    )
    assert {"title", "source", "author", "url"} <= set(record)


def test_show_prints_the_text(
    at: tuple[str, str], report_index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "forum-report", *at]) == 0
    article = report_index.article("forum-report")
    assert article is not None
    assert capsys.readouterr().out == article.text + "\n"


def test_an_unknown_article_is_one_korean_line_and_exit_code_1(
    at: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "없는글", "--json", *at]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("그런 기사가 없습니다: 없는글")
    assert len(err.splitlines()) == 1


def test_search_as_json_is_a_line_a_hit_best_first(
    at: tuple[str, str], report_index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", QUESTION, "-k", "3", "--json", *at]) == 0
    hits = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(hits) == 3
    article = report_index.article("forum-report")
    assert article is not None
    for hit in hits:
        assert set(hit) >= HIT
        assert article.text[hit["start"] : hit["end"]] == hit["text"]
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    assert any("임한필" in hit["text"] for hit in hits)


def test_search_for_people_prints_score_chunk_and_text(
    at: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", QUESTION, "-k", "2", *at]) == 0
    assert "forum-report#" in capsys.readouterr().out


def test_a_batch_is_answered_line_by_line_in_order(
    at: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "questions.jsonl"
    asked = [
        {"id": f"q{number}", "question": question}
        for number, question in enumerate([QUESTION, "?!", "발제자는?"])
    ]
    path.write_text(
        "\ufeff" + "\n\n".join(json.dumps(each, ensure_ascii=False) for each in asked), encoding="utf-8"
    )
    assert main(["search", "--batch", str(path), "-k", "4", *at]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in lines] == ["q0", "q1", "q2"]
    assert all(set(line) == {"id", "hits"} for line in lines)
    assert [bool(line["hits"]) for line in lines] == [True, False, True]
    assert all(set(hit) == HIT for line in lines for hit in line["hits"])
    assert len(lines[0]["hits"]) <= 4


@pytest.mark.parametrize("bad", ["{", "[]", '"글"', '{"id": 1}', '{"question": 3}', "null"])
def test_a_bad_line_of_a_batch_is_named_by_its_number(
    at: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str
) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"id": "a", "question": "발제자는?"}\n' + bad + "\n", encoding="utf-8")
    assert main(["search", "--batch", str(path), *at]) == 1
    err = capsys.readouterr().err
    assert "2번째 줄" in err
    assert len(err.splitlines()) == 1


def test_a_batch_that_is_not_there_or_binary_is_one_korean_line(
    at: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    for path in (tmp_path / "없음", tmp_path / "binary", tmp_path):
        assert main(["search", "--batch", str(path), *at]) == 1
        err = capsys.readouterr().err
        assert str(path) in err
        assert len(err.splitlines()) == 1


def test_a_search_for_nothing_is_a_usage_error(
    at: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", *at]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(SystemExit) as caught:
        main(["search", QUESTION, "-k", "many", *at])
    assert caught.value.code == 2


def test_info_tells_what_the_index_holds(at: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json", *at]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["articles"], record["encoder"]["name"]) == (1, "kiwi")
    assert record["chunks"] > 5
    assert record["list"][0]["id"] == "forum-report"
    assert main(["info", *at]) == 0
    out = capsys.readouterr().out
    assert "기사: 1건" in out
    assert "forum-report" in out


def test_a_store_that_is_missing_is_one_korean_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for argv in (["info"], ["show", "a"], ["search", "글"]):
        assert main([*argv, "--store", str(tmp_path / "없음")]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert "색인이 없습니다" in err
        assert len(err.splitlines()) == 1


def test_the_module_runs_with_the_store_of_the_environment(report_store: Path) -> None:
    done = command(
        "-m", "vectorstore", "search", QUESTION, "-k", "2", "--json", FORUM_BOT_STORE=str(report_store)
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2


def test_a_reader_that_goes_away_is_no_error(report_store: Path, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps({"id": "a", "question": QUESTION}) + "\n", encoding="utf-8")
    argv = [sys.executable, "-m", "vectorstore", "show", "forum-report", "--store", str(report_store)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_the_help_is_korean_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from vectorstore.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'chromadb', 'kiwipiepy', 'torch', 'langchain_core', 'bm25s'} & set(sys.modules)))"
    )
    done = command("-c", code)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert "색인을 들여다봅니다" in done.stdout
