"""What a user may say about a text file in its first lines.

    ---
    title: 행사 안내
    publisher: 마을신문
    published: 2024-05-01 09:30
    author: 홍길동
    url: https://…
    id: notice-7
    ---

Simple `key: value` lines, no nesting; keys in English or Korean (제목, 매체, 날짜, 글쓴이, 주소). The block
counts only when the first line is `---`, a second `---` closes it, and every line between is `key: value`
with a known key among them; anything else is text.
"""

import re

_KEYS = {
    "title": "title", "제목": "title",
    "publisher": "publisher", "매체": "publisher", "발행": "publisher", "출처": "publisher",
    "published": "published", "date": "published", "날짜": "published", "게시일": "published",
    "author": "author", "글쓴이": "author", "작성자": "author", "기자": "author",
    "url": "url", "link": "url", "주소": "url",
    "id": "id",
}  # fmt: skip
_MAX_LINES = 40
_PAIR = re.compile(r"([A-Za-z_가-힣][\w가-힣 -]{0,30}?)\s*:\s*(.*)")


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """The known keys of the front matter of `text` (English names), and the text after it."""
    lines = text.lstrip("\n").split("\n")
    if not lines or lines[0].strip() != "---":
        return {}, text
    close = next((n for n, line in enumerate(lines[1:_MAX_LINES], 1) if line.strip() == "---"), None)
    if close is None:
        return {}, text
    found: dict[str, str] = {}
    for line in lines[1:close]:
        pair = _PAIR.fullmatch(line.strip())
        if pair is None and line.strip():
            return {}, text
        if pair is not None and (key := _KEYS.get(pair[1].strip().lower())):
            found[key] = _unquoted(pair[2].strip())
    if not found:
        return {}, text
    return {key: value for key, value in found.items() if value}, "\n".join(lines[close + 1 :])


def _unquoted(value: str) -> str:
    """The value without the quotation marks that YAML writers put around it."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        inner = value[1:-1]
        return inner if value[0] not in inner else value
    return value
