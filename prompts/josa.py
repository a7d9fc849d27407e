"""The Korean particle (josa) that fits a word.

Rule (국립국어원, 한글 맞춤법): after a consonant sound 은, 이, 을, 과, 으로, 이라; after a vowel 는, 가, 를,
와, 로, 라; after ㄹ, 으로 becomes 로. Digits, Latin letters and units are read aloud before the choice;
quotes and a bracketed gloss are not. Limits: Latin words are read by rules of spelling, not by a
dictionary, and Chinese characters other than numbers take the vowel form.
"""

import re
import unicodedata

PAIRS: dict[str, tuple[str, str]] = {
    # spec: (after a consonant, after a vowel)
    "은/는": ("은", "는"),
    "이/가": ("이", "가"),
    "을/를": ("을", "를"),
    "과/와": ("과", "와"),
    "아/야": ("아", "야"),
    "으로/로": ("으로", "로"),
    "이라/라": ("이라", "라"),
    "이라고/라고": ("이라고", "라고"),
    "이라는/라는": ("이라는", "라는"),
    "이며/며": ("이며", "며"),
    "이고/고": ("이고", "고"),
    "이었/였": ("이었", "였"),
    "이나/나": ("이나", "나"),
    "이란/란": ("이란", "란"),
}

_RIEUL = 8  # index of ㄹ among the 28 final consonants of a Hangul syllable (0 = none)
_OPEN = "이"  # stands for any sound that ends in a vowel
_CLOSED = "음"  # stands for any sound that ends in a consonant other than ㄹ
_DIGITS = "영일이삼사오육칠팔구"
_LETTERS = {"l": "엘", "m": "엠", "n": "엔", "r": "알"}  # every other letter's name ends in a vowel
_METRES = r"\d\s*(?:[kcm]?m|m?l|L|KM|ML)$"  # 미터, 리터: a vowel, though the letters m and l are none
_GRAMS = r"\d\s*(?:[km]?g|t|KG)$"  # 그램, 톤; 5G is not one
# Other signs end in a vowel: % ℃ ㎞ ㎡ $ + &
_SIGNS = {"㎏": "킬로그램", "㎎": "밀리그램", "￦": "원", "₩": "원", "#": "샵"}
_UNREAD = r"[\s\u200b\"'“”‘’〈〉《》「」『』<>\[\]{}【】〔〕.,!?…·~*_`:;㈜™®]+$"


def josa(word: str, pair: str) -> str:
    """Return the particle of `pair` ("은/는", "이/가", …) that follows `word`.

    Raises KeyError for an unknown pair. A word with no readable end takes the vowel form.
    """
    consonant, vowel = PAIRS[pair]
    final = _final(word)
    if final == 0 or (pair == "으로/로" and final == _RIEUL):
        return vowel
    return consonant


def _final(word: str) -> int:
    """Index of the last spoken syllable's final consonant, 0 where it ends in a vowel."""
    last = _spoken(word)[-1:]
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % 28
    if "ㄱ" <= last <= "ㅎ":  # a bare consonant letter is read 기역, 니은 …: all end in a consonant
        return _RIEUL if last == "ㄹ" else 1
    return 0


def _spoken(word: str) -> str:
    """`word` as it is read aloud, as far as its last sound goes."""
    text = _bare(unicodedata.normalize("NFC", word))
    if not text:
        return ""
    if number := re.search(r"\d[\d,.]*$", text):
        return _read_number("".join(str(unicodedata.decimal(c, c)) for c in number[0].replace(",", "")))
    if text[-1] in "²³":  # m², m³: the unit's name comes last
        return _OPEN
    value = unicodedata.numeric(text[-1], -1)
    if value >= 0 and value == int(value):  # ①, Ⅳ, 十
        return _read_number(str(int(value)))
    if re.search(_METRES, text):
        return _OPEN
    if re.search(_GRAMS, text):
        return _CLOSED
    if latin := re.search(r"[A-Za-z]+$", text):
        return _read_latin(latin[0])
    return _SIGNS.get(text[-1], text)


def _bare(text: str) -> str:
    """Without what is not read at the end: blanks, marks, quotes, and a bracketed gloss after a word.

    한빛과학원(HIST) is followed by the particle of 한빛과학원; (HIST) alone by that of HIST.
    """
    while True:
        shorter = re.sub(_UNREAD, "", text)
        if shorter.endswith((")", "）")):
            before = _before_bracket(shorter)
            shorter = before if re.search(r"\w", before) else shorter[:-1]
        if shorter == text:
            return text
        text = shorter


def _before_bracket(text: str) -> str:
    """What stands before the bracket that closes at the end of `text`; "" where none opens it."""
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += (text[place] in ")）") - (text[place] in "(（")
        if depth == 0:
            return text[:place]
    return ""


def _read_number(digits: str) -> str:
    """The last syllable of a number read in Sino-Korean: 10 십, 100 백, 1000 천, 10000 만, 0.5 오."""
    digits = digits.rstrip(".")
    zeros = len(digits) - len(digits.rstrip("0"))
    if "." in digits or zeros in (0, len(digits)):
        return _DIGITS[int(digits[-1])]
    if zeros >= 4:
        return "만억조경"[min(zeros // 4, 4) - 1]
    return "십백천"[zeros - 1]


def _read_latin(word: str) -> str:
    """The last syllable of a Latin word: an abbreviation is spelled out, another word is read by its end."""
    capitals = re.search(r"[A-Z]*$", word)
    tail = capitals[0] if capitals else ""
    spelled = 0 < len(tail) <= 3 or not re.search(r"[aeiouy]", word.lower())  # AI, IoT, ChatGPT, HTML, png
    low = word.lower()
    if spelled:
        return _LETTERS.get(low[-1], _OPEN)
    if re.search(r"le?$", low):  # 메일, 구글, 파일
        return "을"
    if re.search(r"(?:me?|ne?|ng)$", low):  # 시스템, 게임, 폰, 온라인, 캠핑
        return _CLOSED
    if re.search(r"(?:hub|ea[kt]|ee[kt]|oot)$", low):  # 허브, 피크, 비트, 위크, 루트
        return _OPEN
    if re.search(r"(?:[aeiou](?:b|c|ck|k|p|t)|pp)$", low):  # a stop after a vowel: 웹, 뮤직, 슬랙, 북, 봇, 앱
        return _CLOSED
    return _OPEN
