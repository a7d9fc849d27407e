"""Places, bodies and relatives of a sentence that the evidence does not have, or has elsewhere."""

from dataclasses import dataclass
from functools import lru_cache

from bot.grounding.names import stands
from bot.grounding.swaps import kind_of
from bot.grounding.text import analysed, groups_in, squeezed
from bot.lexicon import words

_PLACES = ("학교", "창고", "나루", "광장", "마당", "하우스", "센터", "스타디움", "타워", "파크", "캠퍼스")
_PLACE = frozenset("소국관장원실교동항섬집회당역청점터로길봉산천강읍면리군시구도촌초")
_RUN = frozenset({"NNG", "NNP", "XPN", "XSN", "SL", "XR", "NR"})


def absent(sentence: str, text: str) -> str | None:
    """A place or a body that the evidence does not have, by this or another name."""
    letters, there = squeezed(text), groups_in(text)
    for word in _run_words(sentence):
        known = stands(squeezed(word.form), letters)
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
        if slot is None or squeezed(word.form) in letters:
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
            found.append(_Word(text[start:end], "NN"))
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
