"""The questions that are offered before the first one is asked."""

from pathlib import Path

from posts import MARKET, Lines, filled

from bot.bot import Bot
from bot.settings import BotSettings
from vectorstore.kiwi_encoder import KiwiEncoder

ASKED: Lines = (
    ("title", "분리수거장 문은 언제 여나요"),
    ("body", "분리수거장 문이 잠겨 있던데 몇 시에 여는지 아시는 분 계신가요?"),
)
TOLD: Lines = (
    ("title", "Re: 분리수거장 문은 언제 여나요"),
    ("body", "관리사무소에 물어보니 저녁 8시에 연대요."),
)
THANKS: Lines = (("title", "Re: Re: 분리수거장 문은 언제 여나요"), ("body", "알려 주셔서 고맙습니다."))


def test_a_thread_is_one_subject_and_older_articles_follow(tmp_path: Path, encoder: KiwiEncoder) -> None:
    store = tmp_path / "store"
    posts = {"a1": THANKS, "a2": TOLD, "a3": ASKED, "market": MARKET}
    filled(store, encoder, posts, dict.fromkeys(posts, "이웃"), {"market": "2024-06-01"})
    bot = Bot(BotSettings(store=store))
    found = bot.suggestions()
    assert len(found) == len(set(found)) == 3
    assert not any("Re:" in question for question in found)
    assert any("오지훈" in question or "서다은" in question for question in found)
    for question in found:
        assert bot.answer(question).kind == "answer", question
