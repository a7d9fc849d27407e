"""Dates and times out of Korean datelines, as ISO text: 2023-11-22 or 2023-11-22T18:13 (Korean time)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_KST = timezone(timedelta(hours=9))

_DAY = (
    r"(?<![\d.])(?P<year>(?:19|20)\d{2})\s{0,3}(?:년|[.\-/])\s{0,3}(?P<month>\d{1,2})\s{0,3}(?:월|[.\-/])\s{0,3}"
    r"(?P<day>\d{1,2})(?!\d)\s{0,3}(?:일(?!\s*[~∼])|\.)?"
)
_COMPACT = r"(?<!\d)(?P<cyear>20\d{2})(?P<cmonth>0[1-9]|1[0-2])(?P<cday>[0-2]\d|3[01])(?!\d)"
_SHORT = r"(?<![\d.'])'?(?P<syear>\d{2})[.\-/]\s?(?P<smonth>\d{1,2})[.\-/]\s?(?P<sday>\d{1,2})(?!\d)\.?"
_WEEKDAY = r"(?:\s{0,3}[(\[]?\s?[월화수목금토일](?:요일)?\s?[)\]]|\s{1,3}[월화수목금토일]요일)?"
_CLOCK = (
    r"(?:\s{0,3}[T,|]?\s{0,3}(?P<half>오전|오후|새벽|아침|낮|저녁|밤|[AaPp][Mm])?\s{0,3}"
    r"(?P<hour>\d{1,2})(?:\s?:\s?(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?"
    r"|시(?:\s{0,2}(?P<kminute>\d{1,2})분(?:\s{0,2}\d{1,2}초)?)?)(?!\d)(?:\s?(?P<tail>[AaPp][Mm]))?"
    r"(?P<zone>Z|[+\-]\d{2}:?\d{2})?)?"
)
_STAMP = re.compile(f"(?:{_DAY}|{_COMPACT}){_WEEKDAY}{_CLOCK}")
_SHORT_STAMP = re.compile(f"{_SHORT}{_WEEKDAY}{_CLOCK}")

# The words that stand beside a date on a news or board page. 일시 is not one: it is when an event is held.
_FIRST = (
    r"(?:기사\s?)?(?:최초\s?)?(?:입력|등록|승인|작성|발행|게재|게시|송고|출고|보도|노출)(?:\s?(?:일시|일자|시간|시각|날짜|일))?"
    r"|Published|Posted|Created"
)
_LATER = (
    r"(?:기사\s?)?(?:최종\s?)?(?:수정|업데이트|편집|갱신)(?:\s?(?:일시|일자|시간|시각|날짜|일))?|최종(?=\s?[:\d])"
    r"|Updated|Modified"
)
_LABEL = re.compile(f"(?P<later>{_LATER})|(?P<first>{_FIRST})", re.IGNORECASE)
# What else such a line may hold and still be a dateline: counts, the page of the paper.
_BESIDE = re.compile(
    r"(?:지면|신문|종이신문)?\s?[A-Z]?\d{1,3}\s?면|(?:댓글|조회수?|추천|좋아요|공감|읽음|스크랩)\s?[:(]?\s?[\d,]+\s?\)?"
    r"|온라인|인터넷|오프라인|[A-Z]\d{1,2}(?!\d)"
)
_SEPARATORS = re.compile(r"[\s:：|ㅣ/·•∙,.\-–—~\[\]()<>【】■▲△]+")
_MAX_LINE = 200  # characters; a longer line is prose


@dataclass(frozen=True, slots=True)
class Stamp:
    """One date in a line: `line[start:end]`, and what it means."""

    iso: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Dateline:
    """A line that says when: the time of first publication, and what is left of the line."""

    published: str
    labelled: bool
    """A word such as 입력 or 등록 stands beside it."""
    rest: str
    """The line without dates, labels, counts and separators: a reporter's name, or nothing."""


def to_iso(value: str) -> str | None:
    """The first date in `value` as ISO text; None where there is none."""
    stamps = find_dates(value[:_MAX_LINE], short=True)
    return stamps[0].iso if stamps else None


def find_dates(line: str, short: bool = False) -> list[Stamp]:
    """Every valid date in `line`, in order; `short` takes two-digit years too (23.11.22)."""
    stamps = [_stamp(match) for match in _STAMP.finditer(line)]
    if short and not any(stamps):
        stamps = [_stamp(match) for match in _SHORT_STAMP.finditer(line)]
    return [stamp for stamp in stamps if stamp is not None]


def read_dateline(line: str) -> Dateline | None:
    """What a dateline says; None where the line has no date.

    `입력 2023.11.22 18:13 수정 2023.11.22 19:00` was published at 18:13: a date after 수정 counts only alone.
    """
    if len(line) > _MAX_LINE:
        return None
    labels = list(_LABEL.finditer(line))
    stamps = find_dates(line, short=bool(labels))
    if not stamps:
        return None
    published = next((s for s in stamps if not _is_later(s, labels)), stamps[0])
    rest = line
    for stamp in reversed(stamps):
        rest = rest[: stamp.start] + " " + rest[stamp.end :]
    rest = _BESIDE.sub(" ", _LABEL.sub(" ", rest))
    return Dateline(published.iso, bool(labels), _SEPARATORS.sub(" ", rest).strip())


def _is_later(stamp: Stamp, labels: list[re.Match[str]]) -> bool:
    """Whether the nearest label before the date says that it was changed then."""
    before = [label for label in labels if label.end() <= stamp.start]
    return bool(before) and before[-1]["later"] is not None


def _stamp(match: re.Match[str]) -> Stamp | None:
    groups = match.groupdict()
    prefix = next((p for p in ("", "c", "s") if groups.get(f"{p}year")), "")
    year = int(groups[f"{prefix}year"]) + (2000 if prefix == "s" else 0)
    try:
        day = datetime(year, int(groups[f"{prefix}month"]), int(groups[f"{prefix}day"]), tzinfo=_KST)
    except ValueError:
        return None
    clock = _minutes(groups)
    if clock is None:
        end = match.start("hour") if groups["hour"] else match.end()
        return Stamp(day.date().isoformat(), match.start(), end)
    moment = day + timedelta(minutes=clock)
    if groups["zone"]:
        moment = (day.replace(tzinfo=_zone(groups["zone"])) + timedelta(minutes=clock)).astimezone(_KST)
    return Stamp(moment.strftime("%Y-%m-%dT%H:%M"), match.start(), match.end())


def _minutes(groups: dict[str, str | None]) -> int | None:
    """Minutes since midnight; None where no valid time is given. 오전 12:05 is 00:05, 오후 6시 is 18:00."""
    if groups["hour"] is None:
        return None
    hour, minute = int(groups["hour"]), int(groups["minute"] or groups["kminute"] or 0)
    half = (groups["half"] or groups["tail"] or "").lower()
    if (half in ("오후", "pm", "저녁", "밤") and hour < 12) or (half == "낮" and hour < 6):
        hour += 12
    elif half in ("오전", "am", "새벽") and hour == 12:
        hour = 0
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def _zone(text: str) -> timezone:
    if text == "Z":
        return timezone(UTC.utcoffset(None))
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(
        sign * min(timedelta(hours=int(digits[:2]), minutes=int(digits[2:]) % 60), timedelta(hours=23))
    )
