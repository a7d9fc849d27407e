"""From sentences to the words that answer: passages, evidence, candidate answers and their scores."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from posts import BADUK, MARKET, RIVER, article

from bot.evidence import Asked, rank
from bot.passages import Candidate, Line, Page, Pages, analyse
from bot.question import understand
from bot.reader.features import DENSE, extract
from bot.reader.model import load_model, read
from bot.reader.spans import MAX_EOJEOLS, anatomy, clean_answer
from ingest.split import prepare
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index

LINES = {"market": MARKET, "river": RIVER, "baduk": BADUK}
# (article, question, words of the right sentence, the answer)
ASKED = [
    ("market", "개회사는 누가 했나요?", "개회사는 서다은", "서다은"),
    ("market", "상인회장은 누구인가요?", "상인회장 오지훈", "오지훈"),
    ("market", "먹거리 가게는 몇 곳 나오나요?", "먹거리 가게", "24곳"),
    ("market", "야시장은 몇 시에 여나요?", "매주 금요일", "오후 6시"),
    ("river", "공사비는 얼마인가요?", "공사비 12억", "12억 원"),
    ("river", "정비 공사는 언제 끝나나요?", "내년 4월", "내년 4월"),
    ("baduk", "회비는 얼마인가요?", "회비는", "5천 원"),
    ("baduk", "모임은 어디에서 여나요?", "토요일 아침", "주민센터 2층"),
]


@pytest.fixture(scope="module")
def pages(encoder: KiwiEncoder) -> dict[str, Page]:
    made = {}
    for id, lines in LINES.items():
        prepared = prepare(article(id, lines))  # type: ignore[arg-type]
        made[id] = analyse(encoder, prepared.article, prepared.sentences)
    return made


def candidates(page: Page) -> list[Candidate]:
    return [Candidate(page, place, 1.0) for place in range(len(page.lines))]


def ask(encoder: KiwiEncoder, question: str) -> Asked:
    return Asked.of(understand(question), encoder)


def test_a_page_is_its_sentences_word_for_word(pages: dict[str, Page]) -> None:
    for page in pages.values():
        for line in page.lines:
            assert page.article.text[line.start : line.end] == line.text
        assert page.lines[0].role == "title"
        assert [line.paragraph for line in page.lines] == sorted(line.paragraph for line in page.lines)


def test_the_vectors_of_a_sentence_are_one_a_content_word(pages: dict[str, Page]) -> None:
    for line in pages["market"].lines:
        assert line.vectors.shape[1] == 256
        np.testing.assert_allclose(np.linalg.norm(line.vectors, axis=1), 1, atol=1e-4)


@pytest.mark.parametrize(("id", "question", "words", "answer"), ASKED)
def test_the_sentence_with_the_answer_ranks_first(
    pages: dict[str, Page], encoder: KiwiEncoder, id: str, question: str, words: str, answer: str
) -> None:
    ranked = rank(ask(encoder, question), candidates(pages[id]))
    assert words in ranked[0].candidate.line.text


@pytest.mark.parametrize(("id", "question", "words", "answer"), ASKED)
def test_the_answer_is_among_the_first_candidates(
    pages: dict[str, Page], encoder: KiwiEncoder, id: str, question: str, words: str, answer: str
) -> None:
    asked = ask(encoder, question)
    found = read(asked, rank(asked, candidates(pages[id])))
    assert any(answer in each.text or each.text in answer for each in found[:3]), [
        each.text for each in found[:5]
    ]


def test_the_shares_are_those_of_a_softmax_and_fall(pages: dict[str, Page], encoder: KiwiEncoder) -> None:
    asked = ask(encoder, "개회사는 누가 했나요?")
    ranked = rank(asked, candidates(pages["market"]))
    assert sum(item.share for item in ranked) == pytest.approx(1, abs=1e-6)
    assert all(a.score >= b.score for a, b in pairwise(ranked))
    found = read(asked, ranked)
    assert sum(each.share for each in found) == pytest.approx(1, abs=1e-3)
    assert all(a.share >= b.share for a, b in pairwise(found))


def test_nothing_is_ranked_and_read_in_no_sentence(encoder: KiwiEncoder) -> None:
    asked = ask(encoder, "개회사는 누가 했나요?")
    assert rank(asked, []) == []
    assert read(asked, []) == []


@pytest.mark.parametrize("question", ["?", "🙂", "사진은 누가 찍었나요?", "누구", "가" * 500])
def test_any_question_gives_finite_scores(
    pages: dict[str, Page], encoder: KiwiEncoder, question: str
) -> None:
    ranked = rank(ask(encoder, question), candidates(pages["market"]))
    assert len(ranked) == len(pages["market"].lines)
    assert np.isfinite([[item.score, item.share, item.covered] for item in ranked]).all()


def test_the_byline_counts_when_the_question_is_about_the_report(
    pages: dict[str, Page], encoder: KiwiEncoder
) -> None:
    ranked = rank(ask(encoder, "기사를 쓴 기자는 누구인가요?"), candidates(pages["market"]))
    assert ranked[0].candidate.line.role == "byline"
    ranked = rank(ask(encoder, "개회사는 누가 했나요?"), candidates(pages["market"]))
    assert ranked[0].candidate.line.role == "body"


def lines(pages: dict[str, Page]) -> list[Line]:
    return [line for page in pages.values() for line in page.lines]


def test_candidates_are_runs_of_whole_words_of_their_sentence(pages: dict[str, Page]) -> None:
    for line in lines(pages):
        cut = anatomy(line)
        assert len(cut.places) == len(line.morphemes)
        for span in cut.spans:
            assert 0 <= span.start < span.end <= len(line.text)
            text = line.text[span.start : span.end]
            assert text == text.strip()
            assert 0 <= span.first <= span.last < cut.eojeols
            assert span.last - span.first < MAX_EOJEOLS or "“" in line.text
            starts_word = span.start == 0 or not line.text[span.start - 1].isalnum()
            assert starts_word, text


def test_the_names_numbers_and_places_of_a_sentence_are_candidates(pages: dict[str, Page]) -> None:
    texts = {line.text[span.start : span.end] for line in lines(pages) for span in anatomy(line).spans}
    for answer in ("서다은 구청장", "먹거리 가게 24곳", "오후 6시", "공사비 12억 원", "내년 4월", "중앙광장"):
        assert answer in texts


def test_what_is_in_quotation_marks_is_a_candidate_as_a_whole(pages: dict[str, Page]) -> None:
    line = next(line for line in pages["market"].lines if "“" in line.text)
    texts = {clean_answer(line.text[span.start : span.end]) for span in anatomy(line).spans}
    assert "손님이 다시 찾는 시장을 만들겠다" in texts


def test_the_features_of_candidates_are_a_finite_table(pages: dict[str, Page], encoder: KiwiEncoder) -> None:
    asked = ask(encoder, "먹거리 가게는 몇 곳 나오나요?")
    for candidate in candidates(pages["market"]):
        row = extract(asked, candidate)
        assert row.dense.shape == (len(row.anatomy.spans), len(DENSE))
        assert np.isfinite(row.dense).all()
        assert load_model().score(asked, row).shape == (len(row.anatomy.spans),)


def test_the_weights_that_ship_name_known_features() -> None:
    model = load_model()
    assert "*" in model.dense
    assert all(weights.shape == (len(DENSE),) for weights in model.dense.values())
    assert any(np.abs(weights).max() > 0 for weights in model.dense.values())


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("‘재구축’", "재구축"),
        ("“말했다.”", "말했다"),
        (" 오후 6시 ", "오후 6시"),
        ("《책》", "책"),
        ("가", "가"),
    ],
)
def test_an_answer_is_shown_without_the_marks_around_it(text: str, clean: str) -> None:
    assert clean_answer(text) == clean


def test_pages_gives_the_sentences_of_what_was_found(report_index: Index, report_pages: Pages) -> None:
    found = report_pages.candidates(report_index.search("2부 사회는 누가 봤나요?", 5))
    assert any("임한필" in candidate.line.text for candidate in found)
    assert all(0 <= candidate.retrieved <= 1 for candidate in found)
    assert len({(candidate.page.article.id, candidate.place) for candidate in found}) == len(found)
    assert report_pages.candidates([]) == []
    assert report_pages.page("없음") is None


def test_a_page_is_analysed_once_whoever_asks(report_index: Index) -> None:
    fresh = Pages(report_index)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: fresh.page("forum-report"), range(12)))
    assert fresh.page("forum-report") is fresh.page("forum-report")
