"""The server's numbers as Prometheus reads them: no question, no address, no label that a visitor chooses."""

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from bot.types import State
from bot.web.operation import BUCKETS, Operation

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(operation: Operation, state: Callable[[], State | None]) -> Callable[[], bytes]:
    """What gives the text of `/metrics` as of now. Raises ImportError without prometheus-client."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(namespace="", registry=registry)
    registry.register(_Collector(operation, state))
    return lambda: generate_latest(registry)


class _Collector:
    """Reads everything anew for each scrape."""

    def __init__(self, operation: Operation, state: Callable[[], State | None]) -> None:
        self._operation = operation
        self._state = state

    def collect(self) -> Iterator[Any]:
        """Every metric of ours."""
        yield self._questions()
        yield self._latency()
        yield self._responses()
        yield from self._gauges()

    def describe(self) -> list[Any]:
        """No names in advance, so that registering reads nothing."""
        return []

    def _questions(self) -> Any:
        from prometheus_client.core import CounterMetricFamily

        labels = ("kind", "reason", "fallback")
        made = CounterMetricFamily("forum_bot_questions", "Questions by how they ended.", labels=labels)
        for how, number in self._operation.meters.ended().items():
            made.add_metric([how.kind, how.reason, how.fallback], number)
        return made

    def _latency(self) -> Any:
        from prometheus_client.core import HistogramMetricFamily

        within, seconds = self._operation.meters.latency()
        bounds = [*(f"{bound:g}" for bound in BUCKETS), "+Inf"]
        made = HistogramMetricFamily("forum_bot_answer_seconds", "Seconds until an answer was whole.")
        made.add_metric([], buckets=list(zip(bounds, accumulate(within), strict=True)), sum_value=seconds)
        return made

    def _responses(self) -> Any:
        from prometheus_client.core import CounterMetricFamily

        made = CounterMetricFamily(
            "forum_bot_http_responses", "Answered requests by route and status.", labels=("route", "status")
        )
        for (route, status), number in self._operation.traffic.ended().items():
            made.add_metric([route, str(status)], number)
        return made

    def _gauges(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        meters, state = self._operation.meters, self._state()
        yield GaugeMetricFamily("forum_bot_open_chats", "Answers that are being made.", meters.open)
        yield GaugeMetricFamily("forum_bot_waiting_chats", "Questions that wait in line.", meters.waiting)
        yield GaugeMetricFamily("forum_bot_open_requests", "Requests that run.", self._operation.traffic.busy)
        if state is not None:
            yield GaugeMetricFamily("forum_bot_articles", "Articles of the index.", state.articles)
            yield GaugeMetricFamily(
                "forum_bot_model_waiting", "Questions that wait for the language model.", state.waiting
            )
            yield GaugeMetricFamily(
                "forum_bot_breaker_open", "1 while the language model is left alone.", int(state.breaker_open)
            )
