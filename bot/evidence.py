"""Rank sentences by how well they answer a question: a linear model over a few readable features.

The weights are fitted on the project's own questions (`benchmarks/fit_evidence.py`; a listwise softmax
over the sentences of a passage) and rounded, but for those that say they are set by hand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np

from bot.english import in_english, meant
from bot.kinds import SIGNS, counted, shows
from bot.lexicon import words
from bot.passages import Candidate, Line, Page, term_set, word_vectors
from bot.people import Person, cast_of
from bot.question import NOUN_TAGS, Question
from vectorstore.kiwi_encoder import KiwiEncoder, weight_of
from vectorstore.lexical import letter_pairs
from vectorstore.morphemes import Morpheme
from vectorstore.paraphrases import meanings

NEWER = 3.0  # for the newest article where the question asks for the latest state; by hand
CARRIED = 0.4  # weight of a word that only the turns before have; by hand
CARRIED_AT_MOST = 0.5  # of the weight of its own words; by hand
WHEN = 0.3  # weight of a word that says which report is meant, the first or the last; by hand
SEVERAL = 2  # titles of people in a sentence that answers who they all are
NEAR = 0.45  # a cosine below says nothing: two random words reach .3

WEIGHTS: dict[str, float] = {
    "meaning": 6.2,  # the question's words, in the same or in other words
    "meaning_before": 0.6,  # … in the sentence before
    "soft": 1.5,  # by nearness of the morpheme vectors
    "pairs": 8.0,  # by letters, which forgives misspelling and spacing
    "before": 2.8,  # words that only the sentence before has
    "after": 1.0,
    "paragraph": 2.2,
    "compound": 0.8,  # its compound nouns as they stand (토론자, where 토론 alone says less); by hand
    "kind": 1.6,  # a sign of what is asked for: a person, a date …
    "retrieved": 1.0,
    "header": -5.0,  # title, byline, caption …
    "header_asked": 7.0,  # … unless the question is about them; set by hand, our passages have titles only
    "speaker": 1.0,  # said by the person whom the question names; by hand, the fit gives .2 and -.4
    "other_speaker": -0.7,
    "about": 0.7,
    "long": -0.1,
}


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A sentence with how well it fits; `share` is its part of the softmax over all candidates."""

    candidate: Candidate
    score: float
    share: float
    covered: float
    """How much of the question's weight is in the sentence or around it, 0 to 1."""


def rank(asked: "Asked", candidates: Sequence[Candidate]) -> list[Ranked]:
    """The candidates, best first."""
    pages = dict.fromkeys(candidate.page for candidate in candidates)
    named = {page: cast_of(page).named_in(asked.question.text) for page in pages}
    newer = _newer(asked.question, pages)
    if newer:
        asked = asked.lighter(words("latest") | words("earliest"), WHEN)
    rows = [features(asked, candidate, named[candidate.page]) for candidate in candidates]
    scores = [
        sum(WEIGHTS[name] * value for name, value in row.items()) + newer.get(candidate.page, 0.0)
        for row, candidate in zip(rows, candidates, strict=True)
    ]
    top = max(scores, default=0.0)
    total = sum(exp(score - top) for score in scores) or 1.0
    ranked = [
        Ranked(candidate, score, exp(score - top) / total, max(row["soft"], row["meaning"]))
        for candidate, score, row in zip(candidates, scores, rows, strict=True)
    ]
    return sorted(ranked, key=lambda item: -item.score)


def _newer(question: Question, pages: Iterable[Page]) -> dict[Page, float]:
    """What each article gains where the question asks for what holds now, or for what held at first."""
    forms = {m.form for m in question.morphemes}
    sign = bool(forms & words("latest")) - bool(forms & words("earliest"))
    days = {page: page.article.published for page in pages if page.article.published}
    order = sorted(set(days.values()))
    if not sign or len(order) < 2:
        return {}
    ends = order if sign > 0 else order[::-1]
    return {page: NEWER * ends.index(day) / (len(order) - 1) for page, day in days.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question with what the features need of it, computed once."""

    question: Question
    weights: dict[str, float]
    """Content word → how much it counts."""
    groups: dict[str, frozenset[int]]
    """Content word → the paraphrase groups of the expressions that it is part of."""
    same: dict[str, frozenset[str]]
    """Content word of an English question → the Korean words that it may be."""
    forms: tuple[str, ...]
    """The word of each row of `vectors`."""
    vectors: np.ndarray
    vector_weights: np.ndarray
    pairs: frozenset[str]
    """Letters in twos, of its own words."""
    carried_pairs: frozenset[str]
    """Those of the words that only the turns before have."""
    own_share: float
    """How much of the weight its own words have."""
    focus_vector: np.ndarray | None
    """The unit vector of the noun that the answer is one of."""
    predicate_row: int | None
    """Which of the content words is the main predicate."""
    compounds: tuple[str, ...]
    """Its nouns of several morphemes, as they are written."""
    header: bool
    """Whether it asks about the report itself: its reporter, picture, title, date of entry."""

    @classmethod
    def of(cls, question: Question, encoder: KiwiEncoder, own: frozenset[str] | None = None) -> "Asked":
        """Prepare a question; `own` are its own words where others came in from the turns before."""
        weights: dict[str, float] = {}
        carried = _carried(question, own)
        same: dict[str, set[str]] = {}
        groups: dict[str, set[int]] = {}
        content: list[Morpheme] = []
        for m in question.content:
            korean = meant(m.form) if m.tag == "SL" and in_english(question.text) else ()
            if korean:
                for found in korean:
                    head = max(found, key=weight_of)
                    same.setdefault(korean[0][0].form, set()).add(head.form)
                    groups.setdefault(korean[0][0].form, set()).update(
                        meaning.group for meaning in meanings(found)
                    )
                m = korean[0][0]
            content.append(m)
            weight = weight_of(m) * (1.0 if own is None or m.form in own else carried)
            weights[m.form.lower()] = max(weights.get(m.form.lower(), 0.0), weight)
        for meaning in meanings(question.morphemes):
            for m in question.morphemes[meaning.first : meaning.last + 1]:
                groups.setdefault(m.form.lower(), set()).add(meaning.group)
        known = {form: frozenset(groups.get(form, ())) for form in weights}
        vectors = word_vectors(encoder, content)
        weighted = [m for m in content if weight_of(m) > 0]
        vector_weights = np.array([weights[m.form.lower()] for m in weighted], np.float32)
        focus = [m for m in question.morphemes if m.form == question.focus]
        focus_vectors = word_vectors(encoder, focus[:1])
        focus_vector = focus_vectors[0] if len(focus_vectors) else None
        header = bool(words("header") & term_set(question.morphemes))
        mine = _tokens_with(question, own)
        pairs = frozenset(letter_pairs(mine))
        carried_pairs = frozenset(letter_pairs(question.text)) - pairs
        own_weight = sum(weight for form, weight in weights.items() if own is None or form in own)
        own_share = own_weight / (sum(weights.values()) or 1.0) if carried_pairs else 1.0
        row = _predicate_row(question, weighted)
        forms = tuple(m.form.lower() for m in weighted)
        others = {form: frozenset(words) for form, words in same.items()}
        return cls(
            question, weights, known, others, forms, vectors, vector_weights, pairs, carried_pairs, own_share,
            focus_vector, row, compounds(question), header,
        )  # fmt: skip

    def lighter(self, forms: frozenset[str], factor: float) -> "Asked":
        """The same question with less weight on some of its words."""
        scale = np.array([factor if form in forms else 1.0 for form in self.forms], np.float32)
        return replace(
            self,
            weights={form: w * (factor if form in forms else 1.0) for form, w in self.weights.items()},
            vector_weights=self.vector_weights * scale,
        )

    def without(self, forms: frozenset[str]) -> "Asked":
        """The same question without some of its words; only what `coverage` needs is kept right."""
        rows = [row for row, form in enumerate(self.forms) if form not in forms]
        return replace(
            self,
            weights={form: weight for form, weight in self.weights.items() if form not in forms},
            forms=tuple(self.forms[row] for row in rows),
            vectors=self.vectors[rows],
            vector_weights=self.vector_weights[rows],
        )


def compounds(question: Question) -> tuple[str, ...]:
    """The question's nouns of several morphemes and at least three letters: 토론자, 전담기관."""
    found: list[str] = []
    start = end = 0
    count = 0
    for m in (*question.morphemes, None):
        if m is not None and m.tag in NOUN_TAGS and m.tag != "SN" and (count == 0 or m.start == end):
            start, end, count = (m.start if count == 0 else start), m.end, count + 1
            continue
        if count > 1 and end - start > 2:
            found.append(question.text[start:end])
        start, end, count = (m.start, m.end, 1) if m is not None and m.tag in NOUN_TAGS else (0, 0, 0)
    return tuple(dict.fromkeys(found))


def _tokens_with(question: Question, own: frozenset[str] | None) -> str:
    """The words of a question as they are written that hold one of its own."""
    if own is None:
        return question.text
    return " ".join(token for token in question.text.split() if any(form in token for form in own))


def _shared(asked: frozenset[str], there: frozenset[str]) -> float:
    return len(asked & there) / max(len(asked), 1)


def _carried(question: Question, own: frozenset[str] | None) -> float:
    """The weight of a word that only the turns before have: together they weigh at most half of its own."""
    if own is None:
        return 1.0
    mine = sum(weight_of(m) for m in question.content if m.form in own)
    theirs = sum(weight_of(m) for m in question.content if m.form not in own)
    return min(CARRIED, CARRIED_AT_MOST * mine / theirs) if mine and theirs else CARRIED


def _predicate_row(question: Question, weighted: Sequence[Morpheme]) -> int | None:
    """The last verb, adjective or noun made a verb among the content words."""
    verbal = set()
    for m, after in zip(question.morphemes, question.morphemes[1:], strict=False):
        if m.tag in ("VV", "VA") or after.tag in ("XSV", "XSA"):
            verbal.add(m.start)
    rows = [row for row, m in enumerate(weighted) if m.start in verbal]
    return rows[-1] if rows else None


HEADER_ROLES = frozenset({"section", "title", "subtitle", "dateline", "byline", "caption"})


def features(asked: Asked, candidate: Candidate, named: Sequence[Person]) -> dict[str, float]:
    """The named features of one sentence, each about 0 to 1; `named` are the people the question names."""
    line, lines, place = candidate.line, candidate.page.lines, candidate.place
    before = lines[place - 1] if place and lines[place - 1].role == "body" else None
    after = lines[place + 1] if place + 1 < len(lines) else None
    header = line.role in HEADER_ROLES
    speaker = cast_of(candidate.page).speakers[place]
    paragraph: set[str] = set()
    for other in lines[max(0, place - 4) : place + 5]:
        if other.paragraph == line.paragraph:
            paragraph |= other.terms
    said = (
        _said(asked, line) if asked.same else line.terms
    )  # of an English question no word stands there itself
    return {
        "meaning": _meaning(asked, line),
        "meaning_before": _meaning(asked, before) if before else 0.0,
        "soft": _meaning(asked, line) if asked.same else _soft(asked, line.vectors, line.terms),
        "pairs": asked.own_share * _shared(asked.pairs, line.pairs)
        + (1 - asked.own_share) * _shared(asked.carried_pairs, line.pairs),
        "before": _exact(asked, before.terms - said) if before else 0.0,
        "after": _exact(asked, after.terms - said) if after else 0.0,
        "paragraph": _exact(asked, frozenset(paragraph) - said),
        "compound": sum(word in line.text for word in asked.compounds) / max(len(asked.compounds), 1),
        "kind": _kind(asked.question, line.text),
        "retrieved": candidate.retrieved,
        "header": float(header),
        "header_asked": float(header and asked.header),
        "speaker": float(speaker is not None and speaker in named),
        "other_speaker": float(speaker is not None and bool(named) and speaker not in named),
        "about": float(any(person.name in line.text for person in named)),
        "long": min(len(line.text) / 200, 2.0),
    }


def _kind(question: Question, text: str) -> float:
    """The part of what is asked for that the text shows a sign of."""
    kinds = [question.type] if question.also is None else [question.type, question.also]
    if question.type == "number" and question.exact_unit is not None:
        return float(counted(question.exact_unit, text))
    if question.type == "person" and question.several:
        return min(len(SIGNS["person"].findall(text)), SEVERAL) / SEVERAL
    return sum(shows(kind, text) for kind in kinds) / len(kinds)


def coverage(asked: Asked, line: Line) -> float:
    """How much of the question's weight a sentence says, 0 to 1: in these or other words, or in near ones."""
    return max(_soft(asked, line.vectors, line.terms), _meaning(asked, line))


def _exact(asked: Asked, terms: frozenset[str]) -> float:
    total = sum(asked.weights.values())
    return sum(weight for term, weight in asked.weights.items() if term in terms) / total if total else 0.0


def _meaning(asked: Asked, line: Line) -> float:
    """The weighted part of the question's words that the line says, in the same or in other words."""
    total = sum(asked.weights.values())
    return sum(asked.weights[form] for form in _said(asked, line)) / total if total else 0.0


def _said(asked: Asked, line: Line) -> frozenset[str]:
    """The question's words that the line says, in the same or in other words."""
    whole = [word.lower() for word in asked.compounds if word in line.text]
    if not all(any(form in word for word in asked.compounds) for form in asked.weights):
        whole = []  # a part of a compound is not enough where the question says more
    return frozenset(
        form
        for form in asked.weights
        if form in line.terms
        or any(form in word for word in whole)
        or asked.groups[form] & line.groups
        or line.holds(form)
        or asked.same.get(form, frozenset()) & line.terms
    )


def _soft(asked: Asked, vectors: np.ndarray, terms: frozenset[str]) -> float:
    """Weighted mean over the question's words of the nearest word's cosine, scaled from NEAR to 1."""
    if not len(asked.vectors) or not len(vectors):
        return 0.0
    nearest = (asked.vectors @ vectors.T).max(axis=1)
    credit = np.clip((nearest - NEAR) / (1 - NEAR), 0.0, 1.0)
    return float((credit * asked.vector_weights).sum() / asked.vector_weights.sum())
