"""Whether a sentence that a language model wrote is supported by the evidence that it cites.

Nothing is concluded from meaning alone: quotes, names, numbers, dates, places, negations and foreign scripts
must be those of the evidence, and enough of the sentence's words must stand there in these or other words.
`forum-bot eval grounding` measures it.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise, permutations

from bot.amounts import Amount, amounts
from bot.dates import Resolved, resolve_all
from bot.kinds import TITLE
from bot.lexicon import words
from bot.passages import term_set, word_vectors
from bot.people import NAME_TITLE, TITLE_NAME
from bot.polarity import opposed
from bot.swaps import kind_of, misplaced, named, overlapping
from prompts import options
from vectorstore.kiwi_encoder import KiwiEncoder, weight_of
from vectorstore.lexical import TERM_TAGS
from vectorstore.morphemes import UNKNOWN_BELOW, Morpheme, morphemes
from vectorstore.paraphrases import meanings

COUNTED = frozenset({"people", "thing"})  # measures whose counters are used for each other
LEAST = 0.4  # of the weight must stand in the evidence; by hand, on the odd lines of tests/data/grounding
_COMPARED = re.compile(
    r"않|아닌|나머지|남은|동안|더|차이|차로|많|적[은게]|늘|줄|올[라랐]|오[르른]|낮|높|인상|인하|오릅|올립|내립|내[려린]"
)
_WHEN = re.compile(r"(?:다음|이번|지난) ?[주달]|내달|오늘|내일|모레|어제|그제|새벽|오전|오후")
_WHENS = {"오전": ("새벽", "아침"), "오후": ("낮", "저녁", "밤"), "새벽": ("오전",)}
MINUTES = {"분": 1, "시간": 60, "일": 1440}
_HALF_OVER = re.compile(r"절반(?:이|을)? ?(?:넘|이상)")
_SPAN = r"(?=에 걸쳐| ?동안|간|째| 만에| ?연속| ?이내| ?안)"
_DATES = re.compile(
    rf"\d{{4}}\s?년|\d{{1,2}}\s?월(?!\s?세)|\d{{1,2}}\s?일(?!{_SPAN[3:-1]})|\d{{4}}[-.]\d{{1,2}}[-.]\d{{1,2}}"
)
_ABOUT = re.compile(r"(?:약|대략|거의) ?$")
_OR_SO = re.compile(r" ?(?:여|쯤|정도|가량|안팎|남짓|가까이)")
ABOUT = 0.04  # by which a number told as about so much may differ
_VAGUE = re.compile(r"한 |하루|(?:두|세) 사람")  # 한 달에, 하루 두 번
_TRIALS = frozenset({"심"})  # 1심 follows from the court
LONG = 60  # days; longer spans are told by their ends
NEAR = 0.5  # cosine from which another word says the same
_COURTESY = frozenset({"선수", "학생", "후보"})
_ANY_TITLE = re.compile(rf"^ ?(?:[가-힣A-Za-z0-9]+ ){{0,3}}?[가-힣]{{0,6}}{TITLE}")
_NO_NAME = frozenset("시군구동면읍리천강역대당관탕점집들회은는이가을를의에로")
_PLACES = ("학교", "창고", "나루", "광장", "마당", "하우스", "센터", "스타디움", "타워", "파크", "캠퍼스")
_PLACE = frozenset("소국관장원실교동항섬집회당역청점터로길봉산천강읍면리군시구도촌초")
_RUN = frozenset({"NNG", "NNP", "XPN", "XSN", "SL", "XR", "NR"})
_QUOTE = re.compile(r"[“\"‘']([^“”\"‘’']{2,})[”\"’']")
_SCRIPTS = re.compile(
    r"[\u0370-\u10ff\u1200-\u2fff\u3040-\u312f\u3190-\u9fff\ua000-\uabff\uf900-\ufdff]+|[A-Za-z\u00c0-\u024f]{2,}"
)
_MARKUP = re.compile(
    r"\S*(?:[a-zA-Z][\w+.-]*:|//|www\.)[\w/%.~#?&=+-]*[\w/]|!?\[[^\]]*\]\S*|</?[a-zA-Z!][^>]*>?|[`|{}\\]"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a sentence is not supported: the kind, and the words that the evidence does not bear out."""

    kind: str
    """markup, quote, script, number, date, name, negation, swapped or words."""
    words: str


def unsupported(
    sentence: str, evidence: Sequence[str], published: str | None, encoder: KiwiEncoder
) -> Problem | None:
    """The first problem of a sentence, or None where the evidence bears it out."""
    sentence, *evidence = (_plain(part) for part in (sentence, *evidence))
    text = " ".join(evidence)
    return (
        _markup(sentence, text)
        or _quotes(sentence, text)
        or _scripts(sentence, text)
        or _dates(sentence, text, published)
        or _numbers(sentence, text)
        or _names(sentence, text)
        or _alternative(sentence, text)
        or _opposed(sentence, evidence, encoder)
        or _swapped(sentence, text)
        or _absent(sentence, text)
        or _misplaced(sentence, evidence, encoder)
        or _words(sentence, text, encoder)
    )


def _plain(text: str) -> str:
    """A text in one form: ㎝ as cm, full-width letters as plain ones, noon and midnight by the clock."""
    return (
        unicodedata.normalize("NFKC", text)
        .replace("정오", "낮 12시")
        .replace("자정", "밤 12시")
        .replace("내달", "다음 달")
    )


def foreign(sentence: str, said: Sequence[str]) -> Problem | None:
    """What a sentence brings in that was not said: a quote, script, number or name of its own."""
    text = " ".join(said)
    return (
        _quotes(sentence, text)
        or _scripts(sentence, text)
        or _numbers(sentence, text)
        or _names(sentence, text)
    )


def _squeezed(text: str) -> str:
    return re.sub(r"[\s.,!?·…]", "", text)


def _alternative(sentence: str, text: str) -> Problem | None:
    """One of two that exclude each other, where the evidence has only the other: 오전 for 오후."""
    for pair in words("grounding", "alternatives"):
        for one, other in permutations(pair.split("/")):
            if one in sentence and one not in text and other in text and other not in sentence:
                return Problem("swapped", one)
    return None


def _opposed(sentence: str, evidence: Sequence[str], encoder: KiwiEncoder) -> Problem | None:
    found = opposed(sentence, evidence, encoder)
    return Problem("negation", found) if found is not None else None


def _misplaced(sentence: str, evidence: Sequence[str], encoder: KiwiEncoder) -> Problem | None:
    found = misplaced(sentence, evidence, encoder)
    return Problem("swapped", " / ".join(found)) if found is not None else None


def _markup(sentence: str, text: str) -> Problem | None:
    """Links, pictures and HTML, but for an address that the evidence has in full."""
    for match in _MARKUP.finditer(sentence):
        if match[0] not in text:
            return Problem("markup", match[0])
    return None


def _quotes(sentence: str, text: str) -> Problem | None:
    for match in _QUOTE.finditer(sentence):
        if _squeezed(match[1]) not in _squeezed(text):
            return Problem("quote", match[1])
    return None


def _scripts(sentence: str, text: str) -> Problem | None:
    """Words of other scripts, Han, Kana and Latin among them, that the evidence does not have."""
    for match in _SCRIPTS.finditer(sentence):
        if match[0].isalpha() and match[0].lower() not in text.lower():
            return Problem("script", match[0])
    return None


def _dates(sentence: str, text: str, published: str | None) -> Problem | None:
    """Whole dates, months and years must be those that the evidence means by the article's own day."""
    there = list(resolve_all(_without_spans(text), published))
    spans = [amount for amount in amounts(text) if amount.unit == "일" and amount.value < LONG]
    lasts = [int(span.value) for span in spans if re.match(rf"[가-힣]|\d+일{_SPAN}", text[span.start :])]
    there += [ended for day in there for days in lasts if (ended := _after(day, days - 1)) is not None]
    until = [int(match[1]) for match in re.finditer(r"(\d{1,2})일까지", text)]
    there += [
        Resolved(day.year, day.month, last) for day in there if day.day for last in until if last > day.day
    ]
    there += [eve for day in there if "전날" in text and (eve := _after(day, -1)) is not None]
    there += _last_weekdays(text, published)
    if published and "새해" in text:
        there.append(Resolved(int(published[:4]) + (published[5:7] > "09"), None, None))
    for said in resolve_all(_without_spans(sentence), published):
        if not any(_same_day(said, other) for other in there):
            return Problem("date", said.spoken())
    said_when = {match[0] for match in _WHEN.finditer(sentence)}
    squeezed = _squeezed(text)
    for when in sorted(said_when):
        written = any(other in squeezed for other in (_squeezed(when), *_WHENS.get(when, ())))
        meant = any(_same_day(other, day) for other in resolve_all(when, published) for day in there)
        if not written and not meant:
            return Problem("date", when)
    return None


def _without_spans(text: str) -> str:
    """A text without durations, which are no dates: 3일에 걸쳐, 5일 동안."""
    return re.sub(rf"\d+일{_SPAN}", " ", text)


def _last_weekdays(text: str, published: str | None) -> list[Resolved]:
    """지난 일요일 as the last Sunday before the article's day."""
    names = options("answer.weekdays")
    found = []
    for match in re.finditer(r"지난 ?(?:주 )?([월화수목금토일]요일)", text):
        day = date.fromisoformat(published[:10]) if published else None
        if day is not None:
            day -= timedelta(days=(day.weekday() - names.index(match[1]) - 1) % 7 + 1)
            found.append(Resolved(day.year, day.month, day.day))
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


def _numbers(sentence: str, text: str) -> Problem | None:
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
            return Problem("number", str(said))
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


def _names(sentence: str, text: str) -> Problem | None:
    """Names and unknown words must stand in the evidence; a title must stand with the name it is given to."""
    squeezed, people = _squeezed(text), named(text)
    for m in _analysed(sentence):
        unknown = m.id < UNKNOWN_BELOW and m.tag == "NNG"
        if (m.tag == "NNP" or unknown) and len(m.form) > 1 and not _stands(_squeezed(m.form), squeezed):
            return Problem("name", m.form)
    for pattern in (NAME_TITLE, TITLE_NAME):
        for match in overlapping(pattern, sentence):
            name, title = match["name"], match["title"].split()[-1]
            others = [person for person in people if person != name and person in match["title"]]
            if others or re.search(r"\d", match["title"]):
                continue  # the title is somebody else's
            if name not in people and (name[-1] in _NO_NAME or name in words("not_names")):
                continue
            if not _stands(name, squeezed) and _named(sentence, name, match.start("name")):
                return Problem("name", name)
            if (
                name in text
                and not _titled(text, name, title)
                and (name in people or _named(sentence, name, match.start("name")))
            ):
                return Problem("name", f"{name} {title}")
    return None


def _stands(name: str, text: str) -> bool:
    """Whether a name is in a text: whole, without the particle that clings to it, or of two parts: 가온시 + 시청."""
    if name in text or (len(name) > 2 and name[-1] in "이가은는을를의에로도와과" and name[:-1] in text):
        return True
    return any(
        name[:cut] in text and any(name[start:] in text for start in range(max(1, cut - 1), cut + 1))
        for cut in range(2, len(name))
        if len(name) - cut >= 1 and len(name) > 3
    )


def _named(sentence: str, name: str, place: int) -> bool:
    """Whether a name, and no common noun, stands at that place."""
    inside = [m for m in _analysed(sentence) if place <= m.start < place + len(name)]
    if not inside:
        return False
    apart = len(name) == 3 and len(inside) > 1 and all(m.tag[0] == "N" or m.tag == "MM" for m in inside)
    return apart or inside[0].tag == "NNP" or inside[0].id < UNKNOWN_BELOW


def _titled(text: str, name: str, title: str) -> bool:
    """Whether a title stands beside a name: 남가람 협회 회장, 회장 남가람, or the surname with it.

    A courtesy title fits a name that the evidence gives none.
    """
    has = False
    for match in re.finditer(re.escape(name), text):
        before, after = text[max(0, match.start() - 20) : match.start()], text[match.end() : match.end() + 24]
        after = re.split(r",|(?:와|과|은|는|을|를|께서|에게)(?= )|[이가](?= )(?! ?[가-힣]*{TITLE})", after)[0]
        if title in before[-len(title) - 2 :] or title in after:
            return True
        has = has or bool(_ANY_TITLE.search(after))
    return f"{name[0]} {title}" in text or (title in ("씨", "님") or (title in _COURTESY and not has))


@dataclass(frozen=True, slots=True)
class _Word:
    """A noun as it is written (조개나루, of two morphemes), or a predicate's stem."""

    form: str
    tag: str


def _absent(sentence: str, text: str) -> Problem | None:
    """A place or a body that the evidence does not have, by this or another name."""
    squeezed = _squeezed(text)
    there = {meaning.group for meaning in meanings(_analysed(text))}
    for word in _run_words(sentence):
        known = _stands(_squeezed(word.form), squeezed)
        if (
            not known
            and word.tag == "NN"
            and kind_of(word.form) == "place"
            and not _groups(word.form) & there
        ):
            return Problem("swapped", word.form)
    return None


def _groups(text: str) -> set[int]:
    return {meaning.group for meaning in meanings(_analysed(text))}


def _swapped(sentence: str, text: str) -> Problem | None:
    """A place, a relative or a weekday that the evidence lacks, beside a word that has another there."""
    said, there = _run_words(sentence), _run_words(text)
    squeezed, own = _squeezed(text), _squeezed(sentence)
    for place, word in enumerate(said):
        slot = _slot(word)
        if slot is None or _squeezed(word.form) in squeezed:
            continue
        for step in (-1, 1):
            if not 0 <= place + step < len(said):
                continue
            beside = said[place + step]
            for at, other in enumerate(there):
                if not 0 <= at - step < len(there) or not _alike(beside, other):
                    continue
                instead = there[at - step]
                if _slot(instead) == slot and _squeezed(instead.form) not in own:
                    return Problem("swapped", f"{word.form} / {instead.form}")
    return None


def _alike(one: _Word, other: _Word) -> bool:
    """The same word, or compounds of one that is in the other: 대피 and 대피소, but no single letters."""
    return one.form == other.form or (
        min(len(one.form), len(other.form)) > 1
        and (one.form.endswith(other.form) or other.form.endswith(one.form))
    )


@lru_cache(maxsize=512)
def _run_words(text: str) -> tuple[_Word, ...]:
    """The nouns as they are written and the stems of predicates, in order."""
    found: list[_Word] = []
    start = end = -1
    for m in (*_analysed(text), None):
        if m is not None and m.tag in _RUN and m.start == end:
            end = m.end
            continue
        if end > start:
            found.append(_Word(text[start:end], "NN"))
        start = end = -1
        if m is None:
            break
        if m.tag in _RUN:
            start, end = m.start, m.end
        elif m.tag[:2] in ("VV", "VA"):
            found.append(_Word(m.form, m.tag))
    return tuple(word for word in found if word.form not in words("grounding", "frame"))


def _slot(word: _Word) -> str | None:
    """What one noun may stand for another of: a place or body, a relative, a weekday; None otherwise."""
    if word.tag != "NN" or len(word.form) < 2:
        return None
    if word.form in words("grounding", "kin"):
        return "kin"
    if word.form.endswith("요일"):
        return "weekday"
    ends = word.form[-1] in _PLACE or word.form.endswith(_PLACES)
    return "place" if ends and word.form not in words("grounding", "no_places") else None


def _words(sentence: str, text: str, encoder: KiwiEncoder) -> Problem | None:
    """Enough of the words must stand in the evidence, in these or other words."""
    said = [
        m for m in _analysed(sentence) if m.tag[:2] in TERM_TAGS and m.form not in words("grounding", "frame")
    ]
    weights = [weight_of(m) for m in said]
    if not any(weights):
        return None
    found = _analysed(text)
    terms, groups = term_set(found), {meaning.group for meaning in meanings(found)}
    own: dict[int, set[int]] = {}
    for meaning in meanings(said):
        for place in range(meaning.first, meaning.last + 1):
            own.setdefault(place, set()).add(meaning.group)
    there = word_vectors(encoder, found)
    covered = 0.0
    missing = []
    for place, (m, weight) in enumerate(zip(said, weights, strict=True)):
        if m.form.lower() in terms or own.get(place, set()) & groups or m.form in text:
            covered += weight
            continue
        vector = word_vectors(encoder, [m])
        nearest = float((vector @ there.T).max()) if len(vector) and len(there) else 0.0
        covered += weight * (nearest if nearest >= NEAR else 0.0)
        if nearest < NEAR:
            missing.append(m.form)
    return Problem("words", " ".join(missing)) if covered < LEAST * sum(weights) else None


@lru_cache(maxsize=512)
def _analysed(text: str) -> tuple[Morpheme, ...]:
    return tuple(morphemes(text))
