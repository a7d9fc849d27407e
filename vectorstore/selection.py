"""From fused chunks to the ones that are shown: when they were published, and not the same thing twice.

Three steps, in this order, on chunks that come best first:

- `dated`: what a question says about time (최근, 작년, 2023년 11월) adds a little to the chunks of articles
  that were published then. It never removes one, as the date may just as well be what the question is about.
- `select`: of articles that say the same (a press release in two papers) one is kept, the one with a
  publisher before one without, then the older; the others stay reachable by their id. And no article takes
  more than a few places, unless the question names it.

To keep apart what only looks alike (the same notice for another month), two chunks are the same only where
their numbers are equal and where each holds as much of the question as the other. Where neither article has
a date or a publisher, there is no telling which is the original, and both stay.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from vectorstore.lexical import letter_pairs
from vectorstore.types import Article, Hit

PER_ARTICLE = 3  # places that one article takes among the first k
NAMED = 0.5  # of a title's letter pairs in the question: then it asks about that article
SAME = 0.85  # Jaccard of letter pairs above which two chunks say the same
LENGTHS = 0.8  # of the longer chunk's length has the shorter of two that say the same
RECENT_BONUS = 0.1  # of the best score, for the newest article where the question says 최근
NEWEST_BONUS = 0.3  # the same for 가장 최근
HALF_LIFE = 60  # days after which that bonus is half
WRITTEN_BONUS = 0.4  # of the best score, where the question names the time of the text: 2023년 기사
HAPPENED_BONUS = 0.15  # where it names a time seen from today: 작년 토론회
MENTIONED_BONUS = 0.05  # where it only mentions a year or a month: 2023년 예산
TIE = 6  # decimals to which scores are equal


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, ISO and inclusive; without years (11-01 to 11-30) in any year."""

    first: str
    last: str

    def holds(self, day: str) -> bool:
        """Whether an ISO day lies in it."""
        return self.first <= day[-len(self.first) :] <= self.last


@dataclass(frozen=True, slots=True)
class Time:
    """What a question says about time."""

    recent: float = 0.0
    """The bonus for the newest article; 0 where the question does not ask for what is new."""
    periods: tuple[Period, ...] = ()
    bonus: float = 0.0
    """For an article published in one of the periods."""

    def __bool__(self) -> bool:
        return bool(self.recent or self.periods)


def time_of(question: str, today: date) -> Time:
    """What a question says about time; `today` gives 올해, 작년 and 지난달 their meaning."""
    recent = NEWEST_BONUS if _NEWEST.search(question) else RECENT_BONUS if _RECENT.search(question) else 0.0
    relative = tuple(_relative(question, today))
    absolute = () if relative else tuple(_absolute(question))
    if not relative and not absolute:
        return Time(recent)
    seen = HAPPENED_BONUS if relative else MENTIONED_BONUS
    return Time(recent, relative + absolute, WRITTEN_BONUS if _WRITTEN.search(question) else seen)


_NEWEST = re.compile(
    r"(가장|제일|맨)\s?(최근|최신|나중|마지막)|최신|마지막(으로)?\s?(기사|글|소식|보도|올라온)"
)
_RECENT = re.compile(
    r"최근|요즘|요새|근래|얼마\s?전|엊그제|새로\s?(나온|올라온)|(지난|이번|저번)\s?주|오늘|어제"
)
_WRITTEN = re.compile(
    r"(년|월|일|해|달|작년)도?(의|에|자)?\s?(보도자료|보도|게시글|게시물|공지|기사|뉴스|소식|글)(?=[은는이가을를의에도만과와들인중]|\W|$)"
    r"|(에|날)\s?(나온|올라온|실린|쓴|작성된|등록된|공개된|(보도|게시|발표)(된|한))"
)
_YEARS_AGO = {"재작년": 2, "지지난해": 2, "작년": 1, "지난해": 1, "올해": 0, "금년": 0}
_YEAR_WORD = re.compile(r"(재작년|지지난해|작년|지난해|올해|금년)\s?(?:(1[0-2]|[1-9])\s?월)?")
_MONTH_WORD = re.compile(r"(지난|저번|이번)\s?달")
_MONTH, _DAY = r"(?P<month>1[0-2]|0?[1-9])", r"(?P<day>3[01]|[12]\d|0?[1-9])"
_DATES = (  # the first that finds anything decides; 1980년대 and 85년생 are no dates
    re.compile(rf"(?<!\d)(?P<year>(?:19|20)\d\d)\s?[.\-/]\s?{_MONTH}(?!\d)(?:\s?[.\-/]\s?{_DAY}(?!\d))?"),
    re.compile(rf"(?<!\d)(?P<year>(?:19|20)\d\d)\s?년(?![대생])도?(?:\s?{_MONTH}\s?월(?:\s?{_DAY}\s?일)?)?"),
    re.compile(rf"(?<!\d){_MONTH}\s?월(?![드생])(?:\s?{_DAY}\s?일)?"),
)


def _relative(question: str, today: date) -> Iterator[Period]:
    for match in _YEAR_WORD.finditer(question):
        year = today.year - _YEARS_AGO[match[1]]
        yield _period(year, int(match[2]) if match[2] else None, None)
    for match in _MONTH_WORD.finditer(question):
        first = today.replace(day=1)
        last_month = first - timedelta(days=1)
        yield _period(
            *((first.year, first.month) if match[1] == "이번" else (last_month.year, last_month.month))
        )


def _absolute(question: str) -> Iterator[Period]:
    found = next((found for form in _DATES if (found := list(form.finditer(question)))), [])
    for match in found:
        parts = {name: int(value) for name, value in match.groupdict().items() if value}
        yield _period(parts.get("year"), parts.get("month"), parts.get("day"))


def _period(year: int | None, month: int | None = None, day: int | None = None) -> Period:
    """A year, a month or a day; the last two in any year where `year` is None."""
    prefix = "" if year is None else f"{year:04}-"
    if month is None:
        return Period(f"{prefix}01-01", f"{prefix}12-31")
    last = monthrange(year or 2000, month)[1]
    first_day, last_day = (min(day, last),) * 2 if day else (1, last)
    return Period(f"{prefix}{month:02}-{first_day:02}", f"{prefix}{month:02}-{last_day:02}")


Ranked = tuple[int, float]
"""A row of the index and its score."""


@dataclass(frozen=True, slots=True)
class Days:
    """When the articles of an index were published."""

    of: Mapping[str, str] = field(default_factory=dict)
    """The ISO day of each article that has one."""
    newest: str = ""
    """The last of them; empty where there is none."""


def dated(ranked: Sequence[Ranked], article_of: Callable[[int], str], days: Days, time: Time) -> list[Ranked]:
    """The rows with what their day of publication adds to their score, best first; equal scores newer first.

    Age is counted from the newest article of the index and not from today, so that an archive has something
    recent, too.
    """
    top = ranked[0][1] if ranked else 0.0
    scored = []
    for row, score in ranked:
        day = days.of.get(article_of(row), "")
        scored.append((row, score + top * _bonus(day, days.newest, time), day))
    by_row = sorted(scored, key=lambda entry: entry[0])
    newer_first = sorted(by_row, key=lambda entry: entry[2], reverse=True)
    best_first = sorted(newer_first, key=lambda entry: -round(entry[1], TIE))
    return [(row, score) for row, score, _ in best_first]


def _bonus(day: str, newest: str, time: Time) -> float:
    if not day or not time:
        return 0.0
    bonus = time.bonus if any(period.holds(day) for period in time.periods) else 0.0
    if time.recent and day <= newest:  # a date after the newest is a mistake and no news
        age = (date.fromisoformat(newest) - date.fromisoformat(day)).days
        bonus += time.recent * 0.5 ** (age / HALF_LIFE)
    return bonus


Found = tuple[Hit, Article]
"""A chunk with the article that it stands in."""


def select(found: Iterable[Found], question: str, k: int, *, crowd: bool = False) -> list[Hit]:
    """The `k` hits to show of those found, which come best first and are read no further than needed.

    `crowd` lets one article take any number of places.
    """
    asked = frozenset(letter_pairs(question))
    kept: list[Found] = []
    crowded: list[Hit] = []
    for hit, article in found:
        if len(kept) == k:
            break
        if not crowd and _is_full(article, kept, asked):
            crowded.append(hit)
            continue
        place = next((place for place, other in enumerate(kept) if same(other, (hit, article), asked)), None)
        if place is None:
            kept.append((hit, article))
        elif _rank(article) < _rank(kept[place][1]):
            kept[place] = Hit(hit.chunk, kept[place][0].score), article
    chosen = [hit for hit, _ in kept] + crowded[: k - len(kept)]
    return sorted(chosen, key=lambda hit: -hit.score)


def _is_full(article: Article, kept: Sequence[Found], asked: frozenset[str]) -> bool:
    of_it = sum(other.id == article.id for _, other in kept)
    return of_it >= PER_ARTICLE and not named(article.title, asked)


def same(one: Found, other: Found, asked: frozenset[str]) -> bool:
    """Whether two chunks of different articles say the same, as far as a question (its letter pairs) goes.

    The cheap looks come first: most pairs of chunks differ in length or in their numbers.
    """
    texts = one[0].chunk.text, other[0].chunk.text
    if one[1].id == other[1].id or not (_sourced(one[1]) or _sourced(other[1])):
        return False
    short, long = sorted(len(text) for text in texts)
    if short < LENGTHS * long or _numbers(texts[0]) != _numbers(texts[1]):
        return False
    pairs, others = (frozenset(letter_pairs(text)) for text in texts)
    return pairs & asked == others & asked and len(pairs & others) >= SAME * len(pairs | others)


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def _sourced(article: Article) -> bool:
    """Whether an original can be told from a copy: a collection's passages have no date and no publisher."""
    return article.publisher is not None or article.published is not None


def named(title: str, asked: frozenset[str]) -> bool:
    """Whether a question, given by its letter pairs, names the article of that title."""
    pairs = set(letter_pairs(title))
    return bool(pairs) and len(pairs & asked) >= NAMED * len(pairs)


def _rank(article: Article) -> tuple[bool, str]:
    """Which of two articles that say the same is the original: lower is more so."""
    return article.publisher is None, article.published or "9999"
