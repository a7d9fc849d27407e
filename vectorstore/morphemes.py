"""Kiwi, loaded once: morphemes, sentences and the normal form of a text.

Kiwi 0.24 takes about 1 s and 320 MB to load without its dictionary of multi-word names, which costs
2 s and 170 MB more; the names in a text are found again as runs of proper nouns.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from kiwipiepy._wrap import Kiwi

UNKNOWN_BELOW = 96
"""Kiwi gives words outside its dictionary the id of their tag: all ids below this one."""

_loading = threading.Lock()


class Morpheme(NamedTuple):
    """One morpheme: `text[start:end]` in its dictionary form."""

    form: str
    tag: str
    start: int
    end: int
    id: int
    word: int
    """Which eojeol (space-delimited word) of its sentence it stands in."""


def analyser() -> "Kiwi":
    """The one Kiwi of this process; safe to call from several threads."""
    with _loading:
        return _load()


@cache
def _load() -> "Kiwi":
    from kiwipiepy._wrap import Kiwi

    return Kiwi(load_multi_dict=False)


def morphemes(text: str) -> list[Morpheme]:
    """The morphemes of `text`, in order."""
    tokens: Any = analyser().tokenize(text)
    return [_record(token) for token in tokens]


def morphemes_of_all(texts: Iterable[str]) -> Iterator[list[Morpheme]]:
    """The morphemes of each text, analysed in parallel and in order."""
    analysed: Any = analyser().tokenize(texts)
    for tokens in analysed:
        yield [_record(token) for token in tokens]


def analysed_sentences(texts: Iterable[str]) -> Iterator[list[list[Morpheme]]]:
    """The sentences of each text as their morphemes, analysed in parallel and in order."""
    analysed: Any = analyser().tokenize(texts, split_sents=True)
    for sentences in analysed:
        yield [[_record(token) for token in sentence] for sentence in sentences]


def _record(token: Any) -> Morpheme:
    form, tag, start, end = token.form, token.tag, token.start, token.end
    number = token.id if token.id < _MORPHEMES else token.base_id
    return Morpheme(form, tag, start, end, number, token.word_position)


_MORPHEMES = 70_600
"""Above are senses and spelling variants, which share the vector of their `base_id`."""


def split_sentences(text: str) -> list[tuple[int, int]]:
    """The (start, end) of each sentence of `text`, without the space around it."""
    found: Any = analyser().split_into_sents(text)
    return [(sentence.start, sentence.end) for sentence in found]


_INVISIBLE = {"Cf", "Cc", "Cs", "Co", "Cn"}
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def normal_question(text: str) -> str:
    """A question in its normal form: NFC, visible characters only, half-width ASCII, single spaces.

    NFC and not NFKC, which would turn the free-standing letters of ㅋㅋ into combining ones.
    """
    kept = (char if char not in "\n\t\r" else " " for char in text.translate(_FULL_WIDTH))
    visible = "".join(char for char in kept if unicodedata.category(char) not in _INVISIBLE)
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", visible)).strip()
