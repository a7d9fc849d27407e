"""The bot as a model for OpenAI's clients: `GET /v1/models` and `POST /v1/chat/completions`.

Citations are the field `citations` of the message, when streaming of the last delta, and footnotes in the
text. The numbers of tokens are estimates: no tokenizer is asked.
"""

import json
import re
import time
from asyncio import to_thread
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from bot.token_count import estimated
from bot.types import Answer, Citation, Event, Sources, Status, Token
from bot.web.evidence import web_link
from bot.web.gate import Gate
from bot.web.keys import key_required
from bot.web.limits import called, looked
from bot.web.openai_bodies import MODEL, Asked, CompletionRequest, asked
from bot.web.openai_shape import openai_error
from bot.web.slots import Place, Slots
from bot.web.stream import Failure, ask
from bot.web.types import ChatBot
from bot.web.warmup import Warmup
from prompts import say

OWNER = "forum-bot"
_CREATED = 1_767_225_600  # 2026-01-01: clients expect a time, and it means nothing
Events = AsyncGenerator[Event | Failure, None]


def openai_router(bot: ChatBot, warmup: Warmup, slots: Slots, gate: Gate) -> APIRouter:
    """Both routes, for callers that show a key."""
    router = APIRouter(prefix="/v1", dependencies=[Depends(key_required(gate))])

    @router.get("/models", dependencies=[Depends(looked)])
    async def models() -> dict[str, Any]:
        """The one model that there is."""
        model = {"id": MODEL, "object": "model", "created": _CREATED, "owned_by": OWNER}
        return {"object": "list", "data": [model]}

    async def read(body: CompletionRequest) -> Asked:
        return asked(body)

    async def counted(http: Request, request: Annotated[Asked, Depends(read)]) -> Asked:
        await called(http)
        return request

    @router.post("/chat/completions")
    async def completions(
        request: Annotated[Asked, Depends(counted)], place: Annotated[Place, Depends(slots.place)]
    ) -> Response:
        """Answer the last message, whole or as a stream."""
        reply = _Reply(f"chatcmpl-{await to_thread(gate.new_answer_id, None)}", request)
        await place.turn()
        events = place.events(ask(bot, warmup, request.question, request.history))
        first = await _first(events)
        if isinstance(first, Failure):
            await events.aclose()
            return JSONResponse(openai_error(first.status, first.text), first.status)
        if request.stream:
            return StreamingResponse(reply.chunks(first, events), media_type="text/event-stream")
        return await _whole(reply, first, events)

    return router


async def _first(events: Events) -> Event | Failure:
    """The first event that says something, so that a failure before any text has a status of its own."""
    async for event in events:
        if not isinstance(event, Status):
            return event
    return Failure(say("web.failed"), 500)


async def _whole(reply: "_Reply", first: Event | Failure, events: Events) -> Response:
    async for event in _following(first, events):
        if isinstance(event, Failure):
            return JSONResponse(openai_error(event.status, event.text), event.status)
        if isinstance(event, Answer):
            return JSONResponse(reply.completion(event))
    return JSONResponse(openai_error(500, say("web.failed")), 500)


async def _following(first: Event | Failure, events: Events) -> Events:
    async with aclosing(events):
        yield first
        async for event in events:
            yield event


class _Reply:
    """One answer in the protocol's forms."""

    def __init__(self, id: str, request: Asked) -> None:
        self._request = request
        self._base = {"id": id, "created": int(time.time()), "model": MODEL}

    def completion(self, answer: Answer) -> dict[str, Any]:
        """The answer as a whole."""
        text = harmless(answer.answer) + footnotes(answer.citations)
        message = {"role": "assistant", "content": text, "refusal": None, "citations": _records(answer)}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {**self._base, "object": "chat.completion", "choices": [choice], "usage": self._usage(text)}

    async def chunks(self, first: Event | Failure, events: Events) -> AsyncIterator[str]:
        """The answer as server-sent events, to the last line, [DONE]."""
        written = blanks = ""  # blanks at the end wait: the answer may end there
        yield self._chunk({"role": "assistant", "content": ""})
        async with aclosing(_following(first, events)) as arriving:
            async for event in arriving:
                match event:
                    case Token(text):
                        piece = harmless(blanks + text)
                        blanks = piece[len(piece.rstrip()) :]
                        written += piece.rstrip()
                        if piece.strip():
                            yield self._chunk({"content": piece.rstrip()})
                    case Answer():
                        rest = _rest(written, event)
                        yield self._chunk({"content": rest})
                        yield self._chunk({"citations": _records(event)}, "stop")
                        if self._request.usage:
                            yield self._line({"choices": [], "usage": self._usage(written + rest)})
                    case Failure(text, status):
                        yield f"data: {_json(openai_error(status, text))}\n\n"
                    case Sources() | Status():
                        pass
        yield "data: [DONE]\n\n"

    def _chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._line({"choices": [choice], **({"usage": None} if self._request.usage else {})})

    def _line(self, more: Mapping[str, Any]) -> str:
        return f"data: {_json({**self._base, 'object': 'chat.completion.chunk', **more})}\n\n"

    def _usage(self, text: str) -> dict[str, int]:
        before, after = self._request.tokens, estimated(text)
        return {"prompt_tokens": before, "completion_tokens": after, "total_tokens": before + after}


def _rest(written: str, answer: Answer) -> str:
    """What is missing after the text that was streamed: all of another answer, and the footnotes."""
    text = harmless(answer.answer)
    if not written.strip():
        missing = text
    elif written.strip() == text.strip():
        missing = ""
    else:  # what was written cannot be unsaid
        missing = f"\n\n{say('web.instead')}\n\n{text}"
    return missing + footnotes(answer.citations)


def footnotes(citations: Sequence[Citation]) -> str:
    """The sources as the last lines of a text; empty without any."""
    lines = (f"[{one.marker}] {', '.join(filter(None, _facts(one)))}" for one in citations)
    return "".join(f"{'' if place else chr(10)}\n{line}" for place, line in enumerate(lines))


def _facts(citation: Citation) -> tuple[str | None, ...]:
    title, publisher = (
        harmless(" ".join((text or "").split())) for text in (citation.title, citation.publisher)
    )
    return title, publisher, citation.published, web_link(citation.source)


def harmless(text: str) -> str:
    """A text that a client which draws Markdown makes no picture and no hidden link of."""
    return re.sub(r"!(?=\[)|\](?=\()", r"\g<0> ", text)


def _records(answer: Answer) -> list[dict[str, Any]]:
    return [asdict(citation) for citation in answer.citations]


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)
