"""What a question asks for."""

import unicodedata

import pytest

from bot.question import understand

# (question, type, focus or None where it does not matter, counter, several)
QUESTIONS = [
    ("2부 사회는 누가 봤나요?", "person", "사회", None, False),
    ("행사의 막을 여는 말을 한 분이 누구죠?", "person", "분", None, False),
    ("누구의 사회로 열렸나요?", "person", None, None, False),
    ("개회사를 한 사람은?", "person", "사람", None, False),
    ("사진은 누가 찍었나요?", "person", None, None, False),
    ("발제자 이름 알려줘", "person", "이름", None, False),
    ("누가 축사를 했나요?", "person", None, None, False),
    ("사회자를 모두 알려줘.", "person", "사회자", None, True),
    ("토론자들은 누구인가요?", "person", "토론자", None, True),
    ("발제자는 누구누구인가요?", "person", None, None, True),
    ("발제 누구누구 했는지 좀", "person", None, None, True),
    ("토론회는 언제 열렸나요?", "date", None, None, False),
    ("며칠에 열려?", "date", None, None, False),
    ("몇 월에 끝나나요?", "date", "월", "월", False),
    ("무슨 요일이었어?", "date", "요일", None, False),
    ("마감일은 언제인가요?", "date", "마감일", None, False),
    ("광주ai1단계언제끝나", "date", None, None, False),
    ("몇 시에 시작했나요?", "time", "시", "시", False),
    ("시작 시각은?", "time", "시각", None, False),
    ("어디에서 열렸나요?", "place", None, None, False),
    ("행사가 열린 곳은?", "place", "곳", None, False),
    ("어느 도시에서 열렸나요?", "place", "도시", None, False),
    ("토론회 장소는 어디인가요?", "place", "장소", None, False),
    ("발표 자료는 어디에 있나요?", "place", None, None, False),
    ("어느 기관이 맡았나요?", "org", "기관", None, False),
    ("어떤 단체가 주최했나요?", "org", "단체", None, False),
    ("주최 단체는?", "org", "단체", None, False),
    ("어느 부서가 담당하나요?", "org", "부서", None, False),
    ("참석한 단체 세 곳을 알려줘.", "org", None, None, True),
    ("얼마를 내야 하나요?", "number", None, "원", False),
    ("회비는 얼마예요?", "number", "회비", "원", False),
    ("회원은 몇 명인가요?", "number", "명", "명", False),
    ("야시장에는 가게가 몇 곳 나오나요?", "number", "곳", "곳", False),
    ("다리는 몇 개 놓나요?", "number", "개", "개", False),
    ("몇 부에서 발표했나요?", "number", "부", "부", False),
    ("연락처 알려 주세요", "number", "연락처", None, False),
    ("오지훈 씨의 직함은?", "role", "직함", None, False),
    ("무슨 주제로 발표했나요?", "topic", "주제", None, False),
    ("제목이 뭐야?", "topic", "제목", None, False),
    ("발표 주제가 뭔가요?", "topic", "주제", None, False),
    ("조선대 교수는 어떤 분야를 이야기했나요?", "topic", "분야", None, False),
    ("왜 늦어졌나요?", "reason", None, None, False),
    ("이유가 뭐야?", "reason", "이유", None, False),
    ("목적은 무엇인가요?", "purpose", "목적", None, False),
    ("방법은 무엇인가요?", "method", "방법", None, False),
    ("어떻게 신청하나요?", "method", None, None, False),
    ("배소라 과장은 뭐라고 말했나요?", "claim", None, None, False),
    ("채 과장의 입장은?", "claim", "입장", None, False),
    ("구청장은 야시장을 어떻게 평가했나요?", "claim", None, None, False),
    ("무엇을 발표했나요?", "thing", None, None, False),
    ("2부 사회는 이동국 총장이 본 거 맞지?", "yesno", None, None, False),
    ("공사는 내년에 끝나나요?", "yesno", None, None, False),
    ("기사를 요약해줘.", "summary", None, None, False),
    ("한 문장으로 줄여줘.", "summary", None, None, False),
    ("줄거리를 말해 줘", "summary", None, None, False),
]


@pytest.mark.parametrize(("text", "kind", "focus", "unit", "several"), QUESTIONS)
def test_a_question_says_what_it_asks_for(
    text: str, kind: str, focus: str | None, unit: str | None, several: bool
) -> None:
    found = understand(text)
    assert (found.type, found.unit, found.several) == (kind, unit, several)
    assert focus is None or found.focus == focus


def test_the_content_words_leave_out_what_only_asks() -> None:
    assert [m.form for m in understand("산책로 공사는 언제 끝나나요?").content] == ["산책로", "공사", "끝나"]
    assert understand("그게 뭐예요?").content == ()


def test_width_and_composition_of_the_letters_change_nothing() -> None:
    plain = understand("2부 사회는 누가 봤나요?")
    for text in (
        "２부 사회는 누가 봤나요？",
        unicodedata.normalize("NFD", "2부 사회는 누가 봤나요?"),
        " 2부 사회는\u200b 누가 봤나요? ",
    ):
        assert understand(text) == plain


def test_strange_questions_are_understood_as_something() -> None:
    for text in ("?", "몇", "누구", "🙂", "the", "가" * 2000, "왜왜왜왜", "「」"):
        assert understand(text).type


@pytest.mark.parametrize("text", ["", "\u200b", "\U000e0041", "사람 몇", "직원 몇?", "몇", "뭐", "어느"])
def test_a_question_that_ends_before_it_says_anything_is_understood(text: str) -> None:
    assert understand(text).type
