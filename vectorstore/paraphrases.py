"""Which meanings a text expresses, by a lexicon of paraphrases: 개회사 = 막을 여는 말 = 개회 인사.

The lexicon (`paraphrases.tsv`, compiled by `benchmarks/build_paraphrases.py`) gives each expression the
numbers of the groups it belongs to. Two texts share a meaning where they hold expressions of one group;
groups are never joined through a word that stands in two of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
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
    sequence = content_words(found)
    return tuple(
        Meaning(int(group), sequence[first][1], sequence[last][1])
        for first, last, groups in _expressions_in([form for form, _ in sequence])
        for group in groups
    )


def content_words(found: Iterable[Morpheme]) -> list[tuple[str, int]]:
    """(lower-cased form, place) of the words that an expression is made of."""
    return [(m.form.lower(), place) for place, m in enumerate(found) if m.tag[:2] in CONTENT]


def meaning_terms(found: Sequence[Morpheme]) -> list[str]:
    """The groups that a text expresses, as terms for an index."""
    forms = [form for form, _ in content_words(found)]
    return list(dict.fromkeys(group for _, _, groups in _expressions_in(forms) for group in groups))


def _expressions_in(forms: Sequence[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """(first word, last word, groups) of every expression in a run of content words."""
    beginnings = _lexicon()
    for first in range(len(forms)):
        after = beginnings
        for last in range(first, len(forms)):
            entry = after.get(forms[last])
            if entry is None:
                break
            if entry.groups:
                yield first, last, entry.groups
            if not entry.after:
                break
            after = entry.after


@dataclass(slots=True)
class _Entry:
    """What a run of words is: an expression of these groups, the beginning of longer ones, or both."""

    groups: tuple[str, ...] = ()
    after: dict[str, "_Entry"] = field(default_factory=dict)


@cache
def _lexicon() -> dict[str, _Entry]:
    """The lexicon as a tree of words."""
    first: dict[str, _Entry] = {}
    for line in (files("vectorstore") / "paraphrases.tsv").read_text(encoding="utf-8").splitlines():
        expression, _, groups = line.partition("\t")
        after, entry = first, _Entry()
        for word in expression.split(" "):
            entry = after.setdefault(word, _Entry())
            after = entry.after
        entry.groups = tuple(groups.split())
    return first
