"""The fence for bodies: small, plain JSON, of the shape that the page posts, and free of file objects."""

import asyncio
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.fences import inner_path, refusal

OWN_BODY = 16 * 1024  # bytes of a body on our own routes
API_BODY = 256 * 1024  # an OpenAI client sends the whole conversation with each question, too
QUEUE_BODY = 256 * 1024  # bytes on the page's queue: it posts the whole conversation with each question
_BODY_SECONDS = 20.0  # a body that takes longer is cut off
_FILE_MARK = "gradio.filedata"
MAX_OPTION = 400  # characters of a suggested question: a title and the words around it


class JsonBodies:
    """Let through bodies that are small, plain JSON and free of file and component records."""

    def __init__(self, app: ASGIApp, own: int = OWN_BODY, queue: int = QUEUE_BODY) -> None:
        self._app = app
        self._own = own
        self._queue = queue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body whole, judge it, and pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = inner_path(scope)
        body = b""
        try:
            body = await self._read(scope, receive, self._limit(path))
            if scope["method"] == "POST":
                _judge(scope, body)
        except BodyRefusedError as refused:
            close = {"Connection": "close"} if refused.status in (408, 413) else None
            await refusal(refused.status, refused.key, close, path)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    def _limit(self, path: str) -> int:
        if path == "/v1/chat/completions":
            return API_BODY
        return self._queue if path.startswith("/gradio_api/") else self._own

    async def _read(self, scope: Scope, receive: Receive, limit: int) -> bytes:
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > limit:
            raise BodyRefusedError(413, "web.body_too_large")
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                return await _collect(receive, limit)
        except TimeoutError as exc:
            raise BodyRefusedError(408, "web.body_too_slow") from exc


class BodyRefusedError(Exception):
    """A body that is not passed on: the HTTP status and the message's key."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(key)
        self.status = status
        self.key = key


async def _collect(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":  # the client has gone
            raise BodyRefusedError(400, "web.body_broken")
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyRefusedError(413, "web.body_too_large")
        if not message.get("more_body", False):
            return bytes(body)


def _judge(scope: Scope, body: bytes) -> None:
    """Raise BodyRefusedError unless `body` is plain JSON of the shape that its path takes."""
    headers = Headers(scope=scope)
    if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise BodyRefusedError(415, "web.json_only")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise BodyRefusedError(415, "web.json_only")
    try:
        content = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as exc:
        raise BodyRefusedError(400, "web.body_broken") from exc
    if _holds_file(content):
        raise BodyRefusedError(400, "web.no_files")
    shape = _SHAPES.get(inner_path(scope))
    try:
        if shape is not None:
            shape.model_validate(content, strict=True)
    except ValidationError as exc:
        raise BodyRefusedError(422, "web.not_from_the_page") from exc


def _holds_file(content: Any) -> bool:
    """Whether a decoded body holds the mark of one of Gradio's file objects anywhere."""
    todo = [content]
    while todo:
        item = todo.pop()
        if isinstance(item, str) and _FILE_MARK in item.lower():
            return True
        if isinstance(item, dict):
            todo.extend(item)
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
    return False


class _Shape(BaseModel):
    """What the page itself posts; Gradio would take files and components in the same places."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Text(_Shape):
    type: Literal["text"] = "text"
    text: str


class _Option(_Shape):
    value: Annotated[str, Field(max_length=MAX_OPTION)]
    label: None = None


class _Said(_Shape):
    role: Literal["user", "assistant"]
    content: list[_Text]
    metadata: None = None
    options: Annotated[list[_Option], Field(max_length=8)] | None = None


class _Picked(_Shape):
    index: int | list[int] | None = None
    value: str | _Text | list[str] | list[_Text] | None = None


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Number = Annotated[int, Field(ge=0, le=99)]


class _Join(_Shape):
    data: Annotated[list[str | list[_Said]], Field(max_length=2)]
    event_data: _Picked | None = None
    fn_index: Number
    trigger_id: Number | None = None
    session_hash: Name


class _Event(_Shape):
    event_id: Name | None = None
    session_hash: Name | None = None
    fn_index: Number | None = None


_SHAPES: dict[str, type[_Shape]] = {
    "/gradio_api/queue/join": _Join,
    "/gradio_api/cancel": _Event,
    "/gradio_api/reset": _Event,
}


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, and then what the client does next."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
