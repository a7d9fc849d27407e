"""`forum-bot report`: what was asked and how it was answered, in numbers; no question and no visitor."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.counts import DAYS, QUESTIONS, RATINGS, Count, read_counts
from bot.settings import BotSettings
from prompts import UserError, say
from vectorstore.catalog import Catalog
from vectorstore.generations import current_generation
from vectorstore.takedowns import effective

MOST_SHOWN = 10  # articles


class ReportError(UserError):
    """A number of days that there cannot be."""


def run(settings: BotSettings, days: int, as_json: bool, today: date | None = None) -> Iterator[str]:
    """The lines to print for the last `days` days. Raises ReportError, LedgerError."""
    if not 1 <= days <= DAYS:
        raise ReportError("report.bad_days", found=days, limit=DAYS)
    last = today or date.today()
    first = last - timedelta(days=days - 1)
    report = summed(read_counts(settings.counts_file, first, last), first, last)
    titles = _titles(settings.store, [one["article"] for one in report["cited"]])
    for one in report["cited"]:
        one["title"] = titles.get(one["article"])
    yield from [json.dumps(report, ensure_ascii=False)] if as_json else _lines(report)


def summed(counts: Sequence[Count], first: date, last: date) -> dict[str, Any]:
    """The report as it is printed as JSON."""
    days: dict[str, Counter[str]] = {}
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in counts:
        sums[one.what][one.which] += one.number
        if one.what in QUESTIONS:
            days.setdefault(one.day, Counter())[one.what] += one.number
    totals = {what: sums[what].total() for what in QUESTIONS}
    return {
        "first": first.isoformat(),
        "last": last.isoformat(),
        "questions": sum(totals.values()),
        "by_kind": totals,
        "by_day": [{"day": day, **{what: found[what] for what in QUESTIONS}} for day, found in days.items()],
        "refusals": _ordered(sums["refusal"]),
        "fallbacks": _ordered(sums["fallback"]),
        "up": sums["up"].total(),
        "down": sums["down"].total(),
        "down_reasons": _ordered(sums["down"]),
        "cited": [
            {"article": article, "answers": number}
            for article, number in list(_ordered(sums["cited"]).items())[:MOST_SHOWN]
        ],
    }


def _ordered(counter: Counter[str]) -> dict[str, int]:
    """The most frequent first."""
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def _titles(store: Path, articles: Sequence[str]) -> dict[str, str]:
    """The titles of articles that the index still holds and shows; none where there is no index."""
    if not articles:
        return {}
    try:
        down = {entry.what for entry in effective(store) if entry.kind == "article"}
        catalog = Catalog(current_generation(store) / "articles")
    except UserError:
        return {}  # a report of numbers needs no index
    try:
        found = ((id, catalog.article(id)) for id in articles if id not in down)
        return {id: article.title for id, article in found if article is not None}
    finally:
        catalog.close()


def _lines(report: dict[str, Any]) -> Iterator[str]:
    yield say("report.span", first=report["first"], last=report["last"])
    if not report["questions"]:
        yield say("report.none")
    else:
        yield say("report.total", questions=report["questions"], **report["by_kind"])
    for day in report["by_day"]:
        kinds = {what: day[what] for what in QUESTIONS}
        yield say("report.day", day=day["day"], questions=sum(kinds.values()), **kinds)
    yield from _listed("refusals", {_reason(which): n for which, n in report["refusals"].items()})
    yield from _listed("fallbacks", {_why(which): n for which, n in report["fallbacks"].items()})
    if report["up"] or report["down"]:
        yield say("report.ratings", up=report["up"], down=report["down"])
        reasons = {_rating(which): n for which, n in report["down_reasons"].items() if which}
        yield from _listed("down_reasons", reasons)
    if report["cited"]:
        yield say("report.cited")
    for one in report["cited"]:
        yield say("report.cited_line", title=one["title"] or one["article"], number=one["answers"])


def _listed(name: str, found: dict[str, int]) -> Iterator[str]:
    if found:
        yield say(f"report.{name}")
        for which, number in found.items():
            yield say("report.line", which=which, number=number)


def _reason(which: str) -> str:
    known = ("no_evidence", "out_of_scope", "unsafe", "unclear")
    return say(f"report.reason_{which}") if which in known else which or say("report.reason_unknown")


def _rating(which: str) -> str:
    return say(f"report.rating_{which}") if which in RATINGS else which


def _why(which: str) -> str:
    return say("report.fallback_other") if which == "other" else say(f"llm.why_{which}")
