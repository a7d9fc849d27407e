"""From the text of a page as a person pastes it to an article: boilerplate goes, nothing of the article does.

A page shows itself by a dateline, a byline with an address, a copyright line or buttons; its head (section,
title, subtitles, dateline, byline, caption) ends where the first paragraph begins, and what follows the
copyright line or the lists of other news is cut. A text without any of these is a plain post and kept whole.
"""

import re
from collections import Counter
from collections.abc import Sequence

from ingest.credits import author_of, published_of, publisher_of, title_of
from ingest.lines import LEAD, PERSON, Kept, Line, look, without_copyright, words
from ingest.types import Raw, SourceError
from vectorstore.types import Article, Part, Role

MAX_CHARS = 500_000
"""Characters of one article: three novels' worth; Kiwi splits them in about 6 s."""
_TITLE_LENGTH = 60  # characters; a longer first line of a post is no title
_HEAD_LINES = 40  # a head ends before this line


def clean(raw: Raw) -> Article:
    """The article in `raw`: `text` holds every kept line word for word, `parts` says what each one is.

    What the reader knows of title, date and author goes before what the lines say; what no line states of it
    gets a line of its own at the top, so that it can be cited. Raises SourceError: empty, too long.
    """
    if len(raw.text) > MAX_CHARS:
        raise SourceError("ingest.too_long", chars=len(raw.text), limit=MAX_CHARS)
    lines = [look(line.strip()) for line in raw.text.split("\n") if line.strip()]
    if not lines:
        raise SourceError("ingest.empty")
    page = _is_page(lines)
    kept = _page(lines, raw.title) if page else _post(lines, raw.title)
    if not any(item.role in ("body", "caption", "subtitle") for item in kept) and not raw.title:
        raise SourceError("ingest.no_body")
    title = title_of(kept, raw.title)
    published = published_of(kept, raw.published)
    author = raw.author or author_of(kept, page)
    text, parts = _joined(_stated(kept, title if raw.title else None, raw, published))
    return Article(
        id=raw.id, title=title, text=text, source=raw.source, parts=parts, author=author, published=published,
        publisher=raw.publisher or (publisher_of(lines, kept) if page else None), url=raw.url,
    )  # fmt: skip


def _is_page(lines: Sequence[Line]) -> bool:
    """Whether the text was copied from a page with its frame, rather than written as it stands."""
    edge = [*lines[:_HEAD_LINES], *lines[max(_HEAD_LINES, len(lines) - 10) :]]
    if any(line.labelled or line.kind == "copyright" for line in edge):
        return True
    if any(LEAD.match(line.text) and PERSON.search(line.text[:60]) for line in edge):
        return True
    head = lines[:15]
    first = next((line.text for line in head if line.kind == "other"), "")
    repeated = len(first) >= 8 and sum(_same(line.text, first) for line in head) > 1
    buttons = sum(line.kind == "ui" for line in head)
    return repeated or buttons >= 2 or (buttons >= 1 and _share_run(head) >= 3)


def _share_run(lines: Sequence[Line]) -> int:
    longest = run = 0
    for line in lines:
        run = run + 1 if line.kind == "share" else 0
        longest = max(longest, run)
    return longest


def _post(lines: Sequence[Line], title: str | None) -> list[Kept]:
    """A plain post: every line stays; the first is the title if it reads like one or is given as one."""
    if title is not None:
        at = next((n for n, line in enumerate(lines[:5]) if _same(line.text, title)), None)
    else:
        first = lines[0]
        headline = len(first.text) <= _TITLE_LENGTH and first.kind not in ("prose", "dateline", "caption")
        at = 0 if headline and len(lines) > 1 else None
    return [Kept("title" if n == at else "body", line) for n, line in enumerate(lines)]


def _page(lines: Sequence[Line], title: str | None) -> list[Kept]:
    start = _body_start(lines)
    head = _head(lines[:start], title)
    seen = {_norm(item.line.text) for item in head if item.role == "byline"}
    body = _body(lines[start:], seen)
    return head + (body if any(item.role == "title" for item in head) else _headed(body))


def _headed(body: Sequence[Kept]) -> list[Kept]:
    """The body with its first short lines as title and subtitles, where they stand below the dateline."""
    short = next((n for n, item in enumerate(body) if item.line.kind != "other"), len(body))
    if short > 3:  # short lines throughout: a post, whose first line is its title
        short = 1
    if short == len(body):
        return list(body)
    return [
        Kept("title" if n == 0 else "subtitle", item.line) if n < short else item
        for n, item in enumerate(body)
    ]


def _body_start(lines: Sequence[Line]) -> int:
    """Where the first paragraph begins: after the head's last dateline, byline or caption, else at prose."""
    prose = next((n for n, line in enumerate(lines) if line.kind == "prose"), min(len(lines), _HEAD_LINES))
    marks = [n for n, line in enumerate(lines[:prose]) if line.kind in ("dateline", "byline", "caption")]
    late = _late_mark(lines, prose)
    start = late + 1 if late is not None else marks[-1] + 1 if marks else prose
    start = _past_marks(lines, start)
    if not any(line.kind in ("prose", "other", "caption", "section") for line in lines[start:]):
        first = next((n for n, line in enumerate(lines) if line.kind in ("other", "prose")), 0)
        start = _past_marks(lines, first + 1, captions=False)
    return start


def _late_mark(lines: Sequence[Line], prose: int) -> int | None:
    """A labelled dateline or byline after one or two sentences that stand above it as subtitles."""
    for n in range(min(25, len(lines)) - 1, prose, -1):
        before = [line for line in lines[prose:n] if line.kind == "prose"]
        after = sum(len(line.text) for line in lines[n + 1 :] if line.kind == "prose")
        short = len(before) <= 2 and all(len(line.text) < 100 for line in before)
        if lines[n].labelled and short and after > sum(len(line.text) for line in before):
            return n
    return None


def _past_marks(lines: Sequence[Line], start: int, captions: bool = True) -> int:
    """The first line from `start` on that is no button, dateline, byline or caption."""
    kinds = {"ui", "share", "comments", "dateline", "byline"} | ({"caption"} if captions else set())
    end = start
    while end < len(lines) and lines[end].kind in kinds:
        end += 1
    return end if end < len(lines) else start


def _head(lines: Sequence[Line], title: str | None) -> list[Kept]:
    """The kept lines above the body with their roles: section, title, subtitle, dateline, byline, caption."""
    dropped = {"ui", "share", "comments", "copyright", "end", "related"}
    rest = [line for line in _without_menus(lines) if line.kind not in dropped or _same(line.text, title)]
    at = _title_at(rest, title)
    heading = rest[at].text if at is not None else None
    kept: list[Kept] = []
    for n, line in enumerate(rest):
        if n != at and _same(line.text, heading):
            continue
        if n == at:
            kept.append(Kept("title", line))
        elif line.kind in ("dateline", "byline", "caption"):
            kept.append(Kept(line.kind, line))
        else:
            above = at is not None and n < at and len(line.text) <= 20
            kept.append(Kept("section" if above or line.kind == "section" else "subtitle", line))
    return _unique_bylines(kept)


def _unique_bylines(kept: Sequence[Kept]) -> list[Kept]:
    seen: set[str] = set()
    unique = []
    for item in kept:
        key = _norm(item.line.text)
        if item.role in ("byline", "dateline") and key in seen:
            continue
        seen.add(key)
        unique.append(item)
    return unique


def _without_menus(lines: Sequence[Line]) -> list[Line]:
    """The lines without navigation: four or more section names in a row, or five in one line."""
    kept: list[Line] = []
    run: list[Line] = []
    for line in [*lines, Line("", "other")]:
        if line.kind == "section" and ">" not in line.text:
            run.append(line)
            continue
        kept += run if len(run) < 4 else []
        run = []
        kept.append(line)
    return [line for line in kept[:-1] if line.kind != "section" or not _is_menu(line.text)]


def _is_menu(text: str) -> bool:
    return ">" not in text and len(re.split(r"\s*[|·/,ㅣ]\s*|\s+", text)) >= 5


def _title_at(lines: Sequence[Line], title: str | None) -> int | None:
    """The line of the title: the given one, the one that stands twice, else the first of some length."""
    marks = [n for n, line in enumerate(lines) if line.kind in ("dateline", "byline", "caption")]
    stop = marks[0] if marks else len(lines)
    if title is not None:
        return _last([n for n, line in enumerate(lines) if _same(line.text, title)], stop)
    able = [n for n, line in enumerate(lines) if line.kind in ("other", "prose")]
    count = Counter(_norm(lines[n].text) for n in able)
    twice = [n for n in able if count[_norm(lines[n].text)] > 1]
    if twice:
        return _last([n for n in twice if _same(lines[n].text, lines[twice[0]].text)], stop)
    above = [n for n in able if n < stop] or able
    return next((n for n in above if len(lines[n].text) >= 8), above[0] if above else None)


def _last(places: Sequence[int], stop: int) -> int | None:
    """The last place before the head's first mark; the first place where all come after it."""
    before = [n for n in places if n < stop]
    return before[-1] if before else places[0] if places else None


def _body(lines: Sequence[Line], bylines: set[str]) -> list[Kept]:
    """The kept lines from the first paragraph on; `bylines` are those of the head, kept once."""
    rest, tail = _cut(lines)
    rest = _without_related(rest)
    while rest and rest[-1].kind in ("ui", "share", "comments", "related", "copyright"):
        rest = rest[:-1]
    content = [n for n, line in enumerate(rest) if line.kind not in ("byline", "dateline")]
    last = content[-1] if content else -1
    kept: list[Kept] = []
    for n, line in enumerate([*rest, *tail]):
        if line.kind == "byline" and _norm(line.text) in bylines:
            continue
        if n < len(rest) and line.kind == "ui" and line.text in words("middle"):
            continue
        bylines = bylines | ({_norm(line.text)} if line.kind == "byline" else set())
        kept.append(Kept(_body_role(line, n == last), line))
    return kept


def _body_role(line: Line, is_last: bool) -> Role:
    if line.kind == "byline":
        return "byline"
    if line.kind == "dateline" and line.labelled:
        return "dateline"
    # The last paragraph of many reports ends with the reporter's name, as a caption does.
    return "caption" if line.kind == "caption" and not is_last else "body"


def _cut(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The body, and bylines and datelines out of the footer below a copyright line or a list of other news.

    Such a line is an end only when less prose follows than stands before; otherwise it heads a part.
    """
    lengths = [len(line.text) if line.kind in ("prose", "caption", "other") else 0 for line in lines]
    for n, line in enumerate(lines):
        before, after = sum(lengths[:n]), sum(lengths[n + 1 :])
        if line.kind in ("copyright", "end", "comments") and n and before > after:
            footer = [
                late for late in lines[n + 1 :] if late.kind in ("byline", "dateline") and late.labelled
            ]
            return [_shortened(early) for early in lines[:n]], footer[:2]
    return [_shortened(line) for line in lines if line.kind != "copyright"], []


def _shortened(line: Line) -> Line:
    """The line without a copyright notice glued to its end."""
    text = without_copyright(line.text)
    return look(text) if text and text != line.text else line


def _without_related(lines: Sequence[Line]) -> list[Line]:
    """The lines without links to related articles: at the end the whole list, in the middle its heading."""
    kept: list[Line] = []
    last_prose = max((n for n, line in enumerate(lines) if line.kind in ("prose", "caption")), default=-1)
    for n, line in enumerate(lines):
        if line.kind != "related":
            kept.append(line)
        elif n > last_prose and kept:
            return kept + [late for late in lines[n:] if late.kind in ("byline", "dateline")]
    return kept


def _stated(kept: list[Kept], title: str | None, raw: Raw, published: str | None) -> list[Kept]:
    """The kept lines, with lines on top for what only the reader knows."""
    head: list[Kept] = []
    if title is not None and not any(item.role == "title" for item in kept):
        head.append(Kept("title", Line(title, "other")))
    if raw.published and published and not any(item.role == "dateline" for item in kept):
        head.append(Kept("dateline", Line(published.replace("T", " "), "dateline")))
    if raw.author and not any(
        item.role in ("byline", "dateline") and raw.author in item.line.text for item in kept
    ):
        head.append(Kept("byline", Line(raw.author, "byline")))
    if not head or head[0].role == "title":
        return head + kept
    at = next((n + 1 for n, item in enumerate(kept) if item.role == "title"), 0)
    while 0 < at < len(kept) and kept[at].role == "subtitle":
        at += 1
    return kept[:at] + head + kept[at:]


def _joined(kept: Sequence[Kept]) -> tuple[str, tuple[Part, ...]]:
    """The text of the kept lines, one a line, and where each one is in it."""
    parts: list[Part] = []
    offset = 0
    for item in kept:
        parts.append(Part(item.role, offset, offset + len(item.line.text)))
        offset += len(item.line.text) + 1
    return "\n".join(item.line.text for item in kept), tuple(parts)


def _norm(text: str) -> str:
    """What two printings of one line share: letters and digits."""
    return re.sub(r"[\W_]+", "", text).lower()


def _same(text: str, other: str | None) -> bool:
    return other is not None and _norm(text) == _norm(other) and _norm(text) != ""
