from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clean import clean
from ingest.decode import decode, tidy
from ingest.split import LIMIT, prepare, sentences_of
from ingest.types import Raw, SourceError
from vectorstore.types import Article, Prepared

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "jnilbo-2023-11-22.txt"


def post(text: str) -> Article:
    return Article("an-id", "제목", text, "source.txt")


def sentences(text: str) -> list[str]:
    return [text[sentence.start : sentence.end] for sentence in sentences_of(post(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("비가 왔다. 우산이 없었다.", ["비가 왔다.", "우산이 없었다."]),
        (
            "그는 “비가 왔다. 우산이 없었다”고 말했다. 모두 웃었다.",
            ["그는 “비가 왔다. 우산이 없었다”고 말했다.", "모두 웃었다."],
        ),
        (
            "그는 ‘비가 왔다. 우산이 없었다’고 썼다. 모두 웃었다.",
            ["그는 ‘비가 왔다. 우산이 없었다’고 썼다.", "모두 웃었다."],
        ),
        (
            '그는 "비가 왔다. 우산이 없었다"고 말했다. 모두 웃었다.',
            ['그는 "비가 왔다. 우산이 없었다"고 말했다.', "모두 웃었다."],
        ),
        (
            "그는 “비가 왔다. 우산이 없었다“고 말했다. 모두 웃었다.",
            ["그는 “비가 왔다. 우산이 없었다“고 말했다.", "모두 웃었다."],
        ),
        (
            "회의(1차. 지난달 열렸다. 모두 왔다)가 끝났다. 다음은 6월이다.",
            ["회의(1차. 지난달 열렸다. 모두 왔다)가 끝났다.", "다음은 6월이다."],
        ),
        (
            "그는 “비가 왔다. 우산이 없었다. 모두 젖었다.",
            ["그는 “비가 왔다.", "우산이 없었다.", "모두 젖었다."],
        ),
        ("첫 줄이다.\n둘째 줄이다.", ["첫 줄이다.", "둘째 줄이다."]),
        (
            "2023. 11. 22. 오후 2시에 열렸다. 사람이 많았다.",
            ["2023. 11. 22. 오후 2시에 열렸다.", "사람이 많았다."],
        ),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_line_of_the_head_is_one_sentence() -> None:
    found = clean(
        Raw(
            "새 다리 열렸다. 출근길 빨라진다\n입력 2024. 3. 5. 09:10\n다리가 열렸다. 시민이 반겼다.",
            "a",
            "a",
            "a",
        )
    )
    pieces = [found.text[sentence.start : sentence.end] for sentence in sentences_of(found)]
    assert pieces == [
        "새 다리 열렸다. 출근길 빨라진다",
        "입력 2024. 3. 5. 09:10",
        "다리가 열렸다.",
        "시민이 반겼다.",
    ]


def test_a_quotation_beyond_all_measure_is_torn_rather_than_kept() -> None:
    text = "그는 “" + "비가 아주 많이 왔다고 한다. " * 80 + "끝났다”고 말했다."
    assert max(len(sentence) for sentence in sentences(text)) <= 600


def test_a_sentence_without_end_is_cut_at_clauses_and_spaces() -> None:
    pieces = sentences("우리는 길을 걷고 노래를 부르며 산을 넘었지만 " * 60)
    assert len(pieces) > 1
    assert all(len(piece) <= 600 for piece in pieces)
    assert all(piece.endswith(("걷고", "부르며", "넘었지만")) for piece in pieces[:-1])


def test_a_line_without_a_single_space_is_cut_too() -> None:
    assert [len(piece) for piece in sentences("가" * 1500)] == [600, 600, 300]


def test_the_head_is_a_chunk_of_its_own() -> None:
    text = (
        "새 다리 개통, 출근길 빨라져\n입력 2024. 3. 5. 09:10\n"
        "김하늘 기자\n다리가 열렸다. 시민이 반겼다.\n끝났다."
    )
    prepared = prepare(clean(Raw(text, "a", "a", "a")))
    assert [chunk.text.split("\n")[0] for chunk in prepared.chunks] == [
        "새 다리 개통, 출근길 빨라져",
        "다리가 열렸다. 시민이 반겼다.",
    ]


def test_short_paragraphs_share_a_chunk_and_a_long_one_is_cut_with_one_sentence_of_overlap() -> None:
    short = "\n".join(f"{n}번째 문단은 짧습니다." for n in range(5))
    assert len(prepare(post(short)).chunks) == 1
    long = " ".join(f"{n}번째 문장은 여기에서 끝나고 다음 문장이 바로 이어집니다." for n in range(40))
    prepared = prepare(post(long))
    assert len(prepared.chunks) > 2
    for before, after in zip(prepared.chunks, prepared.chunks[1:], strict=False):
        overlap = long[after.start : before.end]
        assert overlap.count("이어집니다.") == 1


def test_a_last_short_line_joins_the_chunk_before_it() -> None:
    paragraph = " ".join(f"{n}번째 문장은 여기에서 끝납니다." for n in range(22))
    assert prepare(post(f"{paragraph}\n끝.")).chunks[-1].text.endswith("끝.")
    assert len(prepare(post(f"{paragraph}\n끝.")).chunks) == 1


def test_a_book_on_one_line_is_split() -> None:
    text = "우리 마을 도서관은 토요일에도 문을 엽니다. " * 3000
    prepared = prepare(post(text.strip()))
    assert len(prepared.sentences) == 3000
    check(prepared)


def check(prepared: Prepared) -> None:
    """Everything that must hold of any article."""
    text, previous = prepared.article.text, 0
    for sentence in prepared.sentences:
        assert text[previous : sentence.start].strip() == ""
        assert text[sentence.start : sentence.end] == text[sentence.start : sentence.end].strip() != ""
        previous = sentence.end
    assert text[previous:].strip() == ""
    starts, ends = {s.start for s in prepared.sentences}, {s.end for s in prepared.sentences}
    reached = 0
    for number, chunk in enumerate(prepared.chunks):
        assert (chunk.number, chunk.article) == (number, prepared.article.id)
        assert chunk.text == text[chunk.start : chunk.end]
        assert chunk.start in starts
        assert chunk.end in ends
        assert 0 < chunk.end - chunk.start <= LIMIT
        assert text[reached : chunk.start].strip() == ""
        reached = chunk.end
    assert text[reached:].strip() == ""


_PIECES = st.sampled_from(
    [
        "비가 왔다.",
        "“",
        "”",
        "‘",
        "’",
        '"',
        "(",
        ")",
        "고 말했다.",
        " ",
        "\n",
        "가나다 ",
        "1. ",
        "AI·",
        "?!",
        "“고 ",
        "끝났다. ",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(_PIECES, max_size=120).map("".join), st.text(max_size=400)))
def test_sentences_hold_all_of_the_text_and_chunks_are_whole_sentences(text: str) -> None:
    try:
        article = clean(Raw(tidy(text), "a", "a", "a"))
    except SourceError:
        return
    check(prepare(article))
    check(prepare(post(tidy(text))))


@pytest.mark.skipif(not CORPUS.exists(), reason="the newspaper's article is not part of the repository")
def test_no_quotation_of_the_article_is_torn() -> None:
    prepared = prepare(clean(Raw(decode(CORPUS.read_bytes()), "a", "a", "a")))
    check(prepared)
    for sentence in prepared.sentences:
        piece = prepared.article.text[sentence.start : sentence.end]
        assert piece.count("“") + piece.count("”") in (0, 2, 4), piece
    assert 6 <= len(prepared.chunks) <= 12
