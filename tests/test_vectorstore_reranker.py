"""The optional reranker: a real tiny cross-encoder, and what an index does with a judge."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tiny_model
from numpy.typing import NDArray
from posts import command, town, write

from vectorstore.errors import EncoderError
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index
from vectorstore.reranker import ModelReranker, load_reranker, rerank
from vectorstore.settings import StoreSettings

TEXTS = ["도서관이 문을 연다.", "시장의 글", "나"]


class Shortest:
    """A judge that prefers short texts."""

    name = "shortest"
    device = "cpu"

    def judge(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([-len(text) for text in texts], np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cross_encoder(tmp_path_factory.mktemp("cross"), labels=1)


def cross_encoder(folder: Path, labels: int) -> Path:
    """A cross-encoder of one layer with random weights, over the letters of the tiny encoder."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    encoder = tiny_model.build(folder)
    torch.manual_seed(1)
    config = BertConfig.from_pretrained(folder / "bare", num_labels=labels)
    BertForSequenceClassification(config).save_pretrained(folder / "cross")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(encoder / name, folder / "cross" / name)
    return folder / "cross"


def test_a_cross_encoder_judges_each_text_beside_the_question(folder: Path) -> None:
    from sentence_transformers import CrossEncoder

    judged = ModelReranker(str(folder), "cpu").judge("도서관은?", TEXTS)
    plain = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    expected = plain.predict([("도서관은?", text) for text in TEXTS], show_progress_bar=False)
    np.testing.assert_allclose(judged, expected, atol=1e-5)
    assert len(set(judged.tolist())) == len(TEXTS)
    assert ModelReranker(str(folder), "cpu").judge("도서관은?", []).shape == (0,)


def test_the_order_is_the_judges_and_the_scale_stays_that_of_the_search() -> None:
    assert rerank(Shortest(), "질문", TEXTS, [0.9, 0.5, 0.4]) == [(2, 0.9), (1, 0.5), (0, 0.4)]
    assert rerank(Shortest(), "질문", ["가", "나"], [0.9, 0.5]) == [(0, 0.9), (1, 0.5)]


def test_an_index_shows_its_best_chunks_in_the_judges_order(encoder: KiwiEncoder, tmp_path: Path) -> None:
    write(tmp_path / "store", encoder, *town())
    question = "산책로 공사는 언제 끝나나요?"
    fused = Index(tmp_path / "store", encoder).search(question, 20)
    judged = Index(tmp_path / "store", encoder, Shortest()).search(question, 20)
    assert {hit.chunk.id for hit in judged} == {hit.chunk.id for hit in fused}
    assert [hit.score for hit in judged] == pytest.approx([hit.score for hit in fused])
    assert judged[0].chunk.article != fused[0].chunk.article
    assert Index(tmp_path / "store", encoder, Shortest()).search("", 5) == []


def test_without_the_setting_there_is_none_and_torch_is_not_loaded() -> None:
    assert load_reranker(StoreSettings()) is None
    assert load_reranker(StoreSettings(reranker="")) is None
    code = (
        "import sys; from vectorstore.reranker import load_reranker as load\n"
        "from vectorstore.settings import StoreSettings\n"
        "print(load(StoreSettings()), 'torch' in sys.modules)"
    )
    assert command("-c", code).stdout == "None False\n"


def test_the_setting_names_the_folder(folder: Path) -> None:
    made = load_reranker(StoreSettings(reranker=str(folder), device="cpu"))
    assert made is not None
    assert (made.name, made.device) == (str(folder), "cpu")


def test_a_classifier_of_several_labels_is_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="재정렬") as caught:
        ModelReranker(str(cross_encoder(tmp_path, labels=3)), "cpu")
    assert "3개" in str(caught.value)


def test_a_reranker_that_is_not_there_is_one_korean_line(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="폴더가 없습니다"):
        load_reranker(StoreSettings(reranker=str(tmp_path / "none")))
