"""How often the tick sends pulses through the stream."""

import pytest
from runledger.clock import MINUTE
from runledger.models.totals import Freshness
from runledger.services.counts.pulses import RESTING_MINUTES, RESTS_AFTER, Pulses

from tests.support.engine import Engine


class Sent:
    """A store that remembers the minutes in which pulses were written, and how often it was read.
    `until` is how far the stream was read."""

    def __init__(self) -> None:
        self.minutes: list[int] = []
        self.until: int | None = 1
        self.reads = 0

    def read(self, now: int) -> Freshness:
        self.reads += 1
        return Freshness(since=None, until=self.until)

    def write_pulses(self, moment: int) -> None:
        self.minutes.append(moment // MINUTE)


@pytest.fixture
def sent(engine: Engine) -> tuple[Pulses, Sent]:
    store = Sent()
    engine.clock.advance(MINUTE - engine.clock() % MINUTE)
    return Pulses(store, engine.clock), store  # type: ignore[arg-type]


def ticks(engine: Engine, pulses: Pulses, count: int, due: int = 0) -> None:
    for _ in range(count):
        pulses.send()
        pulses.note_due(due)
        engine.clock.advance(MINUTE)


def test_a_stack_at_rest_sends_them_every_tenth_minute(
    engine: Engine, sent: tuple[Pulses, Sent]
) -> None:
    pulses, store = sent
    first = engine.clock() // MINUTE
    ticks(engine, pulses, 60)
    assert store.minutes[0] == first
    assert all(minute % RESTING_MINUTES == 0 for minute in store.minutes[1:])
    assert len(store.minutes[1:]) in (60 // RESTING_MINUTES, 60 // RESTING_MINUTES - 1)


def test_work_brings_them_back_to_every_minute_for_a_while(
    engine: Engine, sent: tuple[Pulses, Sent]
) -> None:
    pulses, store = sent
    ticks(engine, pulses, 60)
    ticks(engine, pulses, 1, due=1)
    began = engine.clock() // MINUTE
    store.minutes.clear()
    ticks(engine, pulses, 60)
    busy = RESTS_AFTER // MINUTE - 1
    assert store.minutes[:busy] == list(range(began, began + busy))
    assert all(minute % RESTING_MINUTES == 0 for minute in store.minutes[busy:])


def test_failed_pulses_are_tried_again_in_the_next_minute(
    engine: Engine, sent: tuple[Pulses, Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    pulses, store = sent

    def fail(moment: int) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_pulses", fail)
        with pytest.raises(OSError):
            pulses.send()
    engine.clock.advance(MINUTE)
    pulses.send()
    assert len(store.minutes) == 1


def test_a_new_stack_sends_them_until_all_have_come_through_the_stream(
    engine: Engine, sent: tuple[Pulses, Sent]
) -> None:
    pulses, store = sent
    store.until = None
    ticks(engine, pulses, 5)
    assert len(store.minutes) == 5
    store.until = 1
    store.minutes.clear()
    store.reads = 0
    ticks(engine, pulses, 60)
    assert len(store.minutes) == 60 // RESTING_MINUTES
    assert store.reads == 1
