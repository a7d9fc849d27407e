"""Personal data in a question, replaced by what it is, before a log, a store or a language model sees it.

    010-1234-5678로 연락해도 되나요? → [전화번호]로 연락해도 되나요?

Places stay (광주 북구), and so do dates, amounts and numbers that are no person's (112, 1588-1234). A text is
read in a shadow of it, in which full-width and circled digits are plain ones and every dash is a hyphen.
Each look starts at what is rare (an @, a run of digits, 로 before a number) and goes a bounded way from
there, so that the time grows with the length of the text and with nothing else.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from bot.masking_numbers import Found, numbers
from bot.masking_places import addresses, plates
from prompts import say

_ORDER = ("email", "card", "resident", "phone", "account", "licence", "passport", "plate", "address")


def masked(text: str) -> str:
    """The text with every piece of personal data replaced by its kind; without any, the text itself."""
    while found := _found(text):
        text = _replaced(unicodedata.normalize("NFC", text), found)
    return text


def _replaced(text: str, found: Sequence[Found]) -> str:
    pieces, place = [], 0
    for one in found:
        pieces += [text[place : one.start], say(f"masking.{one.kind}")]
        place = one.end
    return "".join([*pieces, text[place:]])


def _found(text: str) -> list[Found]:
    """What is to be replaced in the NFC form of the text, in order; overlapping finds are one."""
    text = unicodedata.normalize("NFC", text)
    shadow, places = _shadow(text)
    every = (numbers(shadow), _emails(shadow), _passports(shadow), plates(shadow), addresses(shadow))
    united: list[Found] = []
    for one in sorted(one for some in every for one in some):
        if united and one.start < united[-1].end:
            last = united.pop()
            kind = min(last.kind, one.kind, key=_ORDER.index)
            one = Found(last.start, max(last.end, one.end), kind)
        united.append(one)
    return [Found(places[one.start], places[one.end - 1] + 1, one.kind) for one in united]


# --- the shadow

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u20e3\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]"
)
_DASHES = "‐‑‒–—―−－﹣﹘ㅡー⁃➖～∼〜"
_AS_DIGIT = re.compile(r"(?<![A-Za-z0-9])[OoㅇQ0][1lI|][OoㅇQ0](?=[ .\-]{0,2}[0-9])")


def _shadow(text: str) -> tuple[str, Sequence[int]]:
    """The text as it is read, and where each of its characters stands in the text."""
    plain = text.translate(_plain())
    places: Sequence[int] = range(len(text))
    if _INVISIBLE.search(text):
        places = [place for place, char in enumerate(text) if not _INVISIBLE.match(char)]
        plain = "".join(plain[place] for place in places)
    return _AS_DIGIT.sub("010", plain), places


@cache
def _plain() -> dict[int, str]:
    """Digits of every sort, full-width ASCII, dashes and blanks → their plain form, one for one."""
    blocks = (range(0xA0, 0x3400), range(0xA620, 0xABFA), range(0x1D7CE, 0x1D800), range(0x1F100, 0x1F10B))
    digits = {code: unicodedata.digit(chr(code), None) for block in blocks for code in block}
    wide = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    blanks = {code: " " for code in range(0xA0, 0x3001) if unicodedata.category(chr(code)) == "Zs"}
    dashes = {ord(dash): "-" for dash in _DASHES}
    dots = {ord(dot): "." for dot in "。｡․﹒"}
    plain = {code: str(digit) for code, digit in digits.items() if digit is not None}
    return plain | wide | blanks | dashes | dots


# --- e-mail

_AT = re.compile(
    r"\s{0,2}(?:@{1,2}|[(\[<{]\s?(?:at|골뱅이)\s?[)\]>}]|골[뱅벵]이|앳|_at_)\s{0,2}|\sat\s",
    re.IGNORECASE,
)
_LOCAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"
_HOST = (
    r"naver|gmail|google|daum|hanmail|kakao|nate|hotmail|outlook|icloud|yahoo|korea"
    r"|네이버|지메일|구글|다음|한메일|카카오|네이트|핫메일|아웃룩|야후"
)
_DOT = r"(?:\s?[.,]\s?|\s?[(\[{]?(?:점|쩜|닷|dot)[)\]}]?\s?)"
_TOP = r"(?:com|net|org|edu|gov|info|biz|me|io|co|go|or|ac|re|ne|pe|kr|jp|us|컴|넷|케이알|한국)"
_DOMAIN = re.compile(
    rf"[A-Za-z0-9가-힣-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}}){{0,4}}\.(?:[A-Za-z]{{2,24}}|한국)(?![A-Za-z0-9])"
    rf"|[A-Za-z0-9가-힣-]{{1,63}}?(?:{_DOT}{_TOP}){{1,3}}(?![A-Za-z])|(?:{_HOST})(?![A-Za-z])(?:\s?메일)?",
    re.IGNORECASE,
)
_NO_HANGUL = re.compile(r"[^가-힣]")
_SPELLED = re.compile(rf"(?:{_HOST})\s?(?:\.|점|쩜|닷)|[a-z0-9-]{{1,63}}\sdot\s", re.IGNORECASE)


def _emails(text: str) -> Iterator[Found]:
    for at in _AT.finditer(text):
        domain = _DOMAIN.match(text, at.end())
        if domain is None or (at[0].strip().lower() == "at" and not _SPELLED.match(text, at.end())):
            continue
        start = _local_start(text, at.start())
        if start < at.start():
            yield Found(start, domain.end(), "email")


def _local_start(text: str, end: int) -> int:
    """Where the part before the @ begins: Latin letters and digits, or else one word of Hangul."""
    before = text[max(0, end - 64) : end]
    kept = before.rstrip(_LOCAL)
    if kept == before:
        word = _NO_HANGUL.split(before)[-1]
        kept = before[: len(before) - len(word)]
    return end - len(before) + len(kept)


# --- passports

_PASSPORT = re.compile(
    r"(?<![A-Za-z0-9])[MSRODGmsrodg]\s?(?:[0-9]{3}[A-Za-z][0-9]{4}|[0-9]{8})(?![A-Za-z0-9])"
)
_ANY_PASSPORT = re.compile(
    r"(?:여권|passport)[^0-9\]\n]{0,12}?(?<![A-Za-z])(?P<number>[A-Za-z]{1,2}[0-9A-Za-z]{6,8})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_DAY = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])$")


def _passports(text: str) -> Iterator[Found]:
    for match in _PASSPORT.finditer(text):
        if not _DAY.search(match[0]):  # an article's id: S20240417
            yield Found(match.start(), match.end(), "passport")
    for match in _ANY_PASSPORT.finditer(text):
        if sum(char.isdigit() for char in match["number"]) >= 6:
            yield Found(match.start("number"), match.end("number"), "passport")
