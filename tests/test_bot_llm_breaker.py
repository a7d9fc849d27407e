"""The breaker opens after five failures of a server, looks for its return, and keeps to Retry-After."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from bot.llm import breaker as module
from bot.llm.breaker import OPENS_AFTER, Breaker
from bot.llm.failures import Kind, ModelError

PROBE_S = 0.03
WAIT_S = 10.0  # seconds; no test waits so long


class Server:
    """Answers each look with the next of the given errors, and then well."""

    def __init__(self, *errors: ModelError) -> None:
        self.errors = list(errors)
        self.looks: list[float] = []

    async def probe(self) -> None:
        self.looks.append(time.monotonic())
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROBE_S", PROBE_S)
    monkeypatch.setattr(module, "REFUSED_S", 8 * PROBE_S)


def run(scene: Callable[[Breaker, Server], Awaitable[None]], *errors: ModelError) -> Server:
    """Play a scene with a breaker before a server whose first looks fail with these errors."""
    server = Server(*errors)

    async def played() -> None:
        breaker = Breaker(server.probe)
        try:
            await scene(breaker, server)
        finally:
            await breaker.close()

    asyncio.run(played())
    return server


def fail(breaker: Breaker, times: int = OPENS_AFTER, kind: Kind = "unreachable") -> None:
    for _ in range(times):
        breaker.failed(ModelError(kind))


async def closed(breaker: Breaker) -> float:
    """The seconds until the breaker is closed."""
    began = time.monotonic()
    while breaker.open:
        assert time.monotonic() - began < WAIT_S
        await asyncio.sleep(0.002)
    return time.monotonic() - began


def resting(breaker: Breaker) -> bool:
    """Whether a call is turned away."""
    try:
        breaker.check()
    except ModelError as exc:
        assert exc.kind == "resting"
        return True
    return False


def test_it_opens_with_the_fifth_failure_in_a_row() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        fail(breaker, 4)
        assert not breaker.open and not resting(breaker)
        fail(breaker, 1)
        assert breaker.open and resting(breaker)

    assert OPENS_AFTER == 5
    assert run(scene).looks == []


def test_a_good_call_in_between_starts_the_count_again() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        for _ in range(3):
            fail(breaker, 4)
            breaker.succeeded()
        assert not resting(breaker)

    run(scene)


@pytest.mark.parametrize(
    "kind",
    ["unreachable", "refused_key", "no_model", "too_many", "server", "request", "garbage", "cut", "empty",
     "slow_start", "stalled", "memory"],
)  # fmt: skip
def test_every_failure_of_a_server_counts(kind: Kind) -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        fail(breaker, kind=kind)
        assert resting(breaker)

    run(scene)


@pytest.mark.parametrize("kind", ["unsupported", "uncited", "long", "full", "resting", "loading"])
def test_what_is_no_failure_of_the_server_does_not_count(kind: Kind) -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        fail(breaker, 20, kind)
        assert not resting(breaker)
        fail(breaker, 4)
        assert not resting(breaker)

    run(scene)


def test_an_unsupported_answer_between_two_failures_does_not_hide_them() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        for _ in range(5):
            fail(breaker, 1)
            fail(breaker, 1, "unsupported")
        assert resting(breaker)

    run(scene)


def test_a_look_that_succeeds_closes_it() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        fail(breaker)
        assert await closed(breaker) >= PROBE_S * 0.9
        fail(breaker, 4)
        assert not resting(breaker)

    assert len(run(scene).looks) == 1


def test_a_look_that_fails_is_followed_by_another() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        fail(breaker)
        assert await closed(breaker) >= 3 * PROBE_S * 0.9

    looks = run(scene, ModelError("unreachable"), ModelError("server")).looks
    assert len(looks) == 3
    assert min(b - a for a, b in pairwise(looks)) >= PROBE_S * 0.9


def test_more_failures_start_no_second_looking() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        fail(breaker, 12)
        await closed(breaker)
        await asyncio.sleep(3 * PROBE_S)

    assert len(run(scene).looks) == 1


def test_it_opens_again_after_it_closed() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        for _ in range(2):
            fail(breaker)
            assert resting(breaker)
            await closed(breaker)

    assert len(run(scene).looks) == 2


def test_a_server_that_refuses_the_key_is_looked_at_less_often() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        fail(breaker, kind="refused_key")
        assert await closed(breaker) >= 8 * PROBE_S * 0.9

    run(scene)


def test_a_wish_to_be_left_alone_is_kept_from_the_first_failure_on() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        breaker.failed(ModelError("too_many", 0.1))
        assert resting(breaker)
        assert 0.08 < await closed(breaker) < 5
        assert not resting(breaker)

    assert run(scene).looks == []


def test_a_shorter_wish_does_not_take_back_a_longer_one() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        breaker.failed(ModelError("too_many", 0.2))
        breaker.failed(ModelError("too_many", 0.0))
        breaker.failed(ModelError("server"))
        assert await closed(breaker) > 0.15

    run(scene)


def test_no_look_disturbs_a_server_that_wants_to_be_left_alone() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        fail(breaker, 4)
        breaker.failed(ModelError("too_many", 0.2))
        assert await closed(breaker) >= 0.18

    assert len(run(scene).looks) == 1


def test_the_wish_in_the_reply_to_a_look_is_kept_too() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        fail(breaker)
        await closed(breaker)

    first, second = run(scene, ModelError("too_many", 0.2)).looks
    assert second - first >= 0.18


def test_closing_ends_the_looking() -> None:
    async def scene(breaker: Breaker, server: Server) -> None:
        fail(breaker)
        await breaker.close()
        await asyncio.sleep(2 * PROBE_S)

    assert run(scene).looks == []
