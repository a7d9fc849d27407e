"""Questions about the report itself: who wrote it, who took the picture, when and where it appeared, its title.

These are read off the article's own parts (byline, dateline, caption …) and not searched for.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.dates import resolve
from bot.passages import Line, Page

_ITSELF = r"(?:기사|보도|글|뉴스|신문|이 게시글|게시물|포스트)"


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """What a part of the report says: `line.text[start:end]`, and the words to state it with."""

    line: Line
    start: int
    end: int
    stated: str


def fact_asked(question: str, page: Page) -> Fact | None:
    """The fact that a question about the report asks for; None where it asks for something else."""
    for pattern, find in _KINDS:
        if pattern.search(question):
            return find(page)
    return None


def _photographer(page: Page) -> Fact | None:
    for line in _parts(page, "caption", "body"):
        match = re.search(
            r"(?P<who>[가-힣]{2,4}) ?(?:사진)?기자\.?\)?$|사진\s?[=·:]\s?(?P<source>[가-힣A-Za-z0-9 ]{2,20})",
            line.text,
        )
        if match is not None and line.role == "caption":
            name = "who" if match["who"] else "source"
            return Fact(line, match.start(name), match.end(), match[0].rstrip("."))
    return None


def _reporter(page: Page) -> Fact | None:
    author = page.article.author
    for line in _parts(page, "byline"):
        if author is not None and author in line.text:
            place = line.text.index(author)
            match = re.match(rf"{re.escape(author)}(?: ?[가-힣]*기자)?", line.text[place:])
            stated = match[0] if match else author
            return Fact(line, place, place + len(stated), stated)
    return None


def _mail(page: Page) -> Fact | None:
    for line in _parts(page, "byline"):
        match = re.search(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", line.text)
        if match is not None:
            return Fact(line, match.start(), match.end(), match[0])
    return None


def _appeared(page: Page) -> Fact | None:
    published = page.article.published
    found = resolve(_korean_date(published), published) if published else None
    for line in _parts(page, "dateline"):
        if found is not None and published is not None:
            clock = re.search(r"\d{1,2}:\d{2}|\d{1,2}시 ?\d{0,2}분?", line.text)
            stated = found.spoken() + (f" {published[11:]}" if len(published) > 10 else "")
            return Fact(line, 0, clock.end() if clock else len(line.text), stated)
    return None


def _korean_date(published: str) -> str:
    year, month, day = published[:10].split("-")
    return f"{year}년 {int(month)}월 {int(day)}일"


def _sheet(page: Page) -> Fact | None:
    """The page of the printed paper, in a short line of its own or beside the date."""
    for line in _parts(page, "section", "subtitle", "dateline", "byline"):
        match = re.search(
            r"(?:지면|종이신문|신문) ?:? ?(?P<sheet>[A-Z]?\d{1,3} ?면)|^(?P<alone>[A-Z]?\d{1,3} ?면)$",
            line.text,
        )
        if match is not None:
            name = "sheet" if match["sheet"] else "alone"
            return Fact(line, match.start(name), match.end(name), match[name])
    return None


def _part(role: str) -> Callable[[Page], Fact | None]:
    def find(page: Page) -> Fact | None:
        lines = _parts(page, role)
        return Fact(lines[0], 0, len(lines[0].text), lines[0].text) if lines else None

    return find


def _subtitles(page: Page) -> Fact | None:
    lines = _parts(page, "subtitle")
    quoted = next((line for line in lines if re.search(r'["“”‘]', line.text)), None)
    line = quoted or (lines[0] if lines else None)
    return Fact(line, 0, len(line.text), line.text) if line is not None else None


def _parts(page: Page, *roles: str) -> list[Line]:
    return [line for line in page.lines if line.role in roles]


_KINDS: tuple[tuple[re.Pattern[str], Callable[[Page], Fact | None]], ...] = (
    (re.compile(r"사진.{0,14}(?:누가|누구|찍|촬영|기자|작가|제공|출처)|(?:누가|누구).{0,10}사진|촬영(?:한|자)|찍은 (?:사람|기자)"), _photographer),
    (re.compile(r"(?:기자|글쓴이|취재|작성자).{0,16}(?:메일|이메일|연락|e-?mail)|(?:메일|이메일) ?주소"), _mail),
    (re.compile(r"부제|부제목|작은 제목|서브 ?타이틀"), _subtitles),
    (re.compile(r"(?:몇|어느|무슨) ?(?:쪽|면|페이지)(?:에|에서|의)? ?(?:실|게재|나온|나왔|올)"), _sheet),
    (re.compile(r"(?:섹션|지면|카테고리|코너|분류|어느 면|무슨 면)"), _part("section")),
    (re.compile(rf"{_ITSELF}.{{0,6}}(?:제목|헤드라인|타이틀|표제)|헤드라인|머리기사"), _part("title")),
    (re.compile(rf"{_ITSELF}(?:을|를|은|는|이|가|의)? ?(?:누가|누구|쓴|작성|취재|기자)|(?:쓴|작성한|취재한|담당) ?기자|기자(?:는|가|의)? ?(?:이름|누구|성함)|(?:who wrote|reporter)"), _reporter),
    (re.compile(rf"{_ITSELF}.{{0,8}}(?:입력|게재|등록|올라|실린|나온|보도|작성|발행|쓰인|업로드).{{0,10}}(?:언제|날|요일|시각|시간|몇|일자|연월일|때)|(?:입력|게재|등록|발행|보도)(?:된|일|한|시각|날짜| 날짜| 시각).{{0,8}}(?:언제|날|요일|시각|몇|일자|연월일|[?？]|$)"), _appeared),
)  # fmt: skip
