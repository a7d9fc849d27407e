"""Read what to measure with: a folder of passages and questions, or one file of questions.

- folder: `*passages.jsonl` of {"id","title","text"} and `*questions.jsonl` of {"id","question","passage"},
  one of each; without a file of passages the questions are put to the index that is there.
- file: lines of {"id","question","article"} for the index that is there (`article`: an id, a list of ids, or
  null, which leaves the question out), or lines of {"id","question","passage_id","passage"} that bring
  their passages along.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.evaluation.types import Asked, Data, Passage
from prompts import UserError

Record = dict[str, Any]


class DataError(UserError):
    """Data that nothing can be measured with."""


def read_data(path: Path) -> Data:
    """The questions and, where they come along, the passages. Raises DataError, naming file and line."""
    if path.is_dir():
        return _folder(path)
    questions = [(number, record) for number, record in read_records(path)]
    passages = _passages_beside(path, questions)
    return _data(path.name, path, questions, passages or None)


def _folder(folder: Path) -> Data:
    questions = _only(folder, "*questions.jsonl")
    if questions is None:
        raise DataError("evaluation.no_questions_file", folder=folder)
    passages = _only(folder, "*passages.jsonl")
    given = None if passages is None else _passages(passages)
    return _data(folder.resolve().name, questions, list(read_records(questions)), given)


def _only(folder: Path, pattern: str) -> Path | None:
    found = sorted(folder.glob(pattern))
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DataError("evaluation.several_files", folder=folder, names=names)
    return found[0] if found else None


def read_records(path: Path) -> Iterator[tuple[int, Record]]:
    """Every line that is not blank, with its number; raises DataError for one that is no JSON object."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        problem = getattr(exc, "strerror", None) or str(exc)
        raise DataError("evaluation.unreadable", path=path, problem=problem) from exc
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, _record(path, number, line)


def _record(path: Path, number: int, line: str) -> Record:
    try:
        record = json.loads(line)
    except ValueError as exc:
        raise DataError("evaluation.bad_line", path=path, line=number) from exc
    if not isinstance(record, dict):
        raise DataError("evaluation.bad_line", path=path, line=number)
    return record


def _passages(path: Path) -> list[Passage]:
    found: dict[str, Passage] = {}
    for number, record in read_records(path):
        passage = _passage(path, number, record)
        if found.setdefault(passage.id, passage) is not passage:
            raise DataError("evaluation.passage_twice", path=path, passage=passage.id)
    return list(found.values())


def _passage(path: Path, number: int, record: Record) -> Passage:
    id, text = read_text(path, number, record, "id"), read_text(path, number, record, "text")
    title = record.get("title")
    return Passage(id, title if isinstance(title, str) else "", text)


def _passages_beside(path: Path, questions: list[tuple[int, Record]]) -> list[Passage]:
    """The passages that stand in the lines of the questions, each once."""
    found: dict[str, Passage] = {}
    for number, record in questions:
        if "passage_id" in record:
            id, text = (read_text(path, number, record, name) for name in ("passage_id", "passage"))
            if found.setdefault(id, Passage(id, "", text)).text != text:
                raise DataError("evaluation.two_texts", path=path, line=number, passage=id)
    return list(found.values())


def _data(name: str, path: Path, records: list[tuple[int, Record]], passages: list[Passage] | None) -> Data:
    asked = [_asked(path, number, record) for number, record in records]
    kept = tuple(each for each in asked if each.right)
    if not kept:
        raise DataError("evaluation.no_questions", path=path)
    return Data(name, kept, None if passages is None else tuple(passages), len(asked) - len(kept))


def _asked(path: Path, number: int, record: Record) -> Asked:
    question = read_text(path, number, record, "question")
    name = next((name for name in ("passage_id", "passage", "article") if name in record), "article")
    right = record.get(name, ...)
    ids = [] if right is None else [right] if isinstance(right, str) else right
    if not isinstance(ids, list) or not all(isinstance(id, str) and id for id in ids):
        raise DataError("evaluation.no_right", path=path, line=number)
    return Asked(str(record.get("id") or number), question, frozenset(ids))


def read_text(path: Path, number: int, record: Record, name: str) -> str:
    """A field that must be a string with something in it; raises DataError, which names file and line."""
    value = record.get(name)
    if not isinstance(value, str) or not value.strip():
        raise DataError("evaluation.no_field", path=path, line=number, field=name)
    return value
