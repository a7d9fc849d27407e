"""A name, number, date or place that stands in the evidence, but of something else."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from bot.grounding.amounts import Amount, amounts
from bot.grounding.clauses import Clause, Unit, clauses, likeness
from bot.grounding.text import analysed
from bot.kinds import SURNAMES, TITLE
from bot.lexicon import words
from bot.people import NAME_TITLE, TITLE_NAME
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.morphemes import UNKNOWN_BELOW

YEARS = 1900  # from here on a number of years is a year
MARGIN = 0.5  # words by which another clause must fit better
DECAY = 4.0  # words between at which a word counts half
RATIO = 1.5
CROSSED = 1.3  # times better must two values fit in each other's places
_PERSON = re.compile(rf"{SURNAMES}[가-힣]{{1,2}}")
_PLACE = re.compile(
    r"..(?:학교|초|[가-힣]대|시청|구청|군청|도청|도서관|박물관|미술관|체육관|회관|기념관|전시관|문화관|영화관|복지관|수련원|요양원|유치원|어린이집|병원|의원|공원|광장|센터|서|우체국|보건소|사무소|운동장|경기장|극장|시장|마당|아파트|마을|터미널|정류장|역|항|대교|호수|계곡|해수욕장|공항|호텔|점|건물|나루|쉼터|타워|파크|캠퍼스|창고|하우스|스타디움)$|^(?:학교|병원|시청|구청|군청|도청|공원|광장|경찰서|소방서|우체국|보건소|시장|역|교회|성당|절|회관|호텔|은행|공항|마을|아파트|[동서남북]쪽|[상하]행선|[1-9]층|본점|입구|출구|실내|야외|교내|교외)$"
)
_NO_NAME = frozenset("시군구동면읍역대초당관탕점집들회은는이가을를의에로")
_HALF = re.compile(r"오전|오후")
_DATES = re.compile(r"(?<!\d)(?:\d{1,2}월 ?)?(\d{1,2}일)(?=에|부터|까지|[ ,])(?!에 걸쳐| ?동안| 만에| ?연속| ?이내)")
_YEAR = re.compile(r"올해|내년|지난해|작년|(?:19|20)\d\d년")
_TITLED = re.compile(rf"[가-힣]{{0,6}}{TITLE}")
_AMONG = frozenset({"가운데", "중", "동안", "평균", "최대", "월", "연", "하루", "매달", "전액", "총액"})
_AT = frozenset({"에", "에서", "으로", "로", "까지"})
_AREA = re.compile(r"[가-힣]{2,}(?:시|군|구|읍|면|동|도)")
_SHORT = re.compile(rf"(?<![가-힣])(?P<surname>[가-힣]) (?:[가-힣]{{0,4}}{TITLE})")
_JOINT = re.compile(r"(?:에는|에|은|는|이|가|의|보다)? ?(?:약|최대|모두|총|평균|만)? ?")
_WHO = {"을": "whom", "를": "whom", "에게": "whom", "은": "who", "는": "who", "이": "who", "가": "who"}
_OPPOSITE = {"from": "to", "to": "from", "who": "whom", "whom": "who"}
_ADDRESSED = re.compile(
    r"(?<![가-힣])[‘'“\"]?(?P<name>[가-힣]{2,5})[’'”\"]? (?:씨|님|후보|선수)(?![가-힣]{2})"
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


def misplaced(sentence: str, evidence: Sequence[str], encoder: KiwiEncoder) -> str | None:
    """The value that the evidence has of something else, with what it has instead; None where there is none."""
    people = named("\n".join((sentence, *evidence)))
    there = [(clause, _slots(clause, people)) for text in evidence for clause in clauses(text, encoder)]
    for clause in clauses(sentence, encoder):
        slots = _slots(clause, people)
        crossed = (
            _crossed(slots, clause, there)
            or _beside(clause, [one for one, _ in there])
            or _turned(clause, there, people)
            or _reversed(clause, [one for one, _ in there])
        )
        if crossed is not None:
            return " / ".join(crossed)
        for slot in slots:
            instead = _instead(slot, clause, there)
            if instead is not None:
                return f"{slot.value} / {instead}"
    return None


def _instead(slot: Slot, clause: Clause, there: Sequence[tuple[Clause, Sequence[Slot]]]) -> str | None:
    """What stands where the slot's value should, in a clause that speaks of the same."""
    own, other, instead = -1.0, 0.0, ""
    for one, its in there:
        same = [found for found in its if found.kind == slot.kind and _same(found.value, slot.value)]
        own = max((own, *(_fit(slot, clause, found, one) for found in same)))
        for found in its:
            if found.kind != slot.kind or found in same or found.value in clause.text:
                continue  # where both are spoken of, nothing is in the other's place
            if same or _acted_on(slot, clause) != _acted_on(found, one):
                continue
            fit = _fit(slot, clause, found, one)
            if fit > other:
                other, instead = fit, found.value
    if own < 0 or other < own + MARGIN or other < own * RATIO:
        return None
    return instead


def _acted_on(slot: Slot, clause: Clause) -> bool:
    """Whether a person is whom something is done to, or another's: 아버지 정판돌 씨에게."""
    after = clause.text[slot.end : slot.end + 3]
    return slot.kind == "person" and after.startswith(("을", "를", "에게", "의 ", "께 ", "한테"))


def _crossed(
    slots: Sequence[Slot], clause: Clause, there: Sequence[tuple[Clause, Sequence[Slot]]]
) -> tuple[str, str] | None:
    """Two values of a clause, each of which fits better where the evidence has the other."""
    for one, other in combinations(slots, 2):
        if one.kind != other.kind or _same(one.value, other.value):
            continue
        fits = [
            max((_fit(mine, clause, found, place) for place, its in there for found in its
                 if found.kind == mine.kind and _same(found.value, said.value)), default=-1.0)
            for mine in (one, other)
            for said in (one, other)
        ]  # fmt: skip
        if min(fits) >= 0 and fits[1] + fits[2] >= (fits[0] + fits[3]) * CROSSED:
            return one.value, other.value
    return None


def _beside(clause: Clause, there: Sequence[Clause]) -> tuple[str, str] | None:
    """A number of one thing that the evidence has of another: 유화 210점 for 드로잉 210점."""
    theirs = [pair for one in there for pair in _counted(one)]
    behind = {(form, str(amount)) for one in there for form, amount in _described(one)}
    for noun, mine in _counted(clause):
        of = {form for form, other in theirs if str(other) == str(mine)}
        of = set() if (noun, str(mine)) in behind else of
        instead = [other for form, other in theirs if form == noun and other.unit == mine.unit]
        if of and noun not in of and instead:
            return str(mine), str(instead[0])
    return None


def _reversed(clause: Clause, there: Sequence[Clause]) -> tuple[str, str] | None:
    """From one number to another, where the evidence has it the other way round."""
    theirs = {pair for one in there for pair in _changes(one)}
    for before, after in _changes(clause):
        if (after, before) in theirs and (before, after) not in theirs:
            return before, after
    return None


def _changes(clause: Clause) -> list[tuple[str, str]]:
    """Pairs of numbers from one of which something goes to the other: 4만 원에서 9만 원으로."""
    found = sorted(amounts(clause.text), key=lambda amount: amount.start)
    return [
        (str(one), str(other))
        for one, other in pairwise(found)
        if re.match(r" ?에서", clause.text[one.end :]) and re.match(r"(?:으로|로|까지)", clause.text[other.end :])
    ]


def _counted(clause: Clause) -> list[tuple[str, Amount]]:
    """Each number with the word right before it."""
    found = []
    for amount in amounts(clause.text):
        before = [unit for unit in clause.units if unit.end - clause.start <= amount.start]
        if (
            before
            and before[-1].form not in _AMONG
            and amount.measure
            and not (amount.unit == "년" and amount.value >= YEARS)
            and _JOINT.fullmatch(clause.text[before[-1].end - clause.start : amount.start])
        ):
            found.append((before[-1].form, amount))
    return found


def _described(clause: Clause) -> list[tuple[str, Amount]]:
    """Each number with the word right behind it: 여섯 곳 경로당."""
    return [
        (unit.form, amount)
        for amount in amounts(clause.text)
        for unit in clause.units
        if re.fullmatch(r"의? ?", clause.text[amount.end : max(0, unit.start - clause.start)] or "x")
    ]


def _turned(
    clause: Clause, there: Sequence[tuple[Clause, Sequence[Slot]]], people: frozenset[str]
) -> tuple[str, str] | None:
    """Where from and where to, or who and whom, the other way round."""
    for unit in clause.units:
        role = _role(unit, people)
        its = {_role(other, people) for one, _ in there for other in one.units if other.form == unit.form}
        opposite = _OPPOSITE.get(role or "")
        if opposite in its and role not in its and (role in ("from", "to") or _same_act(clause, unit, there)):
            return unit.form, unit.particle
    return None


def _role(unit: Unit, people: frozenset[str]) -> str | None:
    if unit.form in people:
        return _WHO.get(unit.particle)
    if unit.tag != "NNP" and kind_of(unit.form) != "place":
        return None
    return {"에서": "from", "부터": "from", "에서부터": "from", "까지": "to"}.get(unit.particle)


def _same_act(clause: Clause, unit: Unit, there: Sequence[tuple[Clause, Sequence[Slot]]]) -> bool:
    """Whether the evidence has the clause's predicate where it has the unit."""
    return any(
        likeness(clause.units[-1], one.units[-1]) == 1.0
        for one, _ in there
        if any(other.form == unit.form for other in one.units)
    )


def _fit(slot: Slot, clause: Clause, found: Slot, one: Clause) -> float:
    """How many of the words and numbers around the one stand around the other, near ones counting more."""
    there = [
        (unit, _nearness(unit.start - one.start, found, one))
        for unit in one.units
        if not _inside(unit, found, one)
    ]
    words = sum(
        _nearness(unit.start - clause.start, slot, clause)
        * max((likeness(unit, other) * near for other, near in there), default=0.0)
        for unit in clause.units
        if not _inside(unit, slot, clause)
    )
    return words + sum(
        _nearness(mine.start, slot, clause) * _nearness(other.start, found, one)
        for mine in amounts(clause.text)
        for other in amounts(one.text)
        if str(mine) == str(other) and not _overlap(mine, slot) and not _overlap(other, found)
    )


def _overlap(amount: Amount, slot: Slot) -> bool:
    return amount.start < slot.end and slot.start < amount.end


def _nearness(middle: int, slot: Slot, clause: Clause) -> float:
    """1 right beside the slot, less with each word between."""
    between = sum(
        min(middle, slot.start) < other.start - clause.start < max(middle, slot.start)
        for other in clause.units
    )
    return 1 / (1 + between / DECAY)


def _inside(unit: Unit, slot: Slot, clause: Clause) -> bool:
    return unit.start - clause.start < slot.end and slot.start < unit.end - clause.start


def _same(one: str, other: str) -> bool:
    return one == other or (
        min(len(one), len(other)) > 1
        and (one.endswith(other) or other.endswith(one) or one.startswith(other) or other.startswith(one))
    )


def _slots(clause: Clause, people: frozenset[str]) -> list[Slot]:
    return [
        *_people(clause, people),
        *_short(clause, people),
        *_names(clause, people),
        *_numbers(clause),
        *_times(clause),
    ]


def named(text: str) -> frozenset[str]:
    """The people that a text names: with a title, with 씨 or 님, or by a name that the analyser knows."""
    found = {
        match["name"]
        for pattern in (NAME_TITLE, TITLE_NAME)
        for match in overlapping(pattern, text)
        if not re.search(r"\d", match["title"])  # then the title is somebody else's
    }
    found |= {match["name"] for match in _ADDRESSED.finditer(text)}
    return frozenset(name for name in found if _is_name(name) and _nominal(name, text))


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
    known = {unit.form for unit in clause.units if unit.tag == "NNP" and _PERSON.fullmatch(unit.form)}
    for name in people | set(filter(_is_name, known)):
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
