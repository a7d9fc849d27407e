"""Fusion: words, meanings and vectors each bring what the others miss."""

from pathlib import Path

import numpy as np
import pytest
from posts import post, write

from vectorstore.fusion import Query
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index

POSTS = {
    "clinic": "소아과 의사가 어린이 환자를 밤늦게까지 진료한다.",
    "farm": "농부가 감자와 옥수수를 심는다.",
    "opening": "개회사는 이장이 맡았다.",
    "bank": "금리가 오르자 대출 이자가 늘었다.",
    "name": "쀍롱텍 대표가 공장을 지었다.",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Index:
    store = tmp_path_factory.mktemp("fusion") / "store"
    write(store, encoder, *(post(id, text, text) for id, text in POSTS.items()))
    return Index(store, encoder)


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("감자는 누가 심나요?", "farm"),  # words
        ("쀍롱택 사장", "name"),  # letters
        ("막을 여는 말을 한 사람", "opening"),  # meanings
        ("아픈 아이가 갈 만한 병원", "clinic"),  # vectors
        ("빚을 갚는 돈이 커졌다", "bank"),  # vectors
    ],
)
def test_each_part_of_the_search_finds_what_the_others_miss(
    index: Index, question: str, article: str
) -> None:
    assert index.search(question, 1)[0].chunk.article == article


def test_scores_are_positive(index: Index) -> None:
    for question in ("감자", "의사와 이자", "막을 여는 말", "뚜비쿠렘"):
        assert all(hit.score > 0 for hit in index.search(question, 5))


def test_the_vector_of_a_question_is_the_encoders(encoder: KiwiEncoder) -> None:
    query = Query.of("감자는　누가 심나요？", encoder)
    np.testing.assert_allclose(query.vector, encoder.encode_query("감자는 누가 심나요?"), atol=1e-6)


def test_spacing_and_width_of_the_letters_change_no_first_hit(index: Index, tmp_path: Path) -> None:
    for question in ("감자는누가심나요", "감자는 누가 심나요？", "감 자 누가 심나"):
        assert index.search(question, 1)[0].chunk.article == "farm"
