"""Who is who in an article, and who says what: names with their titles, short forms, speakers of sentences.

"이 대표는 “…”" is 이가온 협회 공동대표 where the article introduced him so; "그는 이어 “…”" and "이어 “…”" go on
with the speaker before. Works on any article: nothing but forms of address is known in advance.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.kinds import SURNAMES, TITLE
from bot.lexicon import words
from bot.passages import Candidate, Line, Page
from bot.reader.spans import NOMINAL
from bot.runs import GLUE
from vectorstore.morphemes import UNKNOWN_BELOW

BEFORE = 16  # characters
_WORD = r"[가-힣A-Za-z0-9㈜()·‧]+"
# 이가온 협회 공동대표 / 도하람 한빛대 특임교수 / 서다은 ㈜새벽별 대표이사
NAME_TITLE = re.compile(
    rf"(?<![가-힣])(?P<name>{SURNAMES}[가-힣]{{1,3}}) (?P<title>(?:{_WORD} ){{0,4}}?[가-힣A-Za-z0-9]*{TITLE})(?![가-힣]*(?:실|단|회|청)\b)"
)
# 정책위원장 남기훈 / 좌장인 마은정 변호사
TITLE_NAME = re.compile(
    rf"(?P<title>(?:{_WORD} ){{0,2}}[가-힣]*{TITLE})(?:인)? (?P<name>{SURNAMES}[가-힣]{{1,2}})(?=[은는이가을를의도와과,. ()씨]|$)"
)
_SHORT = re.compile(rf"(?<![가-힣])(?P<surname>[가-힣]) ?(?P<title>[가-힣]{{0,4}}{TITLE})(?![가-힣]{{2}})")
# 회장은 / 한빛대 총장이 / 군청 과장: an office without a name before it, in a question
_OFFICE = re.compile(
    rf"(?:(?<![가-힣A-Za-z0-9])(?P<org>[가-힣A-Za-z0-9㈜]{{1,12}}) )?(?<![가-힣])(?P<title>[가-힣]{{0,4}}{TITLE})님?"
    r"(?=(?:은|는|이|가|의|도|께서|께서는|한테|에게)? |(?:은|는|이|가|의|도|께서|께서는|한테|에게)?[?？]?$)"
)
_SUBJECT = re.compile(r"(?:은|는|도|이|가| ?역시| ?또한|께서는)(?=\s)")
_OPENING = 44  # characters in which a sentence's subject ends
_REPORTER = re.compile(r"기자|특파원|논설|위원|통신|편집|[@=·/]")
_NEWS = frozenset({"section", "subtitle", "caption"})  # parts that a post does not have
_GOES_ON = re.compile(r"^(?:그는|그녀는|이어|그러면서|또한?|그리고|아울러|이어서|다만|특히|끝으로|덧붙여)\b")
_THAT = re.compile(r"(?:다|라|자|냐|달라|려)고(?: \S{1,8}){1,2}다[.”]?$")  # …다고 내다봤다, …자고 당부했다
_QUOTE = re.compile(r"[“\"]")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom an article names."""

    name: str
    titles: tuple[str, ...]
    """Every title given, with its organisation, in text order."""
    line: int
    """Where the person is introduced."""
    start: int
    """Offset of the introduction in that line's text."""
    end: int
    before: str = ""
    """The words of that line before the introduction: 고은시의 in 고은시의 남가람 과장."""

    @property
    def full(self) -> str:
        """이가온 협회 공동대표."""
        return f"{self.name} {self.titles[0]}" if self.titles else self.name


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The people of an article and who speaks in each line."""

    people: tuple[Person, ...]
    speakers: tuple[Person | None, ...]

    def named_in(self, text: str) -> tuple[Person, ...]:
        """The people that a question speaks of, by name or by surname and title."""
        by_name = [person for person in self.people if person.name in text.replace(" ", "")]
        if not by_name:
            by_name = [person for person in self.people if _misspelled(person, text)]
        short = [resolve(match["surname"], match["title"], self.people) for match in _SHORT.finditer(text)]
        found = [*by_name, *(person for person in short if person is not None)]
        return tuple(dict.fromkeys(found or _by_title(self.people, text)))


def offices_in(text: str) -> list[str]:
    """The offices that a question names without a person's name: 부군수 in 부군수는 뭐라고 했나요?"""
    found = (match["title"].removesuffix("님") for match in _OFFICE.finditer(text))
    return [title for title in found if title]


def _by_title(people: Sequence[Person], text: str) -> list[Person]:
    """Those whom a question names by office alone, as the only one who holds it: 회장은, 한빛대 총장은.

    A word before the title that is no part of that person's titles says that somebody else is meant, but for
    a common noun of an office (군청 과장, 시 담당 국장).
    """
    found = []
    for match in _OFFICE.finditer(text):
        title = match["title"].removesuffix("님")
        holders = [person for person in people if any(holds(given, title) for given in person.titles)]
        exact = [person for person in holders if any(given.split()[-1] == title for given in person.titles)]
        holders = exact or holders  # 회장 is rather the 회장 than a 협의회장
        before = match["org"] or ""
        near = [
            person
            for person in holders
            if any(_shares(before, given) for given in person.titles) or (before and before in person.before)
        ]
        if len(near) == 1:
            found += near
        elif len(holders) == 1 and (not before or before in words("offices")):
            found += holders
    return found


def holds(given: str, title: str) -> bool:
    """Whether an introduced title is the one asked for: 해조협 회장 for 회장, but not 부회장."""
    last = given.split()[-1]
    return last == title or (last.endswith(title) and len(title) > 1 and not last.endswith("부" + title))


def _shares(word: str, given: str) -> bool:
    """Whether two letters in a row of the word stand in a title: 새벽뼐 and 새벽별 대표."""
    letters = given.replace(" ", "").lower()
    pairs = [word[i : i + 2].lower() for i in range(len(word) - 1)]
    return bool(pairs) and sum(pair in letters for pair in pairs) * 2 >= len(pairs)


def _misspelled(person: Person, text: str) -> bool:
    """Whether a text has the name with one syllable wrong, before a title of that person: 도하랑 교수."""
    for match in re.finditer(
        rf"(?<![가-힣])(?P<name>[가-힣]{{3,4}}) ?(?P<title>[가-힣]{{0,4}}{TITLE})", text
    ):
        name = match["name"]
        same = sum(a == b for a, b in zip(name, person.name, strict=False))
        if len(name) == len(person.name) == same + 1 and any(_fits(match["title"], t) for t in person.titles):
            return True
    return False


@lru_cache(maxsize=128)
def cast_of(page: Page) -> Cast:
    """Read an article's people; the same page is read once."""
    people = _people(page.lines)
    return Cast(people, tuple(_speakers(page.lines, people)))


def speaker_of(candidate: Candidate) -> Person | None:
    """Who says a sentence: the speaker that the article names, or the writer of a post."""
    speaker = cast_of(candidate.page).speakers[candidate.place]
    return speaker or _writer(candidate)


def _writer(candidate: Candidate) -> Person | None:
    """The writer of a post or comment, who speaks for himself; a reporter only reports."""
    page, article = candidate.page, candidate.page.article
    author = article.author
    if author is None or candidate.line.role != "body" or _REPORTER.search(author):
        return None
    signed = "".join(article.text[part.start : part.end] for part in article.parts if part.role == "byline")
    reported = article.publisher is not None or {part.role for part in article.parts} & _NEWS
    if reported or _REPORTER.search(signed):
        return None
    place = next(
        (n for n, line in enumerate(page.lines) if line.role == "byline" and author in line.text), None
    )
    if place is None:  # only a part of the article is read here
        return Person(author, (), candidate.place, 0, 0)
    start = page.lines[place].text.index(author)
    return Person(author, (), place, start, start + len(author))


def resolve(surname: str, title: str, people: Sequence[Person], before: int | None = None) -> Person | None:
    """Whom 이 대표 means: a person of that surname with a title that ends so, the one introduced last."""
    fitting = [
        person
        for person in people
        if person.name.startswith(surname)
        and any(_fits(title, given) for given in person.titles)
        and (before is None or person.line <= before)
    ]
    return fitting[-1] if fitting else None


def _fits(short: str, given: str) -> bool:
    last = given.split()[-1]
    return last.endswith(short) or short.endswith(last) or short in last


def _people(lines: Sequence[Line]) -> tuple[Person, ...]:
    found: dict[str, Person] = {}
    for number, line in enumerate(lines):
        if line.role in ("byline", "section", "dateline"):
            continue
        for match in _introductions(line):
            name, title = match["name"], match["title"].strip()
            known = found.get(name)
            if known is None:
                before = line.text[max(0, match.start() - BEFORE) : match.start()]
                found[name] = Person(name, (title,), number, match.start(), match.end(), before)
            elif any(title.endswith(given) and title != given for given in known.titles):
                titles = tuple(title if title.endswith(given) else given for given in known.titles)
                found[name] = replace(known, titles=tuple(dict.fromkeys(titles)))
            elif all(title not in given for given in known.titles):
                found[name] = replace(known, titles=(*known.titles, title))
    return tuple(found.values())


def _introductions(line: Line) -> list[re.Match[str]]:
    """Where a name stands with a title, in text order."""
    found = []
    for pattern in (NAME_TITLE, TITLE_NAME):
        place = 0
        while (match := pattern.search(line.text, place)) is not None:
            good = match["name"] not in words("not_names") and not re.fullmatch(TITLE, match["name"][1:])
            if good and _whole(line, match):
                found.append(match)
                place = match.end()
            else:
                place = match.start() + 1
    return sorted(found, key=lambda match: match.start())


def _whole(line: Line, match: re.Match[str]) -> bool:
    """Whether name and title are runs of nouns that end where a noun ends.

    A name of three letters may be taken apart otherwise (배수빈 as 배수 비 ᆫ), but is no common noun (가운데).
    """
    inside = [m for m in line.morphemes if m.start < match.end() and m.end > match.start()]
    start, end = match.span("name")
    name = [m for m in inside if m.start < end and m.end > start]
    common = len(name) == 1 and name[0].tag != "NNP" and name[0].id >= UNKNOWN_BELOW
    apart = end - start == 3 and bool(name) and name[-1].tag[0] != "J" and name[-1].tag not in ("EC", "EF")
    clean = all(
        m.tag in NOMINAL or m.tag in GLUE or m.tag == "VCP" for m in inside if m not in name or not apart
    )
    after = next((m for m in line.morphemes if m.start == match.end()), None)
    return (
        clean
        and not common
        and bool(inside)
        and inside[-1].end == match.end()
        and (after is None or after.tag not in NOMINAL)
    )


def _speakers(lines: Sequence[Line], people: Sequence[Person]) -> list[Person | None]:
    speakers: list[Person | None] = []
    current: Person | None = None
    for number, line in enumerate(lines):
        subject = _subject(line.text, people) if line.role == "body" else None
        if subject is not None and _is_person(subject):
            current = _whom(subject, people, number)
        elif not (_GOES_ON.match(line.text) or _goes_on(lines, number) or _quotes_nobody(line)):
            current = None
        speakers.append(current if line.role == "body" and _speaks(line) else None)
    return speakers


def _subject(text: str, people: Sequence[Person]) -> str | None:
    """What stands before the first particle of a subject that is no letter of a name: 마가은 총무 of 마가은 총무는."""
    for match in _SUBJECT.finditer(text[:_OPENING]):
        who = text[: match.start()]
        if re.search(r"[“”\"‘’,]", who):
            return None
        if not any(name.startswith(who.split(" ")[-1] + match[0]) for name in (one.name for one in people)):
            return who
    return None


def _is_person(who: str) -> bool:
    """Whether a subject ends on a title or is a bare name."""
    return bool(re.search(rf"(?:{TITLE}|^{SURNAMES}[가-힣]{{1,2}})$", who))


def _speaks(line: Line) -> bool:
    """Whether somebody is quoted in the line, directly or indirectly."""
    verbs = words("saying", "verbs")
    told = any(m.form in verbs or m.form + "하" in verbs for m in line.morphemes[-7:])
    return told or bool(_QUOTE.search(line.text) or _THAT.search(line.text))


def _quotes_nobody(line: Line) -> bool:
    """Whether a body line quotes and says of nobody that he speaks: 보상에 대해서는 “…”며 말을 아꼈다."""
    opening = re.search(r"[“\"]", line.text)
    if line.role != "body" or opening is None:
        return False
    if re.search(TITLE + r"(?:\s|$)", line.text[: opening.start()]):
        return False
    before = [m for m in line.morphemes if m.start < opening.start()]
    after = [m for m in line.morphemes if m.start > line.text.rfind("”")] if "”" in line.text else []
    subject = any(m.tag == "JKS" for m in [*before, *after])
    topic = any(
        m.tag == "JX" and m.form in ("은", "는") and (not n or before[n - 1].tag[0] == "N")
        for n, m in enumerate(before)
    )
    return not subject and not topic


def _goes_on(lines: Sequence[Line], number: int) -> bool:
    """Whether the line stands in the paragraph of the line before, or opens with its quotation."""
    same = number > 0 and lines[number - 1].paragraph == lines[number].paragraph
    return same or bool(_QUOTE.match(lines[number].text))


def _whom(who: str, people: Sequence[Person], number: int) -> Person | None:
    """The person that a subject names in full or by surname and title; None for a stranger."""
    for person in people:
        if person.name in who.replace(" ", ""):
            return person
    short = _SHORT.search(who)
    return resolve(short["surname"], short["title"], people, number) if short else None
