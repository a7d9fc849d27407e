"""The Korean particle (josa) that fits a word.

Rule: 국립국어원, 한글 맞춤법 and 표준어 규정: a word that ends in a consonant sound takes 은, 이, 을, 과, 아,
으로, 이라; a vowel takes 는, 가, 를, 와, 야, 로, 라. After ㄹ, 으로 becomes 로. Digits, Latin letters,
units and closing brackets are read aloud before the choice.
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
    "입니다/입니다": ("입니다", "입니다"),
}

_RIEUL = 8  # index of ㄹ among the 28 final consonants of a Hangul syllable (0 = none)
# How a digit at the end is read: 영 일 이 삼 사 오 육 칠 팔 구; 0 after another digit is 십·백·천·만.
_DIGITS = dict(zip("0123456789", "영일이삼사오육칠팔구", strict=True))
# How a letter at the end is read when the word is spelled out (GIST is a word, NIPA is a word, KBS is not).
_LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        [
            "이",
            "비",
            "시",
            "디",
            "이",
            "프",
            "지",
            "치",
            "이",
            "이",
            "이",
            "엘",
            "엠",
            "엔",
            "오",
            "피",
            "큐",
            "알",
            "스",
            "티",
            "유",
            "이",
            "유",
            "스",
            "이",
            "트",
        ],
        strict=True,
    )
)
# Units and signs that are read as a word.
_UNITS = {
    "%": "퍼센트", "％": "퍼센트", "℃": "도", "㎡": "제곱미터", "㎞": "킬로미터", "km": "킬로미터", "m": "미터",
    "cm": "센티미터", "mm": "밀리미터", "kg": "킬로그램", "g": "그램", "㎏": "킬로그램", "t": "톤", "ha": "헥타르",
    "l": "리터", "ml": "밀리리터", "kw": "킬로와트", "mw": "메가와트", "gb": "기가바이트", "tb": "테라바이트",
    "mb": "메가바이트", "kb": "킬로바이트", "$": "달러", "₩": "원", "€": "유로", "&": "앤드", "+": "플러스",
}  # fmt: skip


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
    spoken = _spoken(word)
    if not spoken:
        return 0
    last = spoken[-1]
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % 28
    if "ㄱ" <= last <= "ㅎ":  # a bare consonant letter is read 기역, 니은 …: all end in a consonant
        return _RIEUL if last == "ㄹ" else 1
    return 0


def _spoken(word: str) -> str:
    """`word` as it is read aloud, as far as its last sound goes."""
    text = unicodedata.normalize("NFC", word).rstrip()
    while True:
        bare = re.sub(r"[\s\"'“”‘’〈〉《》「」『』<>\[\]{}.,!?…·~*_`]+$", "", text)
        # A closing bracket with text before it: 광주과학기술원(GIST)은 follows the word before it.
        opened = re.search(r"\S(\s*[(（][^()（）]*[)）])$", bare)
        bare = bare[: opened.start(1)] if opened else bare.rstrip(")）")
        if bare == text:
            break
        text = bare
    digits = re.search(r"(\d[\d,.]*)$", text)
    if digits:
        return _read_number(digits[1].replace(",", ""))
    unit = re.search(r"(?<=\d)\s*([A-Za-z]+|[%％℃㎡㎞㎏])$|([%％℃㎡㎞㎏$₩€&+])$", text)
    if unit:
        sign = (unit[1] or unit[2]).lower()
        if sign in _UNITS:
            return _UNITS[sign]
    latin = re.search(r"([A-Za-z]+)$", text)
    if latin:
        return _read_latin(latin[1])
    return text


def _read_number(digits: str) -> str:
    """The last syllable of a number read in Sino-Korean: 10 십, 100 백, 1000 천, 10000 만, 0.5 오."""
    if "." in digits or len(digits.lstrip("0")) == 0:
        return _DIGITS[digits.rstrip(".")[-1]]
    zeros = len(digits) - len(digits.rstrip("0"))
    if zeros == 0:
        return _DIGITS[digits[-1]]
    if zeros >= 8:
        return "억" if zeros < 12 else "조"
    return {1: "십", 2: "백", 3: "천"}.get(zeros, "만")


def _read_latin(latin: str) -> str:
    """The last syllable of a Latin word: an abbreviation is spelled out, another word is read by its end."""
    if latin.isupper() and (len(latin) <= 3 or not re.search(r"[AEIOU]", latin)):
        return _LETTERS[latin[-1].lower()]
    low = latin.lower()
    if re.search(r"(?:l|le|el|al|ol)$", low):
        return "을"  # ㄹ
    if re.search(r"(?:m|me|n|ne|ng)$", low):
        return "은"  # ㄴ/ㅁ/ㅇ
    if re.search(r"[aeiou](?:b|c|ck|g|k|p|t)$", low) and not re.search(r"(?:st|ft)$", low):
        return "읍"  # a stop after a vowel: 봇, 팁, 북
    return "스"
