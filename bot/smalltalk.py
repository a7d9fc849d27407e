"""Replies that need no article: greetings and thanks, and polite refusals of what none can answer."""

from collections.abc import Callable, Sequence

from bot.triage import triage
from bot.types import Answer, Kind, Reason
from prompts import say

_KINDS: dict[str, tuple[Kind, Reason | None]] = {
    "greeting": ("smalltalk", None),
    "thanks": ("smalltalk", None),
    "bye": ("smalltalk", None),
    "what_can_i_ask": ("smalltalk", None),
    "opinion": ("refusal", "out_of_scope"),
    "out_of_scope": ("refusal", "out_of_scope"),
    "unsafe": ("refusal", "unsafe"),
    "unclear": ("refusal", "unclear"),
}


def reply(asked: str, standalone: str, suggestions: Callable[[], Sequence[str]]) -> Answer | None:
    """The reply to a question that no article answers; None where one may."""
    found = triage(asked)
    if found is None:
        return None
    kind, reason = _KINDS[found]
    fields = {"examples": " / ".join(suggestions())} if found == "what_can_i_ask" else {}
    return Answer(asked, standalone, kind, say(f"answer.{found}", **fields), reason=reason)
