import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from tests.support import depth
from tests.support.engine import Engine, EngineOpener, open_engine
from tests.support.memory_table import MemoryTable
from tests.support.quick_moto import hurry
from tests.support.simulation import Simulation, open_simulation

hurry()


@pytest.fixture
def new_engine(request: pytest.FixtureRequest) -> EngineOpener:
    """Opens engines with a table in memory. In a deep session, and for tests marked `dynamodb`, the
    table is moto's DynamoDB."""
    is_on_dynamodb = depth.is_deep() or request.node.get_closest_marker("dynamodb") is not None

    def opened(shards: int) -> AbstractContextManager[Engine]:
        return open_engine(shards, None if is_on_dynamodb else MemoryTable())

    return opened


@pytest.fixture
def no_sleeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test that sleeps. Threads of the emulator, which some modules import, may sleep."""
    sleep, tests = time.sleep, threading.current_thread()

    def refuse(seconds: float) -> None:
        if threading.current_thread() is tests:
            pytest.fail("somebody sleeps")
        sleep(seconds)

    monkeypatch.setattr("time.sleep", refuse)


@pytest.fixture
def engine(new_engine: EngineOpener) -> Iterator[Engine]:
    with new_engine(1) as made:
        yield made


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with open_simulation() as simulation:
        yield simulation
