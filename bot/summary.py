"""Which sentences sum an article up: as a whole, in its order, in what is disputed, or on one subject."""

import re
from collections.abc import Sequence

from bot.evidence import Ranked
from bot.lexicon import words
from bot.passages import Candidate, Page
from bot.people import cast_of
from bot.question import Question
from bot.reading import fitting, nearly
from vectorstore.morphemes import Morpheme

PARTICULAR, COVERED_BY_ONE = 3, 0.4  # words that say what to sum up, and how much of them a sentence says
_STEP = re.compile(
    r"(?<!\d)[1-9]부(?![가-힣]*터)|^(?:먼저|이어서?|이후|마지막으로|끝으로) |개회|개막|폐회|폐막|막을 (?:올|열|내)"
)
_AGAINST = re.compile(
    r"^(?:반면|그러나|하지만|다만|이에) |맞섰|맞서|반대|반박|반론|엇갈|팽팽|우려|걱정|이견|논쟁|아니라|보다 .{0,12}(?:급하|먼저|낫)"
)


def summary(question: Question, ranked: Sequence[Ranked]) -> list[Candidate]:
    """The sentences of one answer, in the article's order; of a part of it where the question says which."""
    page = ranked[0].candidate.page
    facet = _facet(question, page)
    if facet:
        return fitting(page, facet)
    if len(_particular(question)) >= PARTICULAR and ranked[0].covered >= COVERED_BY_ONE:
        return nearly(ranked)
    named = cast_of(page).named_in(question.text)
    body = _body(page)
    spoken = [place for place in body if cast_of(page).speakers[place] in named]
    return fitting(page, spoken or body or [0])


def _body(page: Page) -> list[int]:
    return [place for place, line in enumerate(page.lines) if line.role == "body" and not line.hidden]


def _facet(question: Question, page: Page) -> list[int]:
    """The places of the sentences that show the course of an event, or where its people disagree."""
    forms = {m.form for m in question.morphemes}
    sign = _STEP if forms & words("facets", "course") else None
    sign = _AGAINST if forms & words("facets", "dispute") else sign
    if sign is None:
        return []
    body = _body(page)
    shown = [place for place in body if sign.search(page.lines[place].text)]
    if sign is _AGAINST:  # what is contradicted stands before it
        shown = sorted({near for place in shown for near in (place - 1, place) if near in body})
        spoken = [place for place in shown if cast_of(page).speakers[place] is not None]
        shown = spoken if len(spoken) > 1 else shown
    return shown if len(shown) > 1 else []


def _particular(question: Question) -> list[Morpheme]:
    """The words of a request for a summary that say of what, but for the report as a whole."""
    return [m for m in question.content if m.form not in words("whole")]
