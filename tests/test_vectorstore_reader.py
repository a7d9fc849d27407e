"""Reading: a question finds the same chunks in an order that repeats, in the index that is current."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from posts import post, town, write

from ingest.split import SPLITTER
from vectorstore.errors import StoreError
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index, check_compatible
from vectorstore.writer import IndexWriter

QUESTIONS = [
    ("야시장은 몇 시에 여나요?", "market", "오후 6시"),
    ("행사의 막을 여는 말은 누가 했나요?", "market", "개회사"),
    ("산책로 공사비는 얼마인가요?", "river", "12억"),
    ("버들천다리몇개새로놓나", "river", "다리 두 곳"),
    ("바둑 모임은 무슨 요일에 하나요?", "baduk", "토요일"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Path:
    store = tmp_path_factory.mktemp("made") / "store"
    write(store, encoder, *town())
    return store


@pytest.fixture(scope="module")
def index(made: Path, encoder: KiwiEncoder) -> Index:
    return Index(made, encoder)


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "store"))


@pytest.mark.parametrize(("question", "article", "words"), QUESTIONS)
def test_the_best_chunk_holds_the_answer(index: Index, question: str, article: str, words: str) -> None:
    best = index.search(question, 1)[0].chunk
    assert best.article == article
    assert words in best.text


def test_every_hit_is_word_for_word_and_scores_fall(index: Index) -> None:
    hits = index.search("시장 공사 모임", 10)
    assert len(hits) > 3
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.chunk.id for hit in hits}) == len(hits)
    for hit in hits:
        article = index.article(hit.chunk.article)
        assert article is not None
        assert article.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text


def test_no_more_than_k_are_found_and_fewer_are_the_first_of_more(index: Index) -> None:
    many = [hit.chunk.id for hit in index.search("야시장 공연 구청장", 5)]
    assert [hit.chunk.id for hit in index.search("야시장 공연 구청장", 2)] == many[:2]


def test_the_order_repeats_in_every_thread_and_every_opening(
    index: Index, made: Path, encoder: KiwiEncoder
) -> None:
    question = "마을에서 열리는 행사"
    first = [(hit.chunk.id, hit.score) for hit in index.search(question, 10)]
    again = Index(made, encoder)
    with ThreadPoolExecutor(6) as pool:
        for found in pool.map(lambda _: again.search(question, 10), range(24)):
            assert [hit.chunk.id for hit in found] == [id for id, _ in first]
            assert [hit.score for hit in found] == pytest.approx([score for _, score in first], abs=1e-6)


@pytest.mark.parametrize("question", ["", "   ", "?!…", "\u200b"])
def test_a_question_without_a_word_finds_nothing(index: Index, question: str) -> None:
    assert index.search(question, 5) == []


def test_a_strange_question_is_searched_like_any_other(index: Index) -> None:
    for question in ("🙂" * 50, "가" * 2000, "%' OR 1=1 --", "\x00\x01", "ㅋㅋㅋㅋ", "𠀀𠀁 漢字 العربية"):
        assert len(index.search(question, 5)) <= 5


def test_an_article_and_its_sentences_are_given_by_id(index: Index) -> None:
    article, sentences = index.article("market"), index.sentences("market")
    assert article is not None
    texts = [article.text[sentence.start : sentence.end] for sentence in sentences]
    assert texts[0] == article.title
    assert "첫날 행사에서 개회사는 서다은 구청장이 했고 축사는 문태오 시의원이 했다." in texts
    assert index.article("없음") is None
    assert index.sentences("없음") == ()
    assert index.article_ids() == ["baduk", "market", "river"]


def test_an_open_index_follows_a_new_generation(store: Path, encoder: KiwiEncoder) -> None:
    index = Index(store, encoder)
    before = index.generation.id
    assert index.article("duck") is None
    write(store, encoder, post("duck", "오리 축제가 가을에 열린다."))
    assert index.generation.id != before
    assert index.search("오리 축제는 언제 열리나요?", 1)[0].chunk.article == "duck"
    with IndexWriter.open(store, encoder, SPLITTER) as writer:
        writer.remove("duck")
    assert index.article("duck") is None


def test_questions_are_answered_while_the_index_changes(store: Path, encoder: KiwiEncoder) -> None:
    index = Index(store, encoder)
    stop, failed = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            try:
                hits = index.search("산책로 공사는 언제 끝나나요?", 3)
                if hits[0].chunk.article != "river":
                    failed.append(hits[0].chunk.article)
            except Exception as error:  # noqa: BLE001 - a thread hands it on
                failed.append(repr(error))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(3):
        write(store, encoder, post(f"new{number}", f"{number}번째 새 글은 우체국 이야기다."))
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(index.article_ids()) == 6


def test_an_open_index_says_so_when_the_pointer_breaks_under_it(store: Path, encoder: KiwiEncoder) -> None:
    index = Index(store, encoder)
    (store / "CURRENT").write_text("엉망", encoding="utf-8")
    with pytest.raises(StoreError, match="손상"):
        index.search("야시장", 1)


def test_the_same_encoder_and_splitter_are_compatible(index: Index, encoder: KiwiEncoder) -> None:
    check_compatible(index.generation.manifest, encoder, SPLITTER)
    with pytest.raises(StoreError, match="reindex"):
        check_compatible(index.generation.manifest, encoder, "other")
