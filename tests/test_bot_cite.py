"""Quotes: word for word, at their offsets, never longer than the contract allows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from posts import article

from bot.cite import MAX_QUOTE, cite
from bot.passages import Page
from vectorstore.types import Article


def page(text: str, url: str | None = "https://news.example.kr/1") -> Page:
    return Page(Article("a", "제목", text, "posts/a.txt", (), "신문", "기자", "2024-06-28T09:00", url), ())


@given(st.text(alphabet="가나다 ,·.\n", min_size=1, max_size=900), st.data())
@settings(max_examples=200, derandomize=True)
def test_every_quote_is_the_text_at_its_offsets(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    made = cite(1, page(text), start, end)
    assert text[made.start : made.end] == made.quote
    assert made.start == start
    assert made.end <= end
    assert len(made.quote) <= MAX_QUOTE


def test_a_sentence_of_300_characters_is_quoted_whole_and_a_longer_one_to_the_end_of_a_word() -> None:
    whole = "가나 " * 99 + "다라마"
    assert len(whole) == 300
    assert cite(1, page(whole), 0, 300).quote == whole
    long = "가나다라 " * 100
    quote = cite(1, page(long), 0, len(long)).quote
    assert 290 < len(quote) <= 300
    assert long[len(quote)] == " "
    assert not quote.endswith(" ")


def test_a_text_without_a_space_is_cut_at_300() -> None:
    assert len(cite(1, page("가" * 900), 5, 900).quote) == 300


def test_a_citation_names_its_article() -> None:
    market = article("market")
    made = cite(2, Page(market, ()), 0, 5)
    assert (made.marker, made.article, made.title) == (2, "market", market.title)
    assert (made.publisher, made.published) == ("느티나무신문", "2024-06-28")
    assert made.source == market.url


def test_without_an_address_the_source_is_where_the_article_was_read() -> None:
    assert cite(1, page("글이다.", url=None), 0, 2).source == "posts/a.txt"


@pytest.mark.parametrize("tail", [",", " ·", ", "])
def test_a_cut_quote_ends_on_a_word_and_not_on_a_comma(tail: str) -> None:
    text = "가" * 290 + tail + " " + "나" * 50
    assert cite(1, page(text), 0, len(text)).quote == "가" * 290
