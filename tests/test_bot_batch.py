"""A file of questions: one answer a line, in order, whatever a question is like."""

from typing import Any

import pytest

from bot.batch import answer_batch, read_history
from bot.bot import Bot
from bot.types import Turn
from prompts import UserError


def test_answers_come_in_order_with_their_ids(report_bot: Bot) -> None:
    asked = ["2부 사회는 누가 봤나요?", "안녕하세요", "토론회는 몇 시에 시작했나요?"]
    records = [{"id": f"q{number}", "question": question} for number, question in enumerate(asked)]
    found = list(answer_batch(report_bot, records))
    assert [line["id"] for line in found] == ["q0", "q1", "q2"]
    assert [line["question"] for line in found] == asked
    assert [line["kind"] for line in found] == ["answer", "smalltalk", "answer"]


def test_answers_come_one_by_one_and_not_after_the_last_question(report_bot: Bot) -> None:
    def records() -> Any:
        yield {"id": 1, "question": "안녕하세요"}
        raise AssertionError("the second question was read before the first answer was handed on")

    assert next(answer_batch(report_bot, records()))["id"] == 1


def test_the_history_is_folded_in(report_bot: Bot) -> None:
    history = [["user", "1부 사회는 누가 봤어?"], ["assistant", "이동국 포럼 사무총장입니다."]]
    (line,) = answer_batch(report_bot, [{"id": "a", "question": "그럼 2부는?", "history": history}])
    assert "임한필" in line["answer"]
    assert line["standalone"] != line["question"]


@pytest.mark.parametrize("question", ["", "  ", "가" * 2_001])
def test_a_question_that_cannot_be_taken_is_a_refusal_and_the_next_is_answered(
    report_bot: Bot, question: str
) -> None:
    bad, good = answer_batch(
        report_bot, [{"id": 1, "question": question}, {"id": 2, "question": "2부 사회는 누가 봤나요?"}]
    )
    assert (bad["kind"], bad["refused"], bad["reason"]) == ("refusal", True, "unclear")
    assert bad["answer"]
    assert (good["id"], good["kind"]) == (2, "answer")


def test_a_history_is_read_as_turns() -> None:
    assert read_history([["user", "가"], ["assistant", "나"]], 1) == [
        Turn("user", "가"),
        Turn("assistant", "나"),
    ]
    assert read_history(None, 1) == []
    assert read_history([], 1) == []


@pytest.mark.parametrize(
    "history",
    [
        [["system", "가"]],
        [["user"]],
        [["user", 1]],
        ["user"],
        [{"role": "user"}],
        [["user", "가", "나"]],
        "글",
        {"a": 1},
        7,
    ],
)
def test_a_bad_history_is_named_by_its_line(report_bot: Bot, history: Any) -> None:
    records = [{"id": 1, "question": "안녕하세요"}, {"id": 2, "question": "왜?", "history": history}]
    with pytest.raises(UserError, match="2번째 줄"):
        list(answer_batch(report_bot, records))
