"""What one line of a pasted page is by itself: a share link, a dateline, a byline, a caption, prose …

General over Korean news sites and boards; no newspaper is known by name. `clean` decides with the
neighbours what is kept: a word such as 페이스북 is a share link only at the edge of a page.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from ingest.dateline import read_dateline
from vectorstore.types import Role

Kind = Literal[
    "ui",
    "share",
    "section",
    "related",
    "end",
    "comments",
    "copyright",
    "dateline",
    "byline",
    "caption",
    "prose",
    "other",
]


@dataclass(frozen=True, slots=True)
class Line:
    """One non-empty line and what it looks like."""

    text: str
    kind: Kind
    published: str | None = None
    author: str | None = None
    labelled: bool = False
    """A dateline with a word such as 입력, or a byline with an e-mail address or a label."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A line that stays in the article, and what it is there."""

    role: Role
    line: Line


EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,60}@(?:[A-Za-z0-9\-]{1,60}\.){1,4}[A-Za-z]{2,10}")
_BULLET = re.compile(r"^[•·∙●○◦▪■□◆◇\-*+]\s+")

_SHORT = 40  # characters; a longer line is no link or button


@cache
def words(group: str) -> frozenset[str]:
    """The words of one list of `words.toml`: ui, middle, share, section, free_mail."""
    lists = tomllib.loads((files("ingest") / "words.toml").read_text(encoding="utf-8"))
    return frozenset(lists[group])


@cache
def _section_name() -> re.Pattern[str]:
    return re.compile("(?:" + "|".join(sorted(words("section"), key=len, reverse=True)) + ")+")


_SHARE_TAIL = re.compile(
    r"\s?(?:\(?으?로\)?\s?)?"
    r"(?:(?:기사)?\s?(?:보내기|공유|공유하기|공유하기 버튼|전송|복사|바로가기|채널|구독|팔로우)"
    r"|\(새\s?창\)|새창열림|\d{1,6})$"
)
_UI_LINE = re.compile(
    r"(?:조회수?|추천|좋아요|공감|읽음|공유|스크랩)(?:수)?\s?[:(]?\s?\d[\d,]*\s?\)?개?"
    r"|[가-힣A-Za-z0-9 ]{1,20}(?:을|를)? (?:네이버|카카오톡|구글|유튜브|다음)(?:에서|으로|로)? ?"
    r"(?:채널|뉴스)?(?:을|를|에서)? ?(?:구독|만나|추가|팔로우|친구)[^.]{0,30}[.!]?"
    r"|(?:네이버|카카오톡|다음|구글|유튜브)(?:에서)? [^.]{0,25}(?:구독|친구 ?추가|채널 추가)[^.]{0,20}[.!]?"
    r"|(?:[-▶☞■※\[]\s?)?카카오톡[^.]{0,15}제보[^.]{0,40}[.!]?"
    r"|(?:이 )?기사를? ?(?:공유|추천|스크랩|인쇄)(?:하기|합니다)?"
    r"|입력\s?검색|검색\s?닫기|(?:현재\s?)?(?:글자|글씨)\s?크기.{0,12}"
)
_RELATED_NAME = r"(?:관련|연관)\s?(?:기사|뉴스)"
_RELATED = re.compile(
    rf"[\[<【▶☞■◆]?\s?(?:{_RELATED_NAME}|관련\s?글|함께 보면 좋은 기사)\s?[\]>】]?\s?(?:더보기)?"
)
_RELATED_LINK = re.compile(rf"(?:\[|<|【|▶|☞|■|◆)\s?{_RELATED_NAME}\s?[\]>】]?\s?[:：]?\s?\S.*")
_END = re.compile(
    r"(?:가장 )?(?:많이|실시간) 본 (?:뉴스|기사)(?: ?(?:TOP|top|Top) ?\d*)?"
    r"|(?:실시간 )?인기 ?(?:기사|뉴스|글)"
    r"|(?:주요|최신|추천) ?(?:기사|뉴스)|최신 ?글|오늘의 (?:주요|핫|인기) ?(?:뉴스|기사)"
    r"|핫 ?(?:이슈|뉴스|클릭)|랭킹 ?뉴스|다른 ?기사 ?보기|(?:이|해당) (?:시각|언론사) .{0,8}(?:뉴스|기사)"
    r"|[가-힣]{2,4} 기자(?:의)? (?:다른 ?기사|기사 더)\s?(?:보기)?|기자의 다른 ?기사.{0,6}"
    r"|이 기사에 대한 .{0,12}"
)
_COMMENTS = re.compile(
    r"댓글(?:수)?\s?:?\s?\(?\d[\d,]*\)?\s?개?|\d[\d,]*개의 댓글|전체 ?댓글.{0,8}|댓글을 남겨.{0,12}"
)
_COPYRIGHT = re.compile(
    r"(?:[<\[(※]\s?)?(?:저작권자|Copyright|[ⓒ©]).{0,150}"
    r"|.{0,100}무단\s?(?:전재|복제|배포).{0,40}금지.{0,12}"
    r"|.{0,80}All rights reserved.{0,20}",
    re.IGNORECASE,
)
_COPYRIGHT_TAIL = re.compile(
    r"\s{0,5}[<\[(]?\s?(?:저작권자\s?[ⓒ©(]|[ⓒ©][^ⓒ©]{0,60}(?:금지|reserved)).*$", re.IGNORECASE
)

_ROLE = r"(?:기자|특파원|앵커|논설위원|논설실장|통신원|리포터|에디터|편집위원|편집국장|칼럼니스트)"
PERSON = re.compile(
    r"(?<![가-힣])(?P<name>[가-힣○]{2,4}(?:\s?[·,/]\s?[가-힣○]{2,4}){0,4})\s?"
    rf"(?:(?:인턴|선임|수석|전문|객원|시민|사진|취재|대학생|명예|책임|청년|마을)\s?)?{_ROLE}(?![가-힣])"
)
_LABELLED = re.compile(
    r"(?:작성자|글쓴이|등록자|게시자|기자명|닉네임)\s?[:：]?\s?"
    r"(?P<name>[가-힣A-Za-z0-9_○*.]{2,20})(?P<role>\s?기자)?"
)
_BYLINE_WORDS = re.compile(
    r"(?:기자명|글·사진|글·영상|사진·글|취재|정리|글|사진|영상|그래픽|편집|입력|기자|다른 ?기사 ?보기|구독"
    r"|기사 ?더 ?보기)(?![가-힣])"
)
_OUTLET = r"[가-힣A-Za-z0-9]{2,12}"
LEAD = re.compile(
    rf"^[\[(【<]\s?(?P<a>{_OUTLET}(?:[·,]\s?{_OUTLET}){{0,3}})\s?[=/]\s?"
    rf"(?P<b>{_OUTLET}(?: {_OUTLET})?)\s?[\])】>]"
)
_PUNCTUATION = re.compile(r"[\s:：|ㅣ/·•∙,.=\-–—~\[\]()<>【】■▲△◇◆#*&]+")

_CAPTION_START = re.compile(
    r"^(?:[▲△▼▽◀◁]\s?\S|[\[(<【]\s?(?:사진|그래픽|자료|영상|포토|이미지)\s?[=:：/|\])].*"
    r"|사진(?: ?제공)?\s?[=:：])"
)
_CREDIT = re.compile(  # who took the picture, after the end of a sentence or a slash
    r"(?:(?:사진|자료|그래픽)\s?[=:：/]\s?[^.]{1,40}|[ⓒ©]\s?[^.]{1,20}"
    r"|(?:다|[.)\]/])\s*=?\s?(?:[가-힣A-Za-z0-9·() ]{1,20} ?제공|=\s?[가-힣A-Za-z0-9]{2,15}"
    r"|[가-힣○]{2,4}\s?(?:사진|선임|수석|인턴)?\s?기자))\s?[.\])】>]?$"
)
_SENTENCE_END = re.compile(r"[가-힣][.?!。]+[\"”’'」』)\]]*$")
_STATEMENT = re.compile(r"[다요죠까]\s?[.?!][>\])\"”’]*$")
_PROSE_LENGTH = 80  # characters; headlines are shorter
_CAPTION_LENGTH = 25  # a shorter line that ends in a reporter's name is a byline


def look(raw: str) -> Line:
    """What one stripped, non-empty line is by itself; never raises."""
    text = _BULLET.sub("", raw)
    simple = _simple(text)
    if simple is not None:
        return Line(raw, simple)
    if _COPYRIGHT.fullmatch(text) and not _STATEMENT.search(text):
        return Line(raw, "copyright")
    stated = _dateline_or_byline(text)
    if stated is not None:
        return stated
    if is_caption(text):
        return Line(raw, "caption")
    if _SENTENCE_END.search(text) or len(text) >= _PROSE_LENGTH:
        return Line(raw, "prose")
    return Line(raw, "other")


def without_copyright(text: str) -> str:
    """The line without a copyright notice at its end."""
    return _COPYRIGHT_TAIL.sub("", text)


def is_caption(text: str) -> bool:
    """Whether a line reads like the text under a picture: ▲ …, [사진=…], … 제공, … ○○○ 기자."""
    if _CAPTION_START.match(text):
        return True
    told = EMAIL.search(text) or LEAD.match(text)
    return not told and len(text) >= _CAPTION_LENGTH and bool(_CREDIT.search(text))


def _simple(text: str) -> Kind | None:
    """The kinds that whole short lines name."""
    bare = text.strip("[]<>()|·ㅣ#▶☞■ ")
    if _END.fullmatch(text) or _END.fullmatch(bare):
        return "end"
    if _COMMENTS.fullmatch(text):
        return "comments"
    if text in words("ui") or bare in words("ui") or _UI_LINE.fullmatch(text):
        return "ui"
    if len(text) > _SHORT:
        return "related" if _RELATED_LINK.fullmatch(text) else None
    if _RELATED.fullmatch(text) or _RELATED_LINK.fullmatch(text):
        return "related"
    if _all_shares(bare):
        return "share"
    return "section" if is_section(text) else None


def _all_shares(text: str) -> bool:
    """Whether the line is one name of a network, with 공유하기 or the like behind it, or several of them."""
    networks = words("share")
    if text in networks or _SHARE_TAIL.sub("", text) in networks:
        return True
    tokens = re.split(r"\s*[|,·/ㅣ]\s*|\s+", text)
    return len(tokens) > 1 and all(token in networks or token in words("ui") for token in tokens)


def is_section(text: str) -> bool:
    """Whether a line names a section of a paper: 정치일반, 홈 > 사회 > 교육, [문화]."""
    parts = [part for part in re.split(r"\s*[>›»|/·,ㅣ]\s*|\s+", text.strip("[]<>【】 ")) if part]
    return 0 < len(parts) <= 12 and all(
        part in words("ui") or _section_name().fullmatch(part) for part in parts
    )


def _dateline_or_byline(text: str) -> Line | None:
    dateline = read_dateline(text)
    if dateline is not None:
        author = _author(dateline.rest)
        if not dateline.rest or author is not None or _BYLINE_WORDS.sub("", dateline.rest).strip() == "":
            return Line(text, "dateline", dateline.published, author, dateline.labelled)
        return None
    author = _author(text)
    return Line(text, "byline", author=author or None, labelled=_sure(text)) if author is not None else None


def _sure(text: str) -> bool:
    return bool(EMAIL.search(text)) or bool(_LABELLED.match(text)) or text[:1] in "[(【<"


def _author(text: str) -> str | None:
    """Who wrote it, where the line says nothing else; "" for a line of e-mail addresses only; else None."""
    if not text or len(text) > 120:
        return None
    labelled = _LABELLED.fullmatch(_PUNCTUATION.sub(" ", EMAIL.sub("", text)).strip())
    if labelled and (labelled["role"] or not PERSON.search(text)):
        return labelled["name"]
    person = PERSON.search(text)
    rest = EMAIL.sub(" ", text)
    if person is None:
        return "" if rest.strip() == "" else None
    rest = _BYLINE_WORDS.sub(" ", PERSON.sub(" ", rest))
    rest = _PUNCTUATION.sub(" ", rest).strip()
    if rest == "" or (len(rest) <= 12 and re.search(r"[=\[(]|본부|지사|취재|특별|팀", text)):
        return re.sub(r"\s?[·,/]\s?", "·", person["name"])
    return None
