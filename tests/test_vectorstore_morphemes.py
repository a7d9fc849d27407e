"""Kiwi, and the normal form of a question."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vectorstore.morphemes import (
    analyser,
    morphemes,
    morphemes_of_all,
    normal_question,
    split_sentences,
)

NORMAL = [
    (unicodedata.normalize("NFD", "사회는 누가 봤나요?"), "사회는 누가 봤나요?"),
    ("사\u200b회는\u200d 누가\ufeff?", "사회는 누가?"),
    ("２부 사회는　누구？", "2부 사회는 누구?"),
    ("ＡＩ 사업！", "AI 사업!"),
    ("ㅋㅋ 누구야ㅠㅠ", "ㅋㅋ 누구야ㅠㅠ"),
    ("  언제\t열렸나요\n\n어디서 ", "언제 열렸나요 어디서"),
    ("가\u202e나\u2066다", "가나다"),
    ("\x00언\x07제\x1b[31m", "언제[31m"),
    ("이모지 🙂 물음", "이모지 🙂 물음"),
    ("\u200b \u3000\n", ""),
    ("", ""),
]


@pytest.mark.parametrize(("asked", "normal"), NORMAL)
def test_a_question_has_one_normal_form(asked: str, normal: str) -> None:
    assert normal_question(asked) == normal


@given(st.text(max_size=60))
@settings(max_examples=200, derandomize=True)
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    once = normal_question(text)
    assert normal_question(once) == once


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=30))
@settings(max_examples=100, derandomize=True)
def test_a_decomposed_question_reads_as_the_composed_one(text: str) -> None:
    assert normal_question(unicodedata.normalize("NFD", text)) == text


def test_a_morpheme_says_where_it_stands() -> None:
    text = "시장에서 야시장을 연다."
    found = morphemes(text)
    assert [m.form for m in found][:4] == ["시장", "에서", "야시장", "을"]
    assert [text[m.start : m.end] for m in found if m.tag == "NNG"] == ["시장", "야시장"]
    assert [m.word for m in found][:4] == [0, 0, 1, 1]


def test_many_texts_are_analysed_in_order_and_like_one() -> None:
    texts = [f"{number}번째 글은 도서관 이야기다." for number in range(60)]
    assert list(morphemes_of_all(texts)) == [morphemes(text) for text in texts]


def test_sentences_are_bounds_without_the_space_around_them() -> None:
    text = "첫 문장이다.  둘째 문장입니까?  끝."
    assert [text[start:end] for start, end in split_sentences(text)] == [
        "첫 문장이다.",
        "둘째 문장입니까?",
        "끝.",
    ]


def test_there_is_one_analyser_for_all_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: analyser(), range(32)))
    assert len({id(kiwi) for kiwi in made}) == 1
