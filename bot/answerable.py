"""Whether the evidence supports an answer at all: a logistic model over a few readable signals.

Its weights are set by hand: a logistic regression fitted on questions of `benchmarks/reader_data`, put to
their own passages and to others, did no better on sets that it had not seen. What they cost and gain is
measured by `benchmarks/answers.py`.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from math import exp

from bot.evidence import Asked, Ranked, coverage
from bot.kinds import counted, shows
from bot.lexicon import focus_types, words
from bot.passages import Candidate, Line, Page
from bot.people import cast_of, offices_in, speaker_of
from bot.question import Question, counted_noun
from bot.reader.model import Found
from bot.reader.spans import Span, anatomy
from vectorstore.lexical import letter_pairs
from vectorstore.morphemes import UNKNOWN_BELOW, Morpheme
from vectorstore.paraphrases import meanings

WEIGHTS = {"bias": -1.4, "sentence": 4.0, "known": 3.0, "share": 1.0, "stranger": -1.0, "foreign": -0.8}
RARE = 1.7  # the weight of a name, from which its absence tells something: not 한국, 서울
THRESHOLD = 0.5
LOOKED_AT = 3  # best sentences in which what is asked for must stand
NEAR_BY = 6  # … of the same article
SAYS_THE_REST = 0.5  # of the other words: where the article lacks the word for the thing asked for
FITTING, COVERED = 0.1, 0.6  # … in one that fits, or says, so much of the question as the best of them
KNOWN_NAME = 0.7  # of the letter pairs of a quoted name must stand in the article
_NO_NAME_ENDS = frozenset("시군구동면읍리천강역대당관탕점집들회")
_PART = re.compile(r"(?<![\d.,년월])(\d{1,2}) ?(부|단계|세션|회차)(?=[은는이가의에을를 ]|$)")
_SPEECH = re.compile(r"[“\"][^”\"]*[”\"“](?= ?(?:이?라?고|이?라?며|이?라면서|는|이?라는 (?:말|뜻|주장)))")
_QUOTED = re.compile(r"[‘'“\"「『《〈]([^‘’'“”\"」』》〉]{2,40})[’'”\"」』》〉]")
INSTITUTIONS = {
    "대학": r"[가-힣A-Z]+대(?:학교?|학원)?(?![가-힣]{2})|과기원|[A-Z]{3,}",
    "학교": r"학교|[가-힣]+(?:초|중|고|대)(?![가-힣]{2})|유치원|학원",
    "병원": r"병원|의원|보건|클리닉|의료원",
    "은행": r"은행|뱅크|금고|농협|신협",
}  # what the name of an institution of that kind ends on
_NOUNS = frozenset({"NNG", "NNP", "SL", "XR", "SH"})
PERSONS = frozenset({"kind=person_title", "kind=title_name", "kind=name", "kind=short_title"})


def supported(asked: Asked, ranked: Sequence[Ranked], found: Sequence[Found]) -> bool:
    """Whether to answer: the evidence is about the question."""
    return probability(signals(asked, ranked, found)) >= THRESHOLD


def beyond(asked: Asked, ranked: Sequence[Ranked]) -> bool:
    """Whether the question takes for granted what the article that fits best does not speak of.

    That is an accusation of somebody, a name in quotation marks, an office, a numbered part (3부), or a thing
    that it has no word for while it says little else of the question.
    """
    question = asked.question
    page = ranked[0].candidate.page
    text = page.article.text.lower()
    if question.type == "claim" and not all(_held(office, text) for office in offices_in(question.text)):
        return True
    if question.type in ("thing", "topic") and not _known_kind(question, page):
        rest = asked.without(frozenset({(question.focus or "").lower()}))
        if coverage(rest, ranked[0].candidate.line) < SAYS_THE_REST:
            return True
    if question.type == "person" and _office_alone(question, text):
        return True
    if any(_other_part(number, unit, text) for number, unit in _PART.findall(question.text)):
        return True
    accused = {m.form.lower() for m in question.content} & words("accusing")
    known = frozenset(letter_pairs(text))
    quoted = [frozenset(letter_pairs(match[1])) for match in _QUOTED.finditer(question.text)]
    return not all(word in text for word in accused) or any(
        len(pairs & known) < KNOWN_NAME * len(pairs) for pairs in quoted
    )


def _office_alone(question: Question, text: str) -> bool:
    """Whether a question asks for the holder of an office that the article lacks: 시장 이름이 뭐야?"""
    offices = offices_in(question.text.replace("이름", ""))
    own = "".join(offices)
    asking = words("offices", "asking") | words("offices")
    alone = bool(offices) and all(m.form in own or m.form in asking for m in question.content)
    return alone and not any(_held(office, text) for office in offices)


def _other_part(number: str, unit: str, text: str) -> bool:
    """Whether an article counts parts of that kind, but has none of that number: 3부, where there are two."""
    has = set(re.findall(rf"(\d+) ?{unit}(?![가-힣]*(?:터|분))", text))
    return bool(has) and number not in has


def _held(office: str, text: str) -> bool:
    """Whether an article has an office, and not only its deputy: 군수, but not 부군수."""
    return re.search(rf"(?<!부){re.escape(office)}", text) is not None


def _known_kind(question: Question, page: Page) -> bool:
    """Whether the article has the thing that the answer is one of: 비밀번호가 뭐예요? needs a word for it."""
    noun = question.focus
    if noun is None or len(noun) < 2 or noun in focus_types() or noun in words("generic"):
        return True
    return noun in page.article.text or _spoken_of(question, noun, page.lines)


def _spoken_of(question: Question, noun: str, lines: Sequence[Line]) -> bool:
    """Whether sentences have a noun of the question, in the same or in other words."""
    groups = {meaning.group for meaning in meanings([m for m in question.morphemes if m.form == noun])}
    return any(noun.lower() in line.terms or groups & line.groups or noun in line.text for line in lines)


def holding(question: Question, ranked: Sequence[Ranked]) -> list[Ranked]:
    """The sentences with the first that could answer the question before all others; empty where none could.

    A date, a time, a number of the unit asked for, a name or a title must stand in one that fits about as
    well as the best.
    """
    best = max((item.covered for item in ranked[:LOOKED_AT]), default=0.0)
    first = ranked[0]
    page = [item for item in ranked[1:NEAR_BY] if item.candidate.page is first.candidate.page]
    others = [item for item in ranked[1:LOOKED_AT] if item not in page]
    for item in (first, *page, *others):
        near = item.share >= FITTING * first.share or item.covered >= COVERED * best
        if near and _holds(question, item.candidate):
            return [item, *(other for other in ranked if other is not item)]
    return []


def _holds(question: Question, candidate: Candidate) -> bool:
    line = candidate.line
    if question.type in ("date", "time"):
        return shows(question.type, line.text)
    if question.type == "number":
        return _holds_number(question, line.text) and _counts_it(question, candidate)
    if question.type == "person" and not question.several:
        asked = question.text.replace(" ", "")
        people = [
            span for span in anatomy(line).spans if span.keys[0] in PERSONS and not common_noun(line, span)
        ]
        new = any(line.text[span.start : span.end].replace(" ", "") not in asked for span in people)
        body = "누가" in question.text and any(span.keys[0] == "kind=org" for span in anatomy(line).spans)
        named = any(
            m.tag == "NNP" and len(m.form) > 2 and m.form[-1] not in _NO_NAME_ENDS and m.form not in asked
            for m in line.morphemes
        )
        return new or named or body or speaker_of(candidate) is not None
    if question.type in ("org", "place") and question.focus in INSTITUTIONS:
        return re.search(INSTITUTIONS[question.focus], line.text) is not None
    if question.type == "topic" and question.focus in words("titles"):
        whom = cast_of(candidate.page).named_in(question.text)
        about = not whom or speaker_of(candidate) in whom or any(one.name in line.text for one in whom)
        return about and shows("topic", _SPEECH.sub("", line.text))
    return True


def common_noun(line: Line, span: Span) -> bool:
    """Whether what looks like a bare name is a common noun or a place: 어린이, 도서관, 원주시."""
    inside = [m for m in line.morphemes if m.start >= span.start and m.end <= span.end]
    bare = span.keys[0] == "kind=name"
    return bare and (
        line.text[span.end - 1] in _NO_NAME_ENDS
        or all(m.tag == "NNG" and m.id >= UNKNOWN_BELOW for m in inside)
    )


def _counts_it(question: Question, candidate: Candidate) -> bool:
    """Whether what is counted stands in the sentence or the two around it, in the same or in other words."""
    noun = counted_noun(question)
    around = candidate.page.lines[max(0, candidate.place - 1) : candidate.place + 2]
    return noun is None or _spoken_of(question, noun, around)


def _holds_number(question: Question, text: str) -> bool:
    if question.unit in words("countable") or (question.unit is None and question.focus in words("counted")):
        lists = "," in text or "·" in text or "、" in text or " 및 " in text
        return lists or (shows("number", text) if question.unit is None else counted(question.unit, text))
    if question.exact_unit is not None:
        return counted(question.exact_unit, text)
    return shows("number", text)


def probability(values: dict[str, float]) -> float:
    """The chance that the question is answerable from this evidence, 0 to 1."""
    return 1 / (1 + exp(-sum(WEIGHTS[name] * value for name, value in values.items())))


def signals(asked: Asked, ranked: Sequence[Ranked], found: Sequence[Found]) -> dict[str, float]:
    """The named signals, each about 0 to 1.

    They are what the evidence says of the question, how far it lacks a name, and that it lacks every noun.
    """
    best = found[0].candidate if found else ranked[0].candidate
    page = best.page
    known: set[str] = set()
    pairs: set[str] = set()
    for line in page.lines:
        known |= line.terms
        pairs |= line.pairs
    groups = frozenset().union(*(line.groups for line in page.lines))
    total = sum(asked.weights.values()) or 1.0
    held = {
        term
        for term in asked.weights
        if term in known or asked.groups[term] & groups or _spelled(term, pairs)
    }
    nouns = [m for m in _topics(asked.question) if m.form.lower() in asked.weights]
    missing = [m.form.lower() for m in nouns if m.form.lower() not in held and m.tag == "NNP"]
    return {
        "bias": 1.0,
        "sentence": max(item.covered for item in ranked if item.candidate is best),
        "known": sum(asked.weights[term] for term in held) / total,
        "share": found[0].share if found else 0.0,
        "stranger": max(
            (_strange(name, pairs) for name in missing if asked.weights[name] >= RARE), default=0.0
        ),
        "foreign": float(bool(nouns) and not any(m.form.lower() in held for m in nouns)),
    }


def _topics(question: Question) -> list[Morpheme]:
    """The nouns of a question that are no part of a verb: 탐사선, not 출발, in 탐사선은 언제 출발하나요."""
    verbal = {one.start for one, other in pairwise(question.morphemes) if other.tag in ("XSV", "XSA")}
    return [m for m in question.content if m.tag in _NOUNS and m.start not in verbal]


def _spelled(term: str, pairs: set[str]) -> bool:
    return len(term) > 2 and not _strange(term, pairs)


def _strange(term: str, pairs: set[str]) -> float:
    """The share of a word's letter pairs that an article has not: little for a name with a slip in it."""
    own = letter_pairs(term)
    return sum(pair not in pairs for pair in own) / max(len(own), 1)
