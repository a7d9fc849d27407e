"""Cut a model's text into sentences while it arrives."""

import re

_NUMBERS = r"\d{1,3}(?:\s*[,、·]\s*(?:근거\s*)?\d{1,3})*"
_ONE = rf"(?:[\[【](?:근거\s*)?{_NUMBERS}[\]】]|\(근거\s*{_NUMBERS}\))"
_RUN = rf"{_ONE}(?:[ \t]*(?:[,·、][ \t]*)?{_ONE})*"
# A sentence ends at its mark, with closing quotes and citations behind it, before a blank; or with its line.
_END = re.compile(rf"[.!?…。][\"”'’)]{{0,4}}(?:[ \t]*{_RUN})?(?=\s)|(?<=[\]】])[.!?…。](?![\"”'’)])|\n")
_ALONE = re.compile(rf"\s*{_RUN}(?=[ \t]*\n)")  # on a line of their own
_BEHIND = re.compile(rf"[ \t]*{_RUN}|{_ALONE.pattern}")
_MARKER = re.compile(rf"\s*{_RUN}")
_LATE = re.compile(rf"\s*(?:{_ONE}\s*(?:[,·、]\s*)?)*(?:[\[【(][근거\s\d,、·]*)?")  # what may become one
_DATE = re.compile(r"(?:\d\.\s\d{1,2}|\d{4}\.\d{1,2}\.\d{1,2})\.$")
_ITEM = re.compile(r"\s*(?:[-*•·>#]+\s+)?\d{1,2}\.")
_LABEL = re.compile(r"^(?:답변|답|요약|정답|결론|(?:고친 )?질문)\s*[:：]\s*")
_STARS = re.compile(r"\*\*|__|`")
_DRESS = re.compile(r"^(?:[-*•·>#]+\s+|\d{1,2}[.)]\s+(?!\d{1,2}\.))+")
_THINK = re.compile(r"^\s*<think>.*?(?:</think>|$)", re.DOTALL)
LONGEST = 600  # characters of a sentence; a longer one is none
_AHEAD = 10  # characters after a mark that say whether it is an end


class Cutter:
    """Cuts a text that arrives in pieces; what a model thinks aloud between <think> marks is left out."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, piece: str) -> list[str]:
        """The sentences that this piece completes."""
        self._text = (self._text + piece).lstrip()
        found = []
        while self._spoken() and (end := _first_end(self._text)) is not None:
            found.append(self._text[:end].strip())
            self._text = self._text[end:].lstrip()
        return [sentence for sentence in found if re.search(r"\w", sentence)]

    def end(self) -> str | None:
        """What is left at the end of the text."""
        rest = _THINK.sub("", self._text).strip()
        return rest if re.search(r"\w", rest) else None

    def _spoken(self) -> bool:
        """Leave out a thought at the start; whether it is known that what is there is none."""
        if self._text and "<think>".startswith(self._text[:7]) and "</think>" not in self._text:
            return False
        self._text = _THINK.sub("", self._text)
        return True


def cited(sentence: str) -> tuple[str, tuple[int, ...]]:
    """A sentence without its markers, and their numbers: 축사를 했습니다 [2]. → 축사를 했습니다. and (2,)"""
    numbers: list[int] = []
    for match in _MARKER.finditer(sentence):
        numbers += [int(number) for number in re.findall(r"\d+", match[0])]
    bare = re.sub(r"\s+([.!?…])", r"\1", _MARKER.sub("", sentence))
    return re.sub(r"\s{2,}", " ", bare).strip(), tuple(dict.fromkeys(numbers))


def undressed(sentence: str) -> str:
    """A sentence without the list sign, the label or the stars of Markdown that some models put around it."""
    return _LABEL.sub("", _DRESS.sub("", _STARS.sub("", sentence))).strip()


def _first_end(text: str) -> int | None:
    """Where the first sentence ends; None while it may go on."""
    for match in _END.finditer(text):
        if match.start() >= LONGEST:
            break
        mark, after = match[0], text[match.end() :]
        if mark != "\n" and _inside(text[: match.start() + 1], mark[1:], after):
            continue
        if _LATE.fullmatch(after):
            return None  # a citation may still come
        late = (_ALONE if mark == "\n" else _BEHIND).match(after)
        if mark[-1] in "\"”'’" and not late:
            continue  # “…했다.” 라고 말했습니다
        return match.end() + (late.end() if late else 0)
    return LONGEST if len(text) > LONGEST + _AHEAD else None


def _inside(before: str, closed: str, after: str) -> bool:
    """Whether a mark stands inside a quote or a number, and what was closed or cited behind it."""
    return _inside_quote(before + closed) or (not closed and _in_number(before, after))


def _inside_quote(text: str) -> bool:
    return text.count("“") > text.count("”") or text.count('"') % 2 == 1


def _in_number(before: str, after: str) -> bool:
    """Whether a full stop belongs to a date, 2023. 11. 22. (수), or to the number of a list's item."""
    near = before[-16:]
    if not re.search(r"\d\.$", near):
        return False
    if re.match(r"\s*\d", after) or _ITEM.fullmatch(before):
        return True
    return bool(_DATE.search(near) and re.match(r"\s*(?:[가-힣]|\((?!근거))", after))
