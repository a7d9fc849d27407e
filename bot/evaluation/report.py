"""A report as a table for people and as JSON for machines."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bot.evaluation.answers import Answers
from bot.evaluation.types import Report, Run
from prompts import say

MAX_SHOWN = 160  # characters of a wrong answer in the table
COLUMNS = {
    "recall_1": "R@1",
    "recall_5": "R@5",
    "recall_10": "R@10",
    "mrr_10": "MRR@10",
    "ndcg_10": "nDCG@10",
}


def table(report: Report) -> Iterator[str]:
    """The lines of the table; numbers first, as Hangul has no one width in terminals."""
    yield say(
        "evaluation.heading", data=report.data, passages=f"{report.passages:,}",
        questions=f"{report.questions:,}", encoder=report.encoder,
    )  # fmt: skip
    if report.skipped:
        yield say("evaluation.skipped", count=report.skipped)
    yield "".join(f"{name:>9}" for name in COLUMNS.values()) + "  " + say("evaluation.retriever")
    for run in report.runs:
        yield _line(run)
    if report.noise:
        yield ""
        yield say("evaluation.noise_heading", count=report.noise_questions)
        yield f"{'R@10':>9}{say('evaluation.fall'):>7}"
    for noisy in report.noise:
        name = say(f"evaluation.retriever_{noisy.retriever}")
        yield f"{noisy.recall_10:9.3f}{noisy.fall:9.1f}  {name} · {say(f'evaluation.noise_{noisy.noise}')}"


def _line(run: Run) -> str:
    name = say(f"evaluation.retriever_{run.retriever}")
    if run.measures is None:
        empty = "".join(f"{'-':>9}" for _ in COLUMNS)
        return f"{empty}  {say('evaluation.not_measured', name=name, reason=run.reason)}"
    numbers = "".join(f"{getattr(run.measures, column):9.3f}" for column in COLUMNS)
    return f"{numbers}  {name}"


def answer_table(found: Answers) -> Iterator[str]:
    """The lines of the table of answers: what failed, each category, and the whole."""
    for each in found.judged:
        if each.problems:
            yield say(
                "evaluation.failed", id=each.id, category=each.category, question=each.question,
                problems="; ".join(each.problems),
            )  # fmt: skip
            yield say("evaluation.failed_answer", answer=" ".join(each.answer.split())[:MAX_SHOWN])
    yield f"{'n':>6}{'%':>8}{'CRAG':>8}  {found.data}"
    for name, one in (*found.categories.items(), (say("evaluation.all"), found.whole)):
        yield f"{one.questions:6}{100 * one.right:8.1f}{one.crag:8.2f}  {name}"
    whole = found.whole
    shares = (whole.refusal_precision, whole.refusal_recall, whole.over_refusal)
    shown = ["-" if share is None else f"{100 * share:.1f} %" for share in shares]
    yield say("evaluation.refusals", precision=shown[0], recall=shown[1], over=shown[2])
    yield say("evaluation.latency", p50=f"{found.p50_ms:.0f}", p95=f"{found.p95_ms:.0f}")


def record(report: Report | Answers) -> dict[str, Any]:
    """The report as JSON-ready data, rounded to what its questions can tell."""
    rounded: dict[str, Any] = _rounded(asdict(report))
    return rounded


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value
