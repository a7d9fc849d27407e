import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.frontmatter import split_front_matter


def test_known_keys_are_taken_and_the_rest_is_the_text() -> None:
    text = (
        "---\ntitle: 정기 모임\npublisher: 마을신문\npublished: "
        "2024-05-01 09:30\nmood: 좋음\n---\n본문: 첫 줄\n"
    )
    assert split_front_matter(text) == (
        {"title": "정기 모임", "publisher": "마을신문", "published": "2024-05-01 09:30"},
        "본문: 첫 줄\n",
    )


def test_keys_may_be_korean_and_values_quoted_or_hold_a_colon() -> None:
    known, _ = split_front_matter(
        '---\n제목: "모임: 다음 달"\n글쓴이: 홍길동\n주소: https://a.example/1\n날짜: 2024. 5. 1.\n---\n'
    )
    assert known == {
        "title": "모임: 다음 달",
        "author": "홍길동",
        "url": "https://a.example/1",
        "published": "2024. 5. 1.",
    }


def test_a_quotation_inside_a_value_stays() -> None:
    assert split_front_matter('---\ntitle: "좋다"는 "말"\n---\n')[0] == {"title": '"좋다"는 "말"'}


@pytest.mark.parametrize(
    "text",
    [
        "제목: 본문의 줄\n---\n끝",
        "---\n그냥 글입니다.\n---\n끝",
        "---\nmood: 좋음\n---\n끝",
        "---\ntitle: 닫히지 않음\n본문",
        "---\n" + "title: 가\n" * 50 + "---\n끝",
        "--- \n---\n",
        "",
    ],
)
def test_anything_else_is_text(text: str) -> None:
    assert split_front_matter(text) == ({}, text)


def test_empty_values_are_no_values() -> None:
    assert split_front_matter("---\ntitle:\nauthor: 홍길동\n---\n글")[0] == {"author": "홍길동"}


@given(st.text())
def test_no_text_is_lost(text: str) -> None:
    known, rest = split_front_matter(text)
    assert text.endswith(rest)
    assert known or rest == text
