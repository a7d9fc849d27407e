"""What a model is given: the rules, and the evidence as numbered data, as much of it as it can read.

What a visitor wrote is masked here, and nowhere else is a message for a model made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from bot.masking import masked
from bot.passages import Candidate
from bot.people import speaker_of
from bot.reading import Reading
from bot.types import Turn
from prompts import say
from vectorstore.morphemes import normal_question
from vectorstore.types import Article

MOST = 12  # sentences of evidence, the best and those around the first of them
AROUND = 2  # of the best sentences have their neighbours with them
SUMMED_UP = 40  # sentences of an article that is to be summed up
MARKS = 60  # tokens of the chat template's own marks
TURNS = 4  # messages of the conversation that a follow-up question is read with
TURN = 400  # characters of each
# Marks of our own frame and of chat templates, which evidence must not hold: they become look-alikes.
_MARKS = str.maketrans({"<": "〈", ">": "〉", "[": "［", "]": "］"})


@dataclass(frozen=True, slots=True, eq=False)
class Brief:
    """The messages for one question, and what their numbers mean."""

    messages: Sequence[BaseMessage]
    evidence: Sequence[Candidate]
    """The sentence of number n at n - 1."""
    found: int
    """How many sentences there were before the least relevant were cut."""


def brief(reading: Reading, room: int, count: Callable[[str], int]) -> Brief:
    """The prompt within `room` tokens, as `count` counts them."""
    summed = reading.question.type == "summary"
    chosen = _whole(reading) if summed else _best(reading)
    system = say("llm.system", no_answer=say("llm.no_answer"))
    asked = _harmless(masked(normal_question(reading.question.text)))
    frame = system + say("llm.summary" if summed else "llm.answer", evidence="", question=asked)
    kept = _fitting(chosen, room - MARKS - count(frame), count)
    shown = _in_order(kept)
    text = say("llm.summary" if summed else "llm.answer", evidence=_listed(shown), question=asked).strip()
    messages = [SystemMessage(system.strip()), HumanMessage(text)]
    return Brief(messages, shown, len(chosen))


def condensing(question: str, history: Sequence[Turn]) -> list[BaseMessage]:
    """The prompt that makes a follow-up question stand alone."""
    told = [say(f"llm.turn_{turn.role}", text=_said(turn)) for turn in history[-TURNS:]]
    text = say("llm.condense", history="\n".join(told), question=_harmless(masked(question)))
    return [SystemMessage(say("llm.condense_system").strip()), HumanMessage(text.strip())]


def _said(turn: Turn) -> str:
    """The beginning of a turn; masked as a whole first, as half a number would not be known for one."""
    return _harmless(masked(turn.text)[:TURN])


def _best(reading: Reading) -> list[Candidate]:
    """The best sentences with the neighbours of the first of them, the most relevant first."""
    chosen: dict[tuple[str, int], Candidate] = {}
    for rank, item in enumerate(reading.ranked[:MOST]):
        page, place = item.candidate.page, item.candidate.place
        for near in (place, place - 1, place + 1) if rank < AROUND else (place,):
            if 0 <= near < len(page.lines) and len(chosen) < MOST and not page.lines[near].hidden:
                chosen.setdefault((page.article.id, near), Candidate(page, near, item.candidate.retrieved))
    return list(chosen.values())


def _whole(reading: Reading) -> list[Candidate]:
    """The best article from its beginning."""
    page = reading.page
    body = [place for place, line in enumerate(page.lines) if line.role == "body" and not line.hidden]
    return [Candidate(page, place, 1.0) for place in body[:SUMMED_UP]]


def _fitting(chosen: Sequence[Candidate], room: int, count: Callable[[str], int]) -> list[Candidate]:
    """As many as fit, from the most relevant on; at least one, cut by the server rather than by us."""
    kept: list[Candidate] = []
    headed: set[str] = set()
    for candidate in chosen:
        article = candidate.page.article
        room -= count(_line(len(chosen), candidate) + "\n")
        room -= 0 if article.id in headed else count(_heading(article) + "\n")
        if kept and room < 0:
            break
        kept.append(candidate)
        headed.add(article.id)
    return kept


def _in_order(chosen: Sequence[Candidate]) -> list[Candidate]:
    """By article, the best first, and within it as it is written."""
    ids = list(dict.fromkeys(candidate.page.article.id for candidate in chosen))
    return sorted(chosen, key=lambda one: (ids.index(one.page.article.id), one.place))


def _listed(shown: Sequence[Candidate]) -> str:
    lines = []
    numbered = list(enumerate(shown, 1))
    for _, group in groupby(numbered, key=lambda pair: pair[1].page.article.id):
        members = list(group)
        lines.append(_heading(members[0][1].page.article))
        lines += [_line(number, candidate) for number, candidate in members]
    return "\n".join(lines)


def _heading(article: Article) -> str:
    published = article.published_date or say("store.no_date")
    return say("llm.evidence_article", title=_harmless(article.title), published=published)


def _line(number: int, candidate: Candidate) -> str:
    text = _harmless(candidate.line.text)
    if candidate.line.role != "body":
        label = say(f"web.role_{candidate.line.role}")
        return say("llm.evidence_labelled", number=number, label=label, text=text)
    speaker = speaker_of(candidate)
    if speaker is None or speaker.name in candidate.line.text:
        return say("llm.evidence_line", number=number, text=text)
    label = say("llm.said_by", who=_harmless(speaker.full))
    return say("llm.evidence_labelled", number=number, label=label, text=text)


def _harmless(text: str) -> str:
    """A text on one line that cannot close the evidence, carry a number of its own or a template's mark."""
    return " ".join(text.translate(_MARKS).split())
