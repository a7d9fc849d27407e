"""What the page's buttons do: each turns a click into updates of the question box and the chat."""

import logging
import time
from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from bot.types import Answer, Sources, Status, Token, Turn
from bot.web import transcript
from bot.web.api import QuestionRefusedError, check_question, clean
from bot.web.evidence import (
    answer_html,
    evidence_html,
    failure_html,
    fallback_html,
    partial_html,
    stopped_html,
    visible,
)
from bot.web.limits import TooManyRequestsError
from bot.web.stream import Failure, Inbox, ask, ticking, warmed
from bot.web.transcript import Message
from bot.web.types import ChatBot
from bot.web.warmup import Warmup
from prompts import say

logger = logging.getLogger(__name__)
_PACE = 0.1  # seconds between two updates of a streamed answer
Update = tuple[Any, Any]  # of the question box and of the chat, as Gradio takes them
Admit = Callable[[], Awaitable[None]]  # counts a question, or raises TooManyRequestsError


async def _everybody() -> None:
    """Let every question in."""


class Conversations:
    """The chats of every open page; a page is named by its session."""

    def __init__(self, bot: ChatBot, warmup: Warmup) -> None:
        self._bot = bot
        self._warmup = warmup
        self._writing: dict[str, Inbox] = {}

    async def suggestions(self) -> tuple[str, ...]:
        """The example questions, once the bot is loaded; none where it cannot be."""
        await warmed(self._warmup)
        questions = await to_thread(self._bot.suggestions) if self._bot.ready else ()
        return tuple(map(visible, questions))

    async def send(
        self, session: str | None, question: str, messages: object, admit: Admit = _everybody
    ) -> AsyncIterator[Update]:
        """Answer what the user typed."""
        async for update in self._answer(session, question, transcript.received(messages), admit):
            yield update

    async def example(
        self, session: str | None, index: object, admit: Admit = _everybody
    ) -> AsyncIterator[Update]:
        """Answer an example question, as the first of a conversation."""
        questions = await self.suggestions()
        question = questions[index] if isinstance(index, int) and 0 <= index < len(questions) else ""
        async for update in self._answer(session, question, [], admit):
            yield update

    async def retry(
        self, session: str | None, messages: object, admit: Admit = _everybody
    ) -> AsyncIterator[Update]:
        """Answer the last question once more."""
        before, question = transcript.last_question(transcript.received(messages))
        async for update in self._answer(session, question, before, admit):
            yield update

    def stop(self, session: str | None) -> None:
        """End the answer that is being written on that page."""
        inbox = self._writing.get(session or "")
        if inbox is not None:
            inbox.close()

    async def _answer(
        self, session: str | None, question: str, messages: list[Message], admit: Admit
    ) -> AsyncIterator[Update]:
        try:
            question = check_question(clean(question))
            await admit()
        except TooManyRequestsError as exc:
            yield _idle(), [*messages, transcript.asked(question), transcript.replied(failure_html(str(exc)))]
            return
        except QuestionRefusedError as exc:
            if exc.status != 400:  # an empty box needs no lecture
                messages = [*messages, transcript.replied(failure_html(str(exc)))]
            yield _idle(), messages
            return
        history = transcript.turns(messages)
        messages = [*messages, transcript.asked(question)]
        inbox = self._writing[session or ""] = Inbox()
        try:
            async for reply in self._paced(question, history, inbox):
                yield _busy(), [*messages, reply]
            yield _idle(), [*messages, reply]
        finally:
            if self._writing.get(session or "") is inbox:
                del self._writing[session or ""]

    def _follow_ups(self, answer: Answer, asked: list[str]) -> tuple[str, ...]:
        """The questions under an answer; none where they cannot be made, for the answer is worth more."""
        try:
            return tuple(map(visible, self._bot.follow_ups(answer, asked)))
        except Exception:
            logger.exception("no questions could be made after an answer")
            return ()

    async def _paced(self, question: str, history: list[Turn], inbox: Inbox) -> AsyncIterator[Message]:
        """The reply as it grows, at most ten times a second; the last one is complete."""
        written, status, shown = "", say("web.searching"), 0.0
        stream = ticking(ask(self._bot, self._warmup, question, history, inbox), _PACE)
        async with aclosing(stream) as events:
            async for event in events:
                match event:
                    case None:  # what came too soon after the last update is shown now
                        shown = 0.0
                    case Answer():
                        evidence = await to_thread(evidence_html, event, self._bot.article)
                        parts = (answer_html(event), fallback_html(event), evidence)
                        yield transcript.replied(*parts)  # the questions may take a while
                        more = await to_thread(self._follow_ups, event, transcript.questions(history))
                        yield transcript.replied(*parts, questions=more)
                        return
                    case Failure(text):
                        yield transcript.replied(failure_html(text))
                        return
                    case Token(text):
                        written += text
                    case Status(text):
                        status = text
                    case Sources():
                        status = say("web.writing")
                if time.monotonic() - shown >= _PACE:
                    yield transcript.replied(partial_html(written, status))
                    shown = time.monotonic()
        ending = stopped_html(written) if inbox.closed else failure_html(say("web.failed"))
        yield transcript.replied(ending)


def _busy() -> Any:
    import gradio as gr

    return gr.update(submit_btn=False, stop_btn=True)


def _idle() -> Any:
    import gradio as gr

    return gr.update(submit_btn=True, stop_btn=False)
