"""`POST /api/feedback`: what a visitor thinks of an answer."""

import logging
from asyncio import to_thread
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from starlette.exceptions import HTTPException

from bot.feedback import MAX_NOTE, Feedback, FeedbackError, Reason, Verdict, feedback_file, keep
from bot.sites.types import Site
from bot.web.api import clean
from bot.web.gate import Gate
from bot.web.limits import looked
from bot.web.operation import Operation
from bot.web.types import BotFor
from bot.web.visitors import admitted
from prompts import UserError

MAX_SOURCES = 10
Text = Annotated[str, BeforeValidator(clean)]
logger = logging.getLogger(__name__)


class FeedbackRefusedError(UserError):
    """An id that no answer of ours had (422), or a file that cannot be written (503)."""

    def __init__(self, key: str, status: int, **fields: object) -> None:
        super().__init__(key, **fields)
        self.status = status


class FeedbackRequest(BaseModel):
    """The body of `POST /api/feedback`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    id: Annotated[Text, Field(max_length=100)]
    verdict: Verdict
    reason: Reason | None = None
    note: Annotated[Text, Field(max_length=MAX_NOTE)] | None = None
    consent: StrictBool = False
    sources: Annotated[list[Annotated[Text, Field(max_length=200)]], Field(max_length=MAX_SOURCES)] = []
    site: Annotated[Text, Field(max_length=200)] | None = None


def feedback_router(bot_for: BotFor, gate: Gate, operation: Operation) -> APIRouter:
    """The route; without a registry there is no place for feedback, and no such path."""
    router = APIRouter()

    @router.post("/api/feedback", status_code=204)
    async def feedback(request: Request, body: FeedbackRequest) -> Response:
        """Keep it: of the visitor's own words only what they agreed to. Raises FeedbackRefusedError."""
        if gate.file is None:
            raise HTTPException(404)
        site = await admitted(gate, request, body.site)
        await looked(request)
        await to_thread(_keep, bot_for, gate, body, site)
        if operation.counts is not None:
            operation.counts.rated(body.verdict == "up", body.reason)
        return Response(status_code=204)

    return router


def _keep(bot_for: BotFor, gate: Gate, body: FeedbackRequest, site: Site | None) -> None:
    if gate.file is None or not gate.is_answer_id(body.id, site):
        raise FeedbackRefusedError("web.request_invalid", 422, field="id")
    bot = bot_for(site)
    sources = tuple(id for id in dict.fromkeys(body.sources) if bot.article(id) is not None)
    note = body.note.strip() if body.note and body.consent else ""
    name = None if site is None else site.name
    told = Feedback(body.id, body.verdict, body.reason, note or None, sources, name)
    try:
        keep(feedback_file(gate.file), told)
    except FeedbackError as error:
        logger.warning("feedback was not kept: %s", error)
        raise FeedbackRefusedError("web.feedback_closed", 503) from error
