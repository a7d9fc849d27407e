"""What a clause has of which there may be another: people, places, numbers, days, halves of the day, years."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.grounding.amounts import amounts
from bot.grounding.clauses import Clause
from bot.grounding.text import analysed
from bot.kinds import SURNAMES, TITLE
from bot.lexicon import words
from bot.people import NAME_TITLE, TITLE_NAME
from vectorstore.morphemes import UNKNOWN_BELOW

YEARS = 1900  # from here on a number of years is a year
_PERSON = re.compile(rf"{SURNAMES}[가-힣]{{1,2}}")
_PLACE = re.compile(
    r"..(?:학교|초|[가-힣]대|시청|구청|군청|도청|도서관|박물관|미술관|체육관|회관|기념관|전시관|문화관|영화관|복지관|수련원|요양원|유치원|어린이집|병원|의원|공원|광장|센터|서|우체국|보건소|사무소|운동장|경기장|극장|시장|마당|아파트|마을|터미널|정류장|역|항|대교|호수|계곡|해수욕장|공항|호텔|점|건물|나루|쉼터|타워|파크|캠퍼스|창고|하우스|스타디움)$|^(?:학교|병원|시청|구청|군청|도청|공원|광장|경찰서|소방서|우체국|보건소|시장|역|교회|성당|절|회관|호텔|은행|공항|마을|아파트|[동서남북]쪽|[상하]행선|[1-9]층|본점|입구|출구|실내|야외|교내|교외)$"
)
_NO_NAME = frozenset("시군구동면읍역대초당관탕점집들회은는이가을를의에로")
_HALF = re.compile(r"오전|오후")
_DATES = re.compile(
    r"(?<!\d)(?:\d{1,2}월 ?)?(\d{1,2}일)(?=에|부터|까지|[ ,])(?!에 걸쳐| ?동안| 만에| ?연속| ?이내)"
)
_YEAR = re.compile(r"올해|내년|지난해|작년|(?:19|20)\d\d년")
_TITLED = re.compile(rf"[가-힣]{{0,6}}{TITLE}")
_AT = frozenset({"에", "에서", "으로", "로", "까지"})
_AREA = re.compile(r"[가-힣]{2,}(?:시|군|구|읍|면|동|도)")
_SHORT = re.compile(rf"(?<![가-힣])(?P<surname>[가-힣]) (?:[가-힣]{{0,4}}{TITLE})")
_ADDRESSED = re.compile(
    r"(?<![가-힣])[‘'“\"]?(?P<name>[가-힣]{2,5})[’'”\"]? (?:씨|님|후보|선수)(?![가-힣]{2})"
)
_UNKNOWN = re.compile(
    rf"(?<![가-힣])(?P<name>[가-힣]{{3}}) [가-힣]{{0,4}}(?:{TITLE}|의사|약사|위원|장|원|가|관|자)(?:은|는|이|가|께서|도)(?= )"
)
_AT_ONCE = re.compile(rf"[’'”\"]? (?:씨|님|후보|[가-힣]{{0,4}}(?!선수){TITLE})")
_BEHIND = re.compile(rf"[’'”\"]?(?: [가-힣A-Za-z0-9]+){{0,3}}? [가-힣]{{0,6}}(?:{TITLE}|씨|님|후보|선수)")
_BEFORE = re.compile(rf"[가-힣]{{0,6}}{TITLE} (?=[‘'“\"]?$)")


@dataclass(frozen=True, slots=True)
class Slot:
    """Something of which there may be another of the same kind."""

    kind: str
    value: str
    start: int
    end: int


def slots(clause: Clause, people: frozenset[str]) -> list[Slot]:
    """Everything of a clause of which the evidence may have another."""
    return [
        *_people(clause, people),
        *_short(clause, people),
        *_names(clause, people),
        *_numbers(clause),
        *_times(clause),
    ]


@lru_cache(maxsize=256)
def named(text: str) -> frozenset[str]:
    """The people that a text names: with a title, with 씨 or 님, or by a name that the analyser knows."""
    found = {
        match["name"]
        for pattern in (NAME_TITLE, TITLE_NAME)
        for match in overlapping(pattern, text)
        if not re.search(r"\d", match["title"])  # then the title is somebody else's
    }
    found |= {match["name"] for match in _ADDRESSED.finditer(text)}
    found |= {
        match["name"] for match in _UNKNOWN.finditer(text) if _unknown(match["name"], match.start(), text)
    }
    return frozenset(name for name in found if _is_name(name) and _nominal(name, text))


def _unknown(name: str, start: int, text: str) -> bool:
    """Whether the analyser knows no such word, nor its parts: 옹세미."""
    inside = [m for m in analysed(text) if start <= m.start < start + len(name)]
    return len(inside) == 1 and inside[0].id < UNKNOWN_BELOW and inside[0].end == start + len(name)


def _nominal(name: str, text: str) -> bool:
    """Whether a word is written as a name is: no known noun of two letters and no verb, but right before a title."""
    place = text.find(name)
    inside = [m for m in analysed(text) if place <= m.start < place + len(name)]
    if _AT_ONCE.match(text, place + len(name)):
        return True
    known = len(inside) == 1 and inside[0].tag == "NNG" and inside[0].id >= UNKNOWN_BELOW
    return not known and all(m.tag[0] in "NXMSW" and m.tag[:2] != "XS" for m in inside)


def overlapping(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Every match of a pattern, those that begin inside another among them."""
    place = 0
    while (match := pattern.search(text, place)) is not None:
        yield match
        place = match.start() + 1


def _is_name(word: str) -> bool:
    return word not in words("not_names") and word[-1] not in _NO_NAME and not _TITLED.fullmatch(word)


def _people(clause: Clause, people: frozenset[str]) -> Iterator[Slot]:
    """People by name, with the titles around them."""
    known = {
        unit.form
        for unit in clause.units
        if unit.tag == "NNP" and _PERSON.fullmatch(unit.form) and unit.form[-1] != "도"
    }
    for name in sorted(people | set(filter(_is_name, known))):
        for match in re.finditer(re.escape(name), clause.text):
            behind = _BEHIND.match(clause.text, match.end())
            before = _BEFORE.search(clause.text[: match.start()])
            yield Slot(
                "person",
                name,
                before.start() if before else match.start(),
                behind.end() if behind else match.end(),
            )


def _short(clause: Clause, people: frozenset[str]) -> Iterator[Slot]:
    """People by surname and title, where only one has that surname: 윤 시장."""
    for match in _SHORT.finditer(clause.text):
        named = [name for name in people if name[0] == match["surname"] and name not in clause.text]
        if len(named) == 1:
            yield Slot("person", named[0], *match.span())


def _names(clause: Clause, people: frozenset[str]) -> Iterator[Slot]:
    """Places and weekdays."""
    for unit in clause.units:
        kind = kind_of(unit.form) if unit.tag[:2] == "NN" else None
        if unit.tag == "NNP" and unit.form not in people and unit.particle in _AT and len(unit.form) > 1:
            kind = kind or "place"
        if unit.tag == "NNP" and _AREA.fullmatch(unit.form):
            kind = "area"
        if kind is not None:
            yield Slot(kind, unit.form, unit.start - clause.start, unit.end - clause.start)


def kind_of(noun: str) -> str | None:
    """What one noun may stand for another of: a place, a weekday; None for other nouns."""
    if noun.endswith("요일"):
        return "weekday"
    return "place" if _PLACE.search(noun) and noun not in words("grounding", "no_places") else None


def _numbers(clause: Clause) -> Iterator[Slot]:
    for match in _DATES.finditer(clause.text):
        yield Slot("day", match[1], *match.span())
    for amount in amounts(_DATES.sub(lambda match: " " * len(match[0]), clause.text)):
        if amount.measure is not None and not (amount.unit == "년" and amount.value >= YEARS):
            yield Slot(amount.measure, str(amount), amount.start, amount.end)


def _times(clause: Clause) -> Iterator[Slot]:
    """Halves of the day, and years by name: 내년."""
    for kind, pattern in (("half", _HALF), ("year", _YEAR)):
        for match in pattern.finditer(clause.text):
            yield Slot(kind, match[0], match.start(), match.end())
