"""A model's answer as it grows: each sentence is checked against what it cites before anybody sees it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.cite import MAX_QUOTE, cite
from bot.grounding.check import unsupported
from bot.llm.failures import ModelError
from bot.llm.sentences import cited, undressed
from bot.passages import Candidate
from bot.people import speaker_of
from bot.reader.model import read as read_spans
from bot.reader.spans import clean_answer
from bot.reading import Reading, quote_around
from bot.types import Answer, Citation
from prompts import say
from vectorstore.kiwi_encoder import KiwiEncoder

MAX_CHARS = 400  # of an answer, as of the extractive one
MAX_CITED, MAX_SUMMED_UP = 3, 6  # quotes of an answer and of a summary, by contract
PART = MAX_QUOTE - 30  # characters of a long sentence that choose its quote; the rest lets it end at words
FORGIVEN = 1  # sentences at the start without a citation, as 네, 알려 드리겠습니다.
_NOTHING = re.compile(
    r"(?:찾|답)(?:지 못|을 수 없|할 수 없)|답변(?:할 수 없|드릴 수 없|이 없)|나(?:와 있|오|타나 있|타나)지 않|알 수 (?:는 )?없"
    r"|확인(?:할 수 없|되지 않|이 (?:어렵|불가))|언급(?:되지|되어 있지|하지) 않|언급이 없|(?:정보|내용|언급|근거)[가이는은] (?:없|부족)|적혀 있지 않|(?:포함|명시|제공|기재|제시)되(?:어 있)?지 않"
    r"|(?:근거|기사|자료|본문|글|문서)(?:에는?|에서는?) 없|(?:찾을|알|판단할|답변?을? ?드릴) 수(?:가|는|도)? 없|(?:정보|내용)[이가] 충분하지 않"
    r"|(?:정보|내용)[를을] 제공하지 않|(?:글|기사|근거|자료)에서는? 다루지 않|(?:답하|답변(?:하|드리)|확인하|판단하)기(?:가|는)? (?:어렵|힘들)"
)
_NO_WORDS = re.compile(r"(?:근거|출처|참고)?\W*")  # a line of nothing but markers
_SOURCE = re.compile(r"근거|기사|자료|본문|문서|제공된|주어진|위 (?:글|내용)")


@dataclass(frozen=True, slots=True)
class Kept:
    """A sentence that may be shown, with its markers, and all quotes cited so far."""

    text: str
    citations: tuple[Citation, ...]


class Draft:
    """The sentences of one answer that were kept."""

    def __init__(self, reading: Reading, evidence: Sequence[Candidate], encoder: KiwiEncoder) -> None:
        self._reading = reading
        self._evidence = evidence
        self._encoder = encoder
        self._most = MAX_SUMMED_UP if reading.question.type == "summary" else MAX_CITED
        self._cited: dict[int, Citation] = {}
        self._kept: list[str] = []
        self._said: set[str] = set()
        self._goes_in_circles = False
        self._uncited = self._unfit = 0
        self.dropped = 0
        """Sentences that the evidence did not bear out."""
        self.nothing_found = False
        """Whether the model said that the evidence does not answer the question."""

    def add(self, sentence: str) -> Kept | None:
        """The sentence as it may be shown, or None for one that is left out.

        Raises ModelError as soon as the answer as a whole cannot be used.
        """
        bare, numbers = cited(undressed(sentence))
        if self.nothing_found or _NO_WORDS.fullmatch(bare):
            return None
        if bare in self._said:
            self._goes_in_circles = True
            return None
        if _says_nothing(bare, numbers):
            self.nothing_found = not self._kept
            return None
        if not numbers:
            self._uncited += 1
            if not self._kept and self._uncited > FORGIVEN:
                raise ModelError("uncited")
            return None
        if not self._bears_out(bare, numbers):
            self.dropped += 1
            if self.dropped > len(self._kept):
                raise ModelError("unsupported")
            return None
        return self._keep(bare, numbers)

    @property
    def shown(self) -> bool:
        """Whether a sentence was kept."""
        return bool(self._kept)

    @property
    def full(self) -> bool:
        """Whether nothing more is wanted of the model."""
        return self.nothing_found or self._goes_in_circles or sum(map(len, self._kept)) >= MAX_CHARS

    def answer(self, model: str) -> Answer:
        """The whole answer, or that nothing was found. Raises ModelError where nothing is left of it."""
        reading = self._reading
        if not self._kept and self.nothing_found:
            text = say("answer.no_evidence")
            return Answer(
                reading.asked, reading.question.text, "refusal", text,
                reason="no_evidence", mode="generative", model=model,
            )  # fmt: skip
        if not self._kept:
            raise ModelError("uncited" if self._uncited else "unsupported" if self._unfit else "empty")
        text = " ".join(self._kept)
        citations = tuple(self._cited.values())
        return Answer(
            reading.asked, reading.question.text, "answer", text, short=self._short(text),
            citations=citations, mode="generative", model=model,
        )  # fmt: skip

    def _bears_out(self, bare: str, numbers: Sequence[int]) -> bool:
        if any(not 1 <= number <= len(self._evidence) for number in numbers):
            return False
        lines = [self._evidence[number - 1] for number in numbers]
        published = lines[0].page.article.published
        return unsupported(bare, [_told(line) for line in lines], published, self._encoder) is None

    def _keep(self, bare: str, numbers: Sequence[int]) -> Kept | None:
        new = [number for number in numbers if number not in self._cited]
        markers = {number: at for at, number in enumerate((*self._cited, *new), 1)}
        text = f"{bare} {''.join(say('llm.marker', number=markers[number]) for number in numbers)}"
        if len(markers) > self._most or len(" ".join([*self._kept, text])) > MAX_CHARS:
            self._unfit += 1
            return None
        for number in new:
            self._cited[number] = self._citation(markers[number], self._evidence[number - 1], bare)
        self._kept.append(text)
        self._said.add(bare)
        return Kept(self._kept[-1], tuple(self._cited.values()))

    def _citation(self, marker: int, candidate: Candidate, sentence: str) -> Citation:
        """The evidence's own words: the sentence, or of a long one the part around the words in common."""
        line = candidate.line
        if len(line.text) <= MAX_QUOTE:
            return cite(marker, candidate.page, line.start, line.end)
        shared = [m for m in line.morphemes if len(m.form) > 1 and m.tag[0] in "NS" and m.form in sentence]
        parts = [[m for m in shared if one.start <= m.start and m.end <= one.start + PART] for one in shared]
        part = max(parts, key=lambda part: len({m.form for m in part}), default=[])
        first, last = (part[0].start, part[-1].end) if part else (0, 0)
        return cite(marker, candidate.page, *quote_around(line, first, last))

    def _short(self, text: str) -> str | None:
        """The reader's likeliest answer in a cited sentence, where the model's answer has it too."""
        places = {
            (self._evidence[number - 1].page.article.id, self._evidence[number - 1].place)
            for number in self._cited
        }
        lines = [
            item
            for item in self._reading.ranked
            if (item.candidate.page.article.id, item.candidate.place) in places
        ]
        for found in read_spans(self._reading.words, lines):
            span = clean_answer(found.candidate.line.text[found.span.start : found.span.end])
            if span in text:
                return span or None
        return None


def _says_nothing(bare: str, numbers: Sequence[int]) -> bool:
    """Whether a sentence says that the evidence holds no answer, as models do in many words."""
    return bool(_NOTHING.search(bare)) and (not numbers or bool(_SOURCE.search(bare)))


def _told(candidate: Candidate) -> str:
    """A cited sentence with what its reader knows: who says it, and the title above it."""
    speaker = speaker_of(candidate)
    who = f"{speaker.full}: " if speaker is not None and speaker.name not in candidate.line.text else ""
    return f"{candidate.page.article.title}\n{who}{candidate.line.text}"
