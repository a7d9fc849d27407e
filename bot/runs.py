"""Read a name with its titles, or a list of items, off a sentence: the words that belong to a found answer.

"남기훈 협회 사무총장의 사회로" → 남기훈 협회 사무총장; "A, B, C가 주최했다" → A, B, C.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.kinds import is_title
from bot.passages import Line
from bot.reader.spans import NOMINAL, Span
from vectorstore.morphemes import Morpheme

MAX_RUN = 12  # morphemes that a name's titles may take
GLUE = frozenset({"SSO", "SSC", "SW", "SO", "XPN", "XSN", "SS", "W_SERIAL"})  # what may stand inside a name


@dataclass(frozen=True, slots=True)
class Run:
    """Characters `line.text[start:end]`."""

    start: int
    end: int


def with_titles(line: Line, span: Span) -> Run:
    """The answer with the organisation and the title that go with a person's name, before or after it."""
    found = line.morphemes
    first, last = _place(found, span)
    end = _title_after(found, last)
    begin = first if end != last else _title_before(found, first)
    return Run(found[begin].start, found[end].end)


def listed(line: Line, span: Span) -> tuple[Run, ...]:
    """The items of the list that the answer is one of, in order; the answer alone where it is in no list."""
    found = line.morphemes
    first, last = _place(found, span)
    begin, end = _phrase_start(found, first), _phrase_end(found, last)
    runs = [(begin, end)]
    while (left := _item_before(found, runs[0][0])) is not None:
        runs.insert(0, left)
    while (right := _item_after(found, runs[-1][1])) is not None:
        runs.append(right)
    if len(runs) == 1:
        return (Run(span.start, span.end),)
    return tuple(Run(found[a].start, found[b].end) for a, b in runs)


def _place(found: Sequence[Morpheme], span: Span) -> tuple[int, int]:
    inside = [k for k, m in enumerate(found) if m.start >= span.start and m.end <= span.end]
    return (inside[0], inside[-1]) if inside else (0, 0)


def _title_after(found: Sequence[Morpheme], last: int) -> int:
    """The last title in the unbroken run of nouns after `last`, or `last` itself."""
    if is_title(found[last].form):
        return last
    end = last
    for k in range(last + 1, min(last + 1 + MAX_RUN, len(found))):
        if not _nominal(found[k]):
            break
        if is_title(found[k].form) or (k + 1 < len(found) and is_title(found[k].form + found[k + 1].form)):
            end = k
    return end


def _title_before(found: Sequence[Morpheme], first: int) -> int:
    """The start of the run of nouns that leads to a title right before `first`, or `first` itself."""
    if first == 0 or not is_title(found[first - 1].form):
        return first
    begin = first
    for k in range(first - 1, max(first - 1 - MAX_RUN, -1), -1):
        if not _nominal(found[k]):
            break
        begin = k
    return begin


def _nominal(m: Morpheme) -> bool:
    return m.tag in NOMINAL or m.tag in GLUE


def _phrase_start(found: Sequence[Morpheme], first: int) -> int:
    while first > 0 and (_nominal(found[first - 1]) or found[first - 1].tag == "JKG"):
        first -= 1
    return first


def _phrase_end(found: Sequence[Morpheme], last: int) -> int:
    while last + 1 < len(found) and _nominal(found[last + 1]):
        last += 1
    return last


def _item_before(found: Sequence[Morpheme], begin: int) -> tuple[int, int] | None:
    """The item that a comma or 와/과 joins to what begins at `begin`."""
    k = begin - 1
    if k < 1 or not _joins(found[k]):
        return None
    while k > 0 and _joins(found[k]):
        k -= 1
    if not _nominal(found[k]):
        return None
    return _phrase_start(found, k), k


def _item_after(found: Sequence[Morpheme], end: int) -> tuple[int, int] | None:
    k = end + 1
    if k >= len(found) - 1 or not _joins(found[k]):
        return None
    while k < len(found) and _joins(found[k]):
        k += 1
    if k >= len(found) or not _nominal(found[k]):
        return None
    last = _phrase_end(found, k)
    while last + 2 < len(found) and found[last + 1].tag == "JKG" and _nominal(found[last + 2]):
        last = _phrase_end(found, last + 2)
    return k, last


def _joins(m: Morpheme) -> bool:
    return m.tag in ("SP", "JC") or (m.tag in ("MAJ", "MAG") and m.form in ("및", "그리고", "또"))
