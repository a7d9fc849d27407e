"""Personal numbers: resident registration, cards, phones, bank accounts and driver's licences.

A number is read group by group (010-1234-5678 has three), so that what separates them does not matter and a
date beside a phone number is not taken for a part of it. Numbers that are said (공일공 일이삼사 …) are read
digit by digit.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple


class Found(NamedTuple):
    """Personal data at `text[start:end]`; `kind` is its message in prompts/masking.toml."""

    start: int
    end: int
    kind: str


class _Group(NamedTuple):
    """Digits without a gap."""

    start: int
    end: int
    digits: str


def numbers(text: str) -> Iterator[Found]:
    """Every personal number of a text in plain digits and hyphens."""
    yield from _said(text)
    yield from (Found(match.start(), match.end(), "resident") for match in _STARRED.finditer(text))
    for run in _RUN.finditer(text):
        yield from _in_run(text, [_group(match) for match in _DIGITS.finditer(text, *run.span())])


_DIGITS = re.compile(r"[0-9]+")
_GAP = r"(?:\s{0,2}[-./()_,·~:;=*!…|]{1,2}\s{0,2}|\s{1,2})"
_RUN = re.compile(rf"[0-9]+(?:{_GAP}[0-9]+)*")
_STARRED = re.compile(r"(?<![0-9])[0-9]{6}\s?-?\s?[0-9][*xX●○•]{6}")  # 900101-1******


def _group(match: re.Match[str]) -> _Group:
    return _Group(match.start(), match.end(), match[0])


def _in_run(text: str, groups: Sequence[_Group]) -> Iterator[Found]:
    place, alone = 0, 0
    while place < len(groups):
        alone = alone + 1 if len(groups[place].digits) == 1 else 0
        taken, kind = (0, "") if alone > _TRIED else _first(text, groups[place : place + _MOST])
        if taken:
            start, end = groups[place].start, groups[place + taken - 1].end
            yield Found(_opened(text, start, end), end, kind)
            alone = 0
        place += max(taken, 1)


_MOST = 16  # groups of one number: a card's digits, each by itself
_TRIED = 8  # of many single digits in a row: a number begins among the first


def _opened(text: str, start: int, end: int) -> int:
    """The start with the + or the parenthesis that belongs to it: (062) 123-4567."""
    if text[start - 1 : start] == "(" and ")" in text[start:end] and "(" not in text[start:end]:
        start -= 1
    return start - 1 if text[start - 1 : start] == "+" else start


def _first(text: str, groups: Sequence[_Group]) -> tuple[int, str]:
    """How many of the groups make a number, and of which kind; 0 where the first begins none."""
    lengths = tuple(len(group.digits) for group in groups)
    for kind, taken in (
        ("card", _card), ("resident", _resident), ("licence", _licence), ("phone", _phone),
        ("account", _account),
    ):  # fmt: skip
        count = taken(text, groups, lengths)
        if count:
            return count, kind
    return 0, ""


def _joined(groups: Sequence[_Group], count: int) -> str:
    return "".join(group.digits for group in groups[:count])


def _singles(lengths: Sequence[int], count: int) -> bool:
    """Whether the first `count` digits stand each by itself: 9 0 0 1 0 1."""
    return len(lengths) >= count and lengths[:count] == (1,) * count


def _gaps(text: str, groups: Sequence[_Group], count: int) -> str:
    return "".join(text[one.end : other.start] for one, other in pairwise(groups[:count]))


def _before(text: str, groups: Sequence[_Group], words: re.Pattern[str]) -> bool:
    """Whether one of the words stands close before the first group."""
    return bool(words.search(text[max(0, groups[0].start - 24) : groups[0].start]))


def _close(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{words})[^0-9?!\]\n]{{0,12}}$", re.IGNORECASE)


# --- resident registration numbers, foreigners' too; since 2020 without a check digit

_BIRTH = re.compile(r"(?:19|20)?[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?P<back>[0-9]{7})")
_RESIDENT = ((6, 7), (13,), (8, 7), (2, 2, 2, 7), (4, 2, 2, 7), (4, 2, 7), (2, 4, 7), (6, 1, 6), (15,))
_IDENTITY = _close("주민|등록번호|민증|신분증")
_BACK = _close("뒷 ?자리|뒷 ?번호|뒤 ?7자리")


def _resident(text: str, groups: Sequence[_Group], lengths: tuple[int, ...]) -> int:
    count = next((len(shape) for shape in _RESIDENT if lengths[: len(shape)] == shape), 0)
    count = count or (13 if _singles(lengths, 13) else 0)
    if not count:
        return int(lengths[0] == 7 and _before(text, groups, _BACK))
    born = _BIRTH.fullmatch(_joined(groups, count))
    if born is not None and (count > 1 or born["back"][0] not in "09"):
        return count
    return (
        count
        if (lengths[:2] == (6, 7) and "-" in _gaps(text, groups, 2)) or _before(text, groups, _IDENTITY)
        else 0
    )


# --- cards

_CARD = _close("카드|card|비자|마스터|아멕스")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


def _card(text: str, groups: Sequence[_Group], lengths: tuple[int, ...]) -> int:
    if lengths[:4] == (4, 4, 4, 4) and ("," not in _gaps(text, groups, 4) or passes_luhn(_joined(groups, 4))):
        return 0 if all(_YEAR.fullmatch(group.digits) for group in groups[:4]) else 4
    if lengths[:3] in ((4, 6, 5), (4, 6, 4)) and groups[0].digits[0] == "3":
        return 3
    for count, total in enumerate(accumulate(lengths), 1):
        apart = _singles(lengths, count)
        if total > 16 or not (apart or min(lengths[:count]) >= 4):
            return 0
        if total in (14, 15, 16) and "," not in _gaps(text, groups, count):
            digits = _joined(groups, count)
            known = total == 16 or digits[:2] in _SHORTER[total]
            if known and (passes_luhn(digits) or (total == 16 and _before(text, groups, _CARD))):
                return count
    return 0


_SHORTER = {15: ("34", "37"), 14: ("30", "36", "38")}


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0 and int(digits) > 0


# --- driver's licences

_LICENCE = _close("면허")
_ISSUER = _close("서울|부산|대구|인천|광주|대전|울산|경기|강원|충북|충남|전북|전남|경북|경남|제주")


def _licence(text: str, groups: Sequence[_Group], lengths: tuple[int, ...]) -> int:
    if lengths[:4] == (2, 2, 6, 2):
        return 4
    if lengths[:3] == (2, 6, 2) and (_before(text, groups, _ISSUER) or _before(text, groups, _LICENCE)):
        return 3
    return 1 if lengths[0] in (10, 12) and _before(text, groups, _LICENCE) else 0


# --- phones

_AREA = r"(?:02|0(?:3[1-3]|4[1-4]|5[1-5]|6[1-4])|070|050[2-8])"
_MOBILE = re.compile(r"01[016789][0-9]{7,8}")
_LAND = re.compile(rf"{_AREA}[2-9][0-9]{{6,7}}")
_LAND_GROUPS = re.compile(rf"{_AREA} [0-9]{{3,4}} [0-9]{{4}}")
_ABROAD = re.compile(
    r"(?:00)?82(?P<rest>0?1[016789][0-9]{7,8}|0?(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70)[0-9]{7,8})"
)
_MOBILE_SHAPES = ((3, 4, 4), (3, 3, 4), (11,), (10,), (3, 8), (3, 7), (7, 4), (6, 4))
_CALL = _close(r"전화|휴대폰|핸드폰|휴대전화|연락처|폰 ?번호?|(?:내|제|우리 ?집) ?번호")
_PUBLIC = re.compile(r"1[568][0-9]{2}")  # a company's number: 1588-1234
_COUNTED = re.compile(
    r"\s?(?:원|명|주|달러|만|억|조|건|개|년|월|일|%|배|위|점|호|권|장|좌|여|가구|세대|톤|㎡|km)"
)


def _phone(text: str, groups: Sequence[_Group], lengths: tuple[int, ...]) -> int:
    first = groups[0]
    if text[first.start - 1 : first.start] == "+" or first.digits.startswith(("82", "0082")):
        return _from_abroad(text, groups, lengths)
    if first.digits[0] == "0":
        return _mobile(groups, lengths) or _landline(text, groups, lengths)
    local = lengths[:2] in ((3, 4), (4, 4)) and not _PUBLIC.fullmatch(first.digits)
    if not (local or lengths[0] == 8) or not _before(text, groups, _CALL):
        return 0
    count = 2 if local else 1
    day = _BIRTH.fullmatch(first.digits + "0000000") if count == 1 else None
    return 0 if day or _COUNTED.match(text, groups[count - 1].end) else count


def _from_abroad(text: str, groups: Sequence[_Group], lengths: tuple[int, ...]) -> int:
    start = groups[0].start
    plus = text[start - 1 : start] == "+" and not text[max(0, start - 2) : start - 1].isdigit()
    for count, total in enumerate(accumulate(lengths), 1):
        if total > 15:
            return 0
        if _ABROAD.fullmatch(_joined(groups, count)) and (plus or count == 1 or lengths[0] < 5):
            return count
        last = count == len(groups) and not _COUNTED.match(text, groups[-1].end)
        if plus and last and total >= 9 and (count > 2 or total > 10):
            return count
    return 0


def _mobile(groups: Sequence[_Group], lengths: tuple[int, ...]) -> int:
    for shape in _MOBILE_SHAPES:
        if lengths[: len(shape)] == shape and _MOBILE.fullmatch(_joined(groups, len(shape))):
            return len(shape)
    totals = list(accumulate(lengths))
    for total in (11, 10):
        count = totals.index(total) + 1 if total in totals else 0
        whole = lengths[0] == 3 and max(lengths[:count], default=0) <= 4
        if count and (whole or _singles(lengths, count)) and _MOBILE.fullmatch(_joined(groups, count)):
            return count
    return 0


def _landline(text: str, groups: Sequence[_Group], lengths: tuple[int, ...]) -> int:
    if _LAND_GROUPS.fullmatch(" ".join(group.digits for group in groups[:3])):
        document = text[groups[0].start - 1 : groups[0].start] == "제" and text[groups[2].end :][:1] == "호"
        return 0 if document or "," in _gaps(text, groups, 3) else 3
    count = next((count for count in (11, 10, 9) if _singles(lengths, count)), 1)
    return count if _LAND.fullmatch(_joined(groups, count)) else 0


# --- bank accounts

_BANK = (
    r"은행|뱅크|농협|축협|수협|신협|새마을금고|우체국|카뱅|케뱅|토뱅|신한|국민|우리|하나|기업|산업|제일|씨티|토스"
    r"|KB|NH|IBK|SC"
)
_ACCOUNT = _close(rf"{_BANK}|계좌|입금|송금|이체|예금주|통장|account")
_BANK_AFTER = re.compile(r"\s?[(,]?\s?[가-힣A-Z]{0,6}(?:은행|뱅크|농협|축협|수협|신협|새마을금고|우체국)")


def _account(text: str, groups: Sequence[_Group], lengths: tuple[int, ...]) -> int:
    if lengths[0] < 3 or (_YEAR.fullmatch(groups[0].digits) and len(lengths) > 1 and lengths[1] <= 2):
        return 0
    for count in range(_even(text, groups), 0, -1):
        if not 10 <= sum(lengths[:count]) <= 16 or _COUNTED.match(text, groups[count - 1].end):
            continue
        if _before(text, groups, _ACCOUNT) or _BANK_AFTER.match(text, groups[count - 1].end):
            return count
    return 0


def _even(text: str, groups: Sequence[_Group]) -> int:
    """How many groups, at most six, stand apart by the same: the amount after an account does not."""
    gaps = [text[one.end : other.start].strip() for one, other in pairwise(groups[:6])]
    if not gaps or gaps[0] not in ("", "-", "."):
        return 1
    return 1 + next((place for place, gap in enumerate(gaps) if gap != gaps[0]), len(gaps))


# --- numbers as they are said

_VALUES = {
    **{char: str(value) for value, char in enumerate("0123456789")},
    **{char: str(value) for value, char in enumerate("공일이삼사오육칠팔구")},
    **{char: str(value) for value, char in enumerate("〇一二三四五六七八九")},
    "영": "0", "零": "0", "륙": "6",
}  # fmt: skip
_WORD = rf"(?!이(?:에요|예요|야|고|다|요|라|었|니|지|며|면|랑))[{''.join(_VALUES)}]"
_SAID_GAP = rf"(?:\s{{0,2}}(?:다시|대시|국에|국의|번에|에|의)\s{{0,2}}|{_GAP})?"
_SAID = re.compile(rf"{_WORD}(?:{_SAID_GAP}{_WORD}){{9,}}")
_SAID_KINDS = (  # how many of its digits are said, at the least: 900101-123456 이 is none
    ("card", 4, re.compile(r"[1-9][0-9]{15}")),
    ("resident", 4, re.compile(r"(?=[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[1-8])[0-9]{13}")),
    ("phone", 1, re.compile(r"01[016789][0-9]{7,8}")),
    ("phone", 4, re.compile(rf"{_AREA}[2-9][0-9]{{6,7}}(?![0-9])")),
)
_HYPHEN_SAID = re.compile("다시|대시|에|의")


def _said(text: str) -> Iterator[Found]:
    """Every number with digits or hyphens that are said."""
    for run in _SAID.finditer(text):
        places = [place for place in range(*run.span()) if text[place] in _VALUES]
        digits = "".join(_VALUES[text[place]] for place in places)
        for kind, least, form in _SAID_KINDS:
            for match in form.finditer(digits):
                start, end = places[match.start()], places[match.end() - 1] + 1
                said = sum(text[place] not in "0123456789" for place in places[slice(*match.span())])
                enough = said >= least or _HYPHEN_SAID.search(text, start, end)
                card = kind != "card" or passes_luhn(match[0])
                if enough and card and not (_inside(text, start) or _inside(text, end)):
                    yield Found(start, end, kind)


def _inside(text: str, place: int) -> bool:
    """Whether a written number goes on across this place."""
    return place > 0 and _DIGITS.fullmatch(text, place - 1, place + 1) is not None and place < len(text)
