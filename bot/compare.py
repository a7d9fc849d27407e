"""What two articles say of the same: each one's best sentence, older first, under its own name and day."""

import re

from bot.cite import cite
from bot.kinds import counted, shows
from bot.lexicon import focus_types
from bot.passages import Candidate
from bot.reading import MAX_ANSWER, Reading, answered
from bot.types import Answer
from prompts import say

_TWO = re.compile(
    r"(?:두|서로 다른|양쪽|여러) ?(?:기사|글|소식|보도|안|계획|게시글|게시물|자료|발표|뉴스)|(?:기사|글|소식|보도)(?:마다|끼리|들이 서로)"
)
_APART = re.compile(r"다르|다른|달라|차이|비교|바뀌|바뀐|변경|엇갈|어긋|일치|같은가|똑같")
AROUND = 40  # characters that a title and a day take around one quote


def _tells(reading: Reading, candidate: Candidate) -> bool:
    """Whether a sentence of the body has the number, the day or the time that the articles are compared in."""
    text = candidate.line.text
    if candidate.line.role != "body":
        return False
    if re.search(r"인원|사람 ?수|몇 ?명|참가자 ?수|참석자 ?수", reading.question.text):
        return counted("명", text)
    kinds = {focus_types().get(m.form) for m in reading.question.content} & {"number", "date", "time"}
    return any(shows(kind, text) for kind in kinds if kind) or not kinds


def compared(reading: Reading) -> Answer | None:
    """Both articles' best sentences; None where no comparison is asked for or only one speaks of it."""
    text = reading.question.text
    if not (_TWO.search(text) and _APART.search(text)):
        return None
    pages = list(dict.fromkeys(item.candidate.page for item in reading.ranked))[:2]
    told = [item for item in reading.ranked if _tells(reading, item.candidate)]
    best = (next((item for item in told if item.candidate.page is page), None) for page in pages)
    two = [item for item in best if item is not None]
    if len(two) < 2:
        return None
    two.sort(key=lambda item: item.candidate.page.article.published or "")
    citations = []
    for marker, item in enumerate(two, 1):
        line = item.candidate.line
        room = MAX_ANSWER // 2 - AROUND
        length = len(line.text) if len(line.text) <= room else line.text.rfind(" ", 0, room)
        length = room if length <= 0 else length
        citations.append(cite(marker, item.candidate.page, line.start, line.start + length))
    parts = [
        say(
            "answer.of_article" if c.published else "answer.of_article_undated",
            title=c.title[:AROUND],
            quote=c.quote,
            marker=c.marker,
            **({"day": c.published} if c.published else {}),
        )
        for c in citations
    ]
    return answered(reading, " ".join(parts), None, citations)
