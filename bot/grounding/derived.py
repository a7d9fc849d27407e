"""What follows from the numbers of the evidence: sums and differences, shares, spans of days, ranks, counts."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise, permutations

from bot.dates import Resolved, resolve_all
from bot.grounding.amounts import WRITTEN, Amount, amounts

_COMPARED = re.compile(
    r"않|아닌|나머지|남은|동안|더|차이|차로|많|적[은게]|늘|줄|올[라랐리]|오[르른]|낮|높|인상|인하|오릅|올립|내립|내[려린]"
    r"|감소|증가|감축|삭감|상승|하락|비싸|비쌌|싸[다지고졌집]|저렴|연기|미[루뤄뤘]|앞[당섰서]|늦|지연|단축|연장|꺾|이[기겼긴]|눌렀|누르|제[치쳤]|패했|졌|빨라|넓|확대|축소"
    r"|길어|길[었습]|짧|모자[라랍랐]|부족|전에는|전보다|애초|당초|없애|없앤|가운데"
)
_EACH = re.compile(r"당(?= |$)|씩|꼴|평균|각각|각자|나눠|나누")
_TOTAL = re.compile(r"모두|총|합[쳐계]|합하|통틀|전부|셈|더해|더한|이르")
_TO = re.compile(r" ?(?:부터|에서|~|-|∼|와|과|,|·)")
_RANKS = {1: re.compile(r"금메달|대상|우승|정상|가장|최[고다대]|으뜸|수석|앞[섰서질]|선두"), 2: re.compile(r"은메달|준우승|다음으로"),
    3: re.compile(r"동메달")}  # fmt: skip
_LAST_YEAR = re.compile(r"지난해|작년|전년|한 해 전|해마다|매년|연간")
_SO_MANY = re.compile(rf"(?<![가-힣])({'|'.join(sorted(WRITTEN, key=len, reverse=True))}) (?=[가-힣]{{2}})")
_LISTED = re.compile(r"[와과,·] ?(?:[가-힣]{1,3} )?$")
_SCORE = re.compile(r"(?<!\d)(\d{1,2})(?: ?대 ?|[-:])(\d{1,2})(?!\d)")
_ORDER = re.compile(r"제 ?(\d{1,3}) ?(?:대|차|회|기|호|집)")  # 제4대 is the fourth
ROUNDED = 0.06  # by which a share told as so many in ten may differ
FEW = 2  # from which on one number as a share of another is no chance
MOST_EACH = 1000  # into which a sum is divided


def follow(there: Sequence[Amount], text: str, published: str | None) -> Iterator[Amount]:
    """Amounts that the evidence means without writing them."""
    yield from _made_of(there, text)
    yield from _spans(text, published)
    for rank, sign in _RANKS.items():
        if sign.search(text):
            yield from (Amount(float(rank), unit, 0, 0) for unit in ("위", "등"))
    yield from _scores(text)
    for match in _ORDER.finditer(text):
        yield Amount(float(match[1]), "번", *match.span())
    if _LAST_YEAR.search(text):
        yield Amount(1.0, "년", 0, 0)
    for match in _SO_MANY.finditer(text):
        yield Amount(float(WRITTEN[match[1]]), "", match.start(), match.end())
    yield from (
        Amount(float(rank), "번", 0, 0)
        for rank in {one.value for one in there if one.unit in ("위", "등", "째")}
    )


def computed(said: Amount, there: Sequence[Amount], sentence: str) -> bool:
    """Whether an amount is a sum, a difference, a share or a part of others, where the sentence reckons."""
    if _COMPARED.search(sentence) and _difference(said, there):
        return True
    if any(
        _close(said.value * 100, one.value * other.value)
        for one, other in permutations(there, 2)
        if one.unit == said.unit != "%" and other.unit == "%"
    ):
        return True  # 60 % of it
    if said.unit == "%" and any(
        _close(said.value * other.value, 100 * one.value)
        for one, other in permutations(there, 2)
        if one.unit == other.unit not in ("", "%", "일", "월", "년", "시") and FEW < one.value < other.value
    ):
        return True
    if said.unit == "배":
        return any(
            other.value and abs(one.value / other.value - said.value) < 0.04 * said.value
            for one, other in permutations(there, 2)
            if one.unit == other.unit
        )
    if _EACH.search(sentence) and any(
        _close(said.value * other.value, one.value)
        for one, other in permutations(there, 2)
        if one.unit == said.unit and 1 < other.value <= MOST_EACH
    ):
        return True
    if _TOTAL.search(sentence) and (
        any(
            _close(said.value, one.value * other.value)
            for one, other in permutations(there, 2)
            if one.unit == said.unit and 1 < other.value <= MOST_EACH
        )
        or any(
            _close(said.value, one.value + other.value)
            for one, other in permutations(there, 2)
            if one.unit == other.unit == said.unit
        )
    ):
        return True
    return _share(said, there, sentence)


def _share(said: Amount, there: Sequence[Amount], sentence: str) -> bool:
    """Whether it is one of the two numbers of a share: 열 명 중 여덟 명 for 81 %, 3가구 중 1가구 이상 for 35.9 %."""
    numbers = sorted(amounts(sentence), key=lambda amount: amount.start)
    for whole, part in pairwise(numbers):
        if (
            said not in (whole, part)
            or not whole.value
            or not re.fullmatch(r".{0,3} ?(?:중|가운데|에) ?", sentence[whole.end : part.start])
        ):
            continue
        share = 100 * part.value / whole.value
        over = bool(re.match(r" ?(?:이상|넘|꼴로? 넘)", sentence[part.end :]))
        shares = [other.value for other in there if other.unit == "%"]
        shares += [
            100 * one.value / other.value
            for one, other in permutations(there, 2)
            if one.unit == other.unit and 0 < one.value < other.value
        ]
        if any(abs(share - one) <= 100 * ROUNDED or (over and share <= one < share * 1.5) for one in shares):
            return True
    return False


def _scores(text: str) -> Iterator[Amount]:
    """By how much a match was won: 3대 1 are two goals or points."""
    for match in _SCORE.finditer(text):
        yield from (
            Amount(abs(float(match[1]) - float(match[2])), unit, *match.span())
            for unit in ("골", "점", "세트")
        )


def _made_of(there: Sequence[Amount], text: str) -> Iterator[Amount]:
    """What two amounts make: 1시간 20분 are 80 minutes, 10명 중 4명 are 40 %, of 8000원 and 4000원 one is half."""
    for one, other in pairwise(there):
        between = text[one.end : other.start]
        if (one.unit, other.unit) == ("시간", "분"):
            yield Amount(60 * one.value + other.value, "분", one.start, other.end)
        if one.unit == other.unit and one.value and re.match(r" ?(?:중|가운데)", between):
            yield Amount(round(100 * other.value / one.value, 1), "%", one.start, other.end)
        if one.unit == other.unit and _LISTED.search(text[one.start : other.start]):
            yield Amount(2.0, "", one.start, other.end)  # 전반 12분과 후반 31분: two of them
    if any(2 * one.value == other.value for one, other in permutations(there, 2) if one.unit == other.unit):
        yield from (Amount(50.0, "%", 0, 0), Amount(2.0, "배", 0, 0))
    if "절반" in text:
        yield from (Amount(amount.value / 2, amount.unit, 0, 0) for amount in there)


def _spans(text: str, published: str | None) -> Iterator[Amount]:
    """Days and months from one date to another, with both ends or without: 9일부터 13일까지 are 닷새."""
    days = _days(text, published)
    for first, last in permutations(days, 2):
        apart = (last - first).days
        if 0 < apart < 400:
            yield from (Amount(float(number), "일", 0, 0) for number in (apart, apart + 1))
            yield from (Amount(apart / 7, "주", 0, 0),) if apart % 7 == 0 else ()
    for first, last in re.findall(
        r"(\d{1,2})일(?:부터 ?| ?~ ?|과 |, ?|에서 )(?:\d{1,2}월 )?(\d{1,2})일", text
    ):
        yield Amount(float((int(last) - int(first)) % 30 + 1), "일", 0, 0)
    months = [int(match[1]) for match in re.finditer(r"(?<!\d)(1[0-2]|[1-9])\s?월", text)]
    for one, other in permutations(months, 2):
        yield Amount(float((other - one) % 12), "개월", 0, 0)
    years = {found.year for found in resolve_all(text, published)}
    for early, late in permutations(years | ({int(published[:4])} if published else set()), 2):
        if late > early:
            yield Amount(float(late - early), "년", 0, 0)


def _days(text: str, published: str | None) -> list[date]:
    """The whole dates of a text, and its own day."""
    found = [_date(resolved) for resolved in resolve_all(text, published)]
    own = date.fromisoformat(published[:10]) if published else None
    return list(dict.fromkeys(day for day in (*found, own) if day is not None))


def _date(found: Resolved) -> date | None:
    if found.month is None or found.day is None:
        return None
    return date(found.year, found.month, found.day)


def _difference(said: Amount, there: Sequence[Amount]) -> bool:
    """Whether an amount is the difference or the sum of two."""
    return any(
        _close(said.value, one.value - other.value)
        or _close(said.value, one.value + other.value)
        or (
            one.unit == "시" != said.unit and _close(said.value, (one.value - other.value) % 12)
        )  # 10시부터 3시까지
        for one, other in permutations(there, 2)
        if _alike_units(said, one, other)
    )


def _close(one: float, other: float) -> bool:
    return abs(one - other) < 1e-6 * max(abs(one), abs(other), 1.0)


def _alike_units(said: Amount, one: Amount, other: Amount) -> bool:
    units = {one.unit, other.unit} - {""}
    return len(units) < 2 and (not units or said.unit in units or (said.unit, *units) == ("시간", "시"))
