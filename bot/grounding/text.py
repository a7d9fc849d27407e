"""A sentence's text as the steps of the check need it: in one form, squeezed, analysed once."""

import re
import unicodedata
from functools import lru_cache

from vectorstore.morphemes import Morpheme, morphemes
from vectorstore.paraphrases import meanings


def plain(text: str) -> str:
    """A text in one form: ㎝ as cm, full-width letters as plain ones, noon and midnight by the clock."""
    return (
        unicodedata.normalize("NFKC", text)
        .replace("정오", "낮 12시")
        .replace("자정", "밤 12시")
        .replace("내달", "다음 달")
    )


def squeezed(text: str) -> str:
    """Without blanks and marks."""
    return re.sub(r"[\s.,!?·…]", "", text)


def groups_in(text: str) -> set[int]:
    """The paraphrase groups of its expressions."""
    return {meaning.group for meaning in meanings(analysed(text))}


@lru_cache(maxsize=512)
def analysed(text: str) -> tuple[Morpheme, ...]:
    """Its morphemes."""
    return tuple(morphemes(text))
