"""How a server stops: running answers end, nothing new begins, and a second signal ends it at once."""

import http.client
import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from web_bot import LibraryBot
from web_process import Served, served
from web_server import Reply, Site, events

from bot.types import Answer, Event
from bot.web.operation import Operation, StoppingError, Watched
from bot.web.stopping import Stop
from prompts import say

QUESTION = {"question": "관장은 누구인가요?"}  # five words: at a pace of 0.3 s, 1.5 s and more


@contextmanager
def asked(site: Site) -> Iterator[http.client.HTTPResponse]:
    """The open reply to a question, its first byte being there."""
    site.wait_ready()
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    with closing(connection):
        connection.request("POST", "/api/chat", json.dumps(QUESTION), {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            yield response


def told(response: http.client.HTTPResponse) -> list[tuple[str, dict]]:
    return events(Reply(response.status, response.headers, response.read()))


def stopped(running: Served) -> None:
    """Send the signal, and wait until the server refuses connections."""
    running.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", running.site.port)) != 0:
                return
        time.sleep(0.02)
    raise TimeoutError("the server still takes connections")


def test_running_answers_end_whole_while_new_connections_are_refused() -> None:
    with served({"pace": 0.4}, admin_port=0) as running, ExitStack() as stack:
        answers = [stack.enter_context(asked(running.site)) for _ in range(3)]
        time.sleep(0.3)
        stopped(running)
        assert running.admin is not None and running.admin.get("/readyz").status == 503
        assert running.admin.get("/status").json["stopping"] is True
        for answer in answers:
            assert [name for name, _ in told(answer)][-2:] == ["answer", "done"]
        assert running.process.wait(timeout=10) == 0
        assert running.process.stderr is not None and "Traceback" not in running.process.stderr.read()


def test_an_answer_that_takes_too_long_ends_with_one_error_that_says_why() -> None:
    with served({"pace": 1.0}, grace=0.5) as running, asked(running.site) as answer:
        time.sleep(0.3)
        began = time.monotonic()
        stopped(running)
        found = told(answer)
        assert [name for name, _ in found][-2:] == ["error", "done"]
        assert [name for name, _ in found].count("error") == 1
        assert dict(found)["error"] == {"error": say("web.restarting"), "status": 503}
        assert running.process.wait(timeout=10) == 0
        assert time.monotonic() - began < 4


def test_a_second_signal_ends_it_at_once() -> None:
    with served({"pace": 3.0}) as running, asked(running.site):
        stopped(running)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=10) == 0
        assert time.monotonic() - began < 2


def test_an_idle_server_stops_at_once_though_a_page_is_open() -> None:
    with served() as running:
        running.site.wait_ready()
        with closing(http.client.HTTPConnection("127.0.0.1", running.site.port, timeout=10)) as connection:
            connection.request("GET", "/gradio_api/heartbeat/abc123")
            with connection.getresponse() as heartbeat:
                assert heartbeat.status == 200
                began = time.monotonic()
                running.process.send_signal(signal.SIGINT)
                assert running.process.wait(timeout=10) == 0
                assert time.monotonic() - began < 3


def test_a_server_that_stops_while_it_loads_ends_too() -> None:
    with served({"warm_seconds": 20.0}) as running:
        assert running.site.get("/readyz").status == 503
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=10) == 0


def test_a_stopping_bot_is_not_ready_and_its_answers_end_with_the_time() -> None:
    operation = Operation(Stop(grace=0.3))
    bot = Watched(LibraryBot(pace=0.1), operation)
    bot.warm()
    assert bot.ready
    operation.stop.begin()
    assert not bot.ready and operation.stop.begun and not operation.stop.over
    with pytest.raises(StoppingError, match="다시 시작"):
        list(bot.stream(QUESTION["question"], (), lambda: False))
    with pytest.raises(StoppingError):
        list(bot.stream(QUESTION["question"], (), lambda: False))
    assert operation.meters.open == 0


def test_an_answer_within_the_time_is_whole() -> None:
    operation = Operation(Stop(grace=5))
    bot = Watched(LibraryBot(), operation)
    operation.stop.begin()
    found: list[Event] = list(bot.stream(QUESTION["question"], (), lambda: False))
    assert isinstance(found[-1], Answer)
    operation.stop.begin()
    assert operation.stop.over
