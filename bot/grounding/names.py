"""The names of a sentence against those of the evidence, and the titles that they are given."""

import re

from bot.grounding.slots import named, overlapping
from bot.grounding.text import analysed, groups_in, squeezed
from bot.kinds import TITLE
from bot.lexicon import words
from bot.people import NAME_TITLE, TITLE_NAME
from vectorstore.morphemes import UNKNOWN_BELOW, Morpheme

_OF_ANOTHER = re.compile(rf"[가-힣]{{1,4}}(?:{TITLE}|장)(?:은|는|이|가|을|를) ")  # 편집장은 신문에서 기자
_MADE = "{title}(?:으로|로|에|에는) [^.]*(?:선출|뽑|선임|임명|위촉|취임|추대|승진|지명|발탁|당선|내정)"
_SAME_TITLE = {
    "작가": ("작가", "소설가", "시인", "화가", "저자"), "감독": ("감독", "사령탑"), "대표": ("대표", "사장", "창업자"),
    "기자": ("기자", "특파원"), "박사": ("박사", "연구원", "교수"),
}  # fmt: skip
_COURTESY = frozenset({"선수", "학생", "후보"})
_ANY_TITLE = re.compile(rf"^ ?(?:[가-힣A-Za-z0-9]+ ){{0,3}}?[가-힣]{{0,6}}{TITLE}")
_NO_NAME = frozenset("시군구동면읍리천강역대당관탕점집들회은는이가을를의에로")


def wrong_name(sentence: str, text: str) -> str | None:
    """Names and unknown words must stand in the evidence; a title must stand with the name it is given to."""
    letters, people = squeezed(text), named(text)
    for m in analysed(sentence):
        unknown = m.id < UNKNOWN_BELOW and m.tag == "NNG"
        if (
            (m.tag == "NNP" or unknown)
            and len(m.form) > 1
            and not stands(squeezed(m.form), letters)
            and not _compound(m, letters)
            and not (m.id >= UNKNOWN_BELOW and groups_in(m.form) & groups_in(text))
        ):
            return m.form
    for pattern in (NAME_TITLE, TITLE_NAME):
        for match in overlapping(pattern, sentence):
            name, title = match["name"], match["title"].split()[-1]
            others = [person for person in people if person != name and person in match["title"]]
            if others or re.search(r"\d", match["title"]) or _OF_ANOTHER.search(match["title"]):
                continue  # the title is somebody else's
            if name not in people and (name[-1] in _NO_NAME or name in words("not_names")):
                continue
            if not stands(name, letters) and _named(sentence, name, match.start("name")):
                return name
            if (
                name in text
                and not titled(text, name, title)
                and (name in people or _named(sentence, name, match.start("name")))
            ):
                return f"{name} {title}"
    return None


def stands(name: str, text: str) -> bool:
    """Whether a name is in a text: whole, without the particle that clings to it, or of two parts: 가온시 + 시청."""
    if name in text or (len(name) > 2 and name[-1] in "이가은는을를의에로도와과" and name[:-1] in text):
        return True
    return any(
        name[:cut] in text and any(name[start:] in text for start in range(max(1, cut - 1), cut + 1))
        for cut in range(2, len(name))
        if len(name) - cut >= 1 and len(name) > 3
    )


def _compound(m: Morpheme, letters: str) -> bool:
    """Whether a word of the dictionary is one of the evidence with a letter more: 측정값, 측정."""
    if len(m.form) == 2 and m.form[-1] in "와과" and f"{m.form[0]}가" in letters:
        return True  # 시와, of 시가
    if m.id < UNKNOWN_BELOW:
        return False
    return len(m.form) > 2 and m.form[-1] not in _NO_NAME and m.form[:-1] in letters


def _named(sentence: str, name: str, place: int) -> bool:
    """Whether a name, and no common noun, stands at that place."""
    inside = [m for m in analysed(sentence) if place <= m.start < place + len(name)]
    if not inside:
        return False
    apart = len(name) == 3 and len(inside) > 1 and all(m.tag[0] == "N" or m.tag == "MM" for m in inside)
    return apart or inside[0].tag == "NNP" or inside[0].id < UNKNOWN_BELOW


def titled(text: str, name: str, title: str) -> bool:
    """Whether a title stands beside a name: 남가람 협회 회장, 회장 남가람, or the surname with it.

    A courtesy title fits a name that the evidence gives none.
    """
    has = False
    titles = _SAME_TITLE.get(title, (title,))
    for match in re.finditer(re.escape(name), text):
        before, after = text[max(0, match.start() - 20) : match.start()], text[match.end() : match.end() + 24]
        after = re.split(r",|(?:와|과|은|는|을|를|께서|에게)(?= )|[이가](?= )(?! ?[가-힣]*{TITLE})", after)[0]
        if any(one in before[-len(one) - 2 :] or one in after for one in titles):
            return True
        has = has or bool(_ANY_TITLE.search(after))
        if re.search(_MADE.format(title=title), text):
            return True
    short = re.search(rf"(?<![가-힣]){name[0]} (?:[가-힣]+ )?[가-힣]{{0,3}}{title}", text)
    return bool(short) or (title in ("씨", "님") or (title in _COURTESY and not has))
