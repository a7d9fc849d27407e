"""Amounts as Korean writes them: 2000만원, 2천만 원 and 20,000,000원; 두 달, 사흘, 절반."""

import re
from collections.abc import Iterator

MEASURES = (
    frozenset({"초", "분", "시간", "일", "주", "개월", "년"}), frozenset({"mm", "cm", "m", "km"}), frozenset({"g", "kg", "t"}),
    frozenset({"원", "달러"}), frozenset({"%", "배", "도"}), frozenset({"명", "마리"}), frozenset({"층", "호", "살"}),
)  # fmt: skip
"""Units of which one may not stand for another."""
_NUMBER = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?)(?P<big>(?:[십백천만억조]+\d*[천만억]?)*)(?:여)?\s?(?P<unit>[가-힣%㎡㎞㎏℃㏊㎜㎝㎖㎥]{1,2}|[a-zA-Z]{1,3})?"
)
_BIG = {"십": 10, "백": 100, "천": 1_000, "만": 10_000, "억": 10**8, "조": 10**12}
_DAYS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "열흘": 10, "보름": 15}
_COUNTED = re.compile(
    r"(?<![가-힣])(한|두|세|네|석|넉|서|너|다섯|여섯|일곱|여덟|아홉|열) ?(명|곳|개|가지|번|차례|마리|대|권|쌍|팀|동|채|그루|시간|달|해|주|배|척|표|잔|벌)(?![가-힣]{2})"
)
_WRITTEN = {"석": 3, "넉": 4, "서": 3, "너": 4,
    "한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10, "하나": 1, "둘": 2, "셋": 3, "넷": 4,
}  # fmt: skip


def amounts(text: str) -> Iterator[tuple[float, str]]:
    """Every number with its unit: 2000만원, 2천만 원 and 20,000,000원 are the same; 절반 is 50 %."""
    text = re.sub(r"(?<=[천만억조])\s+(?=\d)", "", text)
    for match in _NUMBER.finditer(text):
        unit = _unit(match["unit"] or "")
        yield _value(match["number"], match["big"] + (_big_of(match["unit"] or ""))), unit
    for match in _COUNTED.finditer(text):
        yield float(_WRITTEN[match[1]]), _unit(match[2])
    for word, days in _DAYS.items():
        if re.search(rf"(?<![가-힣]){word}(?:간|동안|만|씩|에|의| |$)", text):
            yield float(days), "일"
    if re.search(r"절반|반값|반으로", text):
        yield 50.0, "%"


def _big_of(unit: str) -> str:
    return unit[0] if unit and unit[0] in _BIG else ""


def _unit(unit: str) -> str:
    unit = unit[1:] if unit and unit[0] in _BIG else unit
    unit = re.sub(r"(?<=.)[은는이가을를의에로와과도만씩째]$", "", unit)
    return {
        "달": "개월",
        "해": "년",
        "미터": "m",
        "㎞": "km",
        "㎏": "kg",
        "㎝": "cm",
        "㎜": "mm",
        "톤": "t",
        "세": "살",
    }.get(unit, unit)


def _value(number: str, big: str) -> float:
    """2천5백만 → 25,000,000; the signs after a number multiply it, digits between them add."""
    total, current, section = 0.0, float(number.replace(",", "")), 0.0
    for sign in re.findall(r"\d+|[십백천만억조]", big):
        if sign.isdigit():
            current = float(sign)
        elif _BIG[sign] >= 10_000:
            total += (section + current) * _BIG[sign]
            section = current = 0.0
        else:
            section += (current or 1) * _BIG[sign]
            current = 0.0
    return total + section + current
