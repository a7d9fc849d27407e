"""The two tools, `ask` and `search`: what they take, and what they give as text and as data.

They read and change nothing. This module knows nothing of the protocol.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.bot import MAX_QUESTION, Bot
from bot.types import Answer
from prompts import UserError, say
from vectorstore.types import Hit

DEFAULT_K = 5
MAX_K = 20
Left = Callable[[], bool]
Schema = dict[str, Any]


class ToolError(UserError):
    """A tool that there is none of, or arguments that it cannot take."""

    status = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool gives back: for a reader, and for a program."""

    text: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """A tool as a client's language model sees it."""

    name: str
    title: str
    description: str
    takes: Schema
    gives: Schema


def described() -> tuple[Described, ...]:
    """Both tools, in Korean and English, with the JSON schemas of what goes in and out."""
    ask = Described("ask", say("mcp.ask_title"), say("mcp.ask").strip(), _ask_takes(), _ASK_GIVES)
    search = Described(
        "search", say("mcp.search_title"), say("mcp.search").strip(), _search_takes(), _SEARCH_GIVES
    )
    return ask, search


def call(bot: Bot, name: str, arguments: Mapping[str, Any], left: Left = lambda: False) -> Outcome:
    """Use a tool; ends early once the caller has `left()`. Raises UserError."""
    tools = {"ask": _ask, "search": _search}
    if name not in tools:
        raise ToolError("mcp.no_tool", name=_shown(name))
    return tools[name](bot, arguments, left)


def _ask(bot: Bot, arguments: Mapping[str, Any], left: Left) -> Outcome:
    _only(arguments, "question")
    events = bot.stream(_text(arguments, "question"), (), left)
    answer = next((event for event in events if isinstance(event, Answer)), None)
    if answer is None:
        raise ToolError("mcp.left")
    return Outcome("\n".join(_lines(answer)), answer.to_json())


def _lines(answer: Answer) -> list[str]:
    """The answer and its sources as a person reads them."""
    lines = [answer.answer]
    for cited in answer.citations:
        publisher, published = _credits(cited.publisher, cited.published)
        fields = {"marker": cited.marker, "publisher": publisher, "published": published}
        lines += [
            say("cli.source_line", title=cited.title, **fields), say("cli.source_quote", quote=cited.quote)
        ]  # fmt: skip
    return lines


def _search(bot: Bot, arguments: Mapping[str, Any], left: Left) -> Outcome:
    _only(arguments, "query", "k")
    query, k = _text(arguments, "query"), arguments.get("k", DEFAULT_K)
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= MAX_K:
        raise ToolError("mcp.bad_k", found=_shown(k), limit=MAX_K)
    passages = [passage for hit in bot.search(query, k) if (passage := _passage(bot, hit)) is not None]
    texts = []
    for number, passage in enumerate(passages, 1):
        publisher, published = _credits(passage["publisher"], passage["published"])
        shown = {name: passage[name] for name in ("title", "article", "start", "end", "quote")}
        texts.append(
            say("mcp.passage", **shown, number=number, publisher=publisher, published=published)
        )  # fmt: skip
    return Outcome("\n\n".join(texts) or say("mcp.nothing_found"), {"query": query, "passages": passages})


def _passage(bot: Bot, hit: Hit) -> dict[str, Any] | None:
    """A found chunk with its article's credits; None where the article has gone meanwhile."""
    chunk, article = hit.chunk, bot.article(hit.chunk.article)
    if article is None:
        return None
    return {
        "article": chunk.article, "title": article.title, "publisher": article.publisher,
        "published": article.published_date, "url": article.url, "quote": chunk.text,
        "start": chunk.start, "end": chunk.end, "score": round(hit.score, 6),
    }  # fmt: skip


def _credits(publisher: str | None, published: str | None) -> tuple[str, str]:
    return publisher or say("cli.publisher_unknown"), published or say("store.no_date")


def _only(arguments: Mapping[str, Any], *known: str) -> None:
    unknown = next((name for name in arguments if name not in known), None)
    if unknown is not None:
        raise ToolError("mcp.unknown_field", field=_shown(unknown), known=", ".join(known))


def _text(arguments: Mapping[str, Any], field: str) -> str:
    text = arguments.get(field)
    if not isinstance(text, str):
        raise ToolError("mcp.no_text", field=field)
    return "".join(
        sign for sign in text if sign in "\n\t" or not ("\ud800" <= sign <= "\udfff" or sign < " ")
    )


def _shown(value: object) -> str:
    """A value as one short line."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(value)[:60])


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _ask_takes() -> Schema:
    text = {"type": "string", "description": say("mcp.ask_question", limit=MAX_QUESTION)}
    return {
        **_object(question=text | {"minLength": 1, "maxLength": MAX_QUESTION}),
        "additionalProperties": False,
    }


def _search_takes() -> Schema:
    text = {"type": "string", "description": say("mcp.search_query", limit=MAX_QUESTION)}
    count = {"type": "integer", "description": say("mcp.search_k", limit=MAX_K, default=DEFAULT_K)}
    properties = {
        "query": text | {"minLength": 1, "maxLength": MAX_QUESTION},
        "k": count | {"minimum": 1, "maximum": MAX_K, "default": DEFAULT_K},
    }
    return {"type": "object", "properties": properties, "required": ["query"], "additionalProperties": False}


_STRING, _NUMBER, _WHOLE, _TRUTH = ({"type": kind} for kind in ("string", "number", "integer", "boolean"))
_MAYBE: Schema = {"type": ["string", "null"]}
_CITATION = _object(
    marker=_WHOLE, article=_STRING, title=_STRING, source=_STRING, publisher=_MAYBE, published=_MAYBE,
    quote=_STRING, start=_WHOLE, end=_WHOLE,
)  # fmt: skip
_ASK_GIVES = _object(
    id=_MAYBE, kind=_STRING, question=_STRING, standalone=_STRING, answer=_STRING, short=_MAYBE,
    refused=_TRUTH, reason=_MAYBE, citations={"type": "array", "items": _CITATION}, mode=_STRING,
    model=_MAYBE, fallback=_MAYBE, latency_ms=_WHOLE,
)  # fmt: skip
_PASSAGE = _object(
    article=_STRING, title=_STRING, publisher=_MAYBE, published=_MAYBE, url=_MAYBE, quote=_STRING,
    start=_WHOLE, end=_WHOLE, score=_NUMBER,
)  # fmt: skip
_SEARCH_GIVES = _object(query=_STRING, passages={"type": "array", "items": _PASSAGE})
