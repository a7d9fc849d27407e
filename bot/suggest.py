"""Questions about an article that the bot can answer: made of its own words, tried before they are shown."""

from collections.abc import Callable, Sequence

from bot.passages import Page, Pages
from bot.people import Person, cast_of
from bot.types import Answer
from prompts import options, say

COUNT = 3
TRIED = 12  # candidate questions for one article
MAX_TITLE = 60  # characters of a title that a question may name
KEPT = 64  # articles whose questions are remembered


class Suggestions:
    """The questions of each article, made when they are first asked for."""

    def __init__(self, pages: Pages, ask: Callable[[str], Answer]) -> None:
        self._pages = pages
        self._ask = ask
        self._made: dict[tuple[str, str], tuple[str, ...]] = {}

    def first(self) -> tuple[str, ...]:
        """Three about the newest article."""
        id = self._pages.index.newest_article()
        found = self._of(id) if id is not None else ()
        return (found or options("answer.suggestions"))[:COUNT]

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
    if len(page.article.title) <= MAX_TITLE:
        general.append(say("answer.suggest_summary", title=page.article.title))
    turns = [said[:4], general, roles[:3]]
    mixed = [group[n] for n in range(max(map(len, turns))) for group in turns if n < len(group)]
    return mixed[:TRIED]


def _named(page: Page, person: Person) -> bool:
    """Whether the body introduces somebody by what the analyser takes for a name."""
    line = page.lines[person.line]
    return line.role == "body" and any(m.tag == "NNP" and m.start == person.start for m in line.morphemes)


def _rank(titles: tuple[str, ...]) -> str:
    """The title itself, without its organisation: 공동대표 of 포럼 공동대표."""
    return titles[0].split()[-1] if titles else ""
