"""Make a follow-up question stand alone: fold in what the turns before it were about."""

import re
from collections.abc import Iterator, Sequence

from bot.kinds import TITLE
from bot.lexicon import focus_types, words
from bot.people import NAME_TITLE
from bot.question import NOUN_TAGS, understand
from bot.types import Turn
from prompts.josa import PAIRS, josa
from vectorstore.morphemes import Morpheme, morphemes, normal_question

REFERRING = re.compile(
    r"\b(그|저|이)\s?(분|사람|교수님?|단체|기관|행사|때|날|곳|중|주장|말|의견|제안|발언|문제|계획|사업|얘기|이야기|회사|가게|건|일|글|댓글)(?![가-힣]{2})|거기|그거|그걸|그게|그것|그건|그쪽|그들|그분"
    r"|(첫|두|세|네) ?번째 (단체|사람|것|질문|항목)|둘째|셋째|^(그리고|그래서|근데|그런데)\b"
)
_SOMEBODY = re.compile(
    rf"(?<![가-힣])(?:그|저|이) ?(?:분|사람|양반|{TITLE}님?)(?![가-힣]{{2}})(?=[은는이가을를의도과와한께]|[ ?？,]|$)|(?<![가-힣])그녀?(?=[는가의] )"
)
_OFFICE = re.compile(rf"(?<![가-힣])[가-힣]{{0,6}}{TITLE}님?(?=[은는이가께의도] ?)")
_BUT_THAT = re.compile(
    r"(?:그럼 |그러면 |근데 )?(?:그|저|이) ?(?:분|사람|양반|것|거|건|쪽|말|곳|단체|회사) ?(?:말고|빼고|외에|제외하고)[는요]?,? (?P<rest>.+)"
)
OPENER = re.compile(r"^(그럼|그러면|그리고|그래서|근데|그런데|또)\s+")
BARE = re.compile(
    r"^(?:그럼|그러면|그리고|또)?\s*(?P<topic>[^?？]{1,20}?)(?:(?:은|는)요|은|는|도|이|가)?\s*[?？]?$"
)
REPLY = 60  # characters of a reply in which it names what it is about
_NO_SUBJECT = frozenset({"요약", "정리", "간추리", "줄거리", "요"})  # 요약해 주세요; the 요 of 장소는요
_ACCORDING = "기사에 따르면 "
_QUOTED = re.compile(r"^기사에는? (?:다음과 같이 |이렇게 )?[가-힣]{1,6}다[.:]? ?")
FEW_WORDS = 3  # a question with fewer content words leans on the one before it


def stand_alone(question: str, history: Sequence[Turn]) -> str:
    """The question as it reads without its history; unchanged where it already stands alone."""
    text = normal_question(question)
    if not leans(question, history):
        return text
    before = next(normal_question(turn.text) for turn in reversed(history) if turn.role == "user")
    swapped = None if REFERRING.search(text) else _swap(text, before)
    if swapped is not None:
        return swapped
    said = next((normal_question(turn.text) for turn in reversed(history) if turn.role == "assistant"), "")
    other = _BUT_THAT.match(text)
    if other is not None:
        return f"{_topic(_without_people(before), '')} {other['rest']}".strip()
    meant = _SOMEBODY.search(text)
    who = _person(said) or _person(before) if meant is not None else None
    if meant is not None and who is not None:
        return _put(text, meant.start(), meant.end(), who)
    who = _person(said)
    if who is not None and _of_person(text):
        return f"{who} {text}"
    return f"{_topic(before, said)} {text}".strip()


def leans(question: str, history: Sequence[Turn]) -> bool:
    """Whether a question leans on an earlier one: few words of its own, or one that points back."""
    text = normal_question(question)
    if not any(turn.role == "user" and normal_question(turn.text) for turn in history):
        return False
    return len(understand(text).content) < FEW_WORDS or bool(REFERRING.search(text))


def _of_person(text: str) -> bool:
    """Whether a question is for nothing but what a person has: 소속은?, 직함이 뭐야?"""
    content = understand(text).content
    return bool(content) and all(m.form in words("attributes", "personal") for m in content)


def _person(text: str) -> str | None:
    """The first person with a title that a text names: 남가람 한빛대 교수."""
    return next((text[start:end] for start, end in _people(text)), None)


def _without_people(text: str) -> str:
    """A question without the people that it names, by name or by office."""
    for start, end in reversed(list(_people(text))):
        text = text[:start] + text[end:]
    return re.sub(r"(?<!\S)(?:은|는|이|가|께서는?|의|도)(?!\S)", "", _OFFICE.sub("", text))


def _people(text: str) -> Iterator[tuple[int, int]]:
    """Where a name stands with a title."""
    names = {m.start for m in morphemes(text) if m.tag == "NNP"}
    place = 0
    while (match := NAME_TITLE.search(text, place)) is not None:
        good = match.start() in names and match["name"][-1] not in "대시군구회당사은는이가을를의도에로"
        place = match.end() if good else match.start() + 1
        if good and match["name"] not in words("not_names"):
            yield match.span()


def _swap(text: str, before: str) -> str | None:
    """그럼 저녁반은? after 아침반 강사는 누구야? → 저녁반 강사는 누구야?

    The bare topic replaces the phrase of the same shape in the question before. None where the question is
    more than a bare topic, or nothing of its shape stands there.
    """
    bare = BARE.match(text)
    if bare is None or understand(text).type not in (
        "thing",
        "topic",
        "number",
        "person",
        "org",
        "place",
        "role",
    ):
        return None
    topic = bare["topic"].strip()
    new = [m for m in morphemes(topic) if m.tag in NOUN_TAGS]
    if not new or any(m.tag[0] in "VE" for m in morphemes(topic)) or _attribute(new[-1].form):
        return None  # 소속은? asks for something else about the same, it does not name another
    old = morphemes(before)
    for start in range(len(old) - len(new) + 1):
        run = old[start : start + len(new)]
        if _same_shape(run, new):
            return _put(before, run[0].start, run[-1].end, topic)
    first = next((m for m in old if m.tag in NOUN_TAGS), None)
    if first is None:
        return None
    last = first.end
    while last < len(before) and re.match(r"[가-힣A-Za-z0-9]", before[last]) and not _particle_at(old, last):
        last += 1
    return _put(before, first.start, last, topic)


def _attribute(noun: str) -> bool:
    """Whether a noun is something that people and things have, and no person or thing itself."""
    kinds = ("role", "date", "time", "number", "reason", "purpose", "method")
    return focus_types().get(noun) in kinds or noun in words("attributes")


def _put(before: str, start: int, end: int, topic: str) -> str:
    """`topic` in place of before[start:end], with the particle after it made to fit."""
    rest = before[end:]
    for pair, forms in PAIRS.items():
        for form in forms:
            if re.match(rf"{form}(?![가-힣])", rest):
                return before[:start] + topic + josa(topic, pair) + rest[len(form) :]
    return before[:start] + topic + rest


def _same_shape(run: Sequence[Morpheme], new: Sequence[Morpheme]) -> bool:
    """The same tags, and the same words but for numbers and names."""
    return all(
        a.tag == b.tag and (a.form == b.form or a.tag in ("SN", "NNP", "MM"))
        for a, b in zip(run, new, strict=True)
    ) and any(a.form != b.form for a, b in zip(run, new, strict=True))


def _particle_at(found: Sequence[Morpheme], place: int) -> bool:
    return any(m.start == place and m.tag[0] == "J" for m in found)


def _topic(before: str, said: str) -> str:
    """What the turns before were about: the content words of the question, and what the reply names."""
    asked = [m.form for m in understand(before).content if m.form not in _NO_SUBJECT]
    reply = re.split(r"[“.\n]", _QUOTED.sub("", said.removeprefix(_ACCORDING)))[0][:REPLY]
    names = [m.form for m in morphemes(reply) if m.tag in ("NNP", "SL", "NNG") and len(m.form) > 1]
    return " ".join(dict.fromkeys([*asked, *(name for name in names if name not in words("light"))]))
