"""How long from the reported day to another day of the article: 착공까지 얼마나 남았나요?"""

import re
from datetime import date

from bot.cite import cite
from bot.dates import Resolved, resolve
from bot.kinds import shows
from bot.reading import Reading, answered, quote_around
from bot.types import Answer
from prompts import say

_LEFT = re.compile(
    r"(?:얼마|며칠|몇 ?(?:일|달|개월|년|주)).{0,12}남(?:았|은|아|지|는)|남은 (?:기간|시간|날)|까지.{0,16}(?:얼마|며칠).{0,6}남"
)
LOOKED_AT = 6  # sentences
MONTH, YEAR = 30.44, 365.25  # days


def time_left(reading: Reading) -> Answer | None:
    """The time from the day of the report to the first later day in the best sentences; None without one."""
    page = reading.page
    published = page.article.published
    if not _LEFT.search(reading.question.text) or published is None:
        return None
    start = date.fromisoformat(published[:10])
    for item in reading.ranked[:LOOKED_AT]:
        line = item.candidate.line
        if item.candidate.page is not page or line.role != "body" or not shows("date", line.text):
            continue
        target = resolve(line.text, published)
        end = _last_day(target, line.text) if target else None
        if target is None or end is None or end <= start:
            continue
        citation = cite(1, page, *quote_around(line, 0, 0))
        short = _spoken((end - start).days, target)
        said = {"start": _of(start).spoken(), "end": _end_spoken(target), "short": short}
        return answered(reading, say("answer.time_left", quote=citation.quote, **said), short, [citation])
    return None


def _last_day(day: Resolved, text: str) -> date | None:
    """The day itself; of a month its end; of a year its end where 말 or nothing follows, else unknown."""
    if day.day is not None and day.month is not None:
        return date(day.year, day.month, day.day)
    if day.month is not None:
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    half = re.search(rf"{day.year}년? ?(?:초|상반기|봄|여름|가을|하반기)", text)
    return None if half else date(day.year, 12, 31)


def _end_spoken(target: Resolved) -> str:
    return target.spoken() if target.month is not None else say("answer.date_year_end", year=target.year)


def _of(day: date) -> Resolved:
    return Resolved(day.year, day.month, day.day)


def _spoken(days: int, target: Resolved) -> str:
    """As precisely as the target is: days, or about so many months and years."""
    if target.day is not None and days < 2 * MONTH:
        return say("answer.days", count=days)
    months = round(days / MONTH)
    if months < 12:
        return say("answer.months", count=months)
    years, months = divmod(months, 12)
    return (
        say("answer.years_months", years=years, months=months) if months else say("answer.years", count=years)
    )
