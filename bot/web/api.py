"""The plain routes: `POST /api/chat` as server-sent events, `/healthz` and `/readyz`."""

import json
import re
from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from starlette.exceptions import HTTPException

from bot.sites.types import Site
from bot.types import Answer, Event, Sources, Status, Token, Turn
from bot.web.fences import inner_path, refusal, told
from bot.web.gate import Gate
from bot.web.limits import limited
from bot.web.openai_shape import PREFIX
from bot.web.operation import Operation
from bot.web.slots import Place, Slots
from bot.web.stream import Failure, ask
from bot.web.types import MAX_QUESTION, MAX_TURN, MAX_TURNS, BotFor, ChatBot
from bot.web.visitors import admitted
from bot.web.warmup import Warmup
from prompts import UserError, say

_RETRY_AFTER = 5  # seconds, told to the client who finds the server busy


class QuestionRefusedError(UserError):
    """An empty question (400) or one that is too long (413)."""

    def __init__(self, key: str, status: int, **fields: object) -> None:
        super().__init__(key, **fields)
        self.status = status


def clean(text: Any) -> Any:
    """A text without lone surrogates and control characters (but line break and tab); other values as is."""
    return re.sub("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "", text) if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(clean)]
Said = tuple[Literal["user", "assistant"], Annotated[Text, Field(max_length=MAX_TURN)]]


class ChatRequest(BaseModel):
    """The body of `POST /api/chat`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    question: Text
    history: Annotated[list[Said], Field(max_length=MAX_TURNS)] = []
    site: Annotated[Text, Field(max_length=200)] | None = None
    consent: StrictBool = False
    """Whether the question may be kept for some days, masked, where the operator keeps any."""


def check_question(question: str) -> str:
    """`question` without blanks around it. Raises QuestionRefusedError where it is empty or too long."""
    question = question.strip()
    if not question:
        raise QuestionRefusedError("web.question_empty", 400)
    if len(question) > MAX_QUESTION:
        raise QuestionRefusedError(
            "web.question_too_long", 413, length=f"{len(question):,}", limit=f"{MAX_QUESTION:,}"
        )
    return question


def chat_router(bot_for: BotFor, warmup: Warmup, slots: Slots, gate: Gate, operation: Operation) -> APIRouter:
    """The chat route: each question from its site's corpus, only so many at a time, and only so many wait."""

    async def entered(request: Request, body: ChatRequest) -> Site | None:
        return await admitted(gate, request, body.site)

    async def checked(body: ChatRequest) -> ChatRequest:  # on the loop, as a thread costs more than it does
        return body.model_copy(update={"question": check_question(body.question)})

    async def counted(request: Request, body: Annotated[ChatRequest, Depends(checked)]) -> ChatRequest:
        await limited(request)
        return body

    async def asked(site: Annotated[Site | None, Depends(entered)]) -> ChatBot:
        return await to_thread(bot_for, site)

    router = APIRouter()

    @router.post("/api/chat", response_class=EventSourceResponse)
    async def chat(
        site: Annotated[Site | None, Depends(entered)],
        body: Annotated[ChatRequest, Depends(counted)],
        place: Annotated[Place, Depends(slots.place)],
        bot: Annotated[ChatBot, Depends(asked)],
    ) -> AsyncIterator[ServerSentEvent]:
        """Answer one question: status, sources, token …, answer or error, done."""
        history = [Turn(role, text) for role, text in body.history]
        id = await to_thread(gate.new_answer_id, site)
        async for event in place.events(ask(bot, warmup, body.question, history)):
            yield _sse(event, id)
            if body.consent and isinstance(event, Answer):
                await operation.keep(body.question, event)
        yield _line("done", {})

    return router


def _sse(event: Event | Failure, id: str) -> ServerSentEvent:
    match event:
        case Status(text):
            return _line("status", {"text": text})
        case Sources(citations):
            return _line("sources", {"citations": [asdict(citation) for citation in citations]})
        case Token(text):
            return _line("token", {"text": text})
        case Answer():
            return _line("answer", event.to_json(id))
        case Failure(text, status):
            return _line("error", {"error": text, "status": status})


def _line(name: str, content: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(event=name, raw_data=json.dumps(content, ensure_ascii=False))


def health_router(bot: ChatBot) -> APIRouter:
    """`/healthz`: the process answers. `/readyz`: questions are answered at once."""
    router = APIRouter()

    @router.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
    async def healthz() -> dict[str, str]:
        """Always 200."""
        return {"status": "ok"}

    @router.api_route("/readyz", methods=["GET", "HEAD"], include_in_schema=False)
    async def readyz() -> JSONResponse:
        """503 until the analyser and the index are loaded."""
        ready = bot.ready
        return JSONResponse({"status": "ready" if ready else "starting"}, status_code=200 if ready else 503)

    return router


def answer_errors(app: FastAPI) -> None:
    """Turn what the routes raise into one Korean sentence each."""
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)


async def _user_error(request: Request, exc: Exception) -> Response:
    status = exc.status if isinstance(exc, UserError) else 500
    wait = str(getattr(exc, "retry_after", _RETRY_AFTER))
    headers = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": wait}, 503: {"Retry-After": wait}}
    param, code = getattr(exc, "param", None), getattr(exc, "code", None)
    return told(inner_path(request.scope), status, str(exc), headers.get(status), param, code)


async def _invalid_request(request: Request, exc: Exception) -> Response:
    """422 with the name of the first field of ours that is wrong; nothing of what was sent is repeated."""
    field = next(_ours(exc), None) if isinstance(exc, RequestValidationError) else None
    text = say("web.request_invalid", field=field or say("web.request_body"))
    path = inner_path(request.scope)
    return told(path, 400 if path.startswith(PREFIX) else 422, text, param=field)


def _ours(exc: RequestValidationError) -> Iterator[str]:
    """The wrong fields of the body that we know: a name that is not expected is a stranger's text."""
    for error in exc.errors():
        place = error["loc"][1:2]
        if error["type"] != "extra_forbidden" and place and isinstance(place[0], str):
            yield place[0]


async def _http_error(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    key = {404: "web.no_such_path", 405: "web.no_such_method", 413: "web.body_too_large"}.get(
        status, "web.failed"
    )
    return refusal(status, key, None, inner_path(request.scope))
