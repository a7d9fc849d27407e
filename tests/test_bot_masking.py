"""Personal data does not pass, and everyday questions do."""

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.masking import masked
from prompts import say

DATA = Path(__file__).parent / "data" / "masking"
PLANTED = [
    json.loads(line) for line in (DATA / "planted.jsonl").read_text(encoding="utf-8").splitlines() if line
]
CLEAN = (DATA / "clean.txt").read_text(encoding="utf-8").splitlines()
SPOKEN = re.compile("[0-9０-９①-⑨공영일이삼사오육칠팔구]{4}")


def test_there_are_two_hundred_planted_and_five_hundred_clean_questions() -> None:
    assert len({record["question"] for record in PLANTED}) == 200
    assert len(set(CLEAN)) == 500
    for record in PLANTED:
        assert record["secret"] in record["question"]


@pytest.mark.parametrize("kind", sorted({record["kind"] for record in PLANTED}))
def test_every_planted_piece_of_personal_data_is_masked_as_what_it_is(kind: str) -> None:
    missed = [
        found
        for record in PLANTED
        if record["kind"] == kind
        and (
            say(f"masking.{kind}") not in (found := masked(record["question"]))
            or record["secret"] in found
            or SPOKEN.search(found)
        )
    ]
    assert missed == []


def test_at_most_two_in_a_hundred_clean_questions_are_changed() -> None:
    changed = [question for question in CLEAN if masked(question) != question]
    assert len(changed) <= 0.02 * len(CLEAN), changed


def test_no_gold_question_and_no_passage_of_the_test_data_is_changed() -> None:
    texts = [
        record[field]
        for name in ("second/gold.jsonl", "village/gold.jsonl", "paraphrase.jsonl")
        for line in (DATA.parent / name).read_text(encoding="utf-8").splitlines()
        for record in [json.loads(line)]
        for field in ("question", "passage")
        if field in record
    ]
    assert [text for text in texts if masked(text) != text and "@" not in text] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("010-1234-5678로 연락해도 되나요?", "[전화번호]로 연락해도 되나요?"),
        ("메일은abc@naver.com으로", "메일은[이메일]으로"),
        ("010-1234-5678 2025-04-17에", "[전화번호] 2025-04-17에"),
        ("농협 302-1234-5678-91 10만원", "농협 [계좌번호] 10만원"),
        ("광주 북구 용봉로 77, 101동 202호에 살아요", "광주 북구 [주소]에 살아요"),
        ("공일공 일이삼사 오육칠팔이에요", "[전화번호]이에요"),
        ("공일공 일이삼사 오육칠팔이 제 번호", "[전화번호]이 제 번호"),
        ("(062) 123-4567 문의", "[전화번호] 문의"),
        ("비상 112, 대표 1588-1234, 개인 011-234-5678", "비상 112, 대표 1588-1234, 개인 [전화번호]"),
    ],
)
def test_what_stands_around_it_stays(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_a_text_without_personal_data_is_the_same_text_in_the_same_normal_form() -> None:
    decomposed = "\u1112\u1161\u11ab글 ①번 ｆｕｌｌ－ｗｉｄｔｈ\u200b 글"
    assert masked(decomposed) is decomposed


def test_a_decomposed_text_is_read_as_a_composed_one() -> None:
    import unicodedata

    text = unicodedata.normalize("NFD", "hong골뱅이naver.com과 공일공 일이삼사 오육칠팔")
    assert masked(text) == "[이메일]과 [전화번호]"


PIECES = st.sampled_from(
    [
        *"0123456789-. /()@,~_+:가에이일공로길동호리 ",
        *(record["secret"] for record in PLANTED),
        *(say(f"masking.{kind}") for kind in ("phone", "card", "account", "passport", "resident")),
        *(
            "국민은행 ",
            "연락처 ",
            "여권 ",
            "면허 ",
            "집 ",
            "광주 북구 ",
            "다시",
            "골뱅이",
            "번지",
            "년",
            "원",
        ),
    ]
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = masked(text)
    assert masked(once) == once


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_text_at_all_is_taken(text: str) -> None:
    assert masked(masked(text)) == masked(text)


PATTERNS = [
    *("1", "0 ", "0-", "@", "a@", "a.", "로1", "로 1호", "동 1-", "가1 ", "골뱅이", "공일", "010-", "1234 "),
    *("9001011", "1-", "101동", "공일공 ", "국민 1", "(", "4111 ", "+82 ", "여권a1", "서울1가", "아파트"),
    *("하우스 ", "행복빌라 1 ", "abc@naver.", "점컴", "\u200b1", "１", "()1", "공다시", "12가 ", "에 공"),
    *("공, 일. ", "용봉로 77, 101", "1 0 1 0 ", "집 로 1", "12가 34", "900101-1", "-1 ", " at ", "1 0 "),
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_two_thousand_characters_of_the_worst_kind_take_less_than_twenty_milliseconds(pattern: str) -> None:
    text = (pattern * 2000)[:2000]
    masked("준비")
    took = []
    for _ in range(5):
        started = time.process_time()
        masked(text)
        took.append(time.process_time() - started)
    assert min(took) < 0.020
