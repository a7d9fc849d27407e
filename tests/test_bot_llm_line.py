"""The line before the model: first come, first served, each told its place, and no slot is ever lost."""

import asyncio
import random
from contextlib import suppress

import pytest

from bot.llm.failures import ModelError
from bot.llm.line import Line

PATIENCE = 20.0  # seconds; no test waits so long


class Visitor:
    """Takes a turn, holds it until `leave` is set, and notes what it is told."""

    def __init__(self, line: Line, patience: float = PATIENCE) -> None:
        self.places: list[int] = []
        self.served = asyncio.Event()
        self.leave = asyncio.Event()
        self.task = asyncio.create_task(self._come(line, patience))

    async def _come(self, line: Line, patience: float) -> None:
        async with line.turn(self.places.append, patience):
            self.served.set()
            await self.leave.wait()


async def settled() -> None:
    """Until nothing is left to do on the loop but to wait."""
    for _ in range(10):
        await asyncio.sleep(0)


async def come(line: Line, number: int) -> list[Visitor]:
    """So many visitors, one after the other."""
    found = []
    for _ in range(number):
        found.append(Visitor(line))
        await settled()
    return found


async def go(*visitors: Visitor) -> None:
    """Let them leave in this order."""
    for visitor in visitors:
        visitor.leave.set()
        await visitor.task
        await settled()


async def free(line: Line, at_once: int) -> bool:
    """Whether exactly so many are served at once now."""
    visitors = await come(line, at_once + 1)
    served = [visitor.served.is_set() for visitor in visitors]
    await go(*visitors)
    return served == [True] * at_once + [False]


def test_who_finds_a_slot_is_served_at_once_and_told_nothing() -> None:
    async def scene() -> None:
        visitors = await come(Line(2, 5), 2)
        assert [visitor.served.is_set() for visitor in visitors] == [True, True]
        assert [visitor.places for visitor in visitors] == [[], []]
        await go(*visitors)

    asyncio.run(scene())


def test_the_others_are_served_in_the_order_they_came() -> None:
    async def scene() -> None:
        visitors = await come(Line(1, 5), 4)
        for number, visitor in enumerate(visitors):
            assert [other.served.is_set() for other in visitors] == [other <= number for other in range(4)]
            await go(visitor)

    asyncio.run(scene())


def test_each_is_told_its_place_at_the_start_and_on_each_step_forward() -> None:
    async def scene() -> None:
        visitors = await come(Line(1, 5), 4)
        assert [visitor.places for visitor in visitors] == [[], [0], [1], [2]]
        await go(*visitors)
        assert [visitor.places for visitor in visitors] == [[], [0], [1, 0], [2, 1, 0]]

    asyncio.run(scene())


def test_who_leaves_the_line_frees_the_place_and_the_others_step_forward() -> None:
    async def scene() -> None:
        line = Line(1, 3)
        first, second, third, fourth = await come(line, 4)
        second.task.cancel()
        await settled()
        assert second.task.cancelled()
        assert (third.places, fourth.places) == ([1, 0], [2, 1])
        fifth = (await come(line, 1))[0]
        assert fifth.places == [2]
        await go(first, third, fourth, fifth)
        assert not second.served.is_set()
        assert await free(line, 1)

    asyncio.run(scene())


def test_who_is_cancelled_while_served_gives_the_slot_back() -> None:
    async def scene() -> None:
        line = Line(1, 3)
        first, second = await come(line, 2)
        first.task.cancel()
        await settled()
        assert second.served.is_set()
        await go(second)
        assert await free(line, 1)

    asyncio.run(scene())


@pytest.mark.parametrize("called", [False, True])
def test_who_leaves_while_a_slot_comes_free_passes_it_on(called: bool) -> None:
    async def scene() -> None:
        line = Line(1, 3)
        first, second, third = await come(line, 3)
        first.leave.set()
        if called:
            await asyncio.sleep(0)  # the first has left and the second is called, but has not run yet
        second.task.cancel()
        await settled()
        assert second.task.cancelled() and third.served.is_set()
        await go(first, third)
        assert await free(line, 1)

    asyncio.run(scene())


def test_a_full_line_sends_away_at_once() -> None:
    async def scene() -> None:
        line = Line(1, 2)
        *inside, outside = await come(line, 4)
        assert outside.task.done()
        with pytest.raises(ModelError) as caught:
            await outside.task
        assert caught.value.kind == "full"
        assert outside.places == []
        await go(*inside)
        assert await free(line, 1)

    asyncio.run(scene())


def test_a_line_without_waiting_room_serves_whom_it_can() -> None:
    async def scene() -> None:
        inside, outside = await come(Line(1, 0), 2)
        assert inside.served.is_set()
        with pytest.raises(ModelError):
            await outside.task
        await go(inside)

    asyncio.run(scene())


def test_patience_ends() -> None:
    async def scene() -> None:
        line = Line(1, 5)
        first = (await come(line, 1))[0]
        hasty = Visitor(line, 0.02)
        await settled()
        patient = (await come(line, 1))[0]
        with pytest.raises(ModelError) as caught:
            await hasty.task
        assert caught.value.kind == "full"
        assert patient.places == [1, 0]
        await go(first, patient)
        assert await free(line, 1)

    asyncio.run(scene())


def test_patience_is_not_asked_of_who_is_served() -> None:
    async def scene() -> None:
        visitor = Visitor(Line(1, 5), 0.01)
        await asyncio.sleep(0.05)
        await go(visitor)

    asyncio.run(scene())


@pytest.mark.parametrize("seed", range(5))
def test_no_slot_is_lost_over_200_arrivals_and_cancellations(seed: int) -> None:
    chance = random.Random(seed)
    at_once, waiting = 3, 12
    inside, most, outcomes = 0, 0, {"served": 0, "full": 0, "gone": 0}

    async def visit(line: Line) -> None:
        nonlocal inside, most
        try:
            async with line.turn(lambda place: None, chance.choice([0.001, 0.01, PATIENCE])):
                inside += 1
                most = max(most, inside)
                try:
                    for _ in range(chance.randrange(8)):
                        await asyncio.sleep(0)
                finally:
                    inside -= 1
            outcomes["served"] += 1
        except ModelError as exc:
            outcomes[exc.kind] += 1
        except asyncio.CancelledError:
            outcomes["gone"] += 1
            raise

    async def scene() -> None:
        line = Line(at_once, waiting)
        tasks: list[asyncio.Task[None]] = []
        for _ in range(200):
            tasks.append(asyncio.create_task(visit(line)))
            if chance.random() < 0.7:
                await asyncio.sleep(0)
            if chance.random() < 0.4:
                chance.choice(tasks[-15:]).cancel()
            if chance.random() < 0.02:
                await asyncio.sleep(0.002)  # so that patience ends for some
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        assert inside == 0
        assert await free(line, at_once)

    asyncio.run(scene())
    assert most == at_once
    assert min(outcomes["served"], outcomes["gone"]) > 10, outcomes
