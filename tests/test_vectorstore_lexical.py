"""The lexical half: which chunk holds the question's words, letters and meanings."""

from pathlib import Path

import numpy as np
import pytest

from vectorstore.lexical import LexicalIndex, TermIndex, Terms, letter_pairs, question_terms, terms
from vectorstore.morphemes import morphemes
from vectorstore.paraphrases import meaning_terms

TEXTS = [
    "느티나무시장 상인회가 야시장을 연다.",
    "버들천 산책로 정비 공사가 끝난다.",
    "개회사는 구청장이 했다.",
    "인디고캡슐 대표가 발표했다.",
]


def terms_of(text: str) -> Terms:
    found = morphemes(text)
    return Terms(question_terms(found), letter_pairs(text), meaning_terms(found))


@pytest.fixture(scope="module")
def index() -> LexicalIndex:
    chunks = []
    for text in TEXTS:
        found = morphemes(text)
        chunks.append(Terms(terms(found), letter_pairs(text), meaning_terms(found)))
    return LexicalIndex.build(chunks)


@pytest.mark.parametrize(
    ("asked", "row"),
    [
        ("야시장은 누가 여나요?", 0),
        ("산책로공사언제끝나", 1),
        ("구청장은 무엇을 했나요?", 2),
        ("인디고 캡슐 대표는 누구?", 3),
        ("인디고캡슙 대표", 3),
    ],
)
def test_the_chunk_with_the_words_or_letters_scores_best(index: LexicalIndex, asked: str, row: int) -> None:
    assert int(index.scores(terms_of(asked)).argmax()) == row


def test_scores_are_one_a_chunk_from_0_to_1(index: LexicalIndex) -> None:
    for asked in [*TEXTS, "야시장", "없는말쀍롱", "?"]:
        scores = index.scores(terms_of(asked))
        assert scores.shape == (len(TEXTS),)
        assert scores.min() >= 0
        assert scores.max() <= 1


def test_a_question_of_unknown_words_scores_near_zero(index: LexicalIndex) -> None:
    assert index.scores(terms_of("쀍롱텍 뚜비쿠렘")).max() < 0.05
    assert index.scores(terms_of("야시장 쀍롱텍 뚜비쿠렘")).max() < index.scores(terms_of("야시장")).max()


def test_other_words_of_one_meaning_score_where_no_word_is_shared(index: LexicalIndex) -> None:
    asked = terms_of("막을 여는 말")
    assert index.scores(asked).max() < 0.2
    assert int(index.meaning_scores(asked).argmax()) == 2
    assert index.meaning_scores(asked)[2] > 0


def test_an_index_that_was_saved_scores_the_same(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "lexical")
    again = LexicalIndex.load(tmp_path / "lexical", len(TEXTS))
    for asked in ("야시장을 여는 시각", "막을 여는 말", "없는말"):
        np.testing.assert_allclose(again.scores(terms_of(asked)), index.scores(terms_of(asked)), atol=1e-6)
        np.testing.assert_allclose(
            again.meaning_scores(terms_of(asked)), index.meaning_scores(terms_of(asked)), atol=1e-6
        )


def test_an_index_without_a_term_is_saved_and_scores_zero(tmp_path: Path) -> None:
    TermIndex.build([[], []]).save(tmp_path / "words")
    scores, ideal = TermIndex.load(tmp_path / "words", 2).scores(["시장"])
    assert scores.tolist() == [0.0, 0.0]
    assert ideal > 0


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    index = TermIndex.build([["시장", "공사"], ["시장"], ["시장"]])
    common, _ = index.scores(["시장"])
    rare, _ = index.scores(["공사"])
    assert rare[0] > common[0] > 0


def test_letter_pairs_do_not_mind_spacing_case_and_signs() -> None:
    assert letter_pairs("광주 AI-사업!") == letter_pairs("광주ai사업") == ["광주", "주a", "ai", "i사", "사업"]
    assert letter_pairs("가") == ["가"]
    assert letter_pairs("…") == []


def test_a_question_is_searched_without_the_words_that_only_ask() -> None:
    assert question_terms(morphemes("시장은 누구이고 무엇을 했나요?")) == ["시장", "하"]
    assert terms(morphemes("AI를 한다")) == ["ai", "하"]
