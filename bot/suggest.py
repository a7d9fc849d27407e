"""Example questions that an index can answer, made from its newest article."""

from functools import lru_cache

from bot.passages import Page, Pages
from bot.people import cast_of
from prompts import options, say
from vectorstore.reader import Index

COUNT = 3


def suggest(index: Index, pages: Pages) -> tuple[str, ...]:
    """Three questions about the newest article: who spoke, who it names, what it is about."""
    id = index.newest_article()
    page = pages.page(id) if id is not None else None
    return _about(page) if page is not None else options("answer.suggestions")[:COUNT]


@lru_cache(maxsize=8)
def _about(page: Page) -> tuple[str, ...]:
    cast = cast_of(page)
    speakers = list(dict.fromkeys(person for person in cast.speakers if person is not None))
    questions = [
        say("answer.suggest_said", who=f"{person.name} {_rank(person.titles)}") for person in speakers[:2]
    ]
    if not questions:
        questions = [say("answer.suggest_role", who=person.name) for person in cast.people[:2]]
    return (*questions, *options("answer.suggestions"))[:COUNT]


def _rank(titles: tuple[str, ...]) -> str:
    """The title itself, without its organisation: 공동대표 of 포럼 공동대표."""
    return titles[0].split()[-1] if titles else ""
