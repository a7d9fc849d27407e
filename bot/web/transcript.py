"""The conversation as the browser holds it: a list of chat messages, which it sends back with each question.

What comes back is untrusted: only text is read, in the shapes that this module wrote, and no more than fits.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.types import Turn
from bot.web.evidence import plain, text_html
from bot.web.types import MAX_QUESTION, MAX_TURN, MAX_TURNS

Message = dict[str, Any]
_KEPT = 60_000  # characters of conversation kept on the page: three bytes each still fit the body limit


def asked(question: str) -> Message:
    """The user's message."""
    return _message("user", text_html(question))


def replied(*parts: str, questions: Iterable[str] = ()) -> Message:
    """The bot's message: the answer first, then its evidence; empty parts are left out.

    `questions` are shown as buttons under it, until the next question is asked.
    """
    message = _message("assistant", *(part for part in parts if part))
    if questions:
        message["options"] = [{"value": question} for question in questions]
    return message


def questions(turns_said: Iterable[Turn]) -> list[str]:
    """What was asked so far."""
    return [turn.text for turn in turns_said if turn.role == "user"]


def _message(role: str, *parts: str) -> Message:
    return {"role": role, "content": [{"type": "text", "text": part} for part in parts]}


def received(messages: object) -> list[Message]:
    """The conversation that a browser sent, as far as it has our shape, the oldest exchanges left out."""
    items = messages if isinstance(messages, list) else []
    kept = [_message(role, *parts) for role, parts in map(_read, items) if role and parts]
    size = 0
    for index in range(len(kept) - 1, -1, -1):
        size += sum(len(part["text"]) for part in kept[index]["content"])
        if size > _KEPT:
            kept = kept[index + 1 :]
            break
    while kept and kept[0]["role"] != "user":
        kept.pop(0)
    return kept


def _read(message: object) -> tuple[str, list[str]]:
    if not isinstance(message, Mapping) or message.get("role") not in ("user", "assistant"):
        return "", []
    if (message.get("metadata") or {}).get("title"):
        return "", []
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    texts = (part.get("text") if isinstance(part, Mapping) else part for part in parts)
    return str(message["role"]), [text for text in texts if isinstance(text, str)]


def turns(messages: Iterable[Message]) -> list[Turn]:
    """What was said, as text: questions and answers without evidence, notes and errors."""
    said: list[Turn] = []
    for message in messages:
        first = message["content"][0]["text"]
        if message["role"] == "user":
            said.append(Turn("user", plain(first)[:MAX_QUESTION]))
        elif not re.match(r'<(?:div class="fb-note fb-error|span class="fb-status)', first):
            said.append(Turn("assistant", plain(first)[:MAX_TURN]))
    return said[-MAX_TURNS:]


def last_question(messages: list[Message]) -> tuple[list[Message], str]:
    """The conversation before the last question, and that question; empty where there is none."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index]["role"] == "user":
            return messages[:index], plain(messages[index]["content"][0]["text"])
    return [], ""
