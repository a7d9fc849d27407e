"""Answer a file of questions, one answer a line, in order."""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.bot import Bot, QuestionError
from bot.types import Answer, Turn
from prompts import UserError


def answer_batch(bot: Bot, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One contract answer for each `{"id", "question", "history"}`; a bad question gets a refusal.

    Raises UserError for a history that is not a list of [role, text].
    """
    for line, record in enumerate(records, 1):
        question = record["question"]
        try:
            answer = bot.answer(question, read_history(record.get("history"), line))
        except QuestionError as error:
            answer = Answer(question, question, "refusal", str(error), reason="unclear")
        yield answer.to_json(record.get("id"))


def read_history(history: Any, line: int) -> list[Turn]:
    """[["user", "…"], ["assistant", "…"]] as turns."""
    turns = []
    if not isinstance(history or [], list):
        raise UserError("cli.history_bad", line=line)
    for entry in history or []:
        match entry:
            case ["user" | "assistant" as role, str(text)]:
                turns.append(Turn(role, text))
            case _:
                raise UserError("cli.history_bad", line=line)
    return turns
