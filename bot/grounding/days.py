"""The dates of a sentence against those that the evidence means."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from bot.dates import Resolved, resolve_all
from bot.grounding.amounts import amounts
from bot.grounding.text import squeezed
from prompts import options

_WHEN = re.compile(
    r"(?:다음|이번|지난) ?[주달]|내달|오늘|내일|모레|어제|그제|새벽|오전|오후|(?<![가-힣])(?:아침|저녁|밤|낮)(?= ?\d|[ 에까부])"
)
_WHENS = {
    "오전": ("새벽", "아침"), "오후": ("낮", "저녁", "밤"), "새벽": ("오전", "밤"), "아침": ("오전", "새벽"),
    "저녁": ("오후", "밤"), "밤": ("오후", "저녁", "새벽", "야간", "심야"), "낮": ("오후", "오전", "점심", "주간", "한낮"),
}  # fmt: skip
_WEEKDAYS = re.compile(
    r"(?<![가-힣])((?:[월화수목금토일](?:요일)?(?:[·,~∼] ?|과 |와 |부터 |에서 ))*[월화수목금토일]요일)"
)
_NAMED_YEAR = re.compile(r"재작년|지난해|작년|올해|내년")
_PAST = re.compile(r"[았었였했됐갔왔났]|한다고 \S+ (?:밝|말)")
SPAN = r"(?=에 걸쳐|만(?= )| ?동안|간|째| 만에| ?연속| ?이내| ?안(?![가-힣]{2})| (?:더 )?(?:늦|빠르|빨리|빨라|일찍|앞[당서]|이르))"
_FOR_A_DAY = "(?:이용|입장|승차|체험|평균|최대|생활|권장|섭취|근무|숙박|[가-힣]{0,2}권(?![가-힣])|[0-9]+회)"  # 1일 이용권
LONG = 60  # days; longer spans are told by their ends
FAR = 15  # days ahead in its month from which a day that is told of as past is of the month before


def wrong_date(sentence: str, text: str, published: str | None) -> str | None:
    """Whole dates, months and years must be those that the evidence means by the article's own day."""
    there = [*_reported(_without_spans(text), published), *_years_after(text, published)]
    spans = [amount for amount in amounts(text) if amount.unit == "일" and amount.value < LONG]
    lasts = [int(span.value) for span in spans if re.match(rf"[가-힣]|\d+일{SPAN}", text[span.start :])]
    there += [ended for day in there for days in lasts if (ended := _after(day, days - 1)) is not None]
    until = [int(match[1]) for match in re.finditer(r"(\d{1,2})일까지", text)]
    there += [
        Resolved(day.year, day.month, last) for day in there if day.day for last in until if last > day.day
    ]
    there += [eve for day in there if "전날" in text and (eve := _after(day, -1)) is not None]
    there += _weekdays(text, published)
    if published and "새해" in text:
        there.append(Resolved(int(published[:4]) + (published[5:7] > "09"), None, None))
    for said in resolve_all(_without_spans(sentence), published):
        if not any(_same_day(said, other) for other in there):
            return said.spoken()
    weekday = _wrong_weekday(sentence, text, there)
    if weekday is not None:
        return weekday
    said_when = {match[0] for match in _WHEN.finditer(sentence)}
    letters = squeezed(text)
    for when in sorted(said_when):
        written = any(other in letters for other in (squeezed(when), *_WHENS.get(when, ())))
        meant = any(_same_day(other, day) for other in resolve_all(when, published) for day in there)
        if not written and not meant:
            return when
    return None


def in_years(sentence: str, evidence: Sequence[str], published: str | None) -> tuple[str, list[str]]:
    """A sentence and its evidence with years by their number: 2025년 for 내년."""
    if published is None:
        return sentence, list(evidence)
    year = int(published[:4])
    named = {"재작년": year - 2, "지난해": year - 1, "작년": year - 1, "올해": year, "내년": year + 1}

    def numbered(text: str) -> str:
        return _NAMED_YEAR.sub(lambda match: f"{named[match[0]]}년", text)

    return numbered(sentence), [numbered(text) for text in evidence]


def _without_spans(text: str) -> str:
    """A text without durations, which are no dates: 3일에 걸쳐, 5일 동안."""
    return re.sub(rf"\d+일{SPAN}|(?<![월\d])(?<!월 )1일(?= ?{_FOR_A_DAY})", " ", text)


def _reported(text: str, published: str | None) -> list[Resolved]:
    """The dates of a text; a day alone that was yet to come in its month, told of as past, is of the month before."""
    found = list(resolve_all(text, published))
    if published is None:
        return found
    today = date.fromisoformat(published[:10])
    for match in re.finditer(r"(?<![월\d])(?<!월 )(?<!오는 )(\d{1,2})일(?!까지|부터)", text):
        day, clause = int(match[1]), re.split(r"(?<=[.!?”]) ", text[match.end() :])[0]
        before = today.replace(day=1) - timedelta(days=1)
        if today.day + FAR < day <= before.day and _PAST.search(clause[-20:]):
            wrong = (today.year, today.month, day)
            found = [one for one in found if (one.year, one.month, one.day) != wrong]
            found.append(Resolved(before.year, before.month, day))
    return found


def _years_after(text: str, published: str | None) -> list[Resolved]:
    """The year that a span since a named year ends in: 2019년 … 6년 만에."""
    years = {found.year for found in resolve_all(text, published)}
    spans = [int(match[1]) for match in re.finditer(r"(\d{1,2})년 (?:만|뒤|후)", text)]
    return [Resolved(year + span, None, None) for year in years for span in spans]


def _wrong_weekday(sentence: str, text: str, there: Sequence[Resolved]) -> str | None:
    """A weekday that the evidence does not have and that is that of none of its dates."""
    names = options("answer.weekdays")
    days = [day for day in (_after(one, 0) for one in there) if day is not None]
    meant = _weekdays_in(text) | {
        names[date(day.year, day.month or 1, day.day or 1).weekday()][0] for day in days
    }
    if "평일" in text:
        meant |= set("월화수목금")
    if "주말" in text:
        meant |= set("토일")
    wrong = sorted(_weekdays_in(sentence) - meant)
    return f"{wrong[0]}요일" if wrong else None


def _weekdays_in(text: str) -> set[str]:
    return {
        letter
        for match in _WEEKDAYS.finditer(text)
        for letter in re.findall(r"[월화수목금토일](?=요일|[·,~∼ 과와부에])", match[1])
    }


def _weekdays(text: str, published: str | None) -> list[Resolved]:
    """A weekday as the last before the article's day or the first after it: 지난 일요일, 금요일부터."""
    names = options("answer.weekdays")
    found = []
    for match in re.finditer(r"(지난 ?(?:주 )?)?(?<![가-힣])([월화수목금토일]요일)", text):
        day = date.fromisoformat(published[:10]) if published else None
        if day is not None:
            back = (day.weekday() - names.index(match[2]) - 1) % 7 + 1
            last = day - timedelta(days=back)
            ahead = last + timedelta(days=7)
            days = [last] if match[1] else [last, ahead]
            found += [Resolved(one.year, one.month, one.day) for one in days]
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
