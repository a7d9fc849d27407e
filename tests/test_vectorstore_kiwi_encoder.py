"""The offline encoder: its vectors are unit length, mean something, and come out the same in every thread."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from vectorstore.kiwi_encoder import (
    COMPONENTS,
    DIMENSION,
    LANDMARKS,
    KiwiEncoder,
    _build_frame,
    weight_of,
)
from vectorstore.morphemes import UNKNOWN_BELOW, analyser, morphemes

TEXTS = ["도서관이 문을 연다.", "시장에 간다", "2024년 7월 5일 오후 6시", "쀍롱텍", "GPU 데이터센터"]
# (text, one that says the like, one that does not)
NEAR = [
    ("도서관", "책방", "자전거"),
    ("의사", "간호사", "도로"),
    ("강아지", "고양이", "예산"),
    ("자동차", "차량", "시인"),
    ("축구 경기", "야구 시합", "치과 진료"),
    ("아버지가 밥을 먹는다", "아빠가 식사를 한다", "은행이 금리를 올린다"),
    ("집값이 올랐다", "주택 가격이 상승했다", "강아지가 짖는다"),
]


def cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_a_question_is_one_vector_and_documents_are_rows(encoder: KiwiEncoder) -> None:
    assert encoder.encode_query("도서관").shape == (DIMENSION,)
    rows = encoder.encode_documents(TEXTS)
    assert (rows.shape, rows.dtype) == ((len(TEXTS), encoder.dimension), np.float32)
    assert encoder.encode_documents([]).shape == (0, encoder.dimension)


def test_vectors_have_unit_length(encoder: KiwiEncoder) -> None:
    np.testing.assert_allclose(np.linalg.norm(encoder.encode_documents(TEXTS), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("text", ["", "   ", "?!…", "“”()"])
def test_a_text_without_a_word_is_a_zero_vector(encoder: KiwiEncoder, text: str) -> None:
    assert not encoder.encode_query(text).any()


def test_a_question_and_a_document_of_one_text_are_the_same(encoder: KiwiEncoder) -> None:
    rows = encoder.encode_documents(TEXTS)
    for text, row in zip(TEXTS, rows, strict=True):
        np.testing.assert_allclose(encoder.encode_query(text), row, atol=1e-6)


def test_another_encoder_gives_the_same_vectors(encoder: KiwiEncoder) -> None:
    np.testing.assert_allclose(
        KiwiEncoder().encode_documents(TEXTS), encoder.encode_documents(TEXTS), atol=1e-5
    )


@pytest.mark.parametrize(("text", "like", "unlike"), NEAR)
def test_what_means_the_like_is_nearer(encoder: KiwiEncoder, text: str, like: str, unlike: str) -> None:
    a, b, c = encoder.encode_documents([text, like, unlike])
    assert float(a @ b) > float(a @ c) + 0.05
    assert float(a @ b) > float(b @ c) + 0.05


def test_an_unknown_name_has_its_own_place_near_its_misspelling(encoder: KiwiEncoder) -> None:
    names = ["쀍롱텍", "쀍롱택", "꿻쨩뮤"]
    assert all(m.id < UNKNOWN_BELOW for name in names for m in morphemes(name))
    name, misspelt, other = encoder.encode_documents(names)
    assert float(name @ misspelt) > 0.3
    assert abs(float(name @ other)) < 0.3


def test_particles_and_punctuation_weigh_little(encoder: KiwiEncoder) -> None:
    weights = {m.form: weight_of(m) for m in morphemes("도서관은, 열린다.")}
    assert weights[","] == weights["."] == 0
    assert 0 < weights["은"] < weights["도서관"] / 5
    a, b = encoder.encode_documents(["도서관이 열린다", "도서관은 열렸다!"])
    assert float(a @ b) > 0.95


def test_word_vectors_have_the_cosines_of_kiwi_itself_before_they_are_centred() -> None:
    kiwi = analyser()
    frame = _build_frame(kiwi)
    ids = [
        m.id
        for m in morphemes("도서관 시장 축구 다리 공사 회원 토요일 주민 예산 발표 경제 병원")
        if m.tag == "NNG"
    ]
    assert len(ids) >= 10
    rows = [[kiwi.morpheme_similarity(id, landmark) for landmark in frame.landmarks] for id in ids]
    places = np.array(rows) @ frame.project
    ours = [[cosine(a, b) for b in places] for a in places]
    theirs = np.array([[kiwi.morpheme_similarity(a, b) for b in ids] for a in ids])
    length = np.sqrt(np.diag(theirs))  # Kiwi stores its vectors rounded: their own cosine is up to 1.0004
    assert np.abs(length - 1).max() < 1e-3
    theirs /= np.outer(length, length)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_frame_takes_the_common_directions_off() -> None:
    frame = _build_frame(analyser())
    assert (len(frame.landmarks), frame.components.shape) == (LANDMARKS, (COMPONENTS, DIMENSION))
    np.testing.assert_allclose(frame.components @ frame.components.T, np.eye(COMPONENTS), atol=1e-4)
    word = next(m for m in morphemes("도서관") if m.tag == "NNG")
    assert np.abs(frame.components @ frame.place(analyser(), word.id)).max() < 1e-4


def test_a_fresh_encoder_is_safe_in_many_threads(encoder: KiwiEncoder) -> None:
    fresh = KiwiEncoder()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(fresh.encode_query, TEXTS * 8))
    for row, expected in zip(found, [*encoder.encode_documents(TEXTS)] * 8, strict=True):
        np.testing.assert_allclose(row, expected, atol=1e-5)


def test_the_fingerprint_names_the_encoder_its_model_and_the_dimension(encoder: KiwiEncoder) -> None:
    print_ = encoder.fingerprint
    assert (print_["name"], print_["dimension"]) == ("kiwi", 256)
    assert "/" in str(print_["revision"])
