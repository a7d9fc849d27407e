"""What happens to a question between the head and the search box, laid on on purpose and repeatably."""

import random
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from vectorstore.lexical import QUESTION_WORDS, TERM_TAGS
from vectorstore.morphemes import morphemes

Noise = Callable[[str, random.Random], str]

_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FIRST, _LAST = ord("가"), ord("힣")

# Letters that are taken for each other: they sound alike, or their keys are neighbours.
_LIKE_LEADS = {
    **{"ㄱ": "ㄲㅋ", "ㄲ": "ㄱㅋ", "ㅋ": "ㄱㄲ", "ㄷ": "ㄸㅌ", "ㄸ": "ㄷㅌ", "ㅌ": "ㄷㄸ"},
    **{"ㅂ": "ㅃㅍ", "ㅃ": "ㅂㅍ", "ㅍ": "ㅂㅃ", "ㅅ": "ㅆ", "ㅆ": "ㅅ"},
    **{"ㅈ": "ㅉㅊ", "ㅉ": "ㅈㅊ", "ㅊ": "ㅈㅉ"},
}
_LIKE_VOWELS = {
    **{"ㅏ": "ㅓㅑ", "ㅐ": "ㅔ", "ㅑ": "ㅏㅕ", "ㅒ": "ㅖ", "ㅓ": "ㅗㅏ", "ㅔ": "ㅐ", "ㅕ": "ㅠㅓ"},
    **{"ㅖ": "ㅔ", "ㅗ": "ㅓ", "ㅘ": "ㅗ", "ㅙ": "ㅚㅞ", "ㅚ": "ㅙㅞ", "ㅛ": "ㅕ", "ㅜ": "ㅡ"},
    **{"ㅝ": "ㅓ", "ㅞ": "ㅙㅚ", "ㅟ": "ㅣ", "ㅠ": "ㅕ", "ㅡ": "ㅜ", "ㅢ": "ㅣ", "ㅣ": "ㅢ"},
}
_LIKE_TAILS = {
    **{"ㄱ": "ㅋ", "ㄲ": "ㄱ", "ㅂ": "ㅍ", "ㅍ": "ㅂ", "ㅅ": "ㅆ", "ㅆ": "ㅅ"},
    **{"ㄴ": "ㅇ", "ㅇ": "ㄴ", "ㄷ": "ㅅ"},
}


def noisy(question: str, noise: str, seed: str) -> str:
    """The question with the noise of that name on it; the same seed gives the same."""
    return NOISES[noise](question, random.Random(f"{noise}:{seed}"))


def _decomposed(text: str, chance: random.Random) -> str:
    """As macOS writes file names: every syllable in its letters (NFD)."""
    return unicodedata.normalize("NFD", text)


def _zero_width(text: str, chance: random.Random) -> str:
    """As some sites copy: an invisible space between all characters."""
    return "\u200b".join(text)


def _full_width(text: str, chance: random.Random) -> str:
    """As some input methods type: digits, Latin letters, signs and spaces as wide as Hangul."""
    return "".join("\u3000" if char == " " else _wide(char) for char in text)


def _wide(char: str) -> str:
    return chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char


def _unspaced(text: str, chance: random.Random) -> str:
    """As thumbs type: no spaces."""
    return "".join(text.split())


def _slip(text: str, chance: random.Random) -> str:
    """One letter of one syllable of a content word wrong; a text without one stays."""
    places = list(_content_syllables(text))
    if not places:
        return text
    place = chance.choice(places)
    slips = sorted(set(_slips(text[place])))
    return text[:place] + chance.choice(slips) + text[place + 1 :]


def _content_syllables(text: str) -> Iterator[int]:
    for morpheme in morphemes(text):
        if morpheme.tag[:2] in TERM_TAGS and morpheme.form not in QUESTION_WORDS:
            yield from (at for at in range(morpheme.start, morpheme.end) if _FIRST <= ord(text[at]) <= _LAST)


def _slips(syllable: str) -> Iterator[str]:
    """Every syllable that one wrong letter makes of this one."""
    lead, rest = divmod(ord(syllable) - _FIRST, len(_VOWELS) * len(_TAILS))
    vowel, tail = divmod(rest, len(_TAILS))
    for other in _LIKE_LEADS.get(_LEADS[lead], ""):
        yield _syllable(_LEADS.index(other), vowel, tail)
    for other in _LIKE_VOWELS[_VOWELS[vowel]]:
        yield _syllable(lead, _VOWELS.index(other), tail)
    for other in _LIKE_TAILS.get(_TAILS[tail], ""):
        yield _syllable(lead, vowel, _TAILS.index(other))
    if tail:
        yield _syllable(lead, vowel, 0)


def _syllable(lead: int, vowel: int, tail: int) -> str:
    return chr(_FIRST + (lead * len(_VOWELS) + vowel) * len(_TAILS) + tail)


NOISES: Mapping[str, Noise] = {
    "nfd": _decomposed,
    "zero_width": _zero_width,
    "full_width": _full_width,
    "unspaced": _unspaced,
    "jamo_slip": _slip,
}
