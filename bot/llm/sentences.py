"""Cut a model's text into sentences while it arrives."""

import re

_NUMBERS = r"\d{1,3}(?:\s*[,、·]\s*(?:근거\s*)?\d{1,3})*"
_CITED = rf"(?:\s*(?:[\[【](?:근거\s*)?{_NUMBERS}[\]】]|\(근거\s*{_NUMBERS}\)))"
# A sentence ends at its mark, with closing quotes and citations behind it, before a blank; or with its line.
_END = re.compile(rf"[.!?…。][\"”'’)]*{_CITED}*(?=\s)|(?<=[\]】])[.!?…。]|\n")
_MARKER = re.compile(_CITED)
_LATE = re.compile(rf"\s*(?:{_CITED})*\s*(?:[\[【(][근거\s\d,、·]*)?$")
_LABEL = re.compile(r"^(?:답변|답|요약|정답|결론)\s*[::]\s*")
_DRESS = re.compile(r"^(?:[-*•·>#]+|\d{1,2}[.)])\s+|\*\*|__|`")
_THINK = re.compile(r"^\s*<think>.*?(?:</think>|$)", re.DOTALL)
LONGEST = 600  # characters of a sentence; a longer one is none


class Cutter:
    """Cuts a text that arrives in pieces; what a model thinks aloud between <think> marks is left out."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, piece: str) -> list[str]:
        """The sentences that this piece completes."""
        self._text += piece
        start = self._text.lstrip()
        if start and (start.startswith("<think>") or "<think>".startswith(start)) and "</think>" not in start:
            return []
        self._text = _THINK.sub("", self._text)
        found = []
        while (end := _first_end(self._text)) is not None:
            found.append(self._text[:end].strip())
            self._text = self._text[end:]
        return [sentence for sentence in found if sentence]

    def end(self) -> str | None:
        """What is left at the end of the text."""
        return _THINK.sub("", self._text).strip() or None


def cited(sentence: str) -> tuple[str, tuple[int, ...]]:
    """A sentence without its markers, and their numbers: 축사를 했습니다 [2]. → 축사를 했습니다. and (2,)"""
    numbers: list[int] = []
    for match in _MARKER.finditer(sentence):
        numbers += [int(number) for number in re.findall(r"\d+", match[0])]
    bare = re.sub(r"\s+([.!?…])", r"\1", _MARKER.sub("", sentence))
    return re.sub(r"\s{2,}", " ", bare).strip(), tuple(dict.fromkeys(numbers))


def undressed(sentence: str) -> str:
    """A sentence without the list sign, the label or the stars of Markdown that some models put around it."""
    return _LABEL.sub("", _DRESS.sub("", sentence)).strip()


def _first_end(text: str) -> int | None:
    """Where the first sentence ends; None while it may go on."""
    for match in _END.finditer(text):
        before, after = text[: match.start() + 1], text[match.end() :]
        if match[0] != "\n" and (_inside_quote(before + match[0][1:]) or _in_number(before, after)):
            continue
        rest = after.lstrip(" ")
        if match[0] != "\n" and (not rest or _LATE.fullmatch(rest)):
            return None  # a citation may still come
        late = re.match(rf"{_CITED}+", after)
        return match.end() + (late.end() if late else 0)
    return len(text) if len(text) > LONGEST else None


def _inside_quote(text: str) -> bool:
    return text.count("“") > text.count("”") or text.count('"') % 2 == 1


def _in_number(before: str, after: str) -> bool:
    """Whether a full stop belongs to a date: 2023. 11. 22."""
    return bool(re.search(r"\d\.$", before)) and bool(re.match(r"\s*\d", after))
