import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clean import MAX_CHARS, clean
from ingest.decode import decode, tidy
from ingest.lines import look
from ingest.markdown import plain
from ingest.split import prepare
from ingest.types import Raw, SourceError
from vectorstore.types import Article

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "jnilbo-2023-11-22.txt"

PASTED = """본문 바로가기
마을신문
정치
경제
사회
문화
스포츠
홈 > 사회 > 교육
"도서관, 밤 열 시까지 연다"
  • 페이스북
  • 카카오톡
검색 입력폼
교육일반
"도서관, 밤 열 시까지 연다"
다음 달 1일부터 시행
주말은 지금처럼 여섯 시
  • 입력 : 2024. 3. 5(화) 09:10
  • 김하늘 기자 sky@maeul.example.kr
시립도서관 어린이 열람실이 새로 단장한 모습을 드러내고 있다. 이바다 기자
시립도서관이 다음 달 1일부터 문 닫는 시각을 밤 열 시로 늦춘다.

도서관은 “퇴근하고 올 수 있게 해 달라는 말이 많았다. 그래서 늦췄다”고 밝혔다.
이용자는 하루 300명쯤이다.
크게보기
▲ 밤에도 불을 밝힌 열람실. /도서관 제공
주말에는 지금처럼 여섯 시에 닫는다.
김하늘 기자 sky@maeul.example.kr
저작권자 © 마을신문 무단전재 및 재배포 금지
많이 본 뉴스
1
시장 물가 내렸다
기자의 다른기사 보기
"""


def article(text: str, **known: str) -> Article:
    return clean(Raw(tidy(text), "source.txt", "source.txt", "an-id", **known))


def lines(found: Article) -> list[tuple[str, str]]:
    return [(part.role, found.text[part.start : part.end]) for part in found.parts]


def roles(found: Article, role: str) -> list[str]:
    return [text for kind, text in lines(found) if kind == role]


def test_a_pasted_page_becomes_an_article_and_nothing_else() -> None:
    assert lines(article(PASTED)) == [
        ("section", "마을신문"),
        ("section", "홈 > 사회 > 교육"),
        ("section", "교육일반"),
        ("title", '"도서관, 밤 열 시까지 연다"'),
        ("subtitle", "다음 달 1일부터 시행"),
        ("subtitle", "주말은 지금처럼 여섯 시"),
        ("dateline", "입력 : 2024. 3. 5(화) 09:10"),
        ("byline", "김하늘 기자 sky@maeul.example.kr"),
        ("caption", "시립도서관 어린이 열람실이 새로 단장한 모습을 드러내고 있다. 이바다 기자"),
        ("body", "시립도서관이 다음 달 1일부터 문 닫는 시각을 밤 열 시로 늦춘다."),
        ("body", "도서관은 “퇴근하고 올 수 있게 해 달라는 말이 많았다. 그래서 늦췄다”고 밝혔다."),
        ("body", "이용자는 하루 300명쯤이다."),
        ("caption", "▲ 밤에도 불을 밝힌 열람실. /도서관 제공"),
        ("body", "주말에는 지금처럼 여섯 시에 닫는다."),
    ]


def test_the_record_of_a_pasted_page_is_filled() -> None:
    found = article(PASTED)
    assert (found.title, found.author, found.published, found.publisher) == (
        '"도서관, 밤 열 시까지 연다"',
        "김하늘",
        "2024-03-05T09:10",
        "마을신문",
    )


@pytest.mark.parametrize(
    "dateline",
    [
        "입력 2024.03.05 09:10 수정 2024.03.05 11:20",
        "등록 2024-03-05 09:10:00",
        "승인 2024.03.05 09:10",
        "기사입력 : 2024년 03월 05일(화) 09:10 | 지면 A12면",
        "김하늘 기자 | 입력 2024.03.05 09:10 | 댓글 0",
        "2024/03/05 09:10 송고",
    ],
)
def test_datelines_of_many_sites_are_understood(dateline: str) -> None:
    found = article(
        f"새 다리 개통, 출근길 빨라져\n{dateline}\n다리가 5일 열렸다. 시는 출근 시간이 줄 것으로 봤다.\n"
    )
    assert found.published == "2024-03-05T09:10"
    assert roles(found, "dateline") == [dateline]
    assert found.title == "새 다리 개통, 출근길 빨라져"


@pytest.mark.parametrize(
    ("byline", "author"),
    [
        ("김하늘 기자 sky@maeul.example.kr", "김하늘"),
        ("김하늘 기자", "김하늘"),
        ("김하늘·이바다 기자", "김하늘·이바다"),
        ("기자명 김하늘 기자", "김하늘"),
        ("[마을신문=김하늘 기자]", "김하늘"),
        ("글·사진 김하늘 기자", "김하늘"),
        ("파리=김하늘 특파원", "김하늘"),
        ("김하늘 인턴기자", "김하늘"),
        ("작성자 : 하늘이", "하늘이"),
        ("글쓴이 하늘이", "하늘이"),
    ],
)
def test_bylines_of_many_sites_are_understood(byline: str, author: str) -> None:
    found = article(
        f"새 다리 개통, 출근길 빨라져\n{byline}\n입력 2024.03.05 09:10\n다리가 5일 열렸다.\n시민이 반겼다.\n"
    )
    assert found.author == author
    assert roles(found, "byline") == [byline]


@pytest.mark.parametrize(
    "noise",
    [
        "글자크기",
        "가+",
        "프린트",
        "인쇄하기",
        "URL복사",
        "기사공유",
        "스크랩",
        "페이스북",
        "카카오톡 공유하기",
        "네이버블로그",
        "조회수 1,234",
        "좋아요 3",
        "본문 글씨 키우기",
        "댓글 0",
        "트위터 페이스북 카카오톡",
        "이 기사를 공유합니다",
    ],
)
def test_buttons_between_head_and_body_are_dropped(noise: str) -> None:
    found = article(
        f"새 다리 개통, 출근길 빨라져\n입력 2024.03.05 09:10\n{noise}\n다리가 5일 열렸다.\n시민이 반겼다.\n"
    )
    assert noise not in found.text
    assert roles(found, "body") == ["다리가 5일 열렸다.", "시민이 반겼다."]


@pytest.mark.parametrize(
    "footer",
    [
        "저작권자 © 바다일보 무단전재 및 재배포 금지",
        "<저작권자ⓒ바다일보. 무단전재-재배포 금지.>",
        "ⓒ 바다일보(www.bada.example.kr), 무단전재 및 재배포 금지",
        "Copyright ⓒ 바다일보. All rights reserved. 무단 전재 및 재배포 금지",
    ],
)
def test_the_copyright_line_names_the_publisher_and_goes(footer: str) -> None:
    found = article(
        f"새 다리 개통, 출근길 빨라져\n다리가 5일 열렸다. 시는 기뻐했다.\n다리는 길다.\n{footer}\n"
    )
    assert found.publisher == "바다일보"
    assert "금지" not in found.text


@pytest.mark.parametrize(
    "caption",
    [
        "▲ 새 다리를 건너는 시민들",
        "△다리 전경",
        "[사진=바다시청]",
        "(사진=바다시청 제공)",
        "사진=바다시청",
        "새 다리 위를 시민들이 걸어서 건너고 있다. 이바다 기자",
        "새 다리 위를 시민들이 걸어서 건너고 있다./바다시청 제공",
        "새 다리 위를 시민들이 걸어서 건너고 있다. ⓒ바다일보",
    ],
)
def test_captions_of_many_shapes_are_told_from_the_body(caption: str) -> None:
    found = article(
        f"새 다리 개통, 출근길 빨라져\n입력 2024.03.05 09:10\n{caption}\n다리가 5일 열렸다.\n시민이 반겼다."
    )
    assert roles(found, "caption") == [caption]
    assert found.author is None


def test_an_agency_lead_gives_reporter_and_agency_and_stays_in_the_text() -> None:
    found = article(
        "(서울=한빛뉴스) 이바다 기자 = 박물관이 새 전시를 연다고 "
        "5일 밝혔다.\n석 달 동안 이어진다.\n2024/03/05 08:30 송고"
    )
    assert (found.author, found.publisher, found.published) == ("이바다", "한빛뉴스", "2024-03-05T08:30")
    assert found.title == "박물관이 새 전시를 연다고 5일 밝혔다."
    assert found.text.startswith("(서울=한빛뉴스) 이바다 기자 = 박물관이")


def test_a_reporter_at_the_end_of_the_last_paragraph_is_found_and_the_paragraph_stays_body() -> None:
    found = article(
        "새 다리 개통, 출근길 빨라져\n입력 2024.03.05 09:10\n다리가 "
        "5일 열렸다.\n다리는 왕복 4차로라고 시는 밝혔다. 최강산 기자"
    )
    assert found.author == "최강산"
    assert lines(found)[-1][0] == "body"


def test_a_trailing_byline_that_differs_from_the_first_stays() -> None:
    found = article(
        "새 다리 개통, 출근길 빨라져\n김하늘 기자\n입력 2024.03.05 "
        "09:10\n다리가 열렸다.\n김하늘 기자 sky@maeul.example.kr"
    )
    assert roles(found, "byline") == ["김하늘 기자", "김하늘 기자 sky@maeul.example.kr"]


def test_a_mail_service_is_no_publisher() -> None:
    assert (
        article("새 다리 개통됐다\n김하늘 기자 sky@naver.com\n다리가 열렸다.\n시민이 반겼다.").publisher
        is None
    )
    assert (
        article("새 다리 개통됐다\n김하늘 기자 sky@bada.example.kr\n다리가 열렸다.\n반겼다.").publisher
        == "bada.example.kr"
    )


def test_the_title_may_stand_below_the_dateline() -> None:
    found = article(
        "등록 2024-03-05 09:10:00\n새 다리 개통, 출근길 빨라져\n"
        "왕복 4차로\n부산의 새 다리가 5일 열렸다.\n시민이 반겼다."
    )
    assert lines(found)[1:3] == [("title", "새 다리 개통, 출근길 빨라져"), ("subtitle", "왕복 4차로")]


def test_sentences_above_the_dateline_are_subtitles() -> None:
    found = article(
        "새 다리 개통, 출근길 빨라져\n시는 출근 시간이 줄 것으로 봤다.\n입력 2024.03.05 09:10\n"
        + "부산의 새 다리가 5일 열렸다.\n" * 5
    )
    assert roles(found, "subtitle") == ["시는 출근 시간이 줄 것으로 봤다."]
    assert roles(found, "dateline") == ["입력 2024.03.05 09:10"]


@pytest.mark.parametrize(
    "post",
    [
        "제가 쓰는 것들\n- 페이스북\n- 인스타그램\n- 네이버\n감사합니다",
        "요즘 생각\n글자크기 이야기를 해 봅시다. 작게 쓰면 안 보입니다.\n댓글 부탁드려요",
        "안녕하세요 처음 왔습니다. 잘 부탁드려요.\n반갑습니다!",
        "질문\n\n많이 본 뉴스\n\n이건 어디서 보나요?\n관련기사도 궁금합니다.",
        "회의록\n1. 예산 2024. 5. 1. 확정\n2. 홍길동 기자 초청\n3. 다음 모임은 6월",
        "- 하나\n- 둘\n• 셋",
        "무단전재를 금지해 달라고 말했다.\n저작권자는 답하지 않았다.",
        "구독\n좋아요는 사랑입니다 ^^\n사진=제가 찍음",
    ],
)
def test_a_plain_post_passes_whole(post: str) -> None:
    assert article(post).text.split("\n") == [line.strip() for line in post.split("\n") if line.strip()]


def test_a_post_of_one_line_is_its_own_title_and_body() -> None:
    found = article("내일 모임은 취소되었습니다. 다음 주에 봬요.")
    assert lines(found) == [("body", "내일 모임은 취소되었습니다. 다음 주에 봬요.")]
    assert found.title == "내일 모임은 취소되었습니다."


def test_a_long_first_sentence_is_cut_for_the_title_only() -> None:
    sentence = "아주 긴 " * 40 + "문장이다."
    found = article(sentence)
    assert len(found.title) <= 61
    assert found.title.endswith("…")
    assert found.text == sentence


def test_a_board_post_keeps_its_short_lines() -> None:
    found = article(
        "공지사항\n정기 모임 안내\n작성자 홍길동\n작성일 2024-05-01 10:00\n조회 33\n추천 2\n안녕하세요\n"
        "모임은 2024. 5. 10.(금) 오후 7시에 있습니다\n장소: 마을회관\n"
    )
    assert (found.title, found.author, found.published) == ("정기 모임 안내", "홍길동", "2024-05-01T10:00")
    assert roles(found, "body") == [
        "안녕하세요",
        "모임은 2024. 5. 10.(금) 오후 7시에 있습니다",
        "장소: 마을회관",
    ]
    assert "조회" not in found.text


def test_a_heading_that_only_sounds_like_a_list_of_other_news_cuts_nothing() -> None:
    rest = "이번 주에는 도서관이 밤 열 시까지 문을 열기로 했습니다.\n" * 6
    found = article(f"주간 소식지\n작성일 2024-05-01\n인사 드립니다.\n주요 뉴스\n{rest}")
    assert found.text.count("도서관") == 6


def test_a_related_link_in_the_middle_goes_and_the_text_around_it_stays() -> None:
    found = article(
        "새 다리 개통됐다\n입력 2024.03.05 09:10\n다리가 열렸다.\n"
        "[관련기사] 다리 설계 공모\n시민이 반겼다.\n사람이 많았다."
    )
    assert roles(found, "body") == ["다리가 열렸다.", "시민이 반겼다.", "사람이 많았다."]


def test_what_the_reader_knows_wins_and_gets_lines_of_its_own() -> None:
    found = article(
        "본문 첫 문장입니다.", title="주어진 제목", published="2024-05-01T00:10:00Z", author="홍길동"
    )
    assert lines(found) == [
        ("title", "주어진 제목"),
        ("dateline", "2024-05-01 09:10"),
        ("byline", "홍길동"),
        ("body", "본문 첫 문장입니다."),
    ]
    assert (found.title, found.published, found.author) == ("주어진 제목", "2024-05-01T09:10", "홍길동")


def test_a_given_title_that_the_text_holds_is_not_repeated() -> None:
    found = article("주어진 제목\n본문 첫 문장입니다.", title="주어진  제목")
    assert found.text == "주어진 제목\n본문 첫 문장입니다."
    assert roles(found, "title") == ["주어진 제목"]


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(SourceError, match="너무 깁니다"):
        article("가" * (MAX_CHARS + 1))


def test_a_page_without_any_article_is_refused() -> None:
    with pytest.raises(SourceError):
        article("글자크기\n프린트\nURL복사\n로그인")


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(SourceError, match="비어"):
        article(" \n \n")


@pytest.mark.parametrize(
    "line",
    [
        "가" * 400_000,
        " " * 400_000 + "x",
        "가 " * 200_000,
        "“" * 400_000,
        '"가" ' * 100_000,
        "." * 400_000,
        "가." * 200_000,
        "# " + " " * 300_000 + "b",
        "a" * 400_000,
        "a@" * 200_000,
        "1." * 200_000,
        "[" * 400_000,
        "|-" * 200_000,
        "** " * 130_000,
    ],
)
def test_a_strange_line_takes_no_time(line: str) -> None:
    begun = time.process_time()
    _, text = plain("x\n" + line + "\n끝")
    found = article(text)
    look(line.strip())
    prepare(found)
    assert time.process_time() - begun < 60  # seconds; backtracking over it would take hours


def _covers(found: Article) -> None:
    assert found.parts
    assert found.parts[0].start == 0
    assert found.parts[-1].end == len(found.text)
    for part, after in zip(found.parts, found.parts[1:], strict=False):
        assert found.text[part.end : after.start] == "\n"
    assert all(
        part.start < part.end and "\n" not in found.text[part.start : part.end] for part in found.parts
    )


_LINE = st.one_of(
    st.text(max_size=60),
    st.sampled_from([line for line in PASTED.split("\n") if line]),
    st.sampled_from(
        ["그는 “좋다. 아주 좋다”고 말했다.", "끝났다.", "관련기사", "댓글 3", "2024-05-01", "▲ 사진", "ⓒ 나"]
    ),
)


@given(st.lists(_LINE, max_size=30))
def test_parts_cover_the_text_and_every_kept_line_is_word_for_word(source: list[str]) -> None:
    text = tidy("\n".join(source).replace("\ud800", ""))
    try:
        found = article(text)
    except SourceError:
        return
    _covers(found)
    available = [line.strip() for line in text.split("\n")]
    for line in found.text.split("\n"):
        assert any(line in original for original in available)
    assert Article.from_json(found.to_json()) == found


@given(
    st.lists(
        st.from_regex(r"[가-힣]{2,8}( [가-힣]{2,6}){1,6}(다|요)\.", fullmatch=True), min_size=1, max_size=12
    )
)
def test_no_sentence_of_the_body_is_lost_between_head_and_footer(body: list[str]) -> None:
    head = "새 다리 개통, 출근길 빨라져\n입력 2024.03.05 09:10\n김하늘 기자 sky@maeul.example.kr\n글자크기\n"
    found = article(
        head + "\n\n".join(body) + "\n김하늘 기자 sky@maeul.example.kr\n저작권자 © 마을신문 무단전재 금지\n"
    )
    assert found.text.split("\n")[3:] == body


@pytest.mark.skipif(not CORPUS.exists(), reason="the newspaper's article is not part of the repository")
def test_the_article_as_a_person_pasted_it_is_told_apart() -> None:
    raw = decode(CORPUS.read_bytes())
    found = article(raw)
    assert [part.role for part in found.parts] == [
        "section",
        "title",
        *["subtitle"] * 4,
        "dateline",
        "byline",
        "caption",
        *["body"] * 16,
    ]
    assert (found.published, found.author, found.publisher) == ("2023-11-22T18:13", "김은지", "jnilbo.com")
    assert found.title == raw.split("\n")[0]
    dropped = {"페이스북", "유튜브", "네이버", "인스타그램", "카카오플러스", "검색 입력폼"}
    assert dropped.isdisjoint(found.text.split("\n"))
    originals = {line.strip(" •") for line in raw.split("\n")} - dropped - {""}
    assert originals == set(found.text.split("\n"))
    _covers(found)
