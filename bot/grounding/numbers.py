"""The numbers of a sentence against those of the evidence, and what follows from two of them."""

import re
from collections.abc import Sequence
from itertools import pairwise, permutations

from bot.grounding.amounts import Amount, amounts
from bot.grounding.days import SPAN

COUNTED = frozenset({"people", "thing"})  # measures whose counters are used for each other
_COMPARED = re.compile(
    r"않|아닌|나머지|남은|동안|더|차이|차로|많|적[은게]|늘|줄|올[라랐]|오[르른]|낮|높|인상|인하|오릅|올립|내립|내[려린]"
)
MINUTES = {"분": 1, "시간": 60, "일": 1440}
_HALF_OVER = re.compile(r"절반(?:이|을)? ?(?:넘|이상)")
_DATES = re.compile(
    rf"\d{{4}}\s?년|\d{{1,2}}\s?월(?!\s?세)|\d{{1,2}}\s?일(?!{SPAN[3:-1]})|\d{{4}}[-.]\d{{1,2}}[-.]\d{{1,2}}"
)
_ABOUT = re.compile(r"(?:약|대략|거의) ?$")
_OR_SO = re.compile(r" ?(?:여|쯤|정도|가량|안팎|남짓|가까이)")
ABOUT = 0.04  # by which a number told as about so much may differ
_VAGUE = re.compile(r"한 |하루|(?:두|세) 사람")  # 한 달에, 하루 두 번
_TRIALS = frozenset({"심"})  # 1심 follows from the court


def wrong_number(sentence: str, text: str) -> str | None:
    """Every number must stand in the evidence or follow from two there, and not with another measure."""
    text = _without_dates(text)
    there = [*amounts(text)]
    there += _made_of(there, text)
    for said in amounts(_without_dates(sentence)):
        if said.unit in _TRIALS or _VAGUE.match(sentence, said.start):
            continue
        over = bool(_HALF_OVER.match(sentence, said.start))
        room = ABOUT if _ABOUT.search(sentence[: said.start]) or _OR_SO.match(sentence, said.end) else 0.0
        known = any(
            _same_amount(said, other, room) or (over and other.unit == "%" and other.value > 50)
            for other in there
        )
        if not known and not (_COMPARED.search(sentence) and _difference(said, there)):
            return str(said)
    return None


def _made_of(there: Sequence[Amount], text: str) -> list[Amount]:
    """What two amounts make: 1시간 20분 are 80 minutes, 10명 중 4명 are 40 %, of 8000원 and 4000원 one is half."""
    made = []
    for one, other in pairwise(there):
        between = text[one.end : other.start]
        if (one.unit, other.unit) == ("시간", "분"):
            made.append(Amount(60 * one.value + other.value, "분", one.start, other.end))
        if one.unit == other.unit and one.value and re.match(r" ?(?:중|가운데)", between):
            made.append(Amount(round(100 * other.value / one.value, 1), "%", one.start, other.end))
    if any(2 * one.value == other.value for one, other in permutations(there, 2) if one.unit == other.unit):
        made += [Amount(50.0, "%", 0, 0), Amount(2.0, "배", 0, 0)]
    if "절반" in text:
        made += [Amount(amount.value / 2, amount.unit, 0, 0) for amount in there]
    return made


def _difference(said: Amount, there: Sequence[Amount]) -> bool:
    """Whether an amount is the difference or the sum of two."""
    return any(
        said.value in (one.value - other.value, one.value + other.value)
        or (
            one.unit == "시" != said.unit and said.value == (one.value - other.value) % 12
        )  # 10시부터 3시까지
        for one, other in permutations(there, 2)
        if _alike_units(said, one, other)
    )


def _alike_units(said: Amount, one: Amount, other: Amount) -> bool:
    return one.unit == other.unit and (said.unit == one.unit or (said.unit, one.unit) == ("시간", "시"))


def _same_amount(said: Amount, other: Amount, room: float = 0.0) -> bool:
    minutes = MINUTES.get(said.unit, 0) * said.value
    if minutes and minutes == MINUTES.get(other.unit, 0) * other.value:
        return True  # 하루 and 24시간
    if abs(said.value - other.value) > room * other.value:
        return False
    same = said.unit == other.unit or said.measure is None or other.measure is None
    return same or {said.measure, other.measure} <= COUNTED or (said.value == 1 and said.measure == "time")


def _without_dates(text: str) -> str:
    return _DATES.sub(lambda match: " " * len(match[0]), text)
