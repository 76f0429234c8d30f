"""The local gateway's turns: many calls of one caller leave room for other callers."""

import asyncio

from local.caller_limiter import AT_ONCE, PRESENT_SECONDS, CallerLimiter


class Crowd:
    """Many changes that one caller requests. Each change that gets its turn stays open until
    `let_go` is set."""

    def __init__(self, turns: CallerLimiter, size: int) -> None:
        self.inside = 0
        self.let_go = asyncio.Event()
        self.tasks = [asyncio.create_task(self._change(turns)) for _ in range(size)]

    async def _change(self, turns: CallerLimiter) -> None:
        turns.note("crowd")
        async with turns.turn("crowd"):
            self.inside += 1
            await self.let_go.wait()
            self.inside -= 1

    async def settled(self) -> int:
        for _ in range(50):
            await asyncio.sleep(0)
        return self.inside


async def _alone() -> None:
    turns = CallerLimiter(lambda: 0.0)
    crowd = Crowd(turns, 50)
    assert await crowd.settled() == AT_ONCE
    crowd.let_go.set()
    await asyncio.gather(*crowd.tasks)
    assert crowd.inside == 0


async def _beside_others() -> None:
    now = [0.0]
    turns = CallerLimiter(lambda: now[0])
    turns.note("quiet")
    crowd = Crowd(turns, 50)
    assert await crowd.settled() == 1
    # The other caller is not delayed.
    async with turns.turn("quiet"):
        assert await crowd.settled() == 1
    now[0] = PRESENT_SECONDS
    async with turns.turn("another"):
        pass
    assert await crowd.settled() == AT_ONCE
    crowd.let_go.set()
    await asyncio.gather(*crowd.tasks)


def test_a_single_caller_may_use_the_whole_machine() -> None:
    asyncio.run(_alone())


def test_many_calls_leave_room_for_other_callers() -> None:
    asyncio.run(_beside_others())
