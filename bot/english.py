"""English questions on Korean articles: what an English word is in Korean, by a word list (`english.tsv`).

The list (3,902 groups, written for this project) gives each English form its Korean equivalents. A question
in English is searched with them, and each of its words is taken for said where one of them stands. Nothing is
translated: word order, idioms and words that the list lacks are lost.
"""

import re
from collections import defaultdict
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from vectorstore.lexical import TERM_TAGS
from vectorstore.morphemes import Morpheme, morphemes_of_all

SEARCHED = 2  # equivalents of a word that the search is given
_WORD = re.compile(r"[A-Za-z]+")


def in_english(text: str) -> bool:
    """Whether a text is rather English than Korean with Latin names."""
    return len(re.findall(r"[A-Za-z]", text)) > 3 * len(re.findall(r"[가-힣]", text))


def searched(text: str) -> str:
    """What to search for: the text, and behind an English one its words in Korean."""
    if not in_english(text):
        return text
    words = [word.lower() for word in _WORD.findall(text)]
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    found = [korean for word in [*pairs, *words] for korean in equivalents(word)[:SEARCHED]]
    return " ".join([text, *dict.fromkeys(found)])


def equivalents(word: str) -> tuple[str, ...]:
    """What an English word, in lower case, is in Korean; empty where the list lacks it."""
    return _list().get(word, ())


@lru_cache(maxsize=1024)
def meant(word: str) -> tuple[tuple[Morpheme, ...], ...]:
    """The content words of each Korean equivalent of an English word."""
    analysed = morphemes_of_all(equivalents(word.lower()))
    content = (tuple(m for m in found if m.tag[:2] in TERM_TAGS) for found in analysed)
    return tuple(found for found in content if found)


@cache
def _list() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in (files("bot") / "english.tsv").read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        korean = [cell for cell in cells if re.search(r"[가-힣]", cell)]
        for cell in cells:
            if cell not in korean:
                found[cell] += korean
    return {word: tuple(dict.fromkeys(korean)) for word, korean in found.items()}
