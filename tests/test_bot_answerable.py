"""What an answer must have in its evidence, and what no answer may take for granted."""

from pathlib import Path

import pytest
from posts import Lines, filled

from bot.bot import Bot
from bot.settings import BotSettings
from vectorstore.kiwi_encoder import KiwiEncoder

BRIDGE: Lines = (
    ("title", "하늘다리 오월에 다시 열린다"),
    ("byline", "우다정 기자"),
    ("body", "솔내군은 무너진 하늘다리를 고쳐 5월 20일에 다시 연다고 밝혔다."),
    ("body", "고치는 데 든 돈은 4억2000만원으로, 모두 군비다."),
    ("body", "새 다리에는 한 번에 120명까지 올라갈 수 있다."),
    ("body", "남기훈 솔내군수는 “다시는 무너지지 않게 하겠다”고 말했다."),
)


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Bot:
    store: Path = tmp_path_factory.mktemp("bridge") / "store"
    filled(store, encoder, {"bridge": BRIDGE}, authors={"bridge": "우다정"})
    return Bot(BotSettings(store=store))


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("하늘다리는 언제 다시 여나요?", "5월 20일"),
        ("다리 고치는 데 얼마나 들었어요?", "4억2000만원"),
        ("다리를 고치는 데 든 돈은?", "4억2000만원"),
        ("새 다리에는 한 번에 몇 명까지 올라갈 수 있나요?", "120명"),
        ("군수는 뭐라고 했나요?", "무너지지 않게"),
        ("남기훌 군수는 뭐라고 했나요?", "무너지지 않게"),  # a slip in a name is no other person
    ],
)
def test_what_stands_there_is_answered(bot: Bot, question: str, part: str) -> None:
    answer = bot.answer(question)
    assert answer.kind == "answer"
    assert part in answer.answer


@pytest.mark.parametrize(
    "question",
    [
        "새 다리의 길이는 몇 미터인가요?",  # no such number
        "‘무지개산책로’는 언제 여나요?",  # a quoted name that the article does not have
        "남기훈 군수는 뇌물을 얼마나 받았나요?",  # an accusation that the article does not make
        "남기훈 군수가 구속된 날은 언제예요?",
        "부군수는 뭐라고 했나요?",
        "비트코인 지금 사도 될까요?",
        "유럽 여행 일정 짜 줘",
        "화성 탐사선은 언제 출발하나요?",  # only the verb is spoken of
        "손흥민은 어느 팀에서 뛰나요?",  # a person of whom the article does not speak
        "김연아는 무엇이라고 말했나요?",
        "올림픽은 언제 열리나요?",
        "수능은 며칠에 보나요?",
        "도서관은 몇 시까지 여나요?",
    ],
)
def test_what_does_not_stand_there_is_refused(bot: Bot, question: str) -> None:
    answer = bot.answer(question)
    assert answer.kind == "refusal"
    assert answer.citations == ()
