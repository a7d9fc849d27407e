"""The clauses of a sentence with their content words, to see which of them speak of the same."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from bot.grounding.text import analysed
from bot.lexicon import words
from bot.passages import word_vectors
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.lexical import TERM_TAGS
from vectorstore.morphemes import UNKNOWN_BELOW, Morpheme
from vectorstore.paraphrases import meanings

_JOINING = frozenset(
    {
        "고",
        "며",
        "으며",
        "지만",
        "으나",
        "나",
        "는데",
        "ᆫ데",
        "은데",
        "면서",
        "으면서",
        "되",
        "으니",
        "니",
        "자",
    }
)
_RUN = frozenset({"NNG", "NNP", "XPN", "XSN", "SL", "XR", "NR"})
_GAP = re.compile(r"[가-힣](?:[은는이가을를]|에서?|에게),(?= )")  # 1부에는 남가람이, 2부에는 도하람이 나섰다
_DOING = frozenset(
    {"받", "하", "두", "내", "주", "이루어지", "진행", "실시", "사람", "가능"}
)  # 접수는 받지 않는다
_CASES = ("JKS", "JKO", "JKB", "JX")
NEAR = 0.55  # cosine from which another word says nearly the same
ALIKE, SAME_GROUP, NEARLY = (
    0.7,
    0.8,
    0.7,
)  # what a compound, a paraphrase and a near word count of a same word


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A noun as it is written (조개나루, of two morphemes), or a predicate's stem."""

    form: str
    tag: str
    """NNP for a name or an unknown word, NN for another noun, VV or VA."""
    particle: str
    """The particle behind it: 은, 에서; empty for none."""
    start: int
    end: int
    groups: frozenset[int]
    vector: NDArray[np.float32] | None
    """Of its last content morpheme, shape (256,)."""
    verbal: bool
    """Whether it is a predicate: a verb, an adjective, or a noun made one."""
    denied: bool
    """Whether it is negated: 늘지 않았다, 못 한다, 쓸 수 없다, 사실이 아니다."""


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """A part of a sentence with a predicate of its own, or its part before a comma behind a particle."""

    text: str
    start: int
    units: tuple[Unit, ...]
    denials: int
    """How many negations it has."""


def clauses(text: str, encoder: KiwiEncoder) -> tuple[Clause, ...]:
    """The clauses of a text, in order."""
    return _clauses(text, _Encoder(encoder))


class _Encoder:
    """An encoder as a key: all of them are the same."""

    def __init__(self, encoder: KiwiEncoder) -> None:
        self.encoder = encoder

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Encoder)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=256)
def _clauses(text: str, key: _Encoder) -> tuple[Clause, ...]:
    found = analysed(text)
    ends = _ends(text, found)
    units = _units(text, found, key.encoder)
    made = []
    begin = 0
    for end in (*ends, len(text)):
        inside = tuple(unit for unit in units if begin <= unit.start < end)
        if inside:
            made.append(
                Clause(text[begin:end], begin, inside, _denials([m for m in found if begin <= m.start < end]))
            )
        begin = end
    return tuple(made)


def _ends(text: str, found: Sequence[Morpheme]) -> list[int]:
    """Where clauses end."""
    ends = []
    for place, m in enumerate(found[:-1]):
        after = found[place + 1]
        joins = m.tag == "EC" and m.form in _JOINING and after.tag != "VX"
        contrasts = m.tag == "EC" and m.form == "라" and place > 0 and found[place - 1].tag == "VCN"
        contrasts = contrasts or (m.form == "반면" and m.tag == "NNG") or (m.form == "반하" and m.tag == "VV")
        gaps = m.tag == "SP" and place > 0 and found[place - 1].tag in (*_CASES, "EC")
        if joins or contrasts or gaps or m.tag == "SF" or "\n" in m.form:
            ends.append(m.end)
    return sorted({*ends, *(match.end() for match in _GAP.finditer(text))})


def _units(text: str, found: Sequence[Morpheme], encoder: KiwiEncoder) -> list[Unit]:
    """Its content words, compounds in one."""
    groups: dict[int, set[int]] = {}
    for meaning in meanings(found):
        for place in range(meaning.first, meaning.last + 1):
            groups.setdefault(place, set()).add(meaning.group)
    denied = _denied(found)
    units: list[Unit] = []
    place = 0
    while place < len(found):
        m = found[place]
        last = place
        if m.tag in _RUN:
            while (
                last + 1 < len(found)
                and found[last + 1].tag in _RUN
                and found[last + 1].start == found[last].end
            ):
                last += 1
        elif not _predicate(m) or m.form in words("light"):
            place += 1
            continue
        run = found[place : last + 1]
        name = any(one.tag == "NNP" or (one.id < UNKNOWN_BELOW and one.tag in ("NNG", "SL")) for one in run)
        after = found[last + 1] if last + 1 < len(found) else None
        form = text[run[0].start : run[-1].end] if m.tag in _RUN else m.form
        rows = word_vectors(encoder, [one for one in run[-1:] if one.tag[:2] in TERM_TAGS])
        units.append(
            Unit(
                form=form, tag=("NNP" if name else "NN") if m.tag in _RUN else m.tag[:2],
                particle=_particles(found[last + 1 :]),
                start=run[0].start, end=run[-1].end,
                groups=frozenset().union(*(groups.get(n, set()) for n in range(place, last + 1))),
                vector=rows[0] if len(rows) else None,
                verbal=m.tag not in _RUN or (after is not None and after.tag in ("XSV", "XSA", "VCP")) or _exists(found, last),
                denied=any(one.start in denied for one in run),
            )
        )  # fmt: skip
        place = last + 1
    return [unit for unit in units if unit.form not in words("grounding", "frame")]


def _predicate(m: Morpheme) -> bool:
    """Whether it is a verb, an adjective, or an adverb that has an opposite: 빨리."""
    return m.tag[:2] in ("VV", "VA") or (m.tag == "MAG" and m.form in words("grounding", "adverbs"))


def _exists(found: Sequence[Morpheme], last: int) -> bool:
    """Whether it is said that there is such a thing: 계획이 있다."""
    after = [m for m in found[last + 1 : last + 3] if m.tag[0] != "J"][:1]
    return bool(after) and after[0].form == "있" and after[0].tag[:2] in ("VA", "VV")


def _particles(after: Sequence[Morpheme]) -> str:
    return "".join(m.form for m in takewhile(lambda m: m.tag[0] == "J", after))


def _denied(found: Sequence[Morpheme]) -> frozenset[int]:
    """Where the words begin that are negated; 아니 in 뿐 아니라 negates nothing."""
    denied: set[int] = set()
    for place, m in enumerate(found):
        cannot = m.form == "없" and m.tag == "VA" and not _modifies(found, place)
        only = m.tag == "VCN" and any(one.form == "뿐" for one in found[max(0, place - 3) : place])
        if (m.tag == "VX" and m.form in ("않", "못하", "말")) or (m.tag == "VCN" and not only) or cannot:
            denied |= _negated(found[max(0, place - 8) : place])
        elif m.form in ("불", "불가", "금지", "어렵", "힘들") and any(
            one.tag == "ETN" for one in found[max(0, place - 2) : place]
        ):
            denied |= _negated(found[max(0, place - 6) : place])
        elif m.form in ("어렵", "힘들", "불가능") and _subject_before(found, place):
            denied |= _negated(found[max(0, place - 3) : place])
        elif m.form == "없이" and m.tag == "MAG":
            denied |= _negated(found[max(0, place - 4) : place])
        elif m.tag == "MAG" and m.form == "안" and _less(found, place):
            continue
        elif m.form == "대신" and place > 0 and found[place - 1].tag in (*_RUN, "SP"):
            denied |= _negated(found[max(0, place - 2) : place])
        elif m.tag == "MAG" and m.form in ("안", "못") and place + 1 < len(found):
            after = found[place + 1]  # 안 왔다, but 현장 구매는 안 된다
            denied |= _negated(found[:place]) if after.form in words("light") else {after.start}
    return frozenset(denied)


def _subject_before(found: Sequence[Morpheme], place: int) -> bool:
    """Whether a deed is the subject of the word: 유지가 어렵다."""
    before = [m for m in found[:place] if m.tag != "SP"][-2:]
    return len(before) == 2 and before[0].tag == "NNG" and before[1].tag == "JKS"


def _less(found: Sequence[Morpheme], place: int) -> bool:
    """Whether so many are not reached: 열에 둘도 안 된다."""
    before = [m for m in found[:place] if m.tag != "SP"][-2:]
    return (
        len(before) == 2
        and before[0].tag in ("SN", "NR", "NNB", "SW")
        and before[1].form in ("도", "이", "가", "채")
    )


def _denials(found: Sequence[Morpheme]) -> int:
    return sum(bool(_denied(found[: place + 1]) - _denied(found[:place])) for place in range(len(found)))


def _modifies(found: Sequence[Morpheme], place: int) -> bool:
    """Whether a predicate only describes the noun behind it: 대책 없는 법안."""
    after = found[place + 1 : place + 3]
    return (
        len(after) == 2
        and after[0].tag == "ETM"
        and "다" not in after[0].form
        and after[1].tag in ("NNG", "NNP")
    )


def _negated(before: Sequence[Morpheme]) -> set[int]:
    """The word right before a negation; with 뜻 or 것 also what it is said of: 대신한다는 뜻은 아니다."""
    content = [
        m
        for m in before
        if m.tag[:2] in ("VV", "VA", "XR", "NN") and m.tag != "NNB" and m.form not in words("light")
    ]
    if not content:
        return set()
    empty = content[-1].form in words("grounding", "empty") and len(content) > 1
    empty = empty or (len(content) > 1 and content[-1].form in _DOING and content[-2].tag == "NNG")
    described = len(content) > 1 and any(
        m.tag == "ETM" and content[-2].start < m.end <= content[-1].start + 1 for m in before
    )  # 지급되는 활동비는 없다
    return {content[-1].start, content[-2].start} if empty or described else {content[-1].start}


@lru_cache(maxsize=32_768)
def likeness(one: Unit, other: Unit) -> float:
    """How much two words say the same, 0 to 1."""
    if one.form == other.form:
        return 1.0
    if "부" + one.form == other.form or one.form == "부" + other.form:
        return 0.0  # 위원장 and 부위원장
    if min(len(one.form), len(other.form)) > 1 and (
        one.form.endswith(other.form) or other.form.endswith(one.form)
        or one.form.startswith(other.form) or other.form.startswith(one.form)
    ):  # fmt: skip
        return ALIKE
    if one.groups & other.groups:
        return SAME_GROUP
    if "NNP" in (one.tag, other.tag) or one.vector is None or other.vector is None:
        return 0.0
    near = float(one.vector @ other.vector)
    return near * NEARLY if near >= NEAR else 0.0
