"""The candidate answers of a sentence: runs of words that could be an answer, and what they look like.

A candidate begins where an eojeol, a bracket or a quotation begins and ends on a noun, a closing bracket
or the end of a quotation, before a particle, an ending or a space. Everything here is independent of the
question and computed once for a sentence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bot.kinds import is_title, surface_kind
from bot.lexicon import focus_types, words
from bot.passages import Line
from vectorstore.lexical import TERM_TAGS
from vectorstore.morphemes import UNKNOWN_BELOW, Morpheme

MAX_EOJEOLS = 9
MAX_SPANS = 400  # candidates of one sentence; a longer one keeps its shortest
NOMINAL = frozenset(
    {
        "NNG",
        "NNP",
        "NNB",
        "NR",
        "NP",
        "SL",
        "SN",
        "SH",
        "XSN",
        "XR",
        "ETN",
        "SW",
        "W_SERIAL",
        "W_URL",
        "W_EMAIL",
    }
)
OPENING = {
    "‘": "’",
    "“": "”",
    "'": "'",
    '"': '"',
    "〈": "〉",
    "《": "》",
    "「": "」",
    "『": "』",
    "(": ")",
    "[": "]",
    "<": ">",
}
QUOTES = frozenset("‘“〈《「『'\"<")


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """One candidate: `line.text[start:end]`."""

    start: int
    end: int
    first: int
    """Eojeol of its first letter."""
    last: int
    """Eojeol of its last letter."""
    head: str
    """Its last noun, in dictionary form."""
    head_row: int
    """The row of its last content word in `line.vectors`, -1 for none."""
    keys: tuple[str, ...]
    """What it looks like: names of features that are 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """A sentence cut into eojeols, with its candidates."""

    spans: tuple[Span, ...]
    eojeols: int
    places: tuple[int, ...]
    """The eojeol of each morpheme."""
    word_of_row: NDArray[np.int64]
    """The eojeol of each row of `line.vectors`."""
    clause_of: NDArray[np.int64]
    """The clause of each eojeol."""
    forms: tuple[frozenset[str], ...]
    """The content words of each eojeol."""


@lru_cache(maxsize=1024)
def anatomy(line: Line) -> Anatomy:
    """Cut a sentence up; the same Line is cut once."""
    found = line.morphemes
    words_at = _eojeol_index(line.text)
    places = [words_at[min(m.start, len(words_at) - 1)] for m in found]
    count = (words_at[-1] + 1) if words_at else 0
    rows = [place for m, place in zip(found, places, strict=True) if m.tag[:2] in TERM_TAGS and has_weight(m)]
    forms: list[set[str]] = [set() for _ in range(count)]
    for m, place in zip(found, places, strict=True):
        if m.tag[:2] in TERM_TAGS:
            forms[place].add(m.form.lower())
    return Anatomy(
        tuple(_candidates(line, found, places)), count, tuple(places), np.array(rows, np.int64),
        _clauses(found, places, count), tuple(frozenset(f) for f in forms),
    )  # fmt: skip


def has_weight(morpheme: Morpheme) -> bool:
    """Whether `passages.word_vectors` gave this content word a row."""
    return morpheme.tag[0] != "S" or morpheme.tag in ("SL", "SN", "SH")


def _eojeol_index(text: str) -> list[int]:
    """The eojeol number of each letter; a space belongs to the eojeol before it."""
    index, number, inside = [], -1, False
    for char in text:
        if not char.isspace() and not inside:
            number += 1
        inside = not char.isspace()
        index.append(max(number, 0))
    return index


def _clauses(found: Sequence[Morpheme], places: Sequence[int], count: int) -> NDArray[np.int64]:
    """Clause numbers by eojeol: a connective ending, a sentence end or a comma after a verb closes one."""
    closes = np.zeros(count + 1, np.int64)
    for m, place in zip(found, places, strict=True):
        if m.tag in ("EC", "EF", "SF"):
            closes[place + 1] = 1
    return np.cumsum(closes)[:count]


def _candidates(line: Line, found: Sequence[Morpheme], places: Sequence[int]) -> list[Span]:
    spans = []
    rows = _rows(found)
    for i in range(len(found)):
        if not _may_begin(found, places, i):
            continue
        for j in range(i, len(found)):
            if places[j] - places[i] >= MAX_EOJEOLS and not _quoted(line.text, found, i, j):
                break
            if found[j].tag == "EF" and not _inside_quote(line.text, found, i):
                break
            if _may_end(line.text, found, places, i, j):
                spans.append(_describe(line, found, places, rows, i, j))
    spans.sort(key=lambda span: (span.end - span.start, span.start))
    return sorted(spans[:MAX_SPANS], key=lambda span: (span.start, span.end))


def _may_begin(found: Sequence[Morpheme], places: Sequence[int], i: int) -> bool:
    tag = found[i].tag
    if tag[0] in "JE" or tag in (
        "SF",
        "SP",
        "SS",
        "SSC",
        "SSO",
        "SE",
        "SO",
        "XSV",
        "XSA",
        "XSN",
        "VCP",
        "VX",
    ):
        return False
    if i == 0 or places[i] != places[i - 1]:
        return True
    return found[i - 1].tag in ("SSO", "SP", "SS", "SSC", "SO", "SW")


def _may_end(text: str, found: Sequence[Morpheme], places: Sequence[int], i: int, j: int) -> bool:
    tag = found[j].tag
    closed = _balanced(text[found[i].start : found[j].end])
    if not closed:
        return False
    after = found[j + 1] if j + 1 < len(found) else None
    if (
        after is not None
        and text[after.start : after.end] in ("’", "”", "〉", "》", "」", "』", "'", '"', ">")
        and i
        and _opens(text, found[i - 1])
    ):
        return True
    if found[j].form == "까지" and "부터" in text[found[i].start : found[j].start]:
        return True  # from … until …
    if tag in ("EC", "ETM") and (after is None or places[j + 1] != places[j]):
        return places[j] - places[i] >= 1  # a clause that gives a reason, a manner or a state
    if tag not in NOMINAL and not (tag == "SSC" and found[j].end - found[i].start > 2):
        return False
    if after is None or places[j + 1] != places[j]:
        return True
    return after.tag[0] in "JE" or after.tag in (
        "VCP",
        "VCN",
        "XSV",
        "XSA",
        "SP",
        "SSC",
        "SSO",
        "SF",
        "SS",
        "SO",
        "SE",
    )


def _opens(text: str, m: Morpheme) -> bool:
    return text[m.start : m.end] in QUOTES


def _inside_quote(text: str, found: Sequence[Morpheme], i: int) -> bool:
    return i > 0 and _opens(text, found[i - 1])


def _quoted(text: str, found: Sequence[Morpheme], i: int, j: int) -> bool:
    """Whether the run up to j still stands inside the quotation that opens right before i."""
    if not _inside_quote(text, found, i):
        return False
    opener = text[found[i - 1].start]
    return OPENING[opener] not in text[found[i].start : found[j].start] and j - i < 80


def _balanced(text: str) -> bool:
    """Whether every bracket and quotation that opens in `text` closes in it and the other way round."""
    waiting: list[str] = []
    for char in text:
        if waiting and char == waiting[-1]:
            waiting.pop()
        elif char in OPENING:
            waiting.append(OPENING[char])
        elif char in "’”〉》」』)]":
            return False
    return not waiting


def _rows(found: Sequence[Morpheme]) -> list[int]:
    """For each morpheme its row in `line.vectors`, -1 for none."""
    rows, row = [], 0
    for m in found:
        if m.tag[:2] in TERM_TAGS and has_weight(m):
            rows.append(row)
            row += 1
        else:
            rows.append(-1)
    return rows


def _describe(
    line: Line, found: Sequence[Morpheme], places: Sequence[int], rows: Sequence[int], i: int, j: int
) -> Span:
    inner = found[i : j + 1]
    text = line.text[found[i].start : found[j].end]
    head = next((k for k in range(j, i - 1, -1) if found[k].tag in NOMINAL and found[k].tag != "XSN"), j)
    head_row = next((rows[k] for k in range(head, i - 1, -1) if rows[k] >= 0), -1)
    form = found[head].form
    kind = surface_kind(text, inner)
    after, beyond = _after(found, places, j)
    before = _before(line.text, found, places, i)
    length = places[j] - places[i] + 1
    size = str(length) if length < 5 else "5" if length < 7 else "7"
    keys = [
        f"kind={kind}", f"after={after}", f"before={before}", f"length={size}", f"kind={kind},after={after}",
        f"kind={kind},before={before}", f"beyond={beyond}", f"end={found[j].tag}",
        f"kind={kind},length={size}",
    ]  # fmt: skip
    if form in focus_types():
        keys.append(f"head={focus_types()[form]}")
    keys += [f"inner={tag}" for tag in sorted(_inner(inner))]
    if any(m.id < UNKNOWN_BELOW and m.tag in ("NNP", "NNG") for m in inner):
        keys.append("unknown")
    if i == 0:
        keys.append("first")
    if line.role != "body":
        keys.append(f"role={line.role}")
        keys.append(f"role={line.role},kind={kind}")
    return Span(found[i].start, found[j].end, places[i], places[j], form, head_row, tuple(keys))


def _inner(inner: Sequence[Morpheme]) -> set[str]:
    """The particles, endings and marks inside a candidate."""
    kinds = set()
    for m in inner[:-1]:
        if m.tag in ("JKS", "JX", "JKO", "JKB", "JKG", "JC", "EC", "ETM", "EF", "SP", "SN", "SSO", "NNP"):
            kinds.add(m.tag)
    return kinds


def _after(found: Sequence[Morpheme], places: Sequence[int], j: int) -> tuple[str, str]:
    """(what is joined to the span's end, what follows after that)."""
    k = j + 1
    joined = "none"
    if k < len(found) and (places[k] == places[j] or found[k].tag[0] == "S"):
        m = found[k]
        joined = f"{m.tag}:{m.form}" if m.tag[0] == "J" else m.tag
        while k < len(found) and places[k] == places[j]:
            k += 1
    if k >= len(found):
        return joined, "end"
    m = found[k]
    if m.form in words("saying", "verbs"):
        return joined, "saying"
    if is_title(m.form):
        return joined, "title"
    return joined, m.tag[:2]


def _before(text: str, found: Sequence[Morpheme], places: Sequence[int], i: int) -> str:
    """What stands before the span."""
    if i == 0:
        return "start"
    m = found[i - 1]
    if m.tag[0] == "J":
        return f"{m.tag}:{m.form}"
    if _opens(text, m):
        return "quote"
    return m.tag if m.tag[0] in "ES" else m.tag[:2]


def clean_answer(text: str) -> str:
    """An answer without the quotation marks around it or a particle after a sign: 40㏊ of 40㏊를."""
    bare = re.sub(r"^[‘“'\"〈《「『]+|[’”'\"〉》」』.]+$", "", text.strip())
    return re.sub(r"(?<=[^가-힣\s])(?:을|를|이|가|은|는|에|의|로|으로|과|와|도)$", "", bare)
