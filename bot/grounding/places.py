"""Places, bodies and relatives of a sentence that the evidence does not have, or has elsewhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.grounding.names import stands
from bot.grounding.slots import kind_of
from bot.grounding.text import analysed, groups_in, squeezed
from bot.lexicon import words
from vectorstore.morphemes import UNKNOWN_BELOW

_PLACES = ("학교", "창고", "나루", "광장", "마당", "하우스", "센터", "스타디움", "타워", "파크", "캠퍼스")
_NAMED_SO = re.compile(
    r"(?<=..)(?:[시군구읍면골섬]|[동리도]|역|산|여고|고교|중학교|초등학교|고등학교|대학교|극장|도서관|박물관|미술관|체육관|회관|경기장|공원|시장|병원|센터|광장|공항|터미널|항공|은행|전자|식품|마을)$"
)
_OFFICE = re.compile(
    r"(?:회장|위원장|총장|교수|의원|군수|구청장|지사|원장|소장|국장|과장|실장|팀장|대표|이사장|장관|차관|대통령|박사|변호사|감독|교장|교감|총리|서장|관장|대변인|지휘자|사령관|코치|간사|총무|이장)$"
)
_PAIR = re.compile(
    r"(?<![가-힣])([가-힣]{2,8})(?:의)? (?=([가-힣]{2,4}?)(?:에서|에는|에|은|는|이|가|을|를|와|과|의|으로|로)(?![가-힣]))"
)
_PLACE = frozenset("소국관장원실교동항섬집회당역청점터로길봉산천강읍면리군시구도촌초")
_RUN = frozenset({"NNG", "NNP", "XPN", "XSN", "SL", "XR", "NR"})


def absent(sentence: str, text: str) -> str | None:
    """A place or a body that the evidence does not have, by this or another name."""
    letters, there = squeezed(text), groups_in(text)
    for word in _run_words(sentence):
        known = stands(squeezed(word.form), letters) or _shortened(word.form) in letters
        if (
            not known
            and word.tag == "NN"
            and kind_of(word.form) == "place"
            and not groups_in(word.form) & there
        ):
            return word.form
    return None


def swapped(sentence: str, text: str) -> str | None:
    """A place, a relative or a weekday that the evidence lacks, beside a word that has another there."""
    said, there = _run_words(sentence), _run_words(text)
    letters, own = squeezed(text), squeezed(sentence)
    for place, word in enumerate(said):
        slot = _slot(word)
        if slot is None or squeezed(word.form) in letters or _shortened(word.form) in letters:
            continue
        for step in (-1, 1):
            if not 0 <= place + step < len(said):
                continue
            beside = said[place + step]
            for at, other in enumerate(there):
                if not 0 <= at - step < len(there) or not _alike(beside, other):
                    continue
                instead = there[at - step]
                if _slot(instead) == slot and squeezed(instead.form) not in own:
                    return f"{word.form} / {instead.form}"
    return None


def _shortened(form: str) -> str:
    """A school's name as people say it: 달샘초 for 달샘초등학교."""
    return re.sub(r"(?:(?<=[초고])등학교|(?<=중)학교|(?<=대)학교)$", "", squeezed(form))


def renamed(sentence: str, text: str) -> str | None:
    """A name like one of the evidence but for its first part: 솔빛시 for 물빛시, 전용극장 for 온새미극장."""
    letters, there = squeezed(text), {word.form for word in _run_words(text) if word.tag == "NN"}
    for word in _run_words(sentence):
        kind = _NAMED_SO.search(word.form) if word.tag == "NN" else None
        if (
            kind is None
            or squeezed(word.form) in letters
            or _shortened(word.form) in letters
            or word.form in words("grounding", "no_places")
        ):
            continue
        first = word.form[: kind.start()]
        alike = [other for other in there if other.endswith(kind[0]) and len(other) > len(kind[0])]
        short = any(other.startswith(first) or first in other for other in there)
        if alike and not short and not groups_in(word.form) & groups_in(text):
            return f"{word.form} / {alike[0]}"
    return None


def office(sentence: str, text: str) -> str | None:
    """An office that the evidence gives nobody: 부녀회장, 대표."""
    letters, there = squeezed(text), groups_in(text)
    for word in _run_words(sentence):
        title = _OFFICE.search(word.form) if word.tag == "NN" else None
        if title is not None and title[0] not in letters and not groups_in(word.form) & there:
            return word.form
    return None


def modified(sentence: str, evidence: Sequence[str]) -> str | None:
    """A name before a noun that the evidence has before another, where that noun has a name of its own: 시청 강당."""
    theirs = [(pair, number) for number, text in enumerate(evidence) for pair in _pairs(text)]
    for name, noun in _pairs(sentence):
        instead = [pair[0] for pair, _ in theirs if pair[1] == noun and pair[0] not in name]
        together = any(name in text and noun in text for text in evidence)
        if instead and not together and (name, noun) not in {pair for pair, _ in theirs}:
            return f"{name} {noun} / {instead[0]}"
    return None


def _pairs(text: str) -> list[tuple[str, str]]:
    """Each name or place with the noun that it stands right before."""
    return [
        (match[1], match[2]) for match in _PAIR.finditer(text) if _is_named(match[1], text, match.start(1))
    ]


def _is_named(word: str, text: str, start: int) -> bool:
    """Whether a word is a name or a place."""
    inside = [m for m in analysed(text) if start <= m.start < start + len(word)]
    name = any(m.tag == "NNP" or (m.tag == "NNG" and m.id < UNKNOWN_BELOW) for m in inside)
    return bool(inside) and all(m.tag[0] in "NX" for m in inside) and (name or kind_of(word) == "place")


@dataclass(frozen=True, slots=True)
class _Word:
    """A noun as it is written (조개나루, of two morphemes), or a predicate's stem."""

    form: str
    tag: str


def _alike(one: _Word, other: _Word) -> bool:
    """The same word, or compounds of one that is in the other: 대피 and 대피소, but no single letters."""
    return one.form == other.form or (
        min(len(one.form), len(other.form)) > 1
        and (one.form.endswith(other.form) or other.form.endswith(one.form))
    )


@lru_cache(maxsize=512)
def _run_words(text: str) -> tuple[_Word, ...]:
    """The nouns as they are written and the stems of predicates, in order."""
    found: list[_Word] = []
    start = end = -1
    for m in (*analysed(text), None):
        if m is not None and m.tag in _RUN and m.start == end:
            end = m.end
            continue
        if end > start:
            done = m is not None and m.tag in ("XSV", "XSA") and m.start == end  # 시청하다 is no town hall
            found.append(_Word(text[start:end], "NV" if done else "NN"))
        start = end = -1
        if m is None:
            break
        if m.tag in _RUN:
            start, end = m.start, m.end
        elif m.tag[:2] in ("VV", "VA"):
            found.append(_Word(m.form, m.tag))
    return tuple(word for word in found if word.form not in words("grounding", "frame"))


def _slot(word: _Word) -> str | None:
    """What one noun may stand for another of: a place or body, a relative, a weekday; None otherwise."""
    if word.tag != "NN" or len(word.form) < 2:
        return None
    if word.form in words("grounding", "kin"):
        return "kin"
    if word.form.endswith("요일"):
        return "weekday"
    ends = word.form[-1] in _PLACE or word.form.endswith(_PLACES)
    return "place" if ends and word.form not in words("grounding", "no_places") else None
