import json
from pathlib import Path

import pytest

from bot.evaluation.data import DataError, read_data
from bot.evaluation.types import Asked, Passage


def lines(path: Path, *records: object) -> Path:
    path.write_text(
        "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), encoding="utf-8"
    )
    return path


def test_a_folder_gives_its_passages_and_its_questions(tmp_path: Path) -> None:
    lines(tmp_path / "a_passages.jsonl", {"id": "p1", "title": "축제", "text": "토요일에 열린다."})
    lines(tmp_path / "a_questions.jsonl", {"id": "q1", "question": "언제 열리나?", "passage": "p1"})
    data = read_data(tmp_path)
    assert data.name == tmp_path.name
    assert data.passages == (Passage("p1", "축제", "토요일에 열린다."),)
    assert data.questions == (Asked("q1", "언제 열리나?", frozenset({"p1"})),)


def test_a_folder_without_passages_asks_the_index_that_is_there(tmp_path: Path) -> None:
    lines(tmp_path / "questions.jsonl", {"id": "q1", "question": "언제?", "article": "notice-7"})
    data = read_data(tmp_path)
    assert data.passages is None
    assert data.questions[0].right == {"notice-7"}


def test_a_question_may_have_several_right_articles_and_one_without_any_is_left_out(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "gold.jsonl",
        {"id": "a", "question": "언제?", "article": ["v2", "v3"]},
        {"id": "b", "question": "로또 번호는?", "article": None},
    )
    data = read_data(path)
    assert [(each.id, each.right) for each in data.questions] == [("a", {"v2", "v3"})]
    assert data.skipped == 1


def test_a_file_may_bring_each_passage_beside_its_questions(tmp_path: Path) -> None:
    record = {"passage_id": "p1", "passage": "개를 묶는다."}
    path = lines(
        tmp_path / "own.jsonl",
        {"id": "a", "question": "강아지는?", **record},
        {"id": "b", "question": "목줄은?", **record},
    )
    data = read_data(path)
    assert data.passages == (Passage("p1", "", "개를 묶는다."),)
    assert [each.right for each in data.questions] == [{"p1"}, {"p1"}]


def test_a_question_without_an_id_is_called_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('\ufeff\n{"question": "언제?", "article": "a"}\n\n', encoding="utf-8")
    assert read_data(path).questions[0].id == "2"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "1번째 줄이 JSON 객체가 아닙니다"),
        ("[]", "1번째 줄이 JSON 객체가 아닙니다"),
        ('{"article": "a"}', "1번째 줄에 question이 없거나 비어 있습니다"),
        ('{"question": " ", "article": "a"}', "1번째 줄에 question이 없거나 비어 있습니다"),
        ('{"question": "언제?"}', "1번째 줄에 정답 글이 없습니다"),
        ('{"question": "언제?", "article": 7}', "1번째 줄에 정답 글이 없습니다"),
        ('{"question": "언제?", "passage_id": "p"}', "1번째 줄에 passage가 없거나 비어 있습니다"),
        ('{"question": "언제?", "article": null}', "정답 글이 있는 질문이 없습니다"),
        ("", "정답 글이 있는 질문이 없습니다"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_data(path)
    assert problem in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_passage_with_two_texts_is_refused(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "own.jsonl",
        {"question": "가?", "passage_id": "p", "passage": "하나"},
        {"question": "나?", "passage_id": "p", "passage": "둘"},
    )
    with pytest.raises(DataError, match="2번째 줄: 글 p의 본문이 앞에 나온 것과 다릅니다"):
        read_data(path)


def test_a_passage_id_given_twice_is_refused(tmp_path: Path) -> None:
    lines(tmp_path / "passages.jsonl", {"id": "p", "text": "하나"}, {"id": "p", "text": "둘"})
    lines(tmp_path / "questions.jsonl", {"question": "가?", "passage": "p"})
    with pytest.raises(DataError, match="글 p가 두 번 나옵니다"):
        read_data(tmp_path)


def test_a_folder_must_have_one_file_of_questions(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"questions\.jsonl이 없습니다"):
        read_data(tmp_path)
    for name in ("a_questions.jsonl", "b_questions.jsonl"):
        lines(tmp_path / name, {"question": "가?", "article": "p"})
    with pytest.raises(DataError, match=r"a_questions\.jsonl, b_questions\.jsonl"):
        read_data(tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl을 읽지 못했습니다"):
        read_data(tmp_path / "none.jsonl")
