"""A process keeps in mind which hours are marked, and still never misses a change."""

import pytest
from runledger.clock import DAY, HOUR, MINUTE, SECOND
from runledger.services.counts import changed_hours
from runledger.store import keys

from tests.functional.test_totals import BEGIN, TotalsSimulation


def one_run(kept: int = 90 * DAY) -> TotalsSimulation:
    simulated = TotalsSimulation(1, 30 * DAY)
    simulated.add("RUN", "aut_one", BEGIN + MINUTE, kept)
    return simulated


def follow(simulated: TotalsSimulation) -> list[str]:
    """Reads the stream, and returns the operations on totals."""
    simulated.calls.clear()
    simulated.read_stream()
    return [
        call.operation for call in simulated.calls if call.target.startswith(keys.TOTALS_PREFIX)
    ]


def test_a_marked_hour_is_read_once_a_minute() -> None:
    simulated = one_run()
    assert len(follow(simulated)) > 0
    simulated.add("RUN", "aut_one", BEGIN + MINUTE, 90 * DAY)
    assert follow(simulated) == []
    simulated.let_pass(changed_hours.KNOWN_FOR)
    simulated.add("RUN", "aut_one", BEGIN + MINUTE, 90 * DAY)
    assert len(follow(simulated)) > 0


@pytest.mark.parametrize("kept", [89 * DAY, 91 * DAY])
def test_a_change_that_the_mark_does_not_cover_is_written(kept: int) -> None:
    simulated = one_run()
    follow(simulated)
    simulated.add("RUN", "aut_one", BEGIN + MINUTE, kept)
    assert len(follow(simulated)) > 0


def test_an_hour_is_read_again_shortly_before_its_recount() -> None:
    simulated = one_run()
    simulated.clock.now = BEGIN + HOUR
    follow(simulated)
    due_at = min(int(row["dueKey"][:13]) for row in simulated.table.items() if "dueKey" in row)
    simulated.clock.now = due_at - SECOND
    simulated.add("RUN", "aut_one", BEGIN + MINUTE, 90 * DAY)
    assert len(follow(simulated)) > 0


def test_a_process_keeps_a_limited_number_of_hours_in_mind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changed_hours, "_MOST_KNOWN", 2)
    simulated = TotalsSimulation(1, 30 * DAY)
    for hours_ago in range(5):
        simulated.add("RUN", "aut_one", BEGIN - hours_ago * HOUR, 90 * DAY)
    follow(simulated)
    assert 0 < len(simulated.marker._known) <= 2
