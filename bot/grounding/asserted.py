"""What a clause asserts: not what it asks, supposes, leaves open or puts in another's place."""

import re
from collections.abc import Sequence
from itertools import permutations

from bot.grounding.amounts import amounts
from bot.grounding.clauses import Clause, Unit
from bot.lexicon import words

_IF = re.compile(
    r"지 ?(?:는|도)? ?(?:않|못)[가-힣]{0,3}(?:으면|다면|면|더라도|아도|을 경우|는 한)|(?:없|아니)(?:으면|다면|라면|어도|더라도)|안 [가-힣]{1,3}면"
)
_SUPPOSED = re.compile(r"[었았했]다면|[었았했]더라면")
REACH = 10  # letters behind a word in which what asks about it stands
_FORMER = re.compile(r"[가-힣]{0,3}(?:었|았|했|됐|였)던 ")
_ASKED = re.compile(r"(?:는|은|을|ㄴ|ㄹ|인|할|될|한|된|진|갈|올)지(?:를|는|도|에|가)? |[는은]지|여부")
_EXCEPT = re.compile(r"(?: ?대신| ?말고|[이가] 아니라|을 제외|를 제외|을 빼고|를 빼고)")
_STOPPED = (
    "중단",
    "멈추",
    "멎",
    "끊기",
    "취소",
    "무산",
    "철회",
    "폐지",
    "금지",
    "사라지",
    "없애",
    "면제",
    "보류",
    "그만두",
    "포기",
)
_FREE = re.compile(r"무료|공짜|면제|무상")


def left_open(unit: Unit, one: Clause) -> bool:
    """Whether a clause asks about a word, leaves it open or tells of what was: 동의가 있었는지, 고장인가요, 통제됐던."""
    behind = one.text[unit.end - one.start :]
    return "?" in behind or _ASKED.search(behind[:REACH]) is not None or _FORMER.match(behind) is not None


def supposed(text: str, place: int, denied: bool) -> bool:
    """Whether what is said from a place on is only supposed: 않으면, 않아도; 했더라면."""
    return bool(_SUPPOSED.search(text)) or (denied and _IF.search(text, max(0, place)) is not None)


def replaced(unit: Unit, one: Clause) -> bool:
    """Whether a clause says that something else is in a word's place: 교복 대신."""
    return any(
        other.form == unit.form and _EXCEPT.match(one.text, other.end - one.start) is not None
        for other in one.units
    )


def stopped(unit: Unit, one: Clause) -> bool:
    """Whether a clause says of a thing that it ends: 운항이 멈춘다, 계획을 철회했다."""
    behind = [other for other in one.units if other.start > unit.start][:1]
    if unit.particle not in ("", "이", "가", "을", "를", "은", "는", "도"):
        return False
    return bool(behind) and behind[0].form.startswith(_STOPPED) and not behind[0].denied


def free(unit: Unit, one: Clause) -> bool:
    """Whether a price is said to be none, in other words: 요금을 받지 않는다, 무료."""
    return unit.form.endswith(tuple(words("grounding", "prices"))) and _FREE.search(one.text) is not None


def only_else(verb: Unit, clause: Clause, one: Clause) -> bool:
    """Whether a clause says a predicate of nothing but another: 인터넷으로만 받는다."""
    said = {unit.form for unit in clause.units}
    return any(other.form == verb.form for other in one.units) and any(
        unit.particle.endswith("만") and unit.tag == "NN" and unit.form not in said for unit in one.units
    )


def remainder(clause: Clause, evidence: Sequence[str]) -> bool:
    """Whether a clause counts the rest: 쓰지 않는 곳은 23곳, of 34 of which 11 do."""
    there = [amount for text in evidence for amount in amounts(text)]
    written = {(one.value, one.unit) for one in there}
    return any(
        (said.value, said.unit) not in written
        and any(one.unit == other.unit == said.unit and one.value - other.value == said.value
                for one, other in permutations(there, 2))
        for said in amounts(clause.text)
    )  # fmt: skip
