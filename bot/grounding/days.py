"""The dates of a sentence against those that the evidence means."""

import re
from datetime import date, timedelta

from bot.dates import Resolved, resolve_all
from bot.grounding.amounts import amounts
from bot.grounding.text import squeezed
from prompts import options

_WHEN = re.compile(r"(?:다음|이번|지난) ?[주달]|내달|오늘|내일|모레|어제|그제|새벽|오전|오후")
_WHENS = {"오전": ("새벽", "아침"), "오후": ("낮", "저녁", "밤"), "새벽": ("오전",)}
SPAN = r"(?=에 걸쳐| ?동안|간|째| 만에| ?연속| ?이내| ?안)"
LONG = 60  # days; longer spans are told by their ends


def wrong_date(sentence: str, text: str, published: str | None) -> str | None:
    """Whole dates, months and years must be those that the evidence means by the article's own day."""
    there = list(resolve_all(_without_spans(text), published))
    spans = [amount for amount in amounts(text) if amount.unit == "일" and amount.value < LONG]
    lasts = [int(span.value) for span in spans if re.match(rf"[가-힣]|\d+일{SPAN}", text[span.start :])]
    there += [ended for day in there for days in lasts if (ended := _after(day, days - 1)) is not None]
    until = [int(match[1]) for match in re.finditer(r"(\d{1,2})일까지", text)]
    there += [
        Resolved(day.year, day.month, last) for day in there if day.day for last in until if last > day.day
    ]
    there += [eve for day in there if "전날" in text and (eve := _after(day, -1)) is not None]
    there += _last_weekdays(text, published)
    if published and "새해" in text:
        there.append(Resolved(int(published[:4]) + (published[5:7] > "09"), None, None))
    for said in resolve_all(_without_spans(sentence), published):
        if not any(_same_day(said, other) for other in there):
            return said.spoken()
    said_when = {match[0] for match in _WHEN.finditer(sentence)}
    letters = squeezed(text)
    for when in sorted(said_when):
        written = any(other in letters for other in (squeezed(when), *_WHENS.get(when, ())))
        meant = any(_same_day(other, day) for other in resolve_all(when, published) for day in there)
        if not written and not meant:
            return when
    return None


def _without_spans(text: str) -> str:
    """A text without durations, which are no dates: 3일에 걸쳐, 5일 동안."""
    return re.sub(rf"\d+일{SPAN}", " ", text)


def _last_weekdays(text: str, published: str | None) -> list[Resolved]:
    """지난 일요일 as the last Sunday before the article's day."""
    names = options("answer.weekdays")
    found = []
    for match in re.finditer(r"지난 ?(?:주 )?([월화수목금토일]요일)", text):
        day = date.fromisoformat(published[:10]) if published else None
        if day is not None:
            day -= timedelta(days=(day.weekday() - names.index(match[1]) - 1) % 7 + 1)
            found.append(Resolved(day.year, day.month, day.day))
    return found


def _after(day: Resolved, days: int) -> Resolved | None:
    """The day so many days later: the last of 6일부터 사흘간."""
    if day.year is None or day.month is None or day.day is None:
        return None
    try:
        later = date(day.year, day.month, day.day) + timedelta(days=days)
    except ValueError:
        return None
    return Resolved(later.year, later.month, later.day)


def _same_day(said: Resolved, other: Resolved) -> bool:
    """Whether the evidence means this date: as precisely as it is said, or a day of the year that is said."""
    return all(
        mine is None or mine == its
        for mine, its in ((said.year, other.year), (said.month, other.month), (said.day, other.day))
    )
