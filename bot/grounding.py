"""Whether a sentence that a language model wrote is supported by the evidence that it cites.

Nothing is concluded from meaning alone: quotes, names, numbers, dates, places, negations and foreign scripts
must be those of the evidence, and enough of the sentence's words must stand there in these or other words.
`forum-bot eval grounding` measures it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from bot.amounts import MEASURES, amounts
from bot.dates import Resolved, resolve_all
from bot.lexicon import words
from bot.passages import term_set, word_vectors
from bot.people import NAME_TITLE, TITLE_NAME
from vectorstore.kiwi_encoder import KiwiEncoder, weight_of
from vectorstore.lexical import TERM_TAGS
from vectorstore.morphemes import UNKNOWN_BELOW, Morpheme, morphemes
from vectorstore.paraphrases import meanings

LEAST = 0.4  # of the weight must stand in the evidence; by hand, on the odd lines of tests/data/grounding
NEAR = 0.5  # cosine from which another word says the same
_NO_NAME = frozenset("시군구동면읍리천강역대당관탕점집들회은는이가을를의에로")
_PLACES = ("학교", "창고", "나루", "광장", "마당", "하우스", "센터", "스타디움", "타워", "파크", "캠퍼스")
_PLACE = frozenset("소국관장원실교동항섬집회당역청점터로길봉산천강읍면리군시구도촌초")
_RUN = frozenset({"NNG", "NNP", "XPN", "XSN", "SL", "XR", "NR"})
_QUOTE = re.compile(r"[“\"‘']([^“”\"‘’']{2,})[”\"’']")
_SCRIPTS = re.compile(
    r"[\u0370-\u10ff\u1200-\u2fff\u3040-\u312f\u3190-\u9fff\ua000-\uabff\uf900-\ufdff]+|[A-Za-z\u00c0-\u024f]{2,}"
)
_MARKUP = re.compile(
    r"\S*(?:[a-zA-Z][\w+.-]*:|//|www\.)[\w/%.~#?&=+-]*[\w/]|!?\[[^\]]*\]\S*|</?[a-zA-Z!][^>]*>?|[`|{}\\]"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a sentence is not supported: the kind, and the words that the evidence does not bear out."""

    kind: str
    """markup, quote, script, number, date, name, negation, swapped or words."""
    words: str


def unsupported(
    sentence: str, evidence: Sequence[str], published: str | None, encoder: KiwiEncoder
) -> Problem | None:
    """The first problem of a sentence, or None where the evidence bears it out."""
    text = " ".join(evidence)
    return (
        _markup(sentence, text)
        or _quotes(sentence, text)
        or _scripts(sentence, text)
        or _dates(sentence, text, published)
        or _numbers(sentence, text)
        or _names(sentence, text)
        or _polarity(sentence, text)
        or _contrary(sentence, text)
        or _swapped(sentence, text)
        or _words(sentence, text, encoder)
    )


def foreign(sentence: str, said: Sequence[str]) -> Problem | None:
    """What a sentence brings in that was not said: a quote, script, number or name of its own."""
    text = " ".join(said)
    return (
        _quotes(sentence, text)
        or _scripts(sentence, text)
        or _numbers(sentence, text)
        or _names(sentence, text)
    )


def _squeezed(text: str) -> str:
    return re.sub(r"[\s.,!?·…]", "", text)


def _markup(sentence: str, text: str) -> Problem | None:
    """Links, pictures and HTML, but for an address that the evidence has in full."""
    for match in _MARKUP.finditer(sentence):
        if match[0] not in text:
            return Problem("markup", match[0])
    return None


def _quotes(sentence: str, text: str) -> Problem | None:
    for match in _QUOTE.finditer(sentence):
        if _squeezed(match[1]) not in _squeezed(text):
            return Problem("quote", match[1])
    return None


def _scripts(sentence: str, text: str) -> Problem | None:
    """Words of other scripts, Han, Kana and Latin among them, that the evidence does not have."""
    for match in _SCRIPTS.finditer(sentence):
        if match[0].lower() not in text.lower():
            return Problem("script", match[0])
    return None


def _dates(sentence: str, text: str, published: str | None) -> Problem | None:
    """Whole dates, months and years must be those that the evidence means by the article's own day."""
    there = list(resolve_all(text, published))
    for said in resolve_all(sentence, published):
        if not any(_same_day(said, other) for other in there):
            return Problem("date", said.spoken())
    return None


def _same_day(said: Resolved, other: Resolved) -> bool:
    """Whether one date is the other, as precisely as the vaguer of them says."""
    return said.year == other.year and all(
        a is None or b is None or a == b for a, b in ((said.month, other.month), (said.day, other.day))
    )


def _numbers(sentence: str, text: str) -> Problem | None:
    """Every number must stand in the evidence, and not with another unit of the same measure."""
    there = set(amounts(_without_dates(text)))
    plain = {value for value, _ in amounts(text)}
    for value, unit in amounts(_without_dates(sentence)):
        if (value, unit) in there:
            continue
        measure = next((units for units in MEASURES if unit in units), None)
        others = {other for same, other in there if same == value}
        if value not in plain or (measure is not None and (others & measure or not others)):
            return Problem("number", f"{value:g}{unit}")
    return None


def _without_dates(text: str) -> str:
    return re.sub(
        r"\d{4}\s?년|\d{1,2}\s?월(?!\s?세)|\d{1,2}\s?일(?![가-힣]*간)|\d{4}[-.]\d{1,2}[-.]\d{1,2}", " ", text
    )


def _names(sentence: str, text: str) -> Problem | None:
    """Names and unknown words must stand in the evidence; a title must stand with the name it is given to."""
    squeezed = _squeezed(text)
    for m in _analysed(sentence):
        unknown = m.id < UNKNOWN_BELOW and m.tag == "NNG"
        if (m.tag == "NNP" or unknown) and len(m.form) > 1 and _squeezed(m.form) not in squeezed:
            return Problem("name", m.form)
    for pattern in (NAME_TITLE, TITLE_NAME):
        for match in pattern.finditer(sentence):
            name, title = match["name"], match["title"].split()[-1]
            if name[-1] in _NO_NAME or name in words("not_names"):
                continue
            if name not in text and _named(sentence, match.start("name")):
                return Problem("name", name)
            if name in text and title not in ("씨", "님") and not _titled(text, name, title):
                return Problem("name", f"{name} {title}")
    return None


def _named(sentence: str, place: int) -> bool:
    """Whether a name, and no common noun, begins at that place."""
    first = next((m for m in _analysed(sentence) if m.start == place), None)
    return first is not None and (first.tag == "NNP" or first.id < UNKNOWN_BELOW)


def _titled(text: str, name: str, title: str) -> bool:
    """Whether a title stands beside a name: 남가람 협회 회장, 회장 남가람, or the surname with it."""
    near = any(
        title in text[max(0, match.start() - len(title) - 2) : match.start()]
        or title in text[match.end() : match.end() + 24].split(",")[0]
        for match in re.finditer(re.escape(name), text)
    )
    return near or f"{name[0]} {title}" in text


def _polarity(sentence: str, text: str) -> Problem | None:
    """An opposite of what the evidence says, or a negation where the evidence has none, or the reverse."""
    said, there = _forms(sentence), _forms(text)
    for a, b in _opposites():
        if said & a and there & b and not there & a and not said & b:
            return Problem("negation", " ".join(sorted(said & a)))
    denied, affirmed = _denied(sentence), _denied(text)
    if (denied & _stems(text)) - affirmed - words("grounding", "light_verbs"):
        return Problem("negation", " ".join(sorted(denied)))
    if denied and not affirmed and not (there & words("grounding", "denying")) - said:
        return Problem("negation", " ".join(sorted(denied)))
    undone = affirmed & _stems(sentence)
    if undone and not denied and not (said - undone) & words("grounding", "denying"):
        return Problem("negation", " ".join(sorted(undone)))
    return None


@cache
def _opposites() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """Each set of words with the set of its opposites, both ways round."""
    pairs = [
        tuple(frozenset(side.split(",")) for side in pair.split("/"))
        for pair in words("grounding", "opposites")
    ]
    return tuple(both for one, other in pairs for both in ((one, other), (other, one)))


def _forms(text: str) -> frozenset[str]:
    return frozenset(m.form for m in _analysed(text) if m.tag[:2] in ("NN", "VV", "VA", "MA", "XR"))


def _stems(text: str) -> frozenset[str]:
    """Its predicates: verbs, adjectives, and nouns made verbs."""
    found = _analysed(text)
    verbal = {m.form for m in found if m.tag[:2] in ("VV", "VA")}
    made = {a.form for a, b in pairwise(found) if b.tag in ("XSV", "XSA")}
    return frozenset((verbal | made) - words("light"))


def _denied(text: str) -> frozenset[str]:
    """The predicates that are negated: 늘지 않았다, 못 한다, 쓸 수 없다."""
    found = _analysed(text)
    denied = set()
    for place, m in enumerate(found):
        cannot = m.form == "없" and place > 0 and found[place - 1].form in ("수", "ᆯ 수")
        if (m.tag == "VX" and m.form in ("않", "못하", "말")) or m.tag == "VCN" or cannot:
            before = [
                b
                for b in found[max(0, place - 6) : place]
                if (b.tag[:2] in ("VV", "VA") or b.tag in ("NNG", "XR"))
            ]
            if before:
                denied.add(before[-1].form)
        if m.tag == "MAG" and m.form in ("안", "못") and place + 1 < len(found):
            denied.add(found[place + 1].form)
    return frozenset(denied)


@dataclass(frozen=True, slots=True)
class _Word:
    """A noun as it is written (조개나루, of two morphemes), or a predicate's stem."""

    form: str
    tag: str


def _swapped(sentence: str, text: str) -> Problem | None:
    """A place, a relative or a weekday that the evidence lacks, beside a word that has another there."""
    said, there = _run_words(sentence), _run_words(text)
    squeezed, own = _squeezed(text), _squeezed(sentence)
    for place, word in enumerate(said):
        slot = _slot(word)
        if slot is None or _squeezed(word.form) in squeezed:
            continue
        for step in (-1, 1):
            if not 0 <= place + step < len(said):
                continue
            beside = said[place + step]
            for at, other in enumerate(there):
                if not 0 <= at - step < len(there) or not _alike(beside, other):
                    continue
                instead = there[at - step]
                if _slot(instead) == slot and _squeezed(instead.form) not in own:
                    return Problem("swapped", f"{word.form} / {instead.form}")
    return None


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
    for m in (*_analysed(text), None):
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


def _contrary(sentence: str, text: str) -> Problem | None:
    """A predicate of which the evidence has the opposite, or the denial, behind the same word."""
    said, there = _after(sentence), _after(text)
    denied, affirmed = _denied(sentence), _denied(text)
    for noun, predicate in said:
        others = {other for same, other in there if same == noun}
        if not others:
            continue
        if any(predicate in a and others & b and not others & a for a, b in _opposites()):
            return Problem("negation", f"{noun} {predicate}")
        if predicate in others and (predicate in denied) != (predicate in affirmed):
            return Problem("negation", f"{noun} {predicate}")
    return None


def _after(text: str) -> frozenset[tuple[str, str]]:
    """Each noun with the predicate right behind it."""
    found = _analysed(text)
    pairs = set()
    noun = ""
    for m, after in zip(found, (*found[1:], None), strict=True):
        made = after is not None and after.tag in ("XSV", "XSA")
        if (m.tag[:2] in ("VV", "VA") or made) and noun:
            pairs.add((noun, m.form))
        if m.tag in ("NNG", "NNP", "NNB") and not made:
            noun = m.form
        elif m.tag in ("EC", "EF", "ETM"):
            noun = ""
    return frozenset(pairs)


def _words(sentence: str, text: str, encoder: KiwiEncoder) -> Problem | None:
    """Enough of the words must stand in the evidence, in these or other words."""
    said = [
        m for m in _analysed(sentence) if m.tag[:2] in TERM_TAGS and m.form not in words("grounding", "frame")
    ]
    weights = [weight_of(m) for m in said]
    if not any(weights):
        return None
    found = _analysed(text)
    terms, groups = term_set(found), {meaning.group for meaning in meanings(found)}
    own: dict[int, set[int]] = {}
    for meaning in meanings(said):
        for place in range(meaning.first, meaning.last + 1):
            own.setdefault(place, set()).add(meaning.group)
    there = word_vectors(encoder, found)
    covered = 0.0
    missing = []
    for place, (m, weight) in enumerate(zip(said, weights, strict=True)):
        if m.form.lower() in terms or own.get(place, set()) & groups or m.form in text:
            covered += weight
            continue
        vector = word_vectors(encoder, [m])
        nearest = float((vector @ there.T).max()) if len(vector) and len(there) else 0.0
        covered += weight * (nearest if nearest >= NEAR else 0.0)
        if nearest < NEAR:
            missing.append(m.form)
    return Problem("words", " ".join(missing)) if covered < LEAST * sum(weights) else None


@lru_cache(maxsize=512)
def _analysed(text: str) -> tuple[Morpheme, ...]:
    return tuple(morphemes(text))
