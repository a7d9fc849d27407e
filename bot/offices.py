"""Who holds an office, and what office somebody holds, where a question asks for nothing else.

이장은 누구예요? is answered by an introduction (이장 남가람), 남가람은 뭐 하는 사람이야? by 남가람 이장: no
other word of the question need stand in the sentence.
"""

import re
from collections.abc import Iterable

from bot.kinds import TITLE
from bot.lexicon import words
from bot.passages import Page
from bot.people import Person, cast_of, holds
from bot.question import Question

_OFFICE = re.compile(
    rf"(?<![가-힣])(?P<title>[가-힣]{{0,4}}{TITLE})님?"
    r"(?=(?:은|는|이|가|의|을|를|직|직을|이라는|라는|이란|란|으로|로|인|이신|였던|이던)?(?:\s|[?？!.,]|요|$))"
)


def introduced(question: Question, pages: Iterable[Page]) -> tuple[Page, Person] | None:
    """The person that a question asks the office of, or asks for by office, with the article that names him.

    None where the question says anything else of the person, or several people would fit.
    """
    if question.several or question.type not in ("person", "role", "org"):
        return None
    for page in pages:
        people = cast_of(page).people
        found = [person for person in people if _meant(question, person)]
        if len(found) > 1:
            found = [person for person in found if _nothing_else(question, person)]
        if len(found) > 1:  # 회장 is rather the 회장 than a 협의회장
            found = [person for person in found if _exactly(question, person)]
        if len(found) == 1 and _nothing_else(question, found[0]):
            return page, found[0]
    return None


def _meant(question: Question, person: Person) -> bool:
    if person.name in question.text.replace(" ", ""):
        return bool(person.titles) and (
            question.type != "org" or question.focus in words("offices", "belonging")
        )
    offices = {match["title"].removesuffix("님") for match in _OFFICE.finditer(question.text)}
    named = re.search(rf"{'|'.join(map(re.escape, offices))}", person.full) if offices else None
    return (
        question.type == "person"
        and named is not None
        and any(
            holds(given, office) or (office == "대표" and given.endswith("대표이사"))
            for given in person.titles
            for office in offices
        )
    )


def _exactly(question: Question, person: Person) -> bool:
    """Whether the name, or the last word of a title, stands in the question as a word of its own."""
    lasts = [given.split()[-1] for given in person.titles]
    return any(re.search(rf"(?<![가-힣]){re.escape(word)}", question.text) for word in (person.name, *lasts))


def _nothing_else(question: Question, person: Person) -> bool:
    """Whether every word of the question is the person's name or title, or asks for a name or an office."""
    body = re.search(r"(\S+)의 $", person.before)
    own = (person.name + "".join(person.titles) + (body[1] if body else "")).replace(" ", "")
    asking = words("offices", "asking")
    return all(m.form in own or m.form in asking for m in question.content)
