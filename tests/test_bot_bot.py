"""The bot as a whole: what it takes, what it gives, and that its proof is in the article word for word."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from posts import post, town, write

from bot.bot import Bot, LongQuestionError, QuestionError
from bot.chain import Ask, build_chain, extractive
from bot.passages import Pages
from bot.settings import BotSettings
from bot.types import Answer, Sources, Token, Turn
from vectorstore.errors import StoreError
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index

KEYS = [
    "id",
    "kind",
    "question",
    "standalone",
    "answer",
    "short",
    "refused",
    "reason",
    "citations",
    "mode",
    "model",
    "fallback",
    "latency_ms",
]
CITATION = ["marker", "article", "title", "source", "publisher", "published", "quote", "start", "end"]
REASONS = {"no_evidence", "out_of_scope", "unsafe", "unclear"}
QUESTIONS = [
    "2부 사회는 누가 봤나요?",
    "1부 개회식 사회는 누가 봤나요?",
    "개회사는 누가 했나요?",
    "막을 여는 말은 누가 했나요?",
    "격려사를 한 사람은 누구인가요?",
    "토론회는 언제 열렸나요?",
    "토론회는 무슨 요일에 열렸나요?",
    "토론회는 몇 시에 시작했나요?",
    "토론회는 어디에서 열렸나요?",
    "몇 층에서 열렸나요?",
    "주최 단체는 몇 곳인가요?",
    "발제자는 누구누구인가요?",
    "새민주는 무엇의 줄임말인가요?",
    "이봉윤 대표의 발표 주제는 무엇인가요?",
    "유희수 교수는 뭐라고 말했나요?",
    "공득조 단장의 직함은 무엇인가요?",
    "인디제이 대표는 누구인가요?",
    "블루캡슐 대표는 누구인가요?",
    "채종환 과장은 무슨 말을 했나요?",
    "1단계 사업은 언제 끝나나요?",
    "1단계 사업의 전담기관은 어디인가요?",
    "사업단은 어디 밑으로 옮겨야 한다고 했나요?",
    "인공지능 법안은 국회에서 어떤 상태인가요?",
    "데이터센터는 언제 서비스를 시작했나요?",
    "데이터센터는 어디에 있나요?",
    "기사를 쓴 기자는 누구인가요?",
    "사진은 누가 찍었나요?",
    "기사는 언제 입력됐나요?",
    "기사를 요약해 주세요.",
    "토론회언제어디서열렸어",
]


@pytest.fixture(scope="module")
def answers(report_bot: Bot) -> list[Answer]:
    return [report_bot.answer(question) for question in QUESTIONS]


def test_every_citation_of_thirty_questions_is_word_for_word_at_its_offsets(
    report_bot: Bot, answers: list[Answer]
) -> None:
    assert len(answers) == 30
    for answer in answers:
        for citation in answer.citations:
            article = report_bot.article(citation.article)
            assert article is not None
            assert article.text[citation.start : citation.end] == citation.quote
            assert 0 < len(citation.quote) <= 300
            assert "\n" not in citation.quote


def test_an_answer_cites_one_to_three_quotes_and_marks_them_in_its_text(answers: list[Answer]) -> None:
    for answer in answers:
        if answer.kind == "answer":
            limit = 6 if "요약" in answer.question else 3
            assert 1 <= len(answer.citations) <= limit
            assert [citation.marker for citation in answer.citations] == list(
                range(1, len(answer.citations) + 1)
            )
            assert "[1]" in answer.answer
            assert answer.reason is None
        else:
            assert answer.reason in REASONS


def test_nearly_all_of_them_are_answered(answers: list[Answer]) -> None:
    refused = [answer.question for answer in answers if answer.refused]
    assert len(refused) <= 3, refused


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("2부 사회는 누가 봤나요?", "임한필"),
        ("개회사는 누가 했나요?", "전우진"),
        ("막을 여는 말은 누가 했나요?", "전우진"),
        ("토론회는 몇 시에 시작했나요?", "오후 2시"),
        ("인디제이 대표는 누구인가요?", "정우주"),
        ("사진은 누가 찍었나요?", "김양배"),
        ("기사를 쓴 기자는 누구인가요?", "김은지"),
    ],
)
def test_the_answer_is_in_the_text(answers: list[Answer], question: str, said: str) -> None:
    answer = next(answer for answer in answers if answer.question == question)
    assert said in answer.answer


def test_a_short_answer_stands_in_a_quote(answers: list[Answer]) -> None:
    stated = [answer for answer in answers if answer.short and answer.kind == "answer"]
    assert len(stated) >= 5
    with_proof = [
        answer
        for answer in stated
        if any(answer.short in citation.quote for citation in answer.citations)  # type: ignore[operator]
    ]
    assert len(with_proof) >= len(stated) - 5  # a date or a full name may be put together from two places


@pytest.mark.parametrize(
    "question",
    [
        "데이터센터에는 GPU가 몇 장 들어갔나요?",
        "김치찌개에 두부는 언제 넣나요?",
        "쀍롱텍 뚜비쿠렘은 무엇인가요?",
    ],
)
def test_what_the_articles_do_not_hold_is_refused_with_a_reason(report_bot: Bot, question: str) -> None:
    answer = report_bot.answer(question)
    assert (answer.kind, answer.refused, answer.reason) == ("refusal", True, "no_evidence")
    assert answer.answer
    assert answer.short is None


def test_the_json_has_exactly_the_keys_of_the_contract(report_bot: Bot) -> None:
    for question in ("2부 사회는 누가 봤나요?", "안녕하세요", "오늘 서울 날씨 어때?"):
        record = json.loads(json.dumps(report_bot.answer(question).to_json("g1"), ensure_ascii=False))
        assert list(record) == KEYS
        assert record["id"] == "g1"
        assert record["refused"] == (record["kind"] == "refusal")
        assert (record["mode"], record["model"], record["fallback"]) == ("extractive", None, None)
        assert isinstance(record["latency_ms"], int)
        assert all(list(citation) == CITATION for citation in record["citations"])


@pytest.mark.parametrize("question", ["", "   ", "\n\t"])
def test_an_empty_question_is_status_400(report_bot: Bot, question: str) -> None:
    with pytest.raises(QuestionError) as caught:
        report_bot.answer(question)
    assert caught.value.status == 400


def test_2000_characters_are_taken_and_2001_are_status_413(report_bot: Bot) -> None:
    assert report_bot.answer("가" * 2_000).kind == "refusal"
    for length in (2_001, 100_000):
        with pytest.raises(LongQuestionError) as caught:
            report_bot.answer("가" * length)
        assert caught.value.status == 413
        assert str(length) in str(caught.value)


def test_a_question_that_is_too_long_is_told_before_the_store_is_opened(tmp_path: Path) -> None:
    with pytest.raises(LongQuestionError):
        Bot(BotSettings(store=tmp_path / "없음")).answer("가" * 2_001)
    with pytest.raises(StoreError):
        Bot(BotSettings(store=tmp_path / "없음")).answer("사회는 누가?")


@pytest.mark.parametrize(
    "question",
    [
        "\u200b",
        "🙂🙂🙂",
        "\x00\x01\x02",
        "''; DROP TABLE article; --",
        "[[[[((((",
        "가나다" * 600,
        "𠀀" * 50,
        "\ud800누구?",
    ],
)
def test_strange_questions_get_a_reply_and_no_error(report_bot: Bot, question: str) -> None:
    answer = report_bot.answer(question)
    assert answer.answer


def test_many_threads_get_the_answers_of_one(report_bot: Bot, answers: list[Answer]) -> None:
    with ThreadPoolExecutor(6) as pool:
        again = list(pool.map(report_bot.answer, QUESTIONS))
    assert [answer.answer for answer in again] == [answer.answer for answer in answers]


def test_a_bot_is_ready_once_its_first_answer_is_there_and_not_when_its_index_is_open(
    report_store: Path,
) -> None:
    fresh = Bot(BotSettings(store=report_store))
    fresh.state()
    assert not fresh.ready
    fresh.warm()
    assert fresh.ready


def test_threads_may_load_the_bot_together(report_store: Path) -> None:
    fresh = Bot(BotSettings(store=report_store))
    assert not fresh.ready
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(fresh.answer, [QUESTIONS[0]] * 4))
    assert fresh.ready
    assert len({answer.answer for answer in found}) == 1


def test_a_stream_is_the_sources_the_text_in_pieces_and_the_answer(report_bot: Bot) -> None:
    events = list(report_bot.stream(QUESTIONS[0]))
    assert isinstance(events[0], Sources)
    assert isinstance(events[-1], Answer)
    pieces = [event.text for event in events if isinstance(event, Token)]
    assert len(pieces) > 3
    assert "".join(pieces) == events[-1].answer
    assert tuple(events[0].citations) == events[-1].citations


def test_a_follow_up_is_answered_from_what_was_said(report_bot: Bot) -> None:
    history = [Turn("user", "1부 사회는 누가 봤어?"), Turn("assistant", "이동국 포럼 사무총장입니다.")]
    answer = report_bot.answer("그럼 2부는?", history)
    assert "임한필" in answer.answer
    assert (answer.question, answer.standalone) == ("그럼 2부는?", "2부 사회는 누가 봤어?")


@pytest.mark.parametrize(
    ("before", "question", "part"),
    [
        ("2부 사회는 누가 봤나요?", "축사는 누가 했나요?", "임기철"),
        ("장소는요?", "토론자는 몇 명이에요?", "채종환"),
        ("축사는 누가 했나요?", "개회사는 누가 했어요?", "전우진"),
    ],
)
def test_a_short_question_is_not_drowned_by_the_one_before(
    report_bot: Bot, before: str, question: str, part: str
) -> None:
    history = [Turn("user", before), Turn("assistant", report_bot.answer(before).answer)]
    assert part in report_bot.answer(question, history).answer


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("토론회는 언제 어디서 열렸나요?", "11월 22일"),
        ("언제 어디에서 있었던 일인가요?", "11월 22일"),
        ("유희수 교수의 소속은 어디인가요?", "조선대의 유희수 AI특임교수입니다"),
    ],
)
def test_the_first_things_that_a_visitor_asks_are_answered(report_bot: Bot, question: str, part: str) -> None:
    assert part in report_bot.answer(question).answer


def test_the_suggested_questions_are_answered(report_bot: Bot) -> None:
    suggestions = report_bot.suggestions()
    assert len(suggestions) == 3
    for question in suggestions:
        assert report_bot.answer(question).kind == "answer", question


def test_the_questions_after_an_answer_go_on_and_are_answered(report_bot: Bot) -> None:
    first = report_bot.suggestions()[0]
    more = report_bot.follow_ups(report_bot.answer(first), asked=[first])
    assert more and first not in more and len(more) <= 3
    for question in more:
        assert report_bot.answer(question).kind == "answer", question
    assert report_bot.follow_ups(report_bot.answer("오늘 서울 날씨 어때?")) == ()


def test_the_chain_is_a_runnable_with_any_answerer(report_pages: Pages) -> None:
    chain = build_chain(report_pages, extractive, lambda: ("예?",))
    one, two = (list(events) for events in chain.batch([Ask(QUESTIONS[0]), Ask("안녕하세요")]))
    assert isinstance(one[-1], Answer) and isinstance(two[-1], Answer)
    assert (one[-1].kind, two[-1].kind) == ("answer", "smalltalk")


def test_a_new_article_is_known_without_a_restart(tmp_path: Path, encoder: KiwiEncoder) -> None:
    store = tmp_path / "store"
    write(store, encoder, *town())
    bot = Bot(BotSettings(store=store))
    assert "서다은" in bot.answer("개회사는 누가 했나요?").answer
    write(store, encoder, post("duck", "오리 축제의 폐회사는 나르샤 단장이 했다.", "오리 축제"))
    assert "나르샤" in bot.answer("오리 축제 폐회사는 누가 했나요?").answer


def test_an_updated_article_is_quoted_as_it_is_now(tmp_path: Path, encoder: KiwiEncoder) -> None:
    store = tmp_path / "store"
    for name in ("나르샤", "도담"):
        write(store, encoder, post("duck", f"오리 축제의 폐회사는 {name} 단장이 했다.", "오리 축제"))
        answer = Bot(BotSettings(store=store)).answer("오리 축제 폐회사는 누가 했나요?")
        assert name in answer.citations[0].quote
        article = Index(store, encoder).article("duck")
        assert article is not None
        assert article.text[answer.citations[0].start : answer.citations[0].end] == answer.citations[0].quote
