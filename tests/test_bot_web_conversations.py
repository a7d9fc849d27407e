"""What the page's buttons do, without a browser."""

import asyncio
from collections.abc import Sequence
from typing import Any

from web_bot import LibraryBot

from bot.types import Answer
from bot.web.conversations import Conversations
from bot.web.warmup import Warmup


class Silent(LibraryBot):
    """A bot that fails when it should think of more questions."""

    def follow_ups(self, answer: Answer, asked: Sequence[str] = ()) -> tuple[str, ...]:
        raise RuntimeError("the index is gone from /srv/secret")


def last(bot: LibraryBot, question: str) -> dict[str, Any]:
    """The bot's message after one question."""

    async def talk() -> dict[str, Any]:
        warmup = Warmup(bot)
        warmup.start()
        updates = [update async for update in Conversations(bot, warmup).send("s", question, [])]
        message: dict[str, Any] = updates[-1][1][-1]
        return message

    return asyncio.run(talk())


def test_an_answer_comes_with_questions_that_were_not_asked() -> None:
    message = last(LibraryBot(), "관장은 누구인가요?")
    assert [option["value"] for option in message["options"]] == [
        "도서관은 몇 시까지 여나요?", "설명회에는 몇 명이 왔나요?",
    ]  # fmt: skip


def test_an_answer_is_shown_where_no_more_questions_can_be_made() -> None:
    message = last(Silent(), "관장은 누구인가요?")
    assert "이서준" in message["content"][0]["text"]
    assert "options" not in message
