"""Whether a sentence that a language model wrote is supported by the evidence that it cites.

Nothing is concluded from meaning alone: quotes, names, numbers, dates, places, negations and foreign scripts
must be those of the evidence, and enough of the sentence's words must stand there in these or other words.
`forum-bot eval grounding` measures it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations

from bot.grounding.agents import another
from bot.grounding.conditions import ignored, widened
from bot.grounding.days import in_years, wrong_date
from bot.grounding.frames import exchanged
from bot.grounding.names import wrong_name
from bot.grounding.numbers import wrong_number
from bot.grounding.places import absent, modified, office, renamed, swapped
from bot.grounding.polarity import opposed
from bot.grounding.signs import contradicted
from bot.grounding.swaps import misplaced
from bot.grounding.text import analysed, plain, squeezed
from bot.lexicon import words
from bot.passages import term_set, word_vectors
from vectorstore.kiwi_encoder import KiwiEncoder, weight_of
from vectorstore.lexical import TERM_TAGS
from vectorstore.paraphrases import meanings

LEAST = 0.3  # of the weight must stand in the evidence; by hand, over all sets of tests/data/grounding
NEAR = 0.5  # cosine from which another word says the same
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
    sentence, *evidence = (plain(part) for part in (sentence, *evidence))
    text = " ".join(evidence)
    return _first(
        ("markup", lambda: _markup(sentence, text)),
        ("quote", lambda: _quotes(sentence, text)),
        ("script", lambda: _scripts(sentence, text)),
        ("date", lambda: wrong_date(sentence, text, published)),
        ("number", lambda: wrong_number(sentence, text, published)),
        ("name", lambda: wrong_name(sentence, text)),
        ("swapped", lambda: _alternative(sentence, text)),
        ("negation", lambda: opposed(sentence, evidence, encoder)),
        ("negation", lambda: contradicted(sentence, evidence, encoder)),
        ("negation", lambda: ignored(sentence, evidence)),
        ("negation", lambda: widened(sentence, evidence, encoder)),
        ("swapped", lambda: swapped(sentence, text)),
        ("swapped", lambda: absent(sentence, text)),
        ("name", lambda: renamed(sentence, text)),
        ("name", lambda: office(sentence, text)),
        ("swapped", lambda: modified(sentence, evidence)),
        ("swapped", lambda: exchanged(sentence, evidence, encoder)),
        ("swapped", lambda: another(sentence, evidence, encoder)),
        ("swapped", lambda: misplaced(*in_years(sentence, evidence, published), encoder)),
        ("words", lambda: _words(sentence, text, encoder)),
    )


def foreign(sentence: str, said: Sequence[str]) -> Problem | None:
    """What a sentence brings in that was not said: a quote, script, number or name of its own."""
    text = " ".join(said)
    return _first(
        ("quote", lambda: _quotes(sentence, text)),
        ("script", lambda: _scripts(sentence, text)),
        ("number", lambda: wrong_number(sentence, text)),
        ("name", lambda: wrong_name(sentence, text)),
    )


def _first(*looks: tuple[str, Callable[[], str | None]]) -> Problem | None:
    """The first that finds something; the ones behind it are not tried."""
    for kind, look in looks:
        found = look()
        if found is not None:
            return Problem(kind, found)
    return None


def _markup(sentence: str, text: str) -> str | None:
    """Links, pictures and HTML, but for an address that the evidence has in full."""
    for match in _MARKUP.finditer(sentence):
        if match[0] not in text:
            return match[0]
    return None


def _quotes(sentence: str, text: str) -> str | None:
    for match in _QUOTE.finditer(sentence):
        if squeezed(match[1]) not in squeezed(text):
            return match[1]
    return None


def _scripts(sentence: str, text: str) -> str | None:
    """Words of other scripts, Han, Kana and Latin among them, that the evidence does not have."""
    for match in _SCRIPTS.finditer(sentence):
        if match[0].isalpha() and match[0].lower() not in text.lower():
            return match[0]
    return None


def _alternative(sentence: str, text: str) -> str | None:
    """One of two that exclude each other, where the evidence has only the other: 오전 for 오후."""
    for pair in words("grounding", "alternatives"):
        for one, other in permutations(pair.split("/")):
            days = one in ("평일", "주말") and "요일" in text
            if one in sentence and one not in text and other in text and other not in sentence and not days:
                return one
    return None


def _words(sentence: str, text: str, encoder: KiwiEncoder) -> str | None:
    """Enough of the words must stand in the evidence, in these or other words."""
    said = [
        m for m in analysed(sentence) if m.tag[:2] in TERM_TAGS and m.form not in words("grounding", "frame")
    ]
    weights = [weight_of(m) for m in said]
    if not any(weights):
        return None
    found = analysed(text)
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
    return " ".join(missing) if covered < LEAST * sum(weights) else None
