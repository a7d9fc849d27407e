"""The last look at an answer before it leaves: what it quotes must stand in the article, word for word."""

from bot.passages import Pages
from bot.types import Answer
from prompts import UserError, say


class UncheckedError(UserError):
    """An answer that cites what is not there: a fault of ours, never shown as an answer."""


def checked(answer: Answer, pages: Pages) -> Answer:
    """The answer as it is, or a refusal where it quotes a sentence with a name that is taken down.

    Raises UncheckedError where a quote is not at its offsets or none is given.
    """
    if answer.kind == "answer" and not answer.citations:
        raise UncheckedError("answer.unchecked", question=answer.question)
    for citation in answer.citations:
        article = pages.index.article(citation.article)
        if article is None or article.text[citation.start : citation.end] != citation.quote:
            raise UncheckedError("answer.unchecked", question=answer.question)
    if not all(pages.index.quotable(cited.article, cited.start, cited.end) for cited in answer.citations):
        # The next best sentence would be a wrong answer: the one that was asked for is not to be given.
        text = say("answer.no_evidence")
        return Answer(answer.question, answer.standalone, "refusal", text, reason="no_evidence")
    return answer
