"""What the web half needs to know: its settings, and what it asks of a bot."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from bot.sites.types import Site
from bot.types import Answer, Event, Turn
from vectorstore.types import Article

MAX_QUESTION = 2_000  # characters of one question
MAX_TURNS = 40  # messages of history that the bot is given
MAX_TURN = 4_000  # characters of one message of the history


class ChatBot(Protocol):
    """The part of `bot.bot.Bot` that the web serves."""

    @property
    def ready(self) -> bool:
        """Whether the analyser and the index are loaded."""

    def warm(self) -> None:
        """Load the analyser and the index; may take seconds. Raises UserError."""

    def stream(self, question: str, history: Sequence[Turn], left: Callable[[], bool], /) -> Iterator[Event]:
        """Yield what is known so far and, last, the Answer; end early once `left()`. Raises UserError."""

    def article(self, id: str, /) -> Article | None:
        """The article that a citation names."""

    def suggestions(self) -> tuple[str, ...]:
        """Example questions, shown before the first one is asked."""

    def follow_ups(self, answer: Answer, asked: Sequence[str] = (), /) -> tuple[str, ...]:
        """Questions that go on from an answer, without those already asked."""


BotFor = Callable[[Site | None], ChatBot]
"""The bot that answers for a site; may block, and raises UserError where the site's corpus is not there."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the server listens and who may reach it."""

    host: str = "127.0.0.1"
    port: int = 7860
    allowed_hosts: tuple[str, ...] = ()
    """Host names that the server answers to, besides the loopback ones and `host`; without a port."""
    origins: tuple[str, ...] = ()
    """Origins (scheme://host[:port]) of other sites whose scripts may call the chat route."""
    frame_ancestors: tuple[str, ...] = ("'self'",)
    """CSP sources that may show the page in a frame."""
    chats: int = 8
    """Conversations answered at the same time; more wait."""
    patience: float = 10.0
    """Seconds that a question to the chat route waits for its turn before it is given up."""
    waiting: int = 64
    """Conversations that may wait, in the page's queue and before the API; more are refused at once."""
    log: Literal["text", "json"] = "text"
    """The form of the server's log (see `bot.journal`)."""
    proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose X-Forwarded-For is believed."""
    visitor_limit: str = "none"
    """Questions of one visitor, as "10/minute;200/day" (see `bot.web.limits`)."""
    site_limit: str = "none"
    """Questions from one of `origins` that is no registered site."""
    key_limit: str = "none"
    """Questions of another server, by its API key."""
    limit: str = "none"
    """Questions of everybody."""
    limits_url: str | None = field(default=None, repr=False)
    """The Redis or Valkey that counts for several servers; None counts in memory. It may hold a password."""
    reader_idle: float = 60.0
    """Seconds after which a reader who takes nothing is cut."""
    reader_total: float = 120.0
    """Seconds after which a reader is cut for whom something has been waiting all the time."""
    registry: Path | None = None
    """The file of sites and API keys; None has none of either, and keeps no feedback."""
    openapi: bool = False
    """Whether `/openapi.json` describes the routes."""
    root_path: str = ""
    """The path prefix that a proxy takes off before it hands a request on: /bot."""
    grace: float = 30.0
    """Seconds that running answers may go on after the stop signal."""
    admin_port: int | None = None
    """The port of `/metrics` and `/status`; None for none, 0 for a free one."""
    admin_host: str = "127.0.0.1"
    """Its address: a loopback one."""
    counts: str | None = None
    """The file of daily counts; None counts nothing."""
    questions: str | None = None
    """The file of questions whose visitors consent; None keeps none."""
    keep_days: int = 0
    """For how many days they are kept; with 0 none is added."""
