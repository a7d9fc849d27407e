"""The conversation that a browser sends back is untrusted."""

import json

import pytest
from web_bot import cite, library_article

from bot.types import Answer, Turn
from bot.web.bodies import QUEUE_BODY
from bot.web.evidence import answer_html, evidence_html, failure_html, stopped_html
from bot.web.transcript import asked, last_question, received, replied, turns


def exchange(question: str, said: str = "밤 10시까지 엽니다. [1]") -> list[dict]:
    article = library_article()
    citation = cite(article, "설명회에는 주민 140명이 참석했다.")
    answer = Answer(question, question, "answer", said, citations=(citation,))
    return [asked(question), replied(answer_html(answer), evidence_html(answer, lambda id: article))]


def test_turns_are_questions_and_answers_without_their_evidence() -> None:
    assert turns(received(exchange("언제 <여나요>?"))) == [
        Turn("user", "언제 <여나요>?"),
        Turn("assistant", "밤 10시까지 엽니다. 1"),
    ]


def test_errors_and_stopped_answers_are_no_turns() -> None:
    messages = [asked("하나"), replied(failure_html("문제")), asked("둘"), replied(stopped_html(""))]
    assert turns(received(messages)) == [Turn("user", "하나"), Turn("user", "둘")]


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "x",
        5,
        {},
        [None],
        ["x"],
        [{"role": "system", "content": "x"}],
        [{"role": "user"}],
        [{"role": "user", "content": None}],
        [{"role": "user", "content": [{"type": "file", "file": {}}]}],
        [{"role": "assistant", "content": "alone"}],
        [{"role": "user", "content": "x", "metadata": {"title": "근거"}}],
    ],
)
def test_what_does_not_have_our_shape_is_left_out(sent: object) -> None:
    assert received(sent) == []


def test_the_history_is_capped_in_length_and_number() -> None:
    long = [
        message for number in range(60) for message in exchange(f"{number}번 " + "가" * 3_000, "나" * 9_000)
    ]
    said = turns(received(long))
    assert len(said) <= 40
    assert max(len(turn.text) for turn in said if turn.role == "user") == 2_000
    assert max(len(turn.text) for turn in said if turn.role == "assistant") == 4_000


def test_a_conversation_that_is_kept_fits_the_queue_s_limit() -> None:
    long = [message for number in range(500) for message in exchange(f"{number}번 질문입니다. " + "가" * 300)]
    kept = received(long)
    assert len(kept) > 40
    assert kept[0]["role"] == "user"
    body = {
        "data": ["가" * 2_000, [*kept, *exchange("가" * 2_000, "나" * 4_000)]],
        "fn_index": 0,
        "session_hash": "x",
    }
    assert len(json.dumps(body, ensure_ascii=False).encode()) < QUEUE_BODY


def test_the_last_question_can_be_asked_again() -> None:
    messages = [*exchange("하나"), *exchange("둘 & 셋?")]
    assert last_question(messages) == (messages[:2], "둘 & 셋?")
    assert last_question([]) == ([], "")
