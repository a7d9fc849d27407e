"""What an OpenAI client sends → a question with the turns before it, or the reason why it cannot be taken."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.token_count import estimated
from bot.types import Turn
from bot.web.api import check_question, clean
from bot.web.types import MAX_TURN, MAX_TURNS
from prompts import UserError

MODEL = "forum-bot"
# The list of sources under an answer of ours, which a client sends back with it.
_FOOTNOTES = re.compile(r"\n\n(?:\[\d{1,2}\] [^\n]*(?:\n|\Z))+\Z")
Text = Annotated[str, BeforeValidator(clean)]


class OpenAiError(UserError):
    """A request that a client of that protocol has to change: which part of it, and why."""

    def __init__(self, key: str, status: int, param: str, code: str | None = None, **fields: object) -> None:
        super().__init__(key, **fields)
        self.status, self.param, self.code = status, param, code


class _Lenient(BaseModel):
    """Settings of a language model (temperature and the like) mean nothing here, and do no harm."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Part(_Lenient):
    """A part of a message; only text can be read."""

    type: Annotated[Text, Field(max_length=100)]
    text: Text | None = None


class Message(_Lenient):
    """A message of the conversation."""

    role: Annotated[Text, Field(max_length=100)]
    content: Text | list[Part] | None = None


class StreamOptions(_Lenient):
    """What else a stream tells."""

    include_usage: bool | None = False


class CompletionRequest(_Lenient):
    """The body of `POST /v1/chat/completions`."""

    model: Annotated[Text, Field(max_length=200)]
    messages: list[Message]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Any = 1


class Asked(BaseModel):
    """What is asked, in our terms."""

    question: str
    history: tuple[Turn, ...]
    stream: bool
    usage: bool
    """Whether the stream tells the numbers of tokens."""

    @property
    def tokens(self) -> int:
        """About how many there are in what was read of the request."""
        return sum(map(estimated, (self.question, *(turn.text for turn in self.history))))


def asked(body: CompletionRequest) -> Asked:
    """The last message of the user, and what was said before it, cut as on the page.

    What a system or a tool says is not read: the bot follows no rules but its own. Raises OpenAiError and
    QuestionRefusedError.
    """
    if body.model != MODEL:
        raise OpenAiError("web.no_such_model", 404, "model", "model_not_found", model=MODEL)
    if body.n is not None and (type(body.n) is not int or body.n != 1):
        raise OpenAiError("web.one_choice", 400, "n")
    said = [Turn(message.role, _text(message)) for message in body.messages if _speaks(message)]  # type: ignore[arg-type]
    last = max((place for place, turn in enumerate(said) if turn.role == "user"), default=None)
    if last is None:
        raise OpenAiError("web.no_question", 400, "messages")
    options = body.stream_options or StreamOptions()
    return Asked(
        question=check_question(said[last].text),
        history=tuple(map(_remembered, said[:last][-MAX_TURNS:])),
        stream=bool(body.stream),
        usage=bool(options.include_usage),
    )


def _speaks(message: Message) -> bool:
    return message.role in ("user", "assistant")


def _text(message: Message) -> str:
    """The text of a message. Raises OpenAiError where it has a picture, a sound or a file."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    if any(part.type != "text" or part.text is None for part in message.content):
        raise OpenAiError("web.text_only", 400, "messages", "unsupported_content")
    return "\n".join(part.text or "" for part in message.content)


def _remembered(turn: Turn) -> Turn:
    return Turn(turn.role, _FOOTNOTES.sub("", turn.text)[:MAX_TURN])
