"""Who does or says what: a person or body whose words and deeds the evidence tells of somebody else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.grounding.amounts import amounts
from bot.grounding.clauses import Unit, clauses, likeness
from bot.grounding.names import titled
from bot.grounding.polarity import concept
from bot.grounding.slots import named
from bot.kinds import TITLE
from bot.lexicon import words
from vectorstore.kiwi_encoder import KiwiEncoder

LEAST = 0.6  # of what is told of one must be told of the other
MARGIN = 0.25  # by which the other must fit better
ALIKE = 0.7  # likeness from which two words are the same
FEW = 2  # words from which what is told can be compared
_SUBJECT = re.compile(
    r"(?:[’'”\"]|\([^)]*\))?(?: ?[가-힣A-Za-z0-9]{1,10}){0,3}?(?:은|는|이|가|도|께서)(?=[ ,])"
)
_TO_WHOM = (r"(?: [가-힣]{1,5})?(?:은|는|이|가)(?= )", r"(?: [가-힣]{1,5})?(?:을|를|에게|한테)(?= )")
_BOTH = re.compile(r"두 사람|세 사람|양측|서로|함께|두 기관|두 팀")
_TITLE = re.compile(rf"[가-힣]{{0,6}}{TITLE}|사람|주장|선수")
_OFFICE = re.compile(
    rf"(?<![가-힣] )(?<![가-힣])(?:(?P<surname>[가-힣]) )?(?P<title>[가-힣]{{0,4}}{TITLE})(?:은|는|이|가|도|께서)(?= )"
)
_IS = re.compile(r" ?(?:[가-힣]+ )?[가-힣]*(?:입니다|이었습니다|였습니다|이다|였다)")
_BODY = re.compile(
    r"..(?:위원회|협회|학회|의회|회의|연합|조합|재단|공단|공사|은행|병원|센터|시청|구청|군청|도청|교육청|경찰서|소방서|보건소|법원|검찰|여고|고교|중학교|초등학교|고등학교|대학교|식품|전자|건설|제약|항공|모임|연대|연구원|연구소|은행|유나이티드)$"
)


@dataclass(frozen=True, slots=True)
class _Deed:
    """What a stretch of a sentence tells of somebody."""

    who: str | None
    """The one it is told of, or None where it names nobody."""
    units: tuple[Unit, ...]
    text: str


def another(sentence: str, evidence: Sequence[str], encoder: KiwiEncoder) -> str | None:
    """Somebody to whom the sentence gives what the evidence tells of another; None where there is nobody."""
    people = named("\n".join((sentence, *evidence)))
    whole = " ".join((*evidence, sentence))
    there = [deed for text in evidence for deed in _deeds(text, whole, people, encoder)]
    for said in _deeds(sentence, whole, people, encoder):
        if said.who is None or not any(said.who in deed.text for deed in there):
            continue
        done_to = _done_to(said, there)
        if done_to is not None:
            return done_to
        own = max((_share(said, deed) for deed in _own(said.who, there)), default=0.0)
        for deed in there:
            if (
                deed.who is None
                or _body(deed.who) != _body(said.who)
                or _BOTH.search(deed.text)
                or _same(deed.who, said.who)
                or said.who in deed.text
                or deed.who in sentence
            ):
                continue
            fit = _share(said, deed)
            if fit >= LEAST and fit >= own + MARGIN:
                return f"{said.who} / {deed.who}"
    return None


def _done_to(said: _Deed, there: Sequence[_Deed]) -> str | None:
    """One who does what the evidence has somebody else do to him: 갑이 이겼다 for 을이 갑을 이겼다."""
    last = next((unit for unit in reversed(said.units) if unit.verbal), None)
    if last is None or said.who is None or not re.search(rf"{re.escape(said.who)}{_TO_WHOM[0]}", said.text):
        return None
    for deed in there:
        met = re.search(rf"{re.escape(said.who)}{_TO_WHOM[1]}", deed.text)
        if met is None or deed.who is None or _same(deed.who, said.who):
            continue
        at = deed.text.find(said.who)
        begin = deed.units[0].start - deed.text.find(deed.units[0].form) if deed.units else 0
        after = next((unit for unit in deed.units if unit.verbal and unit.start - begin > at), None)
        if after and concept(after.form) == concept(last.form) and after.denied == last.denied:
            return f"{said.who} / {deed.who}"
    return None


def _own(who: str, there: Sequence[_Deed]) -> list[_Deed]:
    """What is told of one: where the name stands, and where nobody is named right after it."""
    found: list[_Deed] = []
    after = False
    for deed in there:
        after = who in deed.text or deed.who == who or (after and deed.who is None)
        if after:
            found.append(deed)
    whole = _Deed(
        who, tuple(unit for deed in found for unit in deed.units), " ".join(deed.text for deed in found)
    )
    return [*found, whole]


def _deeds(text: str, whole: str, people: frozenset[str], encoder: KiwiEncoder) -> list[_Deed]:
    """A sentence cut where somebody new becomes its subject."""
    parts = clauses(text, encoder)
    units = [unit for clause in parts for unit in clause.units]
    marks = sorted(_subjects(text, units, people) | _short(text, whole, people))
    if not marks:
        return [_Deed(None, tuple(units), text)]
    begins = [clause.start for clause in parts]
    cuts = [0]
    for (before, _), (start, _) in pairwise(marks):
        cuts.append(max((begin for begin in begins if before < begin <= start), default=start))
    cuts.append(len(text))
    return [
        _Deed(who, tuple(unit for unit in units if begin <= unit.start < end), text[begin:end])
        for (_, who), begin, end in zip(marks, cuts, cuts[1:], strict=False)
    ]


def _subjects(text: str, units: Sequence[Unit], people: frozenset[str]) -> set[tuple[int, str]]:
    """Where people and bodies stand as subjects, and who they are."""
    found = set()
    for name in people:
        for match in re.finditer(re.escape(name), text):
            if _SUBJECT.match(text, match.end()) or _IS.match(text, match.end()):
                found.add((match.start(), name))
    for unit in units:
        if _TITLE.fullmatch(unit.form) or any(start < unit.start < start + 20 for start, _ in found):
            continue
        if (
            unit.particle in ("은", "는", "이", "가")
            and (unit.tag == "NNP" or _BODY.search(unit.form))
            and len(unit.form) > 1
        ) and not any(unit.form in name or name in unit.form for _, name in found):
            found.add((unit.start, unit.form))
    return found


def _short(text: str, whole: str, people: frozenset[str]) -> set[tuple[int, str]]:
    """Subjects by surname and title, or by a title that only one has: 윤 시장은, 과장은."""
    found = set()
    for match in _OFFICE.finditer(text):
        holders = [
            name for name in people
            if name not in text[: match.end()]
            and (name[0] == match["surname"] if match["surname"] else titled(whole, name, match["title"]))
        ]  # fmt: skip
        if len(holders) == 1:
            found.add((match.start(), holders[0]))
    return found


def _share(said: _Deed, deed: _Deed) -> float:
    """How much of what is told in the one is told in the other."""
    mine = [unit for unit in said.units if unit.form not in said.who and not _title(unit)] if said.who else []
    numbers = [str(amount) for amount in amounts(said.text)]
    if len(mine) + len(numbers) < FEW:
        return 0.0
    shared = sum(
        best for unit in mine
        if (best := max((likeness(unit, other) for other in deed.units), default=0.0)) >= ALIKE
    )  # fmt: skip
    there = {str(amount) for amount in amounts(deed.text)}
    return (shared + sum(number in there for number in numbers)) / (len(mine) + len(numbers))


def _title(unit: Unit) -> bool:
    """Whether a word says of somebody no more than what he is, or that he speaks."""
    return bool(_TITLE.fullmatch(unit.form)) or unit.form in words("grounding", "frame")


def _body(who: str) -> bool:
    return len(who) > 3 or bool(_BODY.search(who))


def _same(one: str, other: str) -> bool:
    return one in other or other in one
