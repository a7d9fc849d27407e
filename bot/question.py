"""Understand a question: what kind of answer it expects, about what, and how it is asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.lexicon import focus_types, question_words, words
from vectorstore.lexical import TERM_TAGS
from vectorstore.morphemes import Morpheme, morphemes, normal_question

NOUN_TAGS = frozenset({"NNG", "NNP", "NNB", "NR", "SL", "SN", "XR", "XSN", "XPN", "SH"})
_ENGLISH = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "and",
        "or",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "with",
        "do",
        "does",
        "did",
        "it",
        "its",
        "this",
        "that",
        "s",
        "'s",
        "there",
        "has",
        "have",
        "had",
        "will",
        "would",
    ]
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is understood."""

    text: str
    """Its normal form."""
    morphemes: tuple[Morpheme, ...]
    type: str
    """person, org, place, date, time, number, role, topic, reason, purpose, method, claim, thing, yesno or
    summary."""
    focus: str | None
    """The noun that the answer is one of: 기관 in 어느 기관."""
    also: str | None
    """A second type, where two things are asked at once: place in 언제 어디서."""
    unit: str | None
    """The counter after 몇: 명, 부, 시."""
    several: bool
    """Whether more than one answer is expected."""
    content: tuple[Morpheme, ...]
    """The content words, in order, without those that only ask."""

    @property
    def exact_unit(self) -> str | None:
        """The counter, where no other may stand for it: 원, but not 대."""
        return None if self.unit in words("loose") else self.unit


@lru_cache(maxsize=2048)
def understand(text: str) -> Question:
    """Analyse a question; the same text is analysed once."""
    normal = normal_question(text)
    found = tuple(morphemes(normal))
    kind, focus, unit = _expected(normal, found)
    light = words("light")
    content = tuple(
        m for m in found if m.tag[:2] in TERM_TAGS and m.form not in light | _ENGLISH and not _asks(m)
    )
    return Question(normal, found, kind, focus, _also(found, kind), unit, _several(normal, found), content)


def _asks(morpheme: Morpheme) -> bool:
    return morpheme.form.lower() in question_words() and (morpheme.tag != "IC" or morpheme.form in _WHAT)


_WHAT = frozenset({"무엇", "뭐", "머"})


def _expected(text: str, found: Sequence[Morpheme]) -> tuple[str, str | None, str | None]:
    """(type, focus noun, counter), from the question word and the noun beside it, or the last noun."""
    if re.search(_SUMMARY, text):
        return "summary", None, None
    if re.search(_SAID, text):
        return "claim", None, None
    place = next((i for i, m in enumerate(found) if _asks(m)), None)
    if place is None:
        return _without_question_word(text, found)
    word = found[place].form.lower()
    after = _noun_after(found, place + 1)
    before = _noun_before(found, place)
    if word == "몇":
        return _counted(found, place)
    if word in ("무슨", "어떤") and after == "일":
        return "thing", None, None
    if word in ("무슨", "어떤", "어느") and after is not None:
        return focus_types().get(after, "topic"), after, None
    if word in ("얼마", "얼마나") and _about_money(found):
        return "number", before, "원"
    if word in _WHAT and re.search(_DOES_WHAT, text):
        return "role", None, None
    had = place > 0 and found[place - 1].tag in ("JX", "JKS") and focus_types().get(before or "") in _HAD
    if word in _WHAT and _is_object(found, place) and not had:
        return question_words()[word], None, None
    if word in _WHAT and before in words("money"):
        return "number", before, "원"
    if word in _WHAT or word == "얼마":
        return _named(found, before, question_words()[word])
    if word == "how" and re.search(r"how (many|much|long|old|far)", text, re.IGNORECASE):
        return "number", None, None
    if word in ("어디", "어데"):
        kind = focus_types().get(before or "", "place")
        return (kind if kind == "org" else "place"), before, None
    if word in ("어떻게", "어떻") and before in focus_types() and _ASKS_WHAT.search(text):
        return _named(found, before, "thing")
    if word in ("어떻게", "어떻"):
        said = any(m.form in words("saying", "verbs") for m in found)
        return ("claim" if said else "method"), None, None
    return question_words()[word], before, None


def _also(found: Sequence[Morpheme], kind: str) -> str | None:
    """The type of a second question word."""
    kinds = [question_words()[m.form.lower()] for m in found if _asks(m)]
    return next(
        (other for other in kinds if other != kind and other in ("date", "place", "person", "number")), None
    )


_HAD = frozenset({"role", "topic", "date", "number", "reason", "purpose", "method", "claim"})
_DOES_WHAT = r"[뭐머] ?(?:하|했)(?:는|던|시는|시던) ?(?:사람|분|인물|이(?![가-힣]))"  # 뭐 하는 사람이에요? asks for the work
_SAID = r"[뭐머]라\s?(?:고|했|하|그랬|캤|말|답|대답|반박|주장|밝|요구|불평|설명)|[뭐머]래|무슨 (?:말|얘기|이야기|발언|주장)|어떤 (?:말|얘기|이야기|발언|주장|의견|입장)|(?:말|주장|제안|강조|지적|요구|언급|설명|당부|답)(?:한|했던|하신) (?:것|게|거|건|내용|점|바)(?:이|은|는|가)? ?(?:뭐|뭔|무엇|머|어떤)"
_ASKS_WHAT = re.compile(r"(?:이|가|은|는) 어떻게 (?:되|돼|됩|된)")  # 성함이 어떻게 되세요? asks for the name
_SUMMARY = r"요약|정리해|줄거리|간추|줄여\s?(줘|주|봐)|한\s?문장|한\s?줄로|개요|개략|(어떤|무슨) (기사|글)"


def _named(found: Sequence[Morpheme], before: str | None, default: str) -> tuple[str, str | None, str | None]:
    """What 뭐 asks for is named by the noun before it; 이름 of what is said before that, or by a person."""
    if before in ("이름", "성함", "명칭"):
        return _owner_of_name(found), before, None
    return focus_types().get(before or "", default), before, None


def _is_object(found: Sequence[Morpheme], place: int) -> bool:
    """Whether 뭐 is what a verb acts on or through (뭘, 뭐에, 뭐가 더 …), so that no noun before it names it."""
    after = found[place + 1] if place + 1 < len(found) else None
    return after is not None and after.tag in ("JKO", "JKB", "JKS", "JKC")


def _about_money(found: Sequence[Morpheme]) -> bool:
    """Whether 얼마 asks for money: a word for money stands there (건설비, 하루치 품값), or a verb of paying."""
    return any(
        m.form in words("money")
        or (len(m.form) > 2 and m.form[-1] in "비값료")
        or (a.tag in NOUN_TAGS and m.form in ("비", "값", "료"))
        if m.tag in NOUN_TAGS
        else m.form in words("paying") and m.tag == "VV"
        for a, m in pairwise([*found[:1], *found])
    )


def _owner_of_name(found: Sequence[Morpheme]) -> str:
    """Whose name is asked for: a person's, where a person stands in the question; else a thing's."""
    kinds = [focus_types().get(m.form) for m in found if m.tag in NOUN_TAGS and m.form != "이름"]
    named = [kind for kind in kinds if kind in ("person", "org", "place")]
    return named[-1] if named else "topic"


def _counted(found: Sequence[Morpheme], place: int) -> tuple[str, str | None, str | None]:
    """몇 with the counter right behind it; of people where none is: 사람 몇이나 왔어?"""
    counted = any(m.tag[0] == "N" for m in found[place + 1 : place + 2])
    if _noun_before(found, place) in words("people") and not counted:
        return "number", None, "명"
    unit = next((m.form for m in found[place + 1 : place + 3] if m.tag in NOUN_TAGS), None)
    if unit == "번" and "번째" in "".join(m.form for m in found[place + 1 : place + 4]):
        unit = "번째"
    if unit == "시":
        return "time", unit, unit
    if unit in ("월", "일", "년", "년도", "요일"):
        return "date", unit, unit
    return "number", unit, unit


def _without_question_word(text: str, found: Sequence[Morpheme]) -> tuple[str, str | None, str | None]:
    nouns = [m.form for m, after in zip(found, [*found[1:], None], strict=False) if _names(m, after)]
    apart = [a for a in found if a.start == 0 or text[a.start - 1] == " "]  # 한 사람, but not 축사한 사람
    counters = {b.form for a, b in pairwise(found) if a.tag in ("MM", "NR", "SN") and a in apart}
    asked = next((noun for noun in reversed(nouns) if noun in focus_types() and noun not in counters), None)
    if asked in ("일", "때") and any(a.tag == "ETM" and b.form == asked for a, b in pairwise(found)):
        asked = None  # 최근에 한 일은? asks for a deed and not for a day
    if not _telegraphic(found):
        return "yesno", asked, None
    if asked in ("이름", "성함", "명칭"):
        return _owner_of_name(found), asked, None
    if asked is not None:
        return focus_types()[asked], asked, "원" if asked in words("money") else None
    return "thing", nouns[-1] if nouns else None, None


def _names(m: Morpheme, after: Morpheme | None) -> bool:
    """Whether it is a noun, and none that a verb is made of: 말해 줘, 정리해 줘."""
    return m.tag in NOUN_TAGS and (after is None or after.tag != "XSV")


def _telegraphic(found: Sequence[Morpheme]) -> bool:
    """Whether the question ends on a noun or asks to be told: 주최 단체는?, 이름 알려줘, 제목은요?"""
    tail = [m for m in found if m.tag[0] != "S" or m.tag in ("SL", "SN")]
    if len(tail) > 1 and tail[-1].form == "요" and tail[-2].tag[0] in "JNM":
        tail = tail[:-1]
    if any(m.form.endswith("면서") and m.tag == "EC" for m in tail[-2:]):
        return False  # 끝난다면서요? asks whether it is so
    if not tail:
        return True
    tells = any(m.form in words("telling") and m.tag[0] in "VNX" for m in tail[-6:])
    return tells or tail[-1].tag in (*NOUN_TAGS, "JX", "MAG", "JKS", "JKO", "NP", "IC")


def _noun_after(found: Sequence[Morpheme], place: int) -> str | None:
    """The head of the phrase that begins at `place`: its last noun before a particle or a verb."""
    head = None
    for m in found[place : place + 6]:
        if m.tag in NOUN_TAGS and not (head is not None and m.form in words("beside")):
            head = m.form
        elif head is not None or m.tag not in ("MAG", "VA", "ETM", "XSA", "MM", "XR"):
            break
    return head


def _noun_before(found: Sequence[Morpheme], place: int) -> str | None:
    """The subject or topic noun before the question word: 제목 in 제목이 뭐야."""
    for m in reversed(found[:place]):
        if m.tag in NOUN_TAGS and m.tag != "XSN":
            return m.form
        if m.tag[0] == "E" or m.tag.startswith("V"):
            return None
    return None


_SEVERAL = re.compile(
    r"누구누구|어디어디|뭐뭐|각각|모두|전부|빠짐없이|하나하나|나열|목록|명단|뭐와 뭐|뭐가 있|무엇이 있|뭐[가랑] ?뭐"
    r"|[가-힣]들(?:은|이)? ?(?:누구|누가|뭐|무엇|어디|어느)|[가-힣]들[은을이]?(?:요)?\s*[?？.!]*$|[가-힣]들(?:의 |을 ?|은 ).{0,12}(?:이름|명단|알려|적어|말해)"
    r"|(두|세|네|다섯|여섯|[2-9])\s?(가지|곳|명|사람|분|개|군데|팀)"
)


def _several(text: str, found: Sequence[Morpheme]) -> bool:
    return bool(_SEVERAL.search(text)) or any(m.form == "다" and m.tag == "MAG" for m in found)


def asks_weekday(question: Question) -> bool:
    """Whether the day of the week is asked for, or the whole date."""
    return bool(
        re.search(
            r"(?:무슨|어느|몇|어떤) ?요일|(?<![월화수목금토일])요일|정확(?:히|한)|연월일|몇 년 몇 월|연도와|년도와|연도까지|년도까지",
            question.text,
        )
    )


def asks_day(question: Question) -> bool:
    """Whether a month alone does not answer."""
    return not re.search(r"몇 ?월(?!.{0,6}(?:며칠|몇 ?일))", question.text)


# …다고 한 사람, …자는 의견을 낸 이: asks for the speaker whatever the verb
_SAID_SO = re.compile(
    r"(?:다|자|라|냐)고 (?:한|했던|하는|하신|본|보는|내다본) "
    r"|(?:다|자|라)는 (?:말|의견|주장|제안|생각|지적|아이디어|얘기|이야기)"
    r"|(?:말|의견|주장|제안|생각|지적|아이디어|얘기|이야기|주제|문제|요구)[을를]? ?(?:처음 |먼저 )?(?:꺼[내낸냈]|언급|거론|펼[치친쳤]|내놓|내[놨논]|제기|낸 |냈)"
)

_SAID_WHAT = re.compile(
    r"(?:다|자|라|냐|달라)고 ?(?:했|하[는셨]|말|답|밝|봤|보[았는]|주장|제안|설명|강조|요구|평가|지적)"
)


def asks_what_was_said(question: Question) -> bool:
    """Whether a question is for what somebody said, thought or wanted: 무엇을 해야 한다고 했나요?"""
    return question.type == "claim" or bool(_SAID_WHAT.search(question.text))


def asks_speaker(question: Question) -> bool:
    """Whether a question for a person is for who said something."""
    said = words("saying", "verbs") | words("said")
    return any(m.form in said for m in question.morphemes) or bool(_SAID_SO.search(question.text))


def asks_picture(question: Question) -> bool:
    """Whether a question is for what a picture shows, and not for who took it."""
    return bool(
        re.search(r"(?:사진|이미지|캡션) ?(?:속|안|설명|에는|에서|에 (?:나|찍힌|담|보))|캡션", question.text)
    )


def asks_past(question: Question) -> bool:
    """Whether the question speaks of what has been: 열린 날짜, 언제 열렸나, and nothing of what is to come."""
    past = any(
        b.form in ("ᆫ", "은", "었", "았", "였") and b.tag in ("ETM", "EP") and a.tag in ("VV", "XSV", "VX")
        for a, b in pairwise(question.morphemes)
    )
    return past and not re.search(r"다음|앞으로|예정|오는 |[2-9]차|겠|[을를ㄹ] (?:날|때)", question.text)


def counted_noun(question: Question) -> str | None:
    """Who is counted: 청중 in 청중은 몇 명이나. None where nobody in particular, or no person, is."""
    found = question.morphemes
    place = next((n for n, m in enumerate(found) if m.form == "몇"), None)
    if question.unit not in ("명", "분", "인", "사람") or not place or place < 2:
        return None
    noun, particle = found[place - 2], found[place - 1]
    marked = noun.tag in ("NNG", "NNP") and particle.tag in ("JX", "JKS")
    return noun.form if marked and noun.form not in ("사람", "인원", "수", "숫자", "전체", "이") else None
