"""Who and when, from the kept lines of an article: its title, date, author and publisher."""

import re
from collections.abc import Sequence

from ingest.dateline import to_iso
from ingest.lines import EMAIL, LEAD, PERSON, Kept, Line, words

_TITLE_LENGTH = 60  # characters of a title that is cut out of the first sentence
_COPYRIGHT_NAME = re.compile(
    r"(?:저작권자|Copyright|[ⓒ©])[\sⓒ©:]*(?:\([cC]\))?[\sⓒ©:]*(?:\d{4}[\s,.]*)?(?:by\s)?"
    r"(?P<name>[가-힣A-Za-z][가-힣A-Za-z0-9.& ]{1,20}?)(?=\s*(?:[,|<>()\[\]\-–:]|무단|All\b|all\b|\d{4}|$))"
)
_LEAD_IN = re.compile(rf"{LEAD.pattern}\s*(?:{PERSON.pattern}\s*=?\s*)?")
_OUTLET = re.compile(
    r"(?:뉴스|일보|신문|통신|방송|뉴시스|미디어|타임[즈스]|저널|경제|투데이|코리아|매일|헤럴드)$"
)
_NO_OUTLET = frozenset({"무단", "무단전재", "무단복제", "저작권자", "본지", "본사"})


def title_of(kept: Sequence[Kept], given: str | None) -> str:
    """The given title, the line of the title, else the first sentence, cut."""
    if given:
        return re.sub(r"\s+", " ", given).strip()
    titled = next((item.line.text for item in kept if item.role == "title"), None)
    if titled is not None:
        return titled
    first = next((item.line.text for item in kept if item.role == "body"), kept[0].line.text)
    sentence = re.split(r"(?<=[.?!])\s", _LEAD_IN.sub("", first), maxsplit=1)[0]
    if len(sentence) <= _TITLE_LENGTH:
        return sentence
    return sentence[:_TITLE_LENGTH].rsplit(" ", 1)[0] + "…"


def published_of(kept: Sequence[Kept], given: str | None) -> str | None:
    """The given date, else that of a dateline, best one with a label; ISO."""
    if given and (iso := to_iso(given)):
        return iso
    stamps = [item.line for item in kept if item.role == "dateline" and item.line.published]
    best = next((line for line in stamps if line.labelled), stamps[0] if stamps else None)
    return best.published if best else None


def author_of(kept: Sequence[Kept], page: bool) -> str | None:
    """The first byline's name; on a page also the one that opens the first paragraph or ends the last."""
    stated = [item.line.author for item in kept if item.role in ("byline", "dateline") and item.line.author]
    body = [item.line.text for item in kept if item.role == "body"]
    if stated or not body:
        return stated[0] if stated else None
    opening = PERSON.search(body[0][:60]) if page and LEAD.match(body[0]) else None
    if opening is not None:
        return opening["name"]
    end = body[-1][-60:]
    closing = PERSON.search(end) if page or EMAIL.search(end) else None
    last = closing is not None and EMAIL.sub("", end[closing.end() :]).strip(" =.,()[]") == ""
    return closing["name"] if closing is not None and last else None


def publisher_of(lines: Sequence[Line], kept: Sequence[Kept]) -> str | None:
    """Who published it: the copyright line, the outlet in (서울=○○뉴스), else the byline's mail host."""
    for line in lines:
        owner = _COPYRIGHT_NAME.search(line.text) if line.kind == "copyright" else None
        if owner and owner["name"].strip() not in _NO_OUTLET:
            return owner["name"].strip(" .&")
    for item in kept:
        lead = LEAD.match(item.line.text) if item.role in ("body", "byline") else None
        outlet = (
            next((side for side in (lead["b"], lead["a"]) if _OUTLET.search(side)), None) if lead else None
        )
        if outlet:
            return outlet
    addresses = [EMAIL.search(item.line.text) for item in kept if item.role in ("byline", "dateline")]
    hosts = [found[0].split("@")[1].lower() for found in addresses if found]
    return next((host for host in hosts if host not in words("free_mail")), None)
