"""A rerun races with everything that may happen to its run, its contact and its automation.

The services are the real ones. At each AWS call of one actor, any other may come first. A failed
test shows the order of all calls, and the seed to replay it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from runledger.api.reruns import RerunDocument
from runledger.api.runs import RunDocument
from runledger.clock import DAY, HOUR, MINUTE, SECOND
from runledger.composition import services
from runledger.errors import (
    AlreadyRerunError,
    ConflictError,
    ReentryBlockedError,
    RunledgerError,
    TransientError,
)
from runledger.models.automation import AutomationStatus, Reentry
from runledger.services.reruns.rerun import RerunBy
from runledger.store import keys
from runledger.store.due import DueRow

from tests.functional.test_erasing_reruns import what_is_left
from tests.support.depth import examples
from tests.support.invariants import OPEN, Watch, problems
from tests.support.rerun_stage import FailedRun, open_rerun_stage, restorer
from tests.support.scheduler import AtRandom, Interleaving, Outcome
from tests.support.simulation import WORKSPACE

SEEDS = examples(150, quick=25)
BY = "ada@example.com"
RULES = [Reentry.ALWAYS, Reentry.ONE_AT_A_TIME]


@dataclass
class Played:
    """One race, after everything has come to rest."""

    stage: FailedRun
    outcomes: dict[str, Outcome]
    wrong: list[str] = field(default_factory=list)

    @property
    def opened(self) -> list[str]:
        """Returns the ids that requests got as their answer, each once."""
        answers = [each.answer for name, each in self.outcomes.items() if name.startswith("rerun")]
        return sorted({each.run.id for each in answers if each is not None})

    def errors(self) -> dict[str, Exception]:
        return {name: each.error for name, each in self.outcomes.items() if each.error is not None}


def rerun(stage: FailedRun, **asked: Any) -> Callable[[], Any]:
    document = RerunDocument.model_validate(asked)
    by = RerunBy(BY, may_repeat_messages=True)
    return lambda: services().reruns.open(WORKSPACE, stage.original, document, by)


def play(
    stage: FailedRun, seed: int, racers: dict[str, Callable[[], Any]], *, lags: bool
) -> Played:
    simulation = stage.simulation
    stage.restore()
    simulation.table.holds_back = lags
    interleaving, watch = Interleaving(simulation.boundary, AtRandom(seed)), Watch(simulation)
    try:
        outcomes = interleaving.run(racers)
        simulation.table.holds_back = False
        simulation.table.catch_up()
        simulation.run_until(simulation.clock.now + 20 * MINUTE)
    finally:
        simulation.table.holds_back = False
        watch.stop()
    played = Played(stage, outcomes, watch.wrong)
    for name, error in played.errors().items():
        # Every other error is a fault, and shows its origin.
        if not isinstance(error, RunledgerError):
            raise AssertionError(f"{name} in seed {seed}") from error
    rows = {str(row["pk"]).partition("#")[2] for row in simulation.runs()}
    played.wrong += [f"the run {each} is lost" for each in played.opened if each not in rows]
    open_rows = [row["pk"] for row in simulation.runs() if row["status"] in OPEN]
    played.wrong += [f"{each} is open for good" for each in open_rows]
    return played


def check(played: Played, found: list[str], seed: int) -> None:
    assert played.wrong + found == [], f"seed {seed}"


@contextmanager
def seeds(report: Callable[[str], None], title: str) -> Iterator[dict[str, int]]:
    """Yields a dict in which the test counts how its races end; reports these counts afterwards."""
    ends: dict[str, int] = {}
    yield ends
    told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    report(f"{title}: {sum(ends.values())} races, {told}")


@pytest.fixture(scope="module", params=RULES)
def stage(request: pytest.FixtureRequest) -> Iterator[FailedRun]:
    with open_rerun_stage(reentry=request.param.value) as stage:
        yield stage


@pytest.mark.parametrize("lags", [False, True], ids=["indexes at once", "indexes late"])
@pytest.mark.parametrize("status", [AutomationStatus.PAUSED, AutomationStatus.ARCHIVED])
def test_a_rerun_of_a_stopped_automation_does_nothing(
    stage: FailedRun, status: AutomationStatus, lags: bool, report_figure: Callable[[str], None]
) -> None:
    with seeds(report_figure, f"rerun against {status}") as ends:
        for seed in range(SEEDS):
            racers = {
                "rerun": rerun(stage),
                "stop": lambda: services().stopping.stop(
                    WORKSPACE, stage.automation_id, status, BY
                ),
            }
            played = play(stage, seed, racers, lags=lags)
            statuses = {row["status"] for row in stage.reruns().values()}
            found = [f"a rerun is {each}" for each in statuses - {"CANCELED"}]
            if len(stage.simulation.http.calls) != 2 or len(stage.simulation.ses.sent) != 1:
                found.append("an effect happened after the automation was stopped")
            found += problems(stage.simulation) + stage.changes()
            check(played, found, seed)
            end = "canceled" if played.opened else "refused"
            ends[end] = ends.get(end, 0) + 1
    assert set(ends) == {"canceled", "refused"}


def test_a_rerun_of_an_erased_contact_leaves_nothing(
    stage: FailedRun, report_figure: Callable[[str], None]
) -> None:
    with seeds(report_figure, "rerun against erasure") as ends:
        for seed in range(SEEDS):
            racers = {
                "rerun": rerun(stage, **{"idempotencyKey": "k" if seed % 2 else None}),
                "erase": lambda: services().erasing.erase(WORKSPACE, stage.contact_id, None, BY),
            }
            played = play(stage, seed, racers, lags=False)
            check(played, what_is_left(stage) + stage.repeated(), seed)
            end = "canceled" if played.opened else "refused"
            ends[end] = ends.get(end, 0) + 1
    assert set(ends) == {"canceled", "refused"}


def test_of_two_reruns_at_once_one_at_most_is_opened(
    stage: FailedRun, report_figure: Callable[[str], None]
) -> None:
    with seeds(report_figure, "two reruns") as ends:
        for seed in range(SEEDS):
            racers = {
                "rerun one": rerun(stage, idempotencyKey="one" if seed % 2 else None),
                "rerun two": rerun(stage, idempotencyKey="two" if seed % 3 else None),
            }
            played = play(stage, seed, racers, lags=False)
            found = stage.repeated() + problems(stage.simulation) + stage.changes()
            if len(stage.reruns()) > 1 or len(played.opened) != len(stage.reruns()):
                found.append(f"{len(stage.reruns())} reruns, answered were {played.opened}")
            for error in played.errors().values():
                if not isinstance(error, (AlreadyRerunError, TransientError, ConflictError)):
                    found.append(f"refused with {error!r}")
            check(played, found, seed)
            end = f"opened {len(played.opened)}"
            ends[end] = ends.get(end, 0) + 1
            # A refused request may come again when the other rerun is over.
            stage.simulation.clock.advance(MINUTE)
            again = rerun(stage, **{"from": "START"})()
            stage.simulation.run_until(stage.simulation.clock.now + HOUR)
            assert stage.reruns()[again.run.id]["status"] == "COMPLETED"
            assert stage.repeated() == []
    assert "opened 1" in ends


def seconds_pass(stage: FailedRun) -> Callable[[], None]:
    """Returns an actor that makes eight calls and moves the clock on by one second after each call.
    The other actors may make calls in between."""

    def wait() -> None:
        for _ in range(8):
            services().stores.runs.family(stage.original)
            stage.simulation.clock.advance(SECOND)

    return wait


@pytest.mark.parametrize("is_slow", [False, True], ids=["at once", "within seconds"])
def test_two_requests_with_one_key_open_one_rerun(
    stage: FailedRun, is_slow: bool, report_figure: Callable[[str], None]
) -> None:
    with seeds(report_figure, "one key twice") as ends:
        for seed in range(SEEDS):
            racers = {f"rerun {n}": rerun(stage, idempotencyKey="k") for n in (1, 2)}
            if is_slow:
                racers["time"] = seconds_pass(stage)
            played = play(stage, seed, racers, lags=False)
            found = stage.repeated() + problems(stage.simulation) + stage.changes()
            if len(stage.reruns()) != 1 or len(played.opened) != 1 or played.errors():
                found.append(f"{len(stage.reruns())} reruns, {played.errors()}")
            check(played, found, seed)
            answers = [played.outcomes[name].answer for name in ("rerun 1", "rerun 2")]
            assert sum(not each.is_duplicate for each in answers) == 1, seed
            ends["opened once"] = ends.get("opened once", 0) + 1


def test_a_contact_has_one_open_run_at_a_time(report_figure: Callable[[str], None]) -> None:
    with (
        open_rerun_stage(reentry="ONE_AT_A_TIME") as stage,
        seeds(report_figure, "rerun against a new run") as ends,
    ):
        simulation, most = stage.simulation, 0

        def count(before: Any, after: Any) -> None:
            nonlocal most
            most = max(most, sum(row["status"] in OPEN for row in simulation.runs()))

        def open_new() -> Any:
            document = RunDocument(contact_id=stage.contact_id)
            return services().manual_runs.open(WORKSPACE, stage.automation_id, document, BY)

        for seed in range(SEEDS):
            stage.restore()
            simulation.table.listeners.append(count)
            racers = {"rerun": rerun(stage, idempotencyKey="k"), "new": open_new}
            played = play(stage, seed, racers, lags=False)
            simulation.table.listeners.remove(count)
            found = [] if most == 1 else [f"{most} runs were open at once"]
            check(played, found + problems(simulation) + stage.changes(), seed)
            blocked = [name for name, error in played.errors().items()]
            assert all(
                isinstance(error, ReentryBlockedError) for error in played.errors().values()
            ), (seed, played.errors())
            end = f"{blocked} blocked" if blocked else "both"
            ends[end] = ends.get(end, 0) + 1
        assert len(ends) > 1


def test_a_rerun_is_whole_though_the_original_expires(report_figure: Callable[[str], None]) -> None:
    """DynamoDB deletes the rows of the original one by one; a follower of the stream deletes its
    files."""
    answer = {"data": {"score": 1}, "rest": [f"{n * 7919}" for n in range(30_000)]}
    with (
        open_rerun_stage(answer) as stage,
        seeds(report_figure, "rerun against expiry") as ends,
    ):
        partition, table = keys.run(stage.original).pk, stage.simulation.table
        stage.restore()
        expires_at = services().stores.runs.get(stage.original).expires_at
        assert any("bodies/first" in key for key in stage.simulation.s3.objects)

        def expire() -> None:
            stage.simulation.clock.now = max(stage.simulation.clock.now, expires_at)
            for row in [each for each in table.items() if each["pk"] == partition]:
                services().table.delete(keys.Key(row["pk"], row["sk"]))
            services().stores.bodies.delete_all(f"runs/{stage.original}/")

        for seed in range(SEEDS):
            racers = {"rerun": rerun(stage), "expire": expire}
            played = play(stage, seed, racers, lags=False)
            found = list(stage.repeated())
            for run_id, row in stage.reruns().items():
                if row["status"] != "COMPLETED":
                    found.append(f"the rerun is {row['status']}")
                shown = stage.simulation.request("query", "GET", f"/v1/runs/{run_id}", None)
                steps = {each["nodeId"]: each for each in shown["body"]["steps"]}
                if "bodyLink" not in (steps["first"]["response"] or {}):
                    found.append("the rerun lost the file of a step")
            files = [key for key in stage.simulation.s3.objects if "runs/" in key]
            missing = [key for key in files if not any(id_ in key for id_ in stage.reruns())]
            if stage.reruns():
                found += [f"nothing leads to {key}" for key in missing]
            check(played, found, seed)
            end = "opened" if played.opened else "refused"
            ends[end] = ends.get(end, 0) + 1
        assert set(ends) == {"opened", "refused"}


@pytest.fixture(scope="module")
def aged() -> Iterator[FailedRun]:
    """The machine of the run's version is due for its deletion."""
    with open_rerun_stage() as stage:
        simulation = stage.simulation
        path = f"/v1/automations/{stage.automation_id}"
        draft = simulation.request("query", "GET", path, None)["body"]
        changed = {"name": "Orders again", **{name: draft[name] for name in ("nodes", "edges")}}
        assert simulation.request("api", "PUT", path, changed)["status"] == 200
        assert simulation.request("api", "POST", f"{path}/activate", None)["status"] == 200
        machine = keys.machine(stage.automation_id, 1)

        simulation.run_until(simulation.clock.now + HOUR)
        row = simulation.table.row(machine)
        assert row is not None and "emptyAt" in row
        simulation.clock.now = int(row["emptyAt"]) + DAY + MINUTE
        restore_rows, machines = restorer(simulation), dict(simulation.step_functions.machines)

        def restore() -> None:
            restore_rows()
            simulation.step_functions.machines = dict(machines)

        yield FailedRun(
            simulation, stage.automation_id, stage.contact_id, stage.original, stage.rows(), restore
        )


def test_a_rerun_finds_its_machine_though_it_is_being_deleted(
    aged: FailedRun, report_figure: Callable[[str], None]
) -> None:
    machine_id = keys.machine_id(aged.automation_id, 1)
    row = DueRow(id=machine_id, key=keys.machine(aged.automation_id, 1))
    with seeds(report_figure, "rerun against deletion of its machine") as ends:
        for seed in range(SEEDS):
            racers = {
                "rerun": rerun(aged),
                "delete": lambda: services().superseded_machines.settle(row),
            }
            played = play(aged, seed, racers, lags=False)
            statuses = [each["status"] for each in aged.reruns().values()]
            found = [f"the rerun is {each}" for each in statuses if each != "COMPLETED"]
            check(played, found + aged.repeated() + problems(aged.simulation), seed)
            error = played.errors().get("rerun")
            assert error is None or isinstance(error, TransientError), (seed, error)
            end = "completed" if statuses else "told to wait"
            ends[end] = ends.get(end, 0) + 1
            if not statuses:
                rerun(aged)()
                aged.simulation.run_until(aged.simulation.clock.now + 20 * MINUTE)
                assert [each["status"] for each in aged.reruns().values()] == ["COMPLETED"], seed
    assert set(ends) == {"completed", "told to wait"}
