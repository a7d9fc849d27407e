"""Make a follow-up question stand alone by the model, where it leans on the turns before; else offline."""

import logging
import re
from collections.abc import Sequence

from bot.conversation import leans, stand_alone
from bot.grounding.check import foreign
from bot.llm.calls import Model
from bot.llm.failures import ModelError
from bot.llm.prompt import condensing
from bot.llm.sentences import undressed
from bot.triage import triage
from bot.types import Turn
from vectorstore.morphemes import normal_question

SECONDS = 6.0  # for the condensed question; then the offline one is taken
LONGEST = 300  # characters
_NUMBER = re.compile(r"\d+")
logger = logging.getLogger(__name__)


class Condenser:
    """Understands follow-up questions. One call of the model for those, none for others."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def __call__(self, question: str, history: Sequence[Turn]) -> str:
        """The question as it reads without its history."""
        offline = stand_alone(question, history)
        if not leans(question, history) or triage(question) is not None:
            return offline
        try:
            text = self._model.short(condensing(question, history), SECONDS)
        except ModelError as exc:
            logger.info("a follow-up question was understood without the model: %s", exc.kind)
            return offline
        return _usable(text, question, history) or offline


def _usable(text: str, question: str, history: Sequence[Turn]) -> str | None:
    """The model's question, where it is one and brings in nothing that was not said."""
    lines = [undressed(line.strip()).strip(" \"'“”‘’") for line in text.splitlines() if line.strip()]
    if len(lines) != 1 or len(lines[0]) > LONGEST:
        return None
    said = [question, *(turn.text for turn in history)]
    new = set(_NUMBER.findall(lines[0])) - set(_NUMBER.findall(" ".join(said)))  # of a date too
    return None if new or foreign(lines[0], said) else normal_question(lines[0])
