"""No answer leaves that cites what is not there."""

from dataclasses import replace

import pytest

from bot.check import UncheckedError, checked
from bot.cite import cite
from bot.passages import Pages
from bot.types import Answer


@pytest.fixture
def good(report_pages: Pages) -> Answer:
    page = report_pages.page("forum-report")
    assert page is not None
    line = page.lines[-1]
    return Answer("물음", "물음", "answer", "답 [1]", citations=(cite(1, page, line.start, line.end),))


def test_an_answer_with_a_true_quote_passes_unchanged(good: Answer, report_pages: Pages) -> None:
    assert checked(good, report_pages) is good


def test_an_answer_without_a_citation_is_stopped(good: Answer, report_pages: Pages) -> None:
    with pytest.raises(UncheckedError, match="근거"):
        checked(replace(good, citations=()), report_pages)


@pytest.mark.parametrize(
    "change", [{"quote": "없는 말"}, {"start": 0}, {"end": 3}, {"article": "없는-글"}, {"start": -5}]
)
def test_a_quote_that_is_not_at_its_place_is_stopped(
    good: Answer, report_pages: Pages, change: dict[str, object]
) -> None:
    wrong = replace(good.citations[0], **change)  # type: ignore[arg-type]
    with pytest.raises(UncheckedError):
        checked(replace(good, citations=(*good.citations, wrong)), report_pages)


def test_a_refusal_needs_no_citation(good: Answer, report_pages: Pages) -> None:
    refusal = Answer("물음", "물음", "refusal", "없습니다.", reason="no_evidence")
    assert checked(refusal, report_pages) is refusal
