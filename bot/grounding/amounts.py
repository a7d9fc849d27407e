"""Amounts as Korean writes them: 2000만원, 2천만 원 and 20,000,000원; 두 달, 스물세 명, 사흘, 절반."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

_BIG = {"십": 10, "백": 100, "천": 1_000, "만": 10_000, "억": 10**8, "조": 10**12}
_SAME_UNIT = {
    "달": "개월", "해": "년", "미터": "m", "㎞": "km", "㎏": "kg", "㎝": "cm", "㎜": "mm", "톤": "t", "세": "살", "퍼센트": "%",
    "킬로미터": "km", "센티미터": "cm", "킬로그램": "kg", "사람": "명", "차례": "번", "회": "번", "군데": "곳",
}  # fmt: skip
MEASURES = {
    "time": {"초", "분", "시간", "일", "주", "개월", "년", "박", "학기"}, "clock": {"시"}, "length": {"mm", "cm", "m", "km"}, "weight": {"g", "kg", "t"},
    "area": {"㎡", "㏊", "평"}, "money": {"원", "달러"}, "share": {"%", "배"}, "degree": {"도", "℃"}, "people": {"명", "인", "분"},
    "floor": {"층"}, "age": {"살"}, "thing": {"개", "건", "곳", "가지", "대", "권", "쌍", "팀", "동", "채", "그루", "마리", "척", "표", "잔", "벌", "점", "편", "장", "석", "가구", "세대", "필지"},
    "turn": {"번", "위", "등"}, "dong": {"동", "호"}, "score": {"골", "점"}, "point": {"호선", "번길"},
}  # fmt: skip
"""What units measure; one may not stand for another, nor for another measure."""
_UNITS = frozenset(_SAME_UNIT).union(*MEASURES.values())
_COUNTERS = "(?:분|곳|군데|개|가지|번|차례|마리|대|권|쌍|팀|동|채|그루|시간|달|해|주|배|척|표|잔|벌|건|편|점|장|살|시|골|가구|필지|박)"
_NUMBER = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?)(?P<big>(?:\s?[십백천만억조]+(?:\s?\d[\d,]*)?[천만억]?)*)(?:여)?\s?(?P<unit>킬로미터|센티미터|킬로그램|퍼센트|미터|차례|군데|사람|시간|개월|학기|가구|필지|[가-힣%㎡㎞㎏℃㏊㎜㎝㎖㎥]{1,2}|[a-zA-Z]{1,3})?"
)
_ONES = {"한": 1, "하나": 1, "두": 2, "둘": 2, "세": 3, "셋": 3, "석": 3, "서": 3, "네": 4, "넷": 4, "넉": 4, "너": 4,
    "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9}  # fmt: skip
_TENS = {
    "열": 10,
    "스물": 20,
    "스무": 20,
    "서른": 30,
    "마흔": 40,
    "쉰": 50,
    "예순": 60,
    "일흔": 70,
    "여든": 80,
    "아흔": 90,
}
WRITTEN = {**_ONES, **_TENS} | {
    ten + one: a + b for (ten, a), (one, b) in product(_TENS.items(), _ONES.items())
}
_COUNTED = re.compile(
    rf"(?<![가-힣])(?!세대)(?P<number>{'|'.join(sorted(WRITTEN, key=len, reverse=True))}) ?(?P<unit>명|사람|{_COUNTERS}(?=[^가-힣]|$|에서|에[ 는]|[을를은는이가의와과도만씩째로간]|으로|까지|부터|뿐|이나|동안|인(?= )|이다|입니다))"
)
_DAYS = {
    "하루": 1,
    "이틀": 2,
    "사흘": 3,
    "나흘": 4,
    "닷새": 5,
    "엿새": 6,
    "이레": 7,
    "여드레": 8,
    "아흐레": 9,
    "열흘": 10,
    "보름": 15,
}
_DAYS_SAID = re.compile(rf"(?<![가-힣])({'|'.join(_DAYS)})(?=간|째|동안|만|씩|에|의|[ ,.]|$)")
_ORDINALS = {"첫": 1, "맏": 1, "둘": 2, "셋": 3, "넷": 4, "다섯": 5}
_ORDINAL = re.compile(r"(?<![가-힣])(?:(첫|둘|셋|넷|다섯)(?:째|날)|맏(?=[딸아]))")
_FRACTION = re.compile(r"(\d+)분의 (\d+)")
_SOMES = {"한두": (1, 2), "두세": (2, 3), "서너": (3, 4), "너댓": (4, 5), "네댓": (4, 5), "대여섯": (5, 6)}
_SOME = re.compile(rf"(?<![가-힣])({'|'.join(_SOMES)}) ?(명|사람|{_COUNTERS})")
_HALF = re.compile(r"절반|반값|반으로")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit, and where it stands."""

    value: float
    unit: str
    start: int
    end: int

    @property
    def measure(self) -> str | None:
        """What the unit measures, or None for an unknown unit or none."""
        return next((name for name, units in MEASURES.items() if self.unit in units), None)

    def __str__(self) -> str:
        return f"{self.value:,.10g}{self.unit}"


@lru_cache(maxsize=1024)
def amounts(text: str) -> tuple[Amount, ...]:
    """Every number with its unit: 2000만원, 2천만 원 and 20,000,000원 are the same; 절반 is 50 %."""
    return tuple(_amounts(text))


def _amounts(text: str) -> Iterator[Amount]:
    text = _FRACTION.sub(lambda match: " " * len(match[0]), whole := text)
    for match in _NUMBER.finditer(text):
        unit = match["unit"] or ""
        big = re.sub(r"[\s,]", "", match["big"]) + (unit[0] if unit and unit[0] in _BIG else "")
        yield Amount(_value(match["number"], big), _unit(unit), match.start(), match.end())
    for match in re.finditer(r"(?<![가-힣\d])(?<!\d )([만천]) ?원", text):
        yield Amount(float(_BIG[match[1]]), "원", match.start(), match.end())
    for match in _COUNTED.finditer(text):
        unit = "명" if match["unit"] == "분" else _unit(match["unit"])  # 열두 분 are people
        yield Amount(float(WRITTEN[match["number"]]), unit, match.start(), match.end())
    for match in re.finditer(r"(?<=시) 반(?![가-힣]{2})", text):
        yield Amount(30.0, "분", match.start(), match.end())
    for match in _ORDINAL.finditer(text):
        yield Amount(float(_ORDINALS[match[1] or "맏"]), "째", match.start(), match.end())
    for match in _FRACTION.finditer(whole):
        yield Amount(100 * float(match[2]) / float(match[1]), "%", match.start(), match.end())
    for match in _SOME.finditer(text):
        yield from (Amount(float(n), _unit(match[2]), match.start(), match.end()) for n in _SOMES[match[1]])
    for match in _DAYS_SAID.finditer(text):
        yield Amount(float(_DAYS[match[1]]), "일", match.start(), match.end())
    for match in _HALF.finditer(text):
        yield Amount(50.0, "%", match.start(), match.end())


def _unit(unit: str) -> str:
    unit = unit[1:] if unit and unit[0] in _BIG else unit
    known = next((unit[:size] for size in (4, 3, 2, 1) if unit[:size] in _UNITS), None)
    unit = known or re.sub(r"(?<=.)[은는이가을를의에로와과도만씩째으]$", "", unit)
    return _SAME_UNIT.get(unit, unit)


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
