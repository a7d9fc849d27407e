"""How well the check of a model's sentences tells right from wrong: `forum-bot eval grounding CASES`.

A line of CASES is `{"id", "kind", "evidence": […], "published", "sentence", "supported"}`. Reported are the
share of unsupported sentences that are caught and of supported ones that are wrongly dropped, by kind.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.evaluation.data import DataError, read_records
from bot.grounding.check import unsupported
from prompts import say
from vectorstore.kiwi_encoder import KiwiEncoder


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence with its evidence, and whether that supports it."""

    id: str
    kind: str
    evidence: tuple[str, ...]
    published: str | None
    sentence: str
    supported: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check said of a case; `problem` is None where it found nothing."""

    case: Case
    problem: str | None

    @property
    def right(self) -> bool:
        """Whether the check says the same as the case."""
        return (self.problem is None) == self.case.supported


def read_cases(path: Path) -> list[Case]:
    """The cases of a file; raises DataError, which names the line."""
    found = [_case(path, number, record) for number, record in read_records(path)]
    if not found:
        raise DataError("evaluation.no_cases", path=path)
    return found


def _case(path: Path, number: int, record: dict[str, Any]) -> Case:
    texts = (record.get("sentence"), record.get("kind", ""), record.get("id", str(number)))
    evidence, published = record.get("evidence"), record.get("published")
    good = (
        all(isinstance(text, str) for text in texts)
        and bool(record.get("sentence"))
        and isinstance(evidence, list)
        and bool(evidence)
        and all(isinstance(text, str) for text in evidence)
        and isinstance(record.get("supported"), bool)
        and (published is None or isinstance(published, str))
    )
    if not good:
        raise DataError("evaluation.bad_case", path=path, line=number)
    sentence, kind, id = texts
    return Case(
        str(id), str(kind), tuple(evidence or ()), published, str(sentence), bool(record["supported"])
    )


def check_cases(cases: Sequence[Case]) -> list[Checked]:
    """The check's word on every case, in order."""
    encoder = KiwiEncoder()
    found = []
    for case in cases:
        problem = unsupported(case.sentence, case.evidence, case.published, encoder)
        found.append(Checked(case, None if problem is None else f"{problem.kind}: {problem.words}"))
    return found


def rates(found: Sequence[Checked]) -> dict[str, dict[str, float]]:
    """`caught` of the unsupported and `dropped` of the supported, by kind and in all."""
    result: dict[str, dict[str, float]] = {"caught": {}, "dropped": {}}
    for supported, name in ((False, "caught"), (True, "dropped")):
        of = [each for each in found if each.case.supported is supported]
        for kind in ["", *dict.fromkeys(each.case.kind for each in of)]:
            chosen = [each for each in of if not kind or each.case.kind == kind]
            if chosen:
                share = sum(each.problem is not None for each in chosen) / len(chosen)
                result[name][kind or "all"] = share
    return result


def grounding_table(found: Sequence[Checked]) -> Iterator[str]:
    """The wrong ones, and the shares by kind."""
    for each in found:
        if not each.right:
            problem = each.problem or say("evaluation.grounding_missed")
            yield say("evaluation.grounding_wrong", id=each.case.id, kind=each.case.kind, problem=problem,
                      sentence=each.case.sentence)  # fmt: skip
    shares = rates(found)
    for name in ("caught", "dropped"):
        for kind, share in shares[name].items():
            yield f"{100 * share:8.1f} %  {say(f'evaluation.grounding_{name}')} · {kind}"


def grounding_record(found: Sequence[Checked]) -> dict[str, Any]:
    """The figures as JSON-ready data."""
    shares = {
        name: {kind: round(share, 4) for kind, share in of.items()} for name, of in rates(found).items()
    }
    wrong = [{"id": each.case.id, "problem": each.problem} for each in found if not each.right]
    return {"cases": len(found), **shares, "wrong": wrong}
