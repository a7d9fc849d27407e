"""Questions about an article that the bot can answer: made of its own words, tried before they are shown."""

import re
from collections.abc import Callable, Iterator, Sequence

from bot.passages import Page, Pages
from bot.people import Person, cast_of
from bot.types import Answer
from prompts import options, say

COUNT = 3
RECENT = 6  # articles that the first questions may be about
LOOKED_AT = 60  # articles among which they are chosen: a thread may have many
TRIED = 12  # candidate questions for one article
MAX_TITLE = 60  # characters of a title that a question may name
KEPT = 64  # articles whose questions are remembered
_REPLY = re.compile(r"^(?:re\s*[:：]\s*)+", re.IGNORECASE)  # before a thread's title


class Suggestions:
    """The questions of each article, made when they are first asked for."""

    def __init__(self, pages: Pages, ask: Callable[[str], Answer]) -> None:
        self._pages = pages
        self._ask = ask
        self._made: dict[tuple[str, str], tuple[str, ...]] = {}

    def first(self) -> tuple[str, ...]:
        """Three about the newest article, and about older ones where it gives fewer."""
        found: list[str] = []
        for id in self._recent():
            found += [question for question in self._of(id) if question not in found]
            if len(found) >= COUNT:
                break
        return tuple(found or options("answer.suggestions"))[:COUNT]

    def _recent(self) -> Iterator[str]:
        """The newest articles, one of each thread, the newest first."""
        seen: set[str] = set()
        for id in self._pages.index.newest_articles(LOOKED_AT):
            article = self._pages.index.article(id)
            title = _subject(article.title) if article is not None else ""
            if article is not None and title not in seen and len(seen) < RECENT:
                seen.add(title)
                yield id

    def after(self, answer: Answer, asked: Sequence[str] = ()) -> tuple[str, ...]:
        """Up to three more about the article that an answer cites, without those already asked."""
        if not answer.citations:
            return ()
        known = {answer.question, answer.standalone, *asked}
        found = [question for question in self._of(answer.citations[0].article) if question not in known]
        return tuple(found[:COUNT])

    def _of(self, id: str) -> tuple[str, ...]:
        """Every question about an article that is answered from it, in a varied order."""
        key = (self._pages.index.version, id)
        if key not in self._made:
            page = self._pages.page(id)
            if len(self._made) >= KEPT:
                self._made.clear()
            self._made[key] = tuple(filter(self._good(id), _candidates(page))) if page is not None else ()
        return self._made[key]

    def _good(self, id: str) -> Callable[[str], bool]:
        def good(question: str) -> bool:
            answer = self._ask(question)
            return answer.kind == "answer" and any(cited.article == id for cited in answer.citations)

        return good


def _candidates(page: Page) -> list[str]:
    """What to ask of the speakers, the people and the report itself, one of each in turn."""
    cast = cast_of(page)
    speakers = [person for person in dict.fromkeys(cast.speakers) if person is not None]
    said = [say("answer.suggest_said", who=f"{one.name} {_rank(one.titles)}".strip()) for one in speakers]
    others = [one for one in cast.people if one not in speakers and _named(page, one)]
    roles = [say("answer.suggest_role", who=one.name) for one in others]
    general = list(options("answer.suggestions"))
    title = _subject(page.article.title)
    if len(title) <= MAX_TITLE:
        general.append(say("answer.suggest_summary", title=title))
    turns = [said[:4], general, roles[:3]]
    mixed = [group[n] for n in range(max(map(len, turns))) for group in turns if n < len(group)]
    return mixed[:TRIED]


def _subject(title: str) -> str:
    """A title without what a reply puts before it."""
    return _REPLY.sub("", title)


def _named(page: Page, person: Person) -> bool:
    """Whether the body introduces somebody by what the analyser takes for a name."""
    line = page.lines[person.line]
    return line.role == "body" and any(m.tag == "NNP" and m.start == person.start for m in line.morphemes)


def _rank(titles: tuple[str, ...]) -> str:
    """The title itself, without its organisation: 공동대표 of 포럼 공동대표."""
    return titles[0].split()[-1] if titles else ""
