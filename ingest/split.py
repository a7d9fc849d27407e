"""An article cut up: sentences by Kiwi, quotations kept whole, chunks of whole sentences."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import TypeAlias

from vectorstore.morphemes import Morpheme, analysed_sentences
from vectorstore.types import Article, Chunk, Part, Prepared, Role, Sentence

Analysed: TypeAlias = list[list[Morpheme]]
"""A piece of text as Kiwi has it: its sentences, each as its morphemes with places in the piece."""

SPLITTER = "kiwi-quotes-1"
"""Name and version: an index made by another one must be rebuilt. Raise it with every change of this file."""

TARGET = 350  # characters of a chunk: two or three paragraphs of a report
ROOM = 460  # what a paragraph or a run of paragraphs may have before it is cut
LIMIT = 700  # no chunk is longer
SCRAP = 80  # a shorter run, a heading or a last line, joins its neighbour
_LONGEST = 600  # characters of one sentence; a longer one is cut, at a clause where there is one
_PIECE = 20_000  # characters that Kiwi is given at once: a book on one line is cut at spaces first
_HEADER = frozenset({"section", "title", "subtitle", "dateline", "byline", "caption"})
_PAIRS = {"“": "”", "‘": "’", "「": "」", "『": "』", "《": "》", "〈": "〉", "(": ")", "[": "]", "（": "）"}
_CLOSERS = {close: mark for mark, close in _PAIRS.items()}
_MARKS = re.compile("[" + re.escape("".join(_PAIRS) + "".join(_CLOSERS)) + '"]')
_WORD = 300  # characters; a longer run without a space is no language, and Kiwi takes minutes over it
_ENDLESS = re.compile(rf"\S{{{_WORD},}}")
# Where a sentence that is too long may be cut, best place first.
_CUTS = (
    re.compile(r"[.?!。;；]\s"),
    re.compile(r"(?:[,，]|[가-힣](?:고|며|면|나|만|지만|는데|으로|어서|아서))\s"),
    re.compile(r"\s"),
)


def prepare(article: Article) -> Prepared:
    """The article with its sentences and chunks, ready to be indexed."""
    return prepare_all([article])[0]


def prepare_all(articles: Sequence[Article]) -> list[Prepared]:
    """The same for several articles: Kiwi analyses their lines in parallel, each only once."""
    places = [list(_places(article)) for article in articles]
    found = analysed_sentences(_texts(articles, places))
    return [
        _prepared(article, next(found), {start: next(found) for start, _ in spans})
        for article, spans in zip(articles, places, strict=True)
    ]


def sentences_of(article: Article) -> Iterator[Sentence]:
    """Every sentence, in order: together they hold all of the text but the space between them.

    A line of the head (a title, a dateline) is one sentence. In a paragraph, a boundary inside an open
    quotation or bracket is none, unless the quotation never closes or the sentence gets too long.
    """
    return iter(prepare(article).sentences)


def _places(article: Article) -> Iterator[tuple[int, int]]:
    """The (start, end) of each piece of the text that Kiwi is given."""
    for _, start, end in _all_lines(article):
        for left, right in _pieces(article.text[start:end]):
            endless = _ENDLESS.fullmatch(article.text, start + left, start + right)
            step = _WORD if endless else _PIECE
            for at in range(start + left, start + right, step):
                yield at, min(at + step, start + right)


def _texts(articles: Sequence[Article], places: Sequence[Sequence[tuple[int, int]]]) -> Iterator[str]:
    """What Kiwi is given: each article's title, then the pieces of its text."""
    for article, spans in zip(articles, places, strict=True):
        yield article.title
        yield from (article.text[start:end] for start, end in spans)


def _prepared(article: Article, title: Analysed, analysed: Mapping[int, Analysed]) -> Prepared:
    sentences = tuple(_sentences(article, analysed))
    spans = list(_chunks(article, sentences))
    chunks = tuple(
        Chunk(article.id, number, start, end, article.text[start:end])
        for number, (start, end) in enumerate(spans)
    )
    heading = tuple(chain.from_iterable(title))
    return Prepared(article, sentences, chunks, heading, tuple(_inside(analysed, spans)))


def _inside(
    analysed: Mapping[int, Analysed], spans: Sequence[tuple[int, int]]
) -> Iterator[Sequence[Morpheme]]:
    """The morphemes that begin within each of the spans."""
    found = [(at, sentence) for at, sentences in analysed.items() for sentence in sentences]
    starts = [at + sentence[0].start for at, sentence in found]
    for start, end in spans:
        first = max(bisect_right(starts, start) - 1, 0)
        yield [
            morpheme
            for at, sentence in found[first : bisect_left(starts, end)]
            for morpheme in sentence
            if start <= at + morpheme.start < end
        ]


def _sentences(article: Article, analysed: Mapping[int, Analysed]) -> Iterator[Sentence]:
    for role, start, end in _all_lines(article):
        whole = role in _HEADER - {"caption"}
        pieces = [(start, end)] if whole else _paragraph(article.text[start:end], start, analysed)
        for left, right in pieces:
            yield from (Sentence(*bounds) for bounds in _bounded(article.text, left, right))


def _all_lines(article: Article) -> Iterator[tuple[Role, int, int]]:
    for part in article.parts or (Part("body", 0, len(article.text)),):
        for start, end in _lines(article.text, part.start, part.end):
            yield part.role, start, end


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for line in re.finditer(r"[^\n]+", text[start:end]):
        bounds = _stripped(text, start + line.start(), start + line.end())
        if bounds is not None:
            yield bounds


def _paragraph(line: str, offset: int, analysed: Mapping[int, Analysed]) -> list[tuple[int, int]]:
    """The sentences of one line, as bounds in the article."""
    bounds: list[tuple[int, int]] = []
    for start, end in _pieces(line):
        found = [] if _ENDLESS.fullmatch(line, start, end) else analysed[offset + start]
        # What Kiwi leaves between two sentences belongs to the one before it.
        edges = [start, *(start + sentence[0].start for sentence in found[1:]), end]
        bounds += [(left, right) for left, right in pairwise(edges) if left < right]
    merged = _unquoted(line, bounds)
    stripped = (_stripped(line, start, end) for start, end in merged)
    return [(offset + pair[0], offset + pair[1]) for pair in stripped if pair is not None]


def _pieces(line: str) -> Iterator[tuple[int, int]]:
    """The line in pieces that Kiwi reads at once: whole, or cut at spaces; endless words apart."""
    start = 0
    for word in _ENDLESS.finditer(line):
        yield from _measured(line, start, word.start())
        yield word.span()
        start = word.end()
    yield from _measured(line, start, len(line))


def _measured(line: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _PIECE:
        cut = line.rfind(" ", start + 1, start + _PIECE) + 1 or start + _PIECE
        yield start, cut
        start = cut
    if start < end:
        yield start, end


def _unquoted(line: str, bounds: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The bounds without those that lie inside a quotation or bracket that closes further on."""
    spans = _quoted(line)
    starts = [start for start, _ in spans]
    merged: list[tuple[int, int]] = []
    for start, end in bounds:
        before = bisect_left(starts, start) - 1
        torn = merged and before >= 0 and start <= spans[before][1]
        if torn and end - merged[-1][0] <= _LONGEST:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _quoted(line: str) -> list[tuple[int, int]]:
    """The (start, end) of each outermost quotation or bracket that closes, marks included, in order."""
    spans: list[tuple[int, int]] = []
    opened: list[tuple[str, int]] = []
    count: Counter[str] = Counter()
    for match in _MARKS.finditer(line):
        at, char = match.start(), match[0]
        mark = _closes(line, at, char, count)
        if mark is not None:
            while opened[-1][0] != mark:  # what was opened inside and never closed
                count[opened.pop()[0]] -= 1
            start = opened.pop()[1]
            count[mark] -= 1
            while spans and spans[-1][0] > start:
                spans.pop()
            spans.append((start, at + 1))
        elif char not in _CLOSERS:
            opened.append((char, at))
            count[char] += 1
    return spans


def _closes(line: str, at: int, char: str, opened: Counter[str]) -> str | None:
    """The opening mark that `char` closes; None where it closes nothing.

    Papers also print …“고 for …”고: an opening mark that follows a word and precedes a particle closes.
    """
    if char in _CLOSERS:
        return _CLOSERS[char] if opened[_CLOSERS[char]] else None
    if not opened[char]:
        return None
    attached = line[at - 1 : at].strip() != ""
    follows = "가" <= line[at + 1 : at + 2] <= "힣"
    return char if char == '"' or (char in "“‘" and attached and follows) else None


def _stripped(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    return (start + left, start + right) if left < right else None


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentence, cut where it is longer than a sentence may be."""
    while end - start > _LONGEST:
        cut = _cut(text, start)
        bounds = _stripped(text, start, cut)
        if bounds is not None:
            yield bounds
        start = cut
    bounds = _stripped(text, start, end)
    if bounds is not None:
        yield bounds


def _cut(text: str, start: int) -> int:
    """Where to cut: behind the last sentence end, clause or space in reach, not before its middle."""
    window = text[start : start + _LONGEST]
    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(window) if match.end() > _LONGEST // 2]
        if ends:
            return start + ends[-1]
    return start + _LONGEST


def _chunks(article: Article, sentences: Sequence[Sentence]) -> Iterator[tuple[int, int]]:
    """The (start, end) of each chunk: the head by itself, then the text."""
    head_end = _head_end(article.parts)
    head = [sentence for sentence in sentences if sentence.end <= head_end]
    for run in (head, list(sentences[len(head) :])):
        yield from _packed(article.text, run)


def _head_end(parts: Sequence[Part]) -> int:
    """Where the head's lines end; 0 where there is no body below them or no head."""
    first = next((n for n, part in enumerate(parts) if part.role not in _HEADER), None)
    return parts[first - 1].end if first else 0


def _packed(text: str, sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Whole paragraphs together up to ROOM characters; a longer paragraph in overlapping windows."""
    found: list[tuple[int, int]] = []
    run: list[Sentence] = []
    for paragraph in _paragraphs(text, sentences):
        end = paragraph[-1].end
        if run and (end - run[0].start > ROOM) and run[-1].end - run[0].start > SCRAP:
            found += _windows(text, run)
            run = []
        run += paragraph
    if run and found and run[-1].end - run[0].start <= SCRAP and run[-1].end - found[-1][0] <= LIMIT:
        return [*found[:-1], (found[-1][0], run[-1].end)]
    return found + _windows(text, run)


def _paragraphs(text: str, sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """The sentences by line."""
    line: list[Sentence] = []
    for sentence in sentences:
        if line and "\n" in text[line[-1].end : sentence.start]:
            yield line
            line = []
        line.append(sentence)
    if line:
        yield line


def _windows(text: str, sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """One chunk where all fits, else runs of TARGET characters; a cut in a paragraph repeats a sentence."""
    if not sentences or sentences[-1].end - sentences[0].start <= ROOM:
        return [(sentences[0].start, sentences[-1].end)] if sentences else []
    found: list[tuple[int, int]] = []
    first = 0
    for n, sentence in enumerate(sentences):
        begin, before = sentences[first].start, sentences[max(first, n - 1)]
        if n == first or (before.end - begin < TARGET and sentence.end - begin <= LIMIT):
            continue
        found.append((begin, before.end))
        same = "\n" not in text[before.end : sentence.start]
        first = n - 1 if same and n - 1 > first and sentence.end - before.start <= LIMIT else n
    return [*found, (sentences[first].start, sentences[-1].end)]
