"""A follow-up carries on what the turns before were about; a question that stands alone is left alone."""

import pytest

from bot.conversation import stand_alone
from bot.types import Turn

EVENING = ("야시장은 언제 열리나요?", "7월 5일에 열립니다.")
# (follow-up, the turns before, what the standalone question must hold, what it must not)
FOLLOW_UPS = [
    ("그럼 2부는?", ("1부 사회는 누가 봤어?", "이동국 사무총장입니다."), ["2부", "사회", "누가"], ["1부"]),
    ("축사는?", ("개회사는 누가 했어?", "서다은 구청장입니다."), ["축사", "누가"], ["개회사"]),
    ("버들천은?", ("느티나무시장은 어디에 있어?", "한빛동입니다."), ["버들천", "어디"], ["느티나무시장"]),
    ("발표자는?", ("사회자는 누구야?", "오지훈입니다."), ["발표자", "누구"], ["사회자"]),
    ("몇 시에 시작했는데?", ("토론회는 언제 열렸어?", "11월 22일입니다."), ["토론회", "몇 시"], []),
    ("거기 몇 층이야?", ("토론회는 어디에서 열렸어?", "시의회 대회의실입니다."), ["토론회", "몇 층"], []),
    ("회비는 얼마야?", ("바둑 모임은 언제 열려?", "토요일입니다."), ["바둑", "모임", "회비"], []),
    ("그 행사는 누가 주최했나요?", EVENING, ["야시장", "주최"], []),
    ("왜?", EVENING, ["야시장", "왜"], []),
    ("어디에서?", EVENING, ["야시장", "어디"], []),
    ("더 자세히 말해줘", ("배소라 과장은 뭐라고 했어?", "마무리하겠다고 했습니다."), ["배소라", "과장"], []),
    (
        "두 번째 단체는 줄여서 뭐라고 불러?",
        ("주최 단체는 어디야?", "가 모임, 나 모임입니다."),
        ["주최", "두 번째"],
        [],
    ),
    (
        "그분은 무슨 주제로 발표했나요?",
        ("첫 발제자는 누구야?", "서다은 구청장입니다."),
        ["서다은", "주제"],
        [],
    ),
    ("사진은?", ("기사는 누가 썼어?", "송가람 기자입니다."), ["사진은"], []),
]


def turns(said: tuple[str, ...]) -> list[Turn]:
    return [Turn("user" if number % 2 == 0 else "assistant", text) for number, text in enumerate(said)]


@pytest.mark.parametrize(("question", "said", "holds", "lacks"), FOLLOW_UPS)
def test_a_follow_up_carries_on(
    question: str, said: tuple[str, ...], holds: list[str], lacks: list[str]
) -> None:
    alone = stand_alone(question, turns(said))
    assert [word for word in holds if word not in alone] == [], alone
    assert [word for word in lacks if word in alone] == [], alone


@pytest.mark.parametrize(
    "question",
    [
        "느티나무시장 상인회장은 누구인가요?",
        "버들천 산책로 정비 공사는 언제 끝나나요?",
        "동네 바둑 모임의 회비는 얼마인가요?",
        "그럼 버들천 산책로 정비 공사는 언제 끝나나요?",
    ],
)
def test_a_question_that_stands_alone_takes_nothing_over(question: str) -> None:
    alone = stand_alone(question, turns(EVENING))
    assert "야시장" not in alone
    assert alone.endswith("인가요?") or alone.endswith("끝나나요?")


def test_a_pronoun_with_a_title_word_is_not_put_into_another_question() -> None:
    alone = stand_alone("그 사람 직함은?", turns(("개회사는 누가 했어?", "서다은 구청장입니다.")))
    assert "직함은" in alone
    assert "개회사" in alone or "서다은" in alone


@pytest.mark.parametrize("question", ["축사는 누가 했나요?", "그럼 2부는?", "왜?"])
def test_without_history_a_question_stays_as_it_is(question: str) -> None:
    assert stand_alone(question, []) == question
    assert stand_alone(question, [Turn("assistant", "안녕하세요.")]) == question


def test_the_last_question_counts_and_not_an_earlier_one() -> None:
    history = turns(("산책로 공사는 언제 끝나?", "내년 4월입니다.", "야시장은 언제 열려?", "7월 5일입니다."))
    alone = stand_alone("어디에서?", history)
    assert "야시장" in alone
    assert "산책로" not in alone


def test_the_standalone_question_is_in_its_normal_form() -> None:
    assert stand_alone("２부　사회는 누구？", []) == "2부 사회는 누구?"


def test_a_long_history_keeps_the_question_short() -> None:
    history = turns(("야시장 이야기를 해줘. " * 200, "야시장은 7월에 열립니다. " * 200))
    assert len(stand_alone("왜?", history)) < 3_000
