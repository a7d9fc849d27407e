"""Dates as an article means them: "22일", "지난 15일", "오는 3월", "내년 상반기" by its own day of publication.

A bare day or month is the nearest one on the side that the words say: 지난 looks back, 오는 forward, none
takes the nearest within the month of publication (newspapers give the day alone within the month).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from prompts import options, say

_PATTERN = re.compile(
    r"(?:(?P<side>지난해|작년|올해|내년|재작년|이듬해|지난달|지난|오는|다음 달|다음달|이달|이번 달|다가오는)\s*)?"
    r"(?:(?P<year>(?:19|20)\d{2})\s?년\s*)?(?:(?P<month>\d{1,2})\s?월\s*)?(?:(?P<day>\d{1,2})\s?일(?!\s?(?:간|동안|째)))?"
)
_YEARS = {"내년": 1, "올해": 0, "지난해": -1, "작년": -1, "재작년": -2, "내후년": 2}
_MONTHS = {"다음 ?달": 1, "지난달": -1, "이달": 0, "이번 ?달": 0}
_WORDS = {"당일": 0, "오늘": 0, "이날": 0, "전날": -1, "어제": -1, "이튿날": 1, "다음 날": 1, "내일": 1}


@dataclass(frozen=True, slots=True)
class Resolved:
    """A date as precisely as the words say it: a day, a month of a year, or a year."""

    year: int
    month: int | None = None
    day: int | None = None

    def after(self, published: str | None) -> bool:
        """Whether it is a whole date later than an article's own day."""
        if self.day is None or self.month is None or published is None:
            return False
        return date(self.year, self.month, self.day) > date.fromisoformat(published[:10])

    def spoken(self) -> str:
        """2023년 11월 22일 수요일."""
        if self.day is not None and self.month is not None:
            weekday = options("answer.weekdays")[date(self.year, self.month, self.day).weekday()]
            fields = {"year": self.year, "month": self.month, "day": self.day, "weekday": weekday}
            return say("answer.date_day", **fields)
        if self.month is not None:
            return say("answer.date_month", year=self.year, month=self.month)
        return say("answer.date_year", year=self.year)


def resolve(text: str, published: str | None) -> Resolved | None:
    """The date that `text` gives, or None where it gives none or the article has no day of its own."""
    if published is None:
        return None
    today = date.fromisoformat(published[:10])
    match = next((m for m in _PATTERN.finditer(text) if m["day"] or m["month"] or m["year"]), None)
    if match is None:
        step = next((days for word, days in _WORDS.items() if word in text), None)
        return None if step is None else _of(today + timedelta(days=step))
    try:
        return _resolved(match, today)
    except ValueError:  # the 31st of a month that has none
        return None


def resolve_all(text: str, published: str | None) -> Iterator[Resolved]:
    """Every date that `text` gives; none where the article has no day of its own."""
    if published is None:
        return
    today = date.fromisoformat(published[:10])
    for match in _PATTERN.finditer(text):
        try:
            found = _resolved(match, today) if match["day"] or match["month"] or match["year"] else None
        except ValueError:  # the 31st of a month that has none
            found = None
        if found is not None:
            yield found
    yield from _relative(text, today)


def _relative(text: str, today: date) -> Iterator[Resolved]:
    """Years, months and weekdays that are named by their distance alone: 내년, 다음 달, 이번 주 토요일."""
    for word, years in _YEARS.items():
        if re.search(rf"{word}(?!도|만큼)", text):
            yield Resolved(today.year + years)
    for word, months in _MONTHS.items():
        if re.search(word, text):
            place = today.year * 12 + today.month - 1 + months
            yield Resolved(place // 12, place % 12 + 1)
    for match in re.finditer(r"(이번|다음|지난) ?주(?:말)? ?([월화수목금토일])요일", text):
        week = {"이번": 0, "다음": 7, "지난": -7}[match[1]]
        monday = today - timedelta(days=today.weekday())
        yield _of(monday + timedelta(days=week + "월화수목금토일".index(match[2])))
    for word, days in _WORDS.items():
        if word in ("오늘", "내일", "어제") and word in text:
            yield _of(today + timedelta(days=days))


def _resolved(match: re.Match[str], today: date) -> Resolved | None:
    side = (match["side"] or "").replace(" ", "")
    year = int(match["year"]) if match["year"] else None
    month = int(match["month"]) if match["month"] else None
    day = int(match["day"]) if match["day"] else None
    if year is None:
        shift = {"지난해": -1, "작년": -1, "재작년": -2, "내년": 1}.get(side)
        year = today.year + shift if shift is not None else None
    if month is None and day is not None:
        return _day_alone(day, side, today) if year is None else None
    if month is None:
        return Resolved(year) if year is not None else None
    if year is None:
        year = _year_of(month, side, today)
    if day is not None:
        date(year, month, day)
    return Resolved(year, month, day) if 1 <= month <= 12 else None


def _day_alone(day: int, side: str, today: date) -> Resolved | None:
    month = today.replace(day=1)
    if side in ("지난달",) or (side == "지난" and day > today.day):
        month = (month - timedelta(days=1)).replace(day=1)
    elif side in ("다음달",) or (side in ("오는", "다가오는") and day < today.day):
        month = (month + timedelta(days=32)).replace(day=1)
    return _of(month.replace(day=day))


def _year_of(month: int, side: str, today: date) -> int:
    if side == "지난" and month > today.month:
        return today.year - 1
    if side in ("오는", "다가오는") and month < today.month:
        return today.year + 1
    return today.year


def _of(day: date) -> Resolved:
    return Resolved(day.year, day.month, day.day)
