"""Time, variety and copies among the chunks that a search finds."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from posts import write

from ingest.split import prepare
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index
from vectorstore.selection import Days, Period, Time, dated, named, select, time_of
from vectorstore.types import Article, Chunk, Hit

TODAY = date(2026, 3, 15)


def article(id: str, text: str = "", published: str | None = None, publisher: str | None = None) -> Article:
    return Article(id, id, text, "source", publisher=publisher, published=published)


def hit(of: Article, score: float, number: int = 0) -> tuple[Hit, Article]:
    return Hit(Chunk(of.id, number, 0, len(of.text), of.text), score), of


def ids(hits: Sequence[Hit]) -> list[str]:
    return [each.chunk.article for each in hits]


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("작년 토론회는 누가 열었나요?", "2025-01-01", "2025-12-31"),
        ("재작년 축제", "2024-01-01", "2024-12-31"),
        ("올해 11월 축제", "2026-11-01", "2026-11-30"),
        ("지난달에 나온 글", "2026-02-01", "2026-02-28"),
        ("이번 달 공지", "2026-03-01", "2026-03-31"),
        ("2023년 기사", "2023-01-01", "2023-12-31"),
        ("2024년 2월 소식", "2024-02-01", "2024-02-29"),
        ("2023년11월22일보도", "2023-11-22", "2023-11-22"),
        ("2023.11.22 보도", "2023-11-22", "2023-11-22"),
        ("2023-11 기사", "2023-11-01", "2023-11-30"),
        ("2023년 3명이 낸 글", "2023-01-01", "2023-12-31"),
        ("11월에 나온 글", "11-01", "11-30"),
        ("5월 1일 공지", "05-01", "05-01"),
    ],
)
def test_words_of_time_become_days(question: str, first: str, last: str) -> None:
    assert time_of(question, TODAY).periods == (Period(first, last),)


@pytest.mark.parametrize(
    "question", ["2부 사회는 누가 봤나요?", "3개월 동안 무엇을 했나요?", "1980년대 노래", "010-2023-1122"]
)
def test_other_numbers_are_no_dates_of_a_text(question: str) -> None:
    time = time_of(question, TODAY)
    assert time.periods == ()


def test_the_time_of_a_text_counts_more_than_a_year_that_is_only_mentioned() -> None:
    bonuses = [
        time_of(question, TODAY).bonus
        for question in ("2023년 기사에 뭐가 나왔어?", "작년 토론회 주제는?", "2023년 예산은 얼마야?")
    ]
    assert bonuses == sorted(bonuses, reverse=True)
    assert len(set(bonuses)) == 3
    assert time_of("올해 글로벌 포럼은 어디서 열려?", TODAY).bonus == bonuses[1]


def test_newest_asks_more_than_recent_and_most_questions_ask_nothing() -> None:
    assert time_of("가장 최근 글", TODAY).recent > time_of("요즘 소식", TODAY).recent > 0
    assert time_of("지난주 회의", TODAY).recent > 0
    assert not time_of("도서관은 언제 여나요?", TODAY)


DAYS = Days({"old": "2021-05-01", "mid": "2023-11-22", "new": "2024-02-01"}, "2024-02-01")
ROWS = ("old", "mid", "new", "undated")


def order(question: str, *scores: float) -> list[str]:
    ranked = sorted(enumerate(scores), key=lambda item: -item[1])
    return [ROWS[row] for row, _ in dated(ranked, ROWS.__getitem__, DAYS, time_of(question, TODAY))]


def test_recent_prefers_the_newest_of_the_index_even_where_all_is_years_old() -> None:
    assert order("최근 토론회", 1.0, 0.5, 0.95)[:2] == ["new", "old"]
    assert order("토론회", 1.0, 0.5, 0.95)[:2] == ["old", "new"]


def test_recent_does_not_lift_what_has_little_to_do_with_the_question() -> None:
    assert order("최근 토론회", 1.0, 0.5, 0.3)[0] == "old"


def test_a_period_lifts_its_articles_and_leaves_the_order_where_none_fits() -> None:
    assert order("11월에 나온 글", 1.0, 0.7, 0.9, 0.8)[0] == "mid"
    assert order("2019년 기사", 1.0, 0.7, 0.9, 0.8) == ["old", "new", "undated", "mid"]


def test_equal_scores_come_newer_first_and_undated_last() -> None:
    assert order("토론회", 0.5, 0.5, 0.5, 0.5) == ["new", "mid", "old", "undated"]


def test_nothing_found_stays_nothing() -> None:
    assert dated([], ROWS.__getitem__, DAYS, Time(recent=0.1)) == []
    assert select([], "질문", 5) == []


def test_one_article_takes_three_places_among_many() -> None:
    long = article("긴 회의록", "전혀 다른 말")
    others = [article(f"글 {number}", f"{number}번째 이야기") for number in range(4)]
    found = [hit(long, 1 - number / 100, number) for number in range(6)]
    found += [hit(other, 0.5 - number / 100) for number, other in enumerate(others)]
    assert ids(select(found, "예산은 얼마인가요?", 6)) == ["긴 회의록"] * 3 + ["글 0", "글 1", "글 2"]
    assert ids(select(found, "긴 회의록의 예산은?", 6)) == ["긴 회의록"] * 6
    assert ids(select(found, "예산은 얼마인가요?", 6, crowd=True)) == ["긴 회의록"] * 6


def test_places_that_nobody_else_wants_go_to_the_crowd_best_first() -> None:
    long, other = article("긴 회의록", "가"), article("글", "나")
    found = [hit(long, 1 - number / 100, number) for number in range(5)] + [hit(other, 0.5)]
    chosen = select(found, "예산은 얼마인가요?", 10)
    assert ids(chosen) == ["긴 회의록"] * 5 + ["글"]
    assert [each.score for each in chosen] == sorted((each.score for each in chosen), reverse=True)


def test_hits_are_read_no_further_than_needed() -> None:
    read = []

    def found() -> Iterator[tuple[Hit, Article]]:
        for number in range(100):
            read.append(number)
            yield hit(article(f"글 {number}", f"이야기 {number}"), 1 - number / 1000)

    assert len(select(found(), "질문", 5)) == 5
    assert len(read) <= 6


RELEASE = "정책토론회가 강당에서 열렸다. 참석자들은 청년 주거와 일자리를 두고 두 시간 동안 의견을 나누었다."


def test_of_articles_that_say_the_same_the_older_with_a_publisher_stays() -> None:
    copy = article("복사", RELEASE + " 끝.", "2023-11-20")
    later = article("나중", RELEASE, "2023-11-23", "나일보")
    first = article("처음", RELEASE, "2023-11-22", "가일보")
    other = article("다른 글", "도서관은 아침에 문을 연다.", "2023-11-22", "가일보")
    found = [hit(copy, 1.0), hit(later, 0.9), hit(first, 0.8), hit(other, 0.7)]
    chosen = select(found, "토론회는 어디서 열렸나요?", 10)
    assert ids(chosen) == ["처음", "다른 글"]
    assert chosen[0].score == 1.0


@pytest.mark.parametrize(
    ("one", "other", "question"),
    [
        ("3월 " + RELEASE, "4월 " + RELEASE, "토론회"),
        ("북구 " + RELEASE, "남구 " + RELEASE, "남구에서 토론회가 열렸나요?"),
    ],
)
def test_texts_that_differ_in_a_number_or_in_what_is_asked_both_stay(
    one: str, other: str, question: str
) -> None:
    found = [hit(article("하나", one, "2023-11-22"), 1.0), hit(article("둘", other, "2023-11-23"), 0.9)]
    assert ids(select(found, question, 10)) == ["하나", "둘"]


def test_passages_without_date_and_publisher_stay_as_no_original_can_be_told() -> None:
    found = [hit(article("하나", RELEASE), 1.0), hit(article("둘", RELEASE), 0.9)]
    assert ids(select(found, "토론회", 10)) == ["하나", "둘"]


def test_a_question_names_an_article_by_half_of_its_title() -> None:
    from vectorstore.lexical import letter_pairs

    assert named("마을 축제 안내", frozenset(letter_pairs("마을 축제는 언제야?")))
    assert not named("마을 축제 안내", frozenset(letter_pairs("도서관은 언제 열어?")))
    assert not named("", frozenset())


def forum(id: str, published: str, place: str) -> Article:
    text = f"정책토론회 소식\n정책토론회가 {place}에서 열렸다. 사회는 {id} 씨가 맡았다."
    return Article(id, "정책토론회 소식", text, "source", publisher="가일보", published=published)


@pytest.fixture
def years(encoder: KiwiEncoder, tmp_path: Path) -> Index:
    meetings = [
        forum("김하나", "2023-06-01", "시청 강당"),
        forum("이두리", "2024-06-03", "구청 회의실"),
        forum("박세나", "2025-06-02T09:30", "대학 강의실"),
        forum("최네모", "언젠가", "동네 책방"),
    ]
    write(tmp_path / "store", encoder, *(prepare(each) for each in meetings))
    return Index(tmp_path / "store", encoder, today=lambda: date(2025, 7, 1))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("작년 토론회 사회는 누가 맡았나요?", "이두리"),
        ("올해 토론회 사회는 누가 맡았나요?", "박세나"),
        ("2023년 기사에서 토론회 사회는 누가 맡았나요?", "김하나"),
        ("가장 최근 토론회 사회는 누가 맡았나요?", "박세나"),
        ("책방 토론회 사회는 누가 맡았나요?", "최네모"),
    ],
)
def test_an_index_answers_by_the_time_that_a_question_names(
    years: Index, question: str, expected: str
) -> None:
    assert years.search(question, 4)[0].chunk.article == expected


def test_a_copy_that_is_not_shown_is_still_there_by_its_id(encoder: KiwiEncoder, tmp_path: Path) -> None:
    title = "토론회 소식"
    two = [
        Article(id, title, f"{title}\n{RELEASE}", "source", publisher="가일보", published=day)
        for id, day in (("copy", "2023-11-23"), ("original", "2023-11-22"))
    ]
    write(tmp_path / "store", encoder, *(prepare(each) for each in two))
    index = Index(tmp_path / "store", encoder)
    assert ids(index.search("토론회에서 무엇을 두고 의견을 나누었나요?", 5)) == ["original"]
    assert index.article("copy") is not None
