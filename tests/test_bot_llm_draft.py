"""A model's sentence is shown only where what it cites bears it out, with quotes that are ours."""

import pytest
from llm_readings import read
from posts import article, post, write

from bot.cite import MAX_QUOTE
from bot.llm.draft import MAX_CHARS, Draft, Kept
from bot.llm.failures import ModelError
from bot.llm.prompt import brief
from bot.passages import Candidate, Pages
from bot.reading import Reading
from bot.token_count import estimated
from ingest.split import prepare
from prompts import say
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index

ROOM = 6_000  # tokens: every sentence fits
HOST = "2부 토론회의 사회는 임한필 포럼 정책위원장이 봤습니다"
OPENING = "개회사는 전우진 포럼 수석대표가 했습니다"
SPEECH = "축사는 임기철 총장과 김용임 시의원 등이 맡았습니다"
WRONG = "2부 토론회의 사회는 박서준 교수가 봤습니다"
REFUSALS = (
    "근거에서 답을 찾지 못했습니다.",
    "제공된 근거에는 해당 정보가 없습니다.",
    "기사에는 그 내용이 나오지 않습니다.",
    "죄송하지만 근거만으로는 알 수 없습니다.",
    "해당 질문의 답은 근거에 없습니다.",
    "관련 정보를 찾을 수가 없습니다.",
    "질문에 답할 수 없습니다.",
    "답변을 드릴 수 없습니다.",
    "그 일은 기사에 언급되지 않았습니다.",
    "본문에서 확인하기 어렵습니다.",
    "제공된 자료는 이에 대한 정보를 제공하지 않습니다.",
    "정보가 충분하지 않습니다.",
    "- **답변:** 근거에 나와 있지 않습니다.",
)


class Desk:
    """A draft for a question; a sentence cites evidence by words of it: 봤습니다 [임한필]."""

    def __init__(self, reading: Reading, encoder: KiwiEncoder) -> None:
        self.evidence = brief(reading, ROOM, estimated).evidence
        self.draft = Draft(reading, self.evidence, encoder)

    def number(self, words: str) -> int:
        """The number of the first sentence of the evidence with these words."""
        return next(n for n, one in enumerate(self.evidence, 1) if words in one.line.text)

    def add(self, text: str, *cited: str) -> Kept | None:
        """Hand in a sentence that cites the sentences with these words."""
        return self.draft.add(f"{text} {''.join(f'[{self.number(words)}]' for words in cited)}.")


@pytest.fixture(scope="module")
def hosts(report_pages: Pages) -> Reading:
    return read(report_pages, "2부 사회는 누가 봤나요?")


@pytest.fixture(scope="module")
def overview(report_pages: Pages) -> Reading:
    return read(report_pages, "기사를 요약해 주세요")


@pytest.fixture
def desk(hosts: Reading, encoder: KiwiEncoder) -> Desk:
    return Desk(hosts, encoder)


def text_of(found: Candidate) -> str:
    return found.page.article.text


def test_a_supported_sentence_is_kept_with_the_evidence_word_for_word(desk: Desk) -> None:
    kept = desk.add(HOST, "임한필")
    assert kept is not None
    assert kept.text == f"{HOST}. [1]"
    line = desk.evidence[desk.number("임한필") - 1]
    (citation,) = kept.citations
    assert (citation.marker, citation.quote) == (1, line.line.text)
    assert text_of(line)[citation.start : citation.end] == citation.quote
    assert (citation.article, citation.published) == ("forum-report", "2023-11-22")


def test_markers_are_numbered_anew_in_the_order_of_their_first_use(desk: Desk) -> None:
    texts = [
        desk.add(SPEECH, "축사는"),
        desk.add(HOST, "임한필"),
        desk.add("축사는 임기철 총장이, 2부 사회는 임한필 정책위원장이 봤습니다", "임한필", "축사는"),
    ]
    assert [kept.text[-6:].split()[-1] for kept in texts if kept] == ["[1]", "[2]", "[2][1]"]
    answer = desk.draft.answer("stub")
    assert answer.answer == " ".join(kept.text for kept in texts if kept)
    assert [citation.marker for citation in answer.citations] == [1, 2]
    assert ["임기철" in answer.citations[0].quote, "임한필" in answer.citations[1].quote] == [True, True]


def test_the_answer_says_how_it_was_made(desk: Desk) -> None:
    desk.add(HOST, "임한필")
    answer = desk.draft.answer("ollama:stub")
    assert (answer.kind, answer.mode, answer.model) == ("answer", "generative", "ollama:stub")
    assert (answer.reason, answer.fallback) == (None, None)
    assert answer.question == "2부 사회는 누가 봤나요?"


def test_the_short_answer_is_the_readers_where_the_model_says_it_too(desk: Desk) -> None:
    desk.add(HOST, "임한필")
    assert "임한필" in (desk.draft.answer("stub").short or "")


def test_there_is_no_short_answer_where_the_model_cites_something_else(desk: Desk) -> None:
    desk.add(OPENING, "개회사는")
    assert "임한필" not in (desk.draft.answer("stub").short or "")


def test_an_unsupported_first_sentence_ends_it(desk: Desk) -> None:
    with pytest.raises(ModelError) as caught:
        desk.add(WRONG, "임한필")
    assert caught.value.kind == "unsupported"


def test_a_sentence_that_cites_the_wrong_evidence_is_unsupported(desk: Desk) -> None:
    with pytest.raises(ModelError) as caught:
        desk.add(HOST, "축사는")
    assert caught.value.kind == "unsupported"


def test_an_unsupported_later_sentence_is_dropped_and_counted(desk: Desk) -> None:
    desk.add(SPEECH, "축사는")
    assert desk.add(WRONG, "임한필") is None
    assert desk.add(OPENING, "개회사는") is not None
    assert desk.draft.dropped == 1
    assert "박서준" not in desk.draft.answer("stub").answer


def test_more_dropped_than_kept_ends_it(desk: Desk) -> None:
    desk.add(SPEECH, "축사는")
    desk.add(WRONG, "임한필")
    with pytest.raises(ModelError) as caught:
        desk.add("개회사는 박서준 교수가 했습니다", "개회사는")
    assert caught.value.kind == "unsupported"


@pytest.mark.parametrize("number", ["0", "13", "99", "999"])
def test_a_number_out_of_range_is_unsupported(desk: Desk, number: str) -> None:
    assert len(desk.evidence) == 12
    with pytest.raises(ModelError) as caught:
        desk.draft.add(f"{HOST} [{number}].")
    assert caught.value.kind == "unsupported"


def test_one_number_out_of_range_beside_a_good_one_is_unsupported_too(desk: Desk) -> None:
    with pytest.raises(ModelError):
        desk.draft.add(f"{HOST} [{desk.number('임한필')}, 99].")


def test_one_sentence_without_a_citation_is_forgiven_and_not_shown(desk: Desk) -> None:
    assert desk.draft.add("네, 알려 드리겠습니다.") is None
    assert desk.add(HOST, "임한필") is not None
    assert desk.draft.add("도움이 되었기를 바랍니다.") is None
    assert desk.draft.add("또 물어 주세요.") is None
    assert desk.draft.answer("stub").answer == f"{HOST}. [1]"


def test_two_at_the_start_end_it(desk: Desk) -> None:
    desk.draft.add("네, 알려 드리겠습니다.")
    with pytest.raises(ModelError) as caught:
        desk.draft.add(f"{HOST}.")
    assert caught.value.kind == "uncited"


def test_an_answer_without_any_citation_is_uncited(desk: Desk) -> None:
    desk.draft.add(f"{HOST}.")
    with pytest.raises(ModelError) as caught:
        desk.draft.answer("stub")
    assert caught.value.kind == "uncited"


def test_nothing_at_all_is_empty(desk: Desk) -> None:
    with pytest.raises(ModelError) as caught:
        desk.draft.answer("stub")
    assert caught.value.kind == "empty"


@pytest.mark.parametrize("line", ["[1]", "근거: [1], [2]", "출처: [2]", "-", "**"])
def test_a_line_of_markers_alone_is_left_out(desk: Desk, line: str) -> None:
    assert desk.draft.add(line) is None
    desk.add(HOST, "임한필")
    assert desk.draft.add(line) is None
    assert desk.draft.answer("stub").answer == f"{HOST}. [1]"


@pytest.mark.parametrize("text", REFUSALS)
def test_that_the_model_found_nothing_is_a_coded_refusal(desk: Desk, text: str) -> None:
    assert desk.draft.add(text) is None
    assert desk.draft.full
    answer = desk.draft.answer("stub")
    assert (answer.kind, answer.reason, answer.mode) == ("refusal", "no_evidence", "generative")
    assert (answer.answer, answer.citations, answer.model) == (say("answer.no_evidence"), (), "stub")


@pytest.mark.parametrize(
    "text",
    [
        "제공된 근거에는 그 내용이 없습니다 [1].",
        "해당 기사에서는 알 수 없습니다 [1][2].",
        "근거에 나와 있지 않습니다. [근거 3]",
    ],
)
def test_a_refusal_that_cites_is_a_refusal(desk: Desk, text: str) -> None:
    assert desk.draft.add(text) is None
    assert desk.draft.answer("stub").reason == "no_evidence"


def test_an_apology_before_a_refusal_is_forgiven(desk: Desk) -> None:
    desk.draft.add("죄송합니다.")
    desk.draft.add("근거에서 답을 찾지 못했습니다.")
    assert desk.draft.answer("stub").refused


def test_what_follows_a_refusal_is_not_shown(desk: Desk) -> None:
    desk.draft.add("근거에서 답을 찾지 못했습니다.")
    assert desk.add(HOST, "임한필") is None
    assert desk.draft.answer("stub").refused


def test_a_refusal_behind_an_answer_is_only_left_out(desk: Desk) -> None:
    desk.add(HOST, "임한필")
    assert desk.draft.add("다른 내용은 근거에 나와 있지 않습니다.") is None
    assert not desk.draft.full
    assert desk.draft.answer("stub").answer == f"{HOST}. [1]"


def test_a_fact_with_a_negation_is_no_refusal(overview: Reading, encoder: KiwiEncoder) -> None:
    desk = Desk(overview, encoder)
    assert desk.add("그 법안들은 광주시에 무조건 유리하게 짜인 것도 아닙니다", "무조건 유리하게") is not None


def test_an_answer_cites_three_at_most(desk: Desk) -> None:
    assert desk.add(HOST, "임한필") is not None
    assert desk.add(OPENING, "개회사는") is not None
    assert desk.add(SPEECH, "축사는") is not None
    assert desk.add("1부 개회식의 사회는 이동국 포럼 사무총장이 봤습니다", "이동국") is None
    assert desk.add("격려사는 주기환 국민의힘 광주시당위원장이 했습니다", "격려사는") is not None
    assert desk.draft.dropped == 0
    assert [citation.marker for citation in desk.draft.answer("stub").citations] == [1, 2, 3]


def test_a_summary_cites_six(overview: Reading, encoder: KiwiEncoder) -> None:
    desk = Desk(overview, encoder)
    cited = ("임한필", "개회사는", "축사는", "이동국", "‘새민주’", "무조건 유리하게", "대회의실이다")
    kept = [desk.add(desk.evidence[desk.number(words) - 1].line.text[:-1], words) for words in cited]
    assert [one is not None for one in kept] == [True] * 6 + [False]
    assert len(desk.draft.answer("stub").citations) == 6


def test_a_sentence_that_cites_too_many_at_once_is_left_out_and_is_not_called_silence(desk: Desk) -> None:
    assert desk.add(HOST, "임한필", "개회사는", "축사는", "이동국") is None
    with pytest.raises(ModelError) as caught:
        desk.draft.answer("stub")
    assert caught.value.kind == "unsupported"


def test_no_answer_is_longer_than_400_characters(overview: Reading, encoder: KiwiEncoder) -> None:
    desk = Desk(overview, encoder)
    for place in range(len(desk.evidence)):
        if desk.draft.full:
            break
        desk.draft.add(f"{desk.evidence[place].line.text[:-1]} [{place + 1}].")
    answer = desk.draft.answer("stub")
    assert MAX_CHARS - 150 < len(answer.answer) <= MAX_CHARS
    assert len(answer.citations) == len({citation.quote for citation in answer.citations})


def test_a_short_sentence_still_fits_where_a_longer_one_did_not(
    overview: Reading, encoder: KiwiEncoder
) -> None:
    desk = Desk(overview, encoder)
    longest = sorted(enumerate(desk.evidence, 1), key=lambda pair: -len(pair[1].line.text))[1:6]
    kept = [desk.draft.add(f"{one.line.text[:-1]} [{number}].") is not None for number, one in longest]
    assert kept == [True, True, True, True, False]
    assert desk.add("주제는 인공지능 산업의 현안과 미래였습니다", "현안과 미래") is not None
    assert len(desk.draft.answer("stub").answer) <= MAX_CHARS


def test_a_single_sentence_over_400_characters_is_left_out(desk: Desk) -> None:
    long = "축사는 임기철 총장이 맡았고 " * 30 + SPEECH
    assert desk.add(long, "축사는") is None
    with pytest.raises(ModelError):
        desk.draft.answer("stub")


LISTED = ", ".join(f"{number}번 정류장 앞 느티나무" for number in range(1, 25))
LONG = f"시는 올봄에 {LISTED} 가지를 모두 다듬고 나무병원장 배소라 씨에게 여름 관리를 맡기기로 했다."


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Pages:
    """A post with a sentence of more than 300 characters, and one that is a title and a byline alone."""
    store = tmp_path_factory.mktemp("trees") / "store"
    market = prepare(article("market"))
    write(store, encoder, post("trees", LONG, "느티나무 가지치기를 마쳤다"), market)
    return Pages(Index(store, encoder))


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("나무병원장 배소라 씨가 여름 관리를 맡습니다", "배소라 씨에게 여름 관리를"),
        ("올봄에 나무를 다듬은 나무병원장은 배소라 씨입니다", "나무병원장 배소라 씨"),
        ("올봄에 1번 정류장 앞 느티나무 가지를 다듬습니다", "1번 정류장 앞 느티나무"),
    ],
)
def test_of_a_long_sentence_the_part_with_the_words_is_quoted(
    trees: Pages, encoder: KiwiEncoder, sentence: str, said: str
) -> None:
    assert len(LONG) > MAX_QUOTE
    desk = Desk(read(trees, "여름에 나무는 누가 관리하나요?"), encoder)
    kept = desk.add(sentence, "가지를 모두")
    assert kept is not None
    (citation,) = kept.citations
    assert len(citation.quote) <= MAX_QUOTE
    assert said in citation.quote
    text = text_of(desk.evidence[desk.number("가지를 모두") - 1])
    assert text[citation.start : citation.end] == citation.quote
    assert text[citation.start - 1].isspace()
    assert citation.end == len(text) or not text[citation.end].isalnum()


def test_two_articles_can_be_cited_together(trees: Pages, encoder: KiwiEncoder) -> None:
    desk = Desk(read(trees, "나무는 누가 관리하고 야시장은 언제 여나요?"), encoder)
    assert {one.page.article.id for one in desk.evidence} == {"trees", "market"}
    assert desk.add("배소라 씨가 여름 관리를 맡습니다", "가지를 모두") is not None
    assert desk.add("야시장은 7월 5일부터 매주 금요일 오후 6시에 엽니다", "매주 금요일") is not None
    assert [citation.article for citation in desk.draft.answer("stub").citations] == ["trees", "market"]


def test_the_words_of_a_speaker_may_be_given_to_him_by_name(overview: Reading, encoder: KiwiEncoder) -> None:
    desk = Desk(overview, encoder)
    said = "1단계 사업이 2024년 말에 끝나므로 2단계 사업을 철저하게 준비해야 한다고 주장했습니다"
    assert desk.add(f"이봉윤 공동대표는 {said}", "철저하게 준비해야") is not None
    with pytest.raises(ModelError):
        Desk(overview, encoder).add(f"유희수 교수는 {said}", "철저하게 준비해야")
