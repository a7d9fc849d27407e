"""Markdown to the text that a reader sees: marks, comments and pictures go, words stay; one line each."""

import re

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]\n]{0,500}\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,200}\])")
_LINK = re.compile(r"\[([^\]\n]{1,500})\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,200}\])")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]\n]{1,200}\]:\s*\S+.*$", re.MULTILINE)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^\s<>]{1,2000})>")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,500}>")
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.{1,500}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^*_\n]{1,500}?)(?<=\S)\1(?![\w*])")
_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(?=\S)")
_QUOTE = re.compile(r"^\s{0,3}(?:>\s?)+")
_LONG = 1000  # characters; a longer line is no rule
_RULE = re.compile(r"^\s{0,3}(?:[-*_=]\s*){3,}$")
_FENCE = re.compile(r"^\s{0,3}(?:```|~~~)")
_TABLE_RULE = re.compile(r"^\s*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?)?\s*$")


def plain(text: str) -> tuple[str | None, str]:
    """The title (the first `#` heading, if any) and the text without Markdown's marks."""
    text = _LINK.sub(r"\1", _IMAGE.sub("", _REFERENCE.sub("", _COMMENT.sub("", text))))
    title: str | None = None
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
            continue
        if fenced:
            lines.append(line)
            continue
        heading = _HEADING.match(line)
        bare = _inline(_heading(line[heading.end() :]) if heading else _QUOTE.sub("", line))
        if heading and len(heading[1]) == 1 and title is None and bare:
            title = bare
        if len(line) > _LONG or not (_RULE.match(line) or _TABLE_RULE.match(line)):
            lines.append(bare)
    return title, "\n".join(lines)


def _heading(text: str) -> str:
    """A heading without the # signs that may close it."""
    text = text.rstrip()
    bare = text.rstrip("#")
    return bare.rstrip() if bare != text and bare.endswith(" ") else text


def _inline(line: str) -> str:
    line = _TAG.sub("", _AUTOLINK.sub(r"\1", line))
    line = _EMPHASIS.sub(r"\2", _BOLD.sub(r"\2", line))
    return re.sub(r"\\([\\`*_{}\[\]()#+\-.!>~|])", r"\1", line.replace("`", "")).strip()
