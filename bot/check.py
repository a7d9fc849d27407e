"""The last look at an answer before it leaves: what it quotes must stand in the article, word for word."""

from bot.passages import Pages
from bot.types import Answer
from prompts import UserError


class UncheckedError(UserError):
    """An answer that cites what is not there: a fault of ours, never shown as an answer."""


def checked(answer: Answer, pages: Pages) -> Answer:
    """The answer as it is; raises UncheckedError where a quote is not at its offsets or none is given."""
    if answer.kind == "answer" and not answer.citations:
        raise UncheckedError("answer.unchecked", question=answer.question)
    for citation in answer.citations:
        article = pages.index.article(citation.article)
        if article is None or article.text[citation.start : citation.end] != citation.quote:
            raise UncheckedError("answer.unchecked", question=answer.question)
    return answer
