"""The numbers of a sentence against those of the evidence and what follows from them."""

import re

from bot.grounding.amounts import Amount, amounts
from bot.grounding.days import SPAN
from bot.grounding.derived import computed, follow

COUNTED = frozenset({"people", "thing"})  # measures whose counters are used for each other
MINUTES = {"분": 1, "시간": 60, "일": 1440}
_HALF_OVER = re.compile(r"절반(?:이|을)? ?(?:넘|이상)")
_DATES = re.compile(
    rf"\d{{4}}\s?년|\d{{1,2}}\s?월(?!\s?세)|\d{{1,2}}\s?일(?!{SPAN[3:-1]})|\d{{4}}[-.]\d{{1,2}}[-.]\d{{1,2}}"
)
_ABOUT = re.compile(r"(?:약|대략|거의) ?$")
_OR_SO = re.compile(r" ?(?:여|쯤|정도|가량|안팎|남짓|가까이)")
_OVER = re.compile(r"(?:여|[이을]? ?넘| ?남짓)")
ABOUT = 0.04  # by which a number told as about so much may differ
_VAGUE = re.compile(r"한 (?!시간|골|학기)|하루|(?:두|세) 사람")  # 한 달에, 하루 두 번
_TRIALS = frozenset({"심"})  # 1심 follows from the court


def wrong_number(sentence: str, text: str, published: str | None = None) -> str | None:
    """Every number must stand in the evidence or follow from what stands there, and not with another measure."""
    there = [*amounts(_without_dates(text))]
    there += list(follow(there, text, published))
    reckoned = f"{sentence} 나머지" if "나머지" in text else sentence
    for said in amounts(_without_dates(sentence)):
        if said.unit in _TRIALS or _VAGUE.match(sentence, said.start):
            continue
        over = bool(_HALF_OVER.match(sentence, said.start))
        room = ABOUT if _ABOUT.search(sentence[: said.start]) or _OR_SO.match(sentence, said.end) else 0.0
        known = any(
            _same_amount(said, other, room)
            or (over and other.unit == "%" and other.value > 50)
            or (
                _OVER.match(sentence, said.end)
                and said.value <= other.value < said.value * 1.12
                and said.unit == other.unit
            )
            for other in there
        )
        if not known and not computed(said, there, reckoned):
            return str(said)
    return None


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
