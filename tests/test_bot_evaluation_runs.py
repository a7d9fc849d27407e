from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.evaluation.corpus import Corpus, opened
from bot.evaluation.data import DataError
from bot.evaluation.noise import NOISES
from bot.evaluation.retrievers import all_retrievers, chroma_ranking
from bot.evaluation.runs import evaluate, sample
from bot.evaluation.types import Asked, Data, Passage
from vectorstore.settings import StoreSettings

PASSAGES = (
    Passage("dog", "반려견 안내", "공원에서 반려견과 외출할 때는 목줄을 매야 합니다."),
    Passage("tax", "지방세 안내", "재산세는 칠월과 구월에 두 번 나누어 냅니다."),
    Passage("bus", "버스 노선", "십이번 버스는 시청과 항구를 오갑니다."),
    Passage("bus-again", "버스 노선", "십이번 버스는 시청과  항구를 오갑니다."),
)
QUESTIONS = (
    Asked("q1", "반려견 목줄은 어디에서 매야 하나요?", frozenset({"dog"})),
    Asked("q2", "재산세는 언제 내나요?", frozenset({"tax"})),
    Asked("q3", "항구에 가는 버스는 몇 번인가요?", frozenset({"bus-again"})),
)
DATA = Data("마을", QUESTIONS, PASSAGES)


def settings(tmp_path: Path) -> StoreSettings:
    return StoreSettings(store=tmp_path / "store", embedding="kiwi")


def test_every_retriever_is_measured_side_by_side(tmp_path: Path) -> None:
    heard: list[str] = []
    report = evaluate(DATA, settings(tmp_path), on_retriever=heard.append)
    names = ["hybrid", "lexical", "dense", "white_space_bm25", "chroma_default"]
    assert [run.retriever for run in report.runs] == names == heard
    found = {run.retriever: run.measures for run in report.runs}
    assert found["hybrid"] is not None
    assert found["hybrid"].recall_1 == 1
    assert found["lexical"] is not None
    assert found["lexical"].recall_1 == 1
    assert not (tmp_path / "store").exists()


def test_passages_with_the_same_text_count_as_one(tmp_path: Path) -> None:
    report = evaluate(DATA, settings(tmp_path))
    assert (report.passages, report.questions) == (3, 3)
    with opened(DATA, settings(tmp_path)) as corpus:
        assert corpus.same == {"dog": "dog", "tax": "tax", "bus": "bus", "bus-again": "bus"}
        assert corpus.right(QUESTIONS[2]) == {"bus"}


def test_a_peer_that_cannot_run_says_why_or_is_measured(tmp_path: Path) -> None:
    (run,) = (run for run in evaluate(DATA, settings(tmp_path)).runs if run.retriever == "chroma_default")
    assert (run.measures is None) == (run.reason is not None)


def test_white_space_bm25_finds_no_word_with_another_particle(tmp_path: Path) -> None:
    questions = (
        Asked("q1", "재산세는?", frozenset({"tax"})),
        Asked("q2", "재산세는 언제 내나요?", frozenset({"tax"})),
    )
    with opened(Data("마을", questions, PASSAGES), settings(tmp_path)) as corpus:
        peer = next(each for each in all_retrievers(corpus) if each.name == "white_space_bm25")
        assert peer.rank is not None
        assert [peer.rank(asked.question) for asked in questions] == [[], ["tax"]]


def test_noise_is_laid_on_and_its_fall_is_measured(tmp_path: Path) -> None:
    report = evaluate(DATA, settings(tmp_path), noise=True)
    hybrid = [run for run in report.noise if run.retriever == "hybrid"]
    assert [run.noise for run in hybrid] == ["clean", *NOISES]
    assert report.noise_questions == 3
    assert all(run.fall == pytest.approx(100 * (hybrid[0].recall_10 - run.recall_10)) for run in hybrid)
    peers = {run.noise: run for run in report.noise if run.retriever == "white_space_bm25"}
    assert peers["zero_width"].recall_10 == 0


def test_a_right_article_that_is_not_in_the_index_is_named(tmp_path: Path) -> None:
    data = Data("마을", (Asked("q9", "언제?", frozenset({"none"})),), PASSAGES)
    with pytest.raises(DataError, match="질문 q9의 정답 글 none이 색인에 없습니다"):
        evaluate(data, settings(tmp_path))


def test_a_sample_is_the_same_every_time_and_in_order() -> None:
    questions = [Asked(str(n), "언제?", frozenset({"a"})) for n in range(100)]
    some = sample(questions, 10)
    assert some == sample(questions, 10)
    assert [int(each.id) for each in some] == sorted(int(each.id) for each in some)
    assert len(set(some)) == 10
    assert sample(questions, 100) == tuple(questions)


def test_chromas_own_way_ranks_by_the_function_that_it_is_given(tmp_path: Path) -> None:
    from chromadb.api.types import EmbeddingFunction

    class Lengths(EmbeddingFunction[Any]):
        """A text's vector is how many letters it has."""

        def __init__(self) -> None:
            """Nothing to set up."""

        def __call__(self, input: Any) -> Any:
            return [np.array([len(text), 1.0], np.float32) for text in input]

        @staticmethod
        def name() -> str:
            return "forum-bot-test-lengths"

        def get_config(self) -> dict[str, Any]:
            return {}

        @staticmethod
        def build_from_config(config: dict[str, Any]) -> "Lengths":
            return Lengths()

    passages = tuple(Passage(f"p{n}", "", "가" * n) for n in (1, 4, 8))
    with opened(Data("길이", (Asked("q", "가", frozenset({"p1"})),), passages), settings(tmp_path)) as corpus:
        rank = chroma_ranking(Corpus(corpus.index, passages, tmp_path), Lengths())
        assert rank("나" * 5) == ["p4", "p8", "p1"]
