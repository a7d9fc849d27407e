"""Which meanings a text expresses, by a lexicon of paraphrases: 개회사 = 막을 여는 말 = 개회 인사.

The lexicon (`paraphrases.tsv`, compiled by `benchmarks/build_paraphrases.py`) gives each expression the
numbers of the groups it belongs to. Two texts share a meaning where they hold expressions of one group;
groups are never joined through a word that stands in two of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from vectorstore.morphemes import Morpheme

MAX_WORDS = 4  # content words of one expression
CONTENT = frozenset({"NN", "NR", "VV", "VA", "MA", "MM", "XR", "SL", "SN", "NP"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """An expression found in a text: morphemes `first` to `last`, of one group."""

    group: int
    first: int
    last: int


def meanings(found: Sequence[Morpheme]) -> tuple[Meaning, ...]:
    """Every expression of the lexicon in an analysed text."""
    table = _expressions()
    sequence = content_words(found)
    result: list[Meaning] = []
    for start in range(len(sequence)):
        key: tuple[str, ...] = ()
        for stop in range(start, min(start + MAX_WORDS, len(sequence))):
            key = (*key, sequence[stop][0])
            place = sequence[start][1], sequence[stop][1]
            result.extend(Meaning(group, *place) for group in table.get(key, ()))
    return tuple(result)


def content_words(found: Iterable[Morpheme]) -> list[tuple[str, int]]:
    """(lower-cased form, place) of the words that an expression is made of."""
    return [(m.form.lower(), place) for place, m in enumerate(found) if m.tag[:2] in CONTENT]


def meaning_terms(found: Sequence[Morpheme]) -> list[str]:
    """The groups that a text expresses, as terms for an index."""
    return [str(group) for group in dict.fromkeys(meaning.group for meaning in meanings(found))]


@cache
def _expressions() -> dict[tuple[str, ...], tuple[int, ...]]:
    table = {}
    for line in (files("vectorstore") / "paraphrases.tsv").read_text(encoding="utf-8").splitlines():
        expression, _, groups = line.partition("\t")
        table[tuple(expression.split(" "))] = tuple(int(group) for group in groups.split())
    return table
