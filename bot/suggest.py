"""Example questions for an index: what was it about, who and where, made from its newest article."""

from bot.passages import Pages
from prompts import options
from vectorstore.reader import Index


def suggest(index: Index, pages: Pages) -> tuple[str, ...]:
    """Three questions that the articles can answer."""
    return options("answer.suggestions")
