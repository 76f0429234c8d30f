"""The machine of an older version, while a rerun needs it."""

from typing import Any

import pytest
from runledger.clock import HOUR
from runledger.errors import TransientError
from runledger.models.run import RunStatus
from runledger.services.execution.machines import MachineRemover, Machines

from tests.functional.test_rerun import activate, automation, failed_run, mail_then_call, rerun
from tests.support.engine import Engine

__all__ = ["automation"]


def machine_names(engine: Engine, automation_id: str) -> list[str]:
    found = engine.stepfunctions.list_state_machines()["stateMachines"]
    names = [str(each["name"]) for each in found]
    return sorted(name.rpartition("-v")[2] for name in names if automation_id in name)


def let_the_first_machine_go(engine: Engine, automation_id: str) -> None:
    activate(engine, automation_id, mail_then_call(engine.template()))
    for _ in range(12):
        engine.clock.advance(6 * HOUR)
        engine.due_work.settle_due(100)
    assert machine_names(engine, automation_id) == ["2"]


def test_a_deleted_machine_is_made_again_even_if_the_first_try_fails(
    engine: Engine, automation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = failed_run(engine, automation)
    let_the_first_machine_go(engine, automation)
    made = Machines.create

    def fail(*given: Any) -> None:
        raise TransientError("throttled")

    monkeypatch.setattr(Machines, "create", fail)
    for _ in range(2):
        with pytest.raises(TransientError):
            rerun(engine, original)
    monkeypatch.setattr(Machines, "create", made)
    engine.walk(rerun(engine, original))
    assert machine_names(engine, automation) == ["1", "2"]
    # It is deleted again when no run needs it.
    for _ in range(12):
        engine.clock.advance(6 * HOUR)
        engine.due_work.settle_due(100)
    assert machine_names(engine, automation) == ["2"]


def test_a_machine_that_is_being_deleted_makes_a_rerun_wait(
    engine: Engine, automation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = failed_run(engine, automation)
    deleted = MachineRemover.delete
    refused: list[str] = []

    def rerun_meanwhile(remover: MachineRemover, *place: Any) -> None:
        with pytest.raises(TransientError, match="being deleted") as error:
            rerun(engine, original)
        refused.append(str(error.value))
        deleted(remover, *place)

    monkeypatch.setattr(MachineRemover, "delete", rerun_meanwhile)
    let_the_first_machine_go(engine, automation)
    assert len(refused) == 1
    monkeypatch.setattr(MachineRemover, "delete", deleted)
    again = rerun(engine, original)
    assert machine_names(engine, automation) == ["1", "2"]
    engine.walk(again)
    assert engine.status(again) is RunStatus.COMPLETED
