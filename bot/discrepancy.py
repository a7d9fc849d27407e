"""Where an article contradicts itself: one name spelt in two ways, one count given twice.

Told when it is asked about: 사진 설명에는 200여명, 본문에는 180여명. A misspelling is a word that differs by
one letter (jamo) from another in the same company; a second count has the same counter and speaks of the same
doing.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.evidence import HEADER_ROLES, Asked, coverage
from bot.kinds import SURNAMES
from bot.lexicon import words
from bot.passages import Line, Page
from bot.question import counted_noun

_WORD = re.compile(r"[가-힣]{3,}")
_PARTICLE = re.compile(r"(?:으로|에서|에게|이라는|라는|을|를|이|가|은|는|의|에|로|과|와|도)$")
_PEOPLE = re.compile(r"(?P<number>\d[\d,]*)여? ?(?P<unit>명|인)(?![가-힣]*(?:분|당))")
_ASKED = re.compile(r"왔다 ?갔다|엇갈|다르게|다른데|서로 다|안 맞|맞지 않|차이|틀린|틀리")
_MISSPELT = re.compile(
    r"표기|오타|오자|오기(?![가-힣])|철자|틀린 ?(?:글자|이름)|잘못 ?(?:적|쓴|쓰)|(?:이름|성함|글자).{0,14}(?:다르|달라|엇갈|틀)"
)
_OF_NAME = re.compile(r"이름|성함|성명|누구|사람|인물|대표|교수")
_NAME = re.compile(rf"{SURNAMES}[가-힣]{{2}}")
_DOUBTS = frozenset({"숫자", "왔다갔다", "다르", "차이", "수", "인원", "기사", "정확", "정확하"})
SAID = 0.6  # how much of what else the question says one of the two sentences must say
_ATTENDED = frozenset({"참석", "참가", "자리", "모이", "오", "찾", "방문", "참여", "나오", "함께", "몰리"})


@dataclass(frozen=True, slots=True, eq=False)
class Discrepancy:
    """Two sentences of one article and what each of them has."""

    kind: str
    """word, name or count."""
    one: Line
    one_says: str
    other: Line
    other_says: str


def discrepancy_asked(asked: Asked, page: Page) -> Discrepancy | None:
    """The discrepancy that a question asks for; of counts also where it asks for the count alone."""
    question = asked.question
    counts = question.unit in ("명", "인", "사람") or re.search(r"인원|사람 ?(?:몇|수|얼마)", question.text)
    if counts:
        found = [item for item in discrepancies(page) if item.kind == "count" and _of_attendance(asked, item)]
    elif _MISSPELT.search(question.text):
        names = bool(_OF_NAME.search(question.text))
        found = [item for item in discrepancies(page) if item.kind in ("word", "name")]
        found.sort(key=lambda item: (item.kind == "name") != names)
    else:
        found = []
    return found[0] if found else None


def _of_attendance(asked: Asked, found: Discrepancy) -> bool:
    """Whether who came is asked for, and to what these sentences speak of."""
    forms = {m.form for m in asked.question.morphemes}
    if not (forms & _ATTENDED or _ASKED.search(asked.question.text)):
        return False
    counted = counted_noun(asked.question)
    if counted is not None and not any(counted in line.text for line in (found.one, found.other)):
        return False
    rest = asked.without(_ATTENDED | words("people") | words("whole") | _DOUBTS)
    return not rest.weights or max(coverage(rest, line) for line in (found.one, found.other)) >= SAID


@lru_cache(maxsize=128)
def discrepancies(page: Page) -> tuple[Discrepancy, ...]:
    """Every discrepancy between an article's heading, captions and body, in text order."""
    header = [line for line in page.lines if line.role in HEADER_ROLES - {"byline", "section", "dateline"}]
    body = [line for line in page.lines if line.role == "body"]
    found: list[Discrepancy] = []
    for one in header:
        for other in body:
            found += _words_apart(one, other)
            found += _counts_apart(one, other)
    return tuple(found)


def _words_apart(one: Line, other: Line) -> Iterator[Discrepancy]:
    """골목상권 할성화 beside 골목상권 활성화: the same neighbour, and one letter apart."""
    there = [(match[0], _neighbours(other.text, match)) for match in _WORD.finditer(other.text)]
    stems = {_stem(word) for word, _ in there}
    for match in _WORD.finditer(one.text):
        stem = _stem(match[0])
        if len(stem) < 3 or any(known.startswith(stem) or stem.startswith(known) for known in stems):
            continue
        near = _neighbours(one.text, match)
        for word, company in there:
            if near & company and _one_letter(stem, _stem(word)):
                yield Discrepancy("name" if _NAME.fullmatch(stem) else "word", one, stem, other, _stem(word))
                break


def _stem(word: str) -> str:
    return _PARTICLE.sub("", word) if len(word) > 3 else word


def _neighbours(text: str, match: re.Match[str]) -> frozenset[str]:
    """The first two letters of the word before and of the one after."""
    before = re.findall(r"[가-힣A-Za-z0-9]+", text[: match.start()])[-1:]
    after = re.findall(r"[가-힣A-Za-z0-9]+", text[match.end() :])[:1]
    return frozenset([f"<{word[:2]}" for word in before] + [f">{word[:2]}" for word in after])


def _one_letter(a: str, b: str) -> bool:
    """Whether two words of as many syllables differ in one syllable, by one jamo there."""
    apart = [(x, y) for x, y in zip(a, b, strict=False) if x != y]
    if len(a) != len(b) or len(apart) != 1:
        return False
    x, y = (unicodedata.normalize("NFD", syllable) for syllable in apart[0])
    longer, shorter = (x, y) if len(x) >= len(y) else (y, x)
    if len(longer) == len(shorter):
        return sum(p != q for p, q in zip(x, y, strict=True)) == 1
    return longer.startswith(shorter)


def _counts_apart(one: Line, other: Line) -> Iterator[Discrepancy]:
    """200여명이 참석 beside 180여명이 자리: both count who came, and not the same."""
    for a in _PEOPLE.finditer(one.text):
        for b in _PEOPLE.finditer(other.text):
            counted = a["unit"] == b["unit"] and a["number"] != b["number"]
            if counted and all(_came(line, m.end()) for line, m in ((one, a), (other, b))):
                yield Discrepancy("count", one, a[0], other, b[0])


def _came(line: Line, place: int) -> bool:
    """Whether one of the next words says that they came."""
    return any(m.form in _ATTENDED for m in line.morphemes if place <= m.start < place + 14)
