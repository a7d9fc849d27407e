"""What a reply may be: one of the bot's own sentences, around words that stand in an article."""

import re
import tomllib
from collections.abc import Callable

from posts import ROOT

from bot.types import Answer
from vectorstore.types import Article

MAX_QUOTES, MAX_QUOTE = 3, 300  # by contract


def faults_of(answer: Answer, article: Callable[[str], Article | None]) -> list[str]:
    """Where a reply is more than its own sentence and quotes; empty where it is not."""
    return _not_our_words(answer) + _not_quoted(answer, article)


def _not_our_words(answer: Answer) -> list[str]:
    own = tomllib.loads((ROOT / "prompts" / "answer.toml").read_text(encoding="utf-8"))
    shapes = [_shape(text) for text in own.values() if isinstance(text, str)]
    return [] if any(shape.fullmatch(answer.answer) for shape in shapes) else [f"not ours: {answer.answer}"]


def _shape(template: str) -> re.Pattern[str]:
    return re.compile(".+".join(re.escape(part) for part in re.split(r"\{[^}]+\}", template)), re.DOTALL)


def _not_quoted(answer: Answer, article: Callable[[str], Article | None]) -> list[str]:
    wrong = []
    if (answer.kind == "answer") != bool(answer.citations):
        wrong.append("an answer cites, and nothing else does")
    if len(answer.citations) > MAX_QUOTES:
        wrong.append(f"{len(answer.citations)} quotes")
    for citation in answer.citations:
        found = article(citation.article)
        if found is None or found.text[citation.start : citation.end] != citation.quote:
            wrong.append(f"not at its place: {citation.quote}")
        if len(citation.quote) > MAX_QUOTE:
            wrong.append(f"{len(citation.quote)} characters")
    # A quote may hold quotation marks of its own, so each shown piece is looked for in the quotes.
    quoted = " ".join(citation.quote for citation in answer.citations)
    shown = re.findall(r"“([^“”]+)”", answer.answer) if answer.citations else []
    return wrong + [f"shown but not cited: {text}" for text in shown if text not in quoted]
