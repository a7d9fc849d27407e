"""A report as a picture: bars in an SVG that needs nothing but a font with Hangul."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from bot.evaluation.answers import Answers
from bot.evaluation.types import Report
from prompts import say

WIDTH, LABEL, ROW, GAP, HEAD = 760, 210, 16, 14, 64  # pixels
COLOURS = ("#1d4ed8", "#60a5fa", "#0f766e")  # contrast of 3:1 and more with white, but for the lightest
FONTS = "Pretendard, 'Noto Sans KR', 'Noto Sans CJK KR', 'Malgun Gothic', sans-serif"
NUMBER = 60  # pixels kept for the number after the longest bar


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: a bar for each value, 0 to 1; a note in place of values where there are none."""

    label: str
    values: tuple[float, ...] = ()
    note: str = ""
    shown: tuple[str, ...] = ()
    """The numbers as they are written; the values themselves where there are none."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: its title, what the bars of a row stand for, its rows."""

    title: str
    series: tuple[str, ...]
    bars: tuple[Bar, ...]


def panels(report: Report) -> list[Panel]:
    """The charts of a report: the retrievers, and the hybrid search under noise where it was measured."""
    bars = tuple(
        Bar(say(f"evaluation.retriever_{run.retriever}"), note=say("evaluation.picture_missing"))
        if run.measures is None
        else Bar(
            say(f"evaluation.retriever_{run.retriever}"), (run.measures.recall_1, run.measures.recall_10)
        )
        for run in report.runs
    )
    title = say(
        "evaluation.picture_title", data=report.data, passages=report.passages, questions=report.questions
    )
    found = [Panel(title, ("R@1", "R@10"), bars)]
    noise = tuple(
        Bar(say(f"evaluation.noise_{run.noise}"), (run.recall_10,))
        for run in report.noise
        if run.retriever == "hybrid"
    )
    if noise:
        found.append(Panel(say("evaluation.picture_noise", count=report.noise_questions), ("R@10",), noise))
    return found


def answer_panels(found: Answers) -> list[Panel]:
    """The chart of a measurement of answers: the share of right ones by category, and of all."""
    rows = (*found.categories.items(), (say("evaluation.all"), found.whole))
    bars = tuple(Bar(f"{name} ({one.questions})", (one.right,)) for name, one in rows)
    title = say("evaluation.picture_answers", data=found.data, questions=found.whole.questions)
    return [Panel(title, (say("evaluation.right"),), bars)]


def draw(charts: Sequence[Panel]) -> str:
    """The charts below one another, as the text of an SVG file."""
    body, top = [], 0
    for chart in charts:
        body += list(_chart(chart, top))
        top += _height(chart)
    size = f'viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}"'
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" {size}'
    style = f'font-family="{FONTS}" font-size="13" fill="#111827"'
    white = f'<rect width="{WIDTH}" height="{top}" fill="#fff"/>'
    return "\n".join([f"{frame} {style}>", white, *body, "</svg>\n"])


def _height(chart: Panel) -> int:
    return HEAD + GAP + sum(_row_height(chart) for _ in chart.bars)


def _row_height(chart: Panel) -> int:
    return ROW * max(len(chart.series), 1) + GAP


def _chart(chart: Panel, top: int) -> Iterator[str]:
    yield _text(16, top + 26, chart.title, 'font-size="15" font-weight="bold"')
    for number, name in enumerate(chart.series):
        left = LABEL + 90 * number
        yield f'<rect x="{left}" y="{top + 41}" width="11" height="11" fill="{COLOURS[number]}"/>'
        yield _text(left + 17, top + 51, name)
    for place, bar in enumerate(chart.bars):
        yield from _bar(bar, top + HEAD + place * _row_height(chart), _row_height(chart))


def _bar(bar: Bar, top: int, height: int) -> Iterator[str]:
    yield _text(LABEL - 10, top + (height - GAP) / 2 + 5, bar.label, 'text-anchor="end"')
    if bar.note:
        yield _text(LABEL + 4, top + (height - GAP) / 2 + 5, bar.note, 'fill="#4b5563"')
    for number, value in enumerate(bar.values):
        width = value * (WIDTH - LABEL - NUMBER)
        y = top + number * ROW
        yield f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{ROW - 2}" fill="{COLOURS[number]}"/>'
        shown = bar.shown[number] if bar.shown else f"{value:.3f}"
        yield _text(LABEL + width + 6, y + 11.5, shown, 'font-size="12"')


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(text)}</text>'
