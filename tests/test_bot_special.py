"""Questions that more than the best sentence answers: offices, premises, discrepancies, comparisons."""

from pathlib import Path

import pytest
from posts import Lines, filled

from bot.bot import Bot
from bot.settings import BotSettings
from bot.types import Answer, Turn
from vectorstore.kiwi_encoder import KiwiEncoder

FORUM: Lines = (
    ("title", "솔내천 물길 넓히기, 주민과 머리 맞댔다"),
    ("dateline", "2024-03-12"),
    ("byline", "차보람 기자"),
    ("caption", "12일 솔내회관에서 열린 물길 토론회에 주민 120여명이 참석한 가운데 "
                "노은술 소장이 물길 확장앙을 설명하고 있다."),
    ("body", "솔내군은 12일 오후 3시 솔내회관 2층 강당에서 물길 토론회를 열었다."),
    ("body", "이날 토론회에는 주민 90여명이 참석했다."),
    ("body", "1부 개회식에서는 배수빈 솔내협회 회장이 개회사를 하고 도현우 솔내군 부군수가 축사를 했다."),
    ("body", "2부 토론의 사회는 류정민 한빛대 교수가 보았고 "
             "발제는 노은술 하천연구소장, 마가은 솔내협회 총무, 금도윤 건축가가 맡았다."),
    ("body", "먼저 노은술 소장은 물길 확장안을 내놓으며 “둑을 8m 물려야 한다”고 말했다."),
    ("body", "반면 마가은 총무는 “논이 잠긴다”며 확장에 반대했다."),
    ("body", "이전 비용에 대해서는 “아직 정해지지 않았다”고 답했다."),
    ("body", "공사는 2026년 12월에 끝난다."),
)  # fmt: skip
NEWS: Lines = (
    ("title", "솔내천 공사 예산 줄었다"),
    ("dateline", "2024-09-03"),
    ("byline", "차보람 기자"),
    ("body", "솔내천 물길 공사 예산은 31억원으로 줄었다."),
)
PLAN: Lines = (
    ("title", "솔내천 공사 예산 나왔다"),
    ("dateline", "2024-04-02"),
    ("byline", "차보람 기자"),
    ("body", "솔내천 물길 공사 예산은 44억원이다."),
)


@pytest.fixture(scope="module")
def forum(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Bot:
    store: Path = tmp_path_factory.mktemp("special") / "store"
    filled(store, encoder, {"forum": FORUM}, authors={"forum": "차보람"}, days={"forum": "2024-03-12"})
    return Bot(BotSettings(store=store))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Bot:
    store: Path = tmp_path_factory.mktemp("compared") / "store"
    filled(
        store,
        encoder,
        {"plan": PLAN, "news": NEWS},
        authors=dict.fromkeys(("plan", "news"), "차보람"),
        days={"plan": "2024-04-02", "news": "2024-09-03"},
    )
    return Bot(BotSettings(store=store))


def proven(bot: Bot, answer: Answer) -> str:
    """The answer's text, every quote of which stands in its article."""
    assert answer.kind == "answer", answer.answer
    for cited in answer.citations:
        article = bot.article(cited.article)
        assert article is not None and article.text[cited.start : cited.end] == cited.quote
    assert len(answer.answer) <= 400
    return answer.answer


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("회장은 누구예요?", "배수빈 솔내협회 회장"),
        ("부군수 이름이 뭐야?", "도현우 솔내군 부군수"),
        ("류정민은 뭐 하는 사람이에요?", "류정민 한빛대 교수"),
        ("도현우 씨의 소속은 어디인가요?", "도현우 솔내군 부군수"),
    ],
)
def test_an_office_is_read_off_the_introduction(forum: Bot, question: str, short: str) -> None:
    answer = forum.answer(question)
    assert proven(forum, answer)
    assert answer.short == short


def test_a_wrong_person_is_answered_with_what_is_said_of_another(forum: Bot) -> None:
    text = proven(forum, forum.answer("2부 토론 사회는 배수빈 회장이 본 거 맞죠?"))
    assert "류정민" in text and "배수빈 씨" in text.split("“")[0]


def test_a_wrong_number_is_said_not_to_stand_there(forum: Bot) -> None:
    text = proven(forum, forum.answer("둑을 15m 물려야 하는 이유가 뭐야?"))
    assert text.startswith("기사에 15m는 나오지 않습니다.") and "8m" in text


def test_who_else_leaves_out_who_is_named(forum: Bot) -> None:
    answer = forum.answer("노은술 소장 말고 발제를 맡은 사람은 누구야?")
    proven(forum, answer)
    assert answer.short == "마가은 솔내협회 총무, 금도윤 건축가"


def test_who_else_is_refused_where_nobody_is_left(forum: Bot) -> None:
    answer = forum.answer("노은술, 마가은, 금도윤 말고 발제를 맡은 사람은 누구야?")
    assert (answer.kind, answer.reason) == ("refusal", "no_evidence")


def test_two_counts_of_who_came_are_both_told(forum: Bot) -> None:
    answer = forum.answer("토론회에 몇 명이 참석했나요?")
    text = proven(forum, answer)
    assert "사진 설명에는 ‘120여명’" in text and "본문에는 ‘90여명’" in text


def test_a_count_of_something_else_is_not_mixed_up_with_it(forum: Bot) -> None:
    assert "120여명" not in forum.answer("공사에 참여한 인부는 몇 명이야?").answer


def test_a_misspelling_is_told_when_it_is_asked_about(forum: Bot) -> None:
    text = proven(forum, forum.answer("사진 설명에 잘못 적힌 글자가 있다던데 맞는 표기가 뭐야?"))
    assert "‘확장앙’" in text and "‘확장안’" in text


def test_what_the_picture_shows_is_its_caption(forum: Bot) -> None:
    answer = forum.answer("사진 속 사람은 뭘 하고 있어?")
    assert "설명하고 있다" in proven(forum, answer)
    assert len(answer.citations) == 1


def test_the_time_left_is_counted_from_the_day_of_the_report(forum: Bot) -> None:
    answer = forum.answer("공사가 끝나려면 얼마나 남았어?")
    proven(forum, answer)
    assert answer.short == "약 2년 10개월"


def test_the_course_of_an_event_is_told_in_its_order(forum: Bot) -> None:
    text = proven(forum, forum.answer("행사가 어떤 순서로 진행됐는지 요약해 줘"))
    assert text.index("1부") < text.index("2부")


def test_what_is_disputed_is_both_sides(forum: Bot) -> None:
    text = proven(forum, forum.answer("의견이 엇갈린 대목을 정리해 줘"))
    assert "둑을 8m" in text and "논이 잠긴다" in text


def test_a_quotation_that_names_nobody_goes_on_with_the_speaker(forum: Bot) -> None:
    assert "아직 정해지지 않았다" in proven(
        forum, forum.answer("마가은 총무는 이전 비용에 대해 뭐라고 했나요?")
    )


@pytest.mark.parametrize(
    "question",
    ["회관 와이파이 비밀번호가 뭐예요?", "취재진은 몇 명이나 왔나요?", "군수는 뭐라고 했나요?"],
)
def test_what_the_article_has_no_word_for_is_refused(forum: Bot, question: str) -> None:
    answer = forum.answer(question)
    assert (answer.kind, answer.reason) == ("refusal", "no_evidence"), answer.answer


@pytest.mark.parametrize(
    ("question", "part"),
    [("Who moderated the discussion?", "류정민"), ("How many residents attended the forum?", "90여명")],
)
def test_an_english_question_finds_korean_words(forum: Bot, question: str, part: str) -> None:
    assert part in proven(forum, forum.answer(question))


def test_two_articles_are_compared_the_older_first(two: Bot) -> None:
    text = proven(two, two.answer("두 기사에서 공사 예산이 어떻게 다르게 나와?"))
    assert text.index("44억원") < text.index("31억원")
    assert "2024-04-02" in text and "2024-09-03" in text


@pytest.mark.parametrize(
    ("question", "part"),
    [("처음에 발표한 공사 예산은 얼마야?", "44억원"), ("지금 공사 예산은 최종 얼마야?", "31억원")],
)
def test_first_and_last_say_which_report_is_meant(two: Bot, question: str, part: str) -> None:
    assert proven(two, two.answer(question)).index(part) < 60


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("그분이 축사도 했어?", "류정민 한빛대 교수가 축사도 했어?"),
        ("소속은?", "류정민 한빛대 교수 소속은?"),
    ],
)
def test_the_person_of_the_last_reply_is_meant(forum: Bot, question: str, standalone: str) -> None:
    history = [Turn("user", "2부 사회는 누가 봤나요?"), Turn("assistant", "류정민 한빛대 교수가 보았습니다.")]
    assert forum.answer(question, history).standalone == standalone
