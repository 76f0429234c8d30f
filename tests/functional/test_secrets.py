"""Secrets: written once, cached for half a minute, and never left behind after any fault."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from runledger.clock import HOUR, MINUTE
from runledger.composition import services
from runledger.errors import NodeError, NotFoundError, TransientError
from runledger.services.secrets.secrets import ABANDONED_AFTER, Secrets
from runledger.services.secrets.values import CACHED_FOR, SecretValues
from runledger.store import keys

from tests.support.boundary import straight
from tests.support.engine import Engine
from tests.support.fakes import Secrets as SecretsManager
from tests.support.faults import Fault, FaultyCall
from tests.support.kill_points import kill_points
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

NAME = "SCORE_KEY"
PATH = f"/v1/secrets/{NAME}"


def held(engine: Engine) -> list[str]:
    """Returns the values that Secrets Manager holds, in order."""
    found = engine.secrets_manager.list_secrets()["SecretList"]
    ids = sorted(each["Name"] for each in found if "/workspaces/" in each["Name"])
    return [engine.secrets_manager.get_secret_value(SecretId=each)["SecretString"] for each in ids]


def put(engine: Engine, value: str) -> None:
    engine.secrets.put(engine.workspace_id, NAME, value)


def read(engine: Engine) -> str:
    return engine.secret_values.get(engine.workspace_id, NAME)


def test_a_replaced_or_deleted_value_leaves_nothing_behind(engine: Engine) -> None:
    put(engine, "first value")
    assert read(engine) == "first value"
    put(engine, "second value")
    assert held(engine) == ["second value"]
    engine.secrets.delete(engine.workspace_id, NAME)
    assert held(engine) == []
    assert engine.table.get(keys.secret(engine.workspace_id, NAME)) is None
    with pytest.raises(NotFoundError):
        engine.secrets.delete(engine.workspace_id, NAME)


def test_a_value_is_cached_and_a_new_one_is_read_within_a_minute(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(engine, "first value")
    asked: list[str] = []
    get = engine.secrets_manager.get_secret_value

    def counted(**request: Any) -> Any:
        asked.append(request["SecretId"])
        return get(**request)

    monkeypatch.setattr(engine.secrets_manager, "get_secret_value", counted)
    assert [read(engine) for _ in range(5)] == ["first value"] * 5
    assert len(asked) == 1
    put(engine, "second value")
    engine.clock.advance(CACHED_FOR)
    assert CACHED_FOR <= MINUTE // 2
    assert read(engine) == "second value"
    assert len(asked) == 2


def test_a_process_without_a_cached_value_reads_the_new_one_at_once(engine: Engine) -> None:
    put(engine, "first value")
    read(engine)
    put(engine, "second value")
    other = SecretValues(engine.stores.secrets, engine.secrets_manager, "runledger", engine.clock)
    assert other.get(engine.workspace_id, NAME) == "second value"


def test_a_deleted_secret_is_missing_soon_and_can_be_set_again_at_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(engine, "first value")
    read(engine)
    # As on AWS, which deletes a secret in the background and blocks its name meanwhile.
    monkeypatch.setattr(engine.secrets_manager, "delete_secret", lambda **request: {})
    engine.secrets.delete(engine.workspace_id, NAME)
    put(engine, "second value")
    engine.clock.advance(CACHED_FOR)
    assert read(engine) == "second value"
    engine.secrets.delete(engine.workspace_id, NAME)
    engine.clock.advance(CACHED_FOR)
    with pytest.raises(NodeError, match="no secret SCORE_KEY"):
        read(engine)


def test_a_value_replaced_during_a_read_is_read_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(engine, "first value")
    get = engine.secrets_manager.get_secret_value

    def late(**request: Any) -> Any:
        monkeypatch.setattr(engine.secrets_manager, "get_secret_value", get)
        put(engine, "second value")
        return get(**request)

    monkeypatch.setattr(engine.secrets_manager, "get_secret_value", late)
    assert read(engine) == "second value"


def test_a_value_deleted_by_hand_gives_a_clear_error(engine: Engine) -> None:
    put(engine, "first value")
    (found,) = engine.secrets_manager.list_secrets()["SecretList"]
    engine.secrets_manager.delete_secret(SecretId=found["Name"], ForceDeleteWithoutRecovery=True)
    with pytest.raises(NodeError, match="was deleted; set the secret again"):
        read(engine)
    put(engine, "second value")
    assert read(engine) == "second value"


def test_the_last_use_is_stored_once_an_hour(engine: Engine) -> None:
    put(engine, "first value")

    def last_used() -> int | None:
        (found,) = engine.stores.secrets.names(engine.workspace_id)
        return found.last_used_at

    assert last_used() is None
    read(engine)
    first = last_used()
    assert first is not None
    for _ in range(20):
        engine.clock.advance(2 * MINUTE)
        read(engine)
    assert last_used() == first
    engine.clock.advance(HOUR)
    read(engine)
    assert (last_used() or 0) >= first + HOUR
    # A rotation does not forget it, a deletion does.
    put(engine, "second value")
    assert last_used() is not None
    engine.secrets.delete(engine.workspace_id, NAME)
    put(engine, "third value")
    assert last_used() is None


def test_a_failure_to_store_the_last_use_is_ignored(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(engine, "first value")

    def away(*arguments: Any) -> None:
        raise TransientError("throttled")

    monkeypatch.setattr(engine.stores.secrets, "touch", away)
    assert read(engine) == "first value"


def test_a_secret_stays_in_its_workspace(engine: Engine) -> None:
    put(engine, "first value")
    with pytest.raises(NodeError, match="has no secret"):
        engine.secret_values.get("ws_other", NAME)


@pytest.mark.parametrize("first", [True, False])
def test_a_set_survives_a_concurrent_delete(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    """The delete happens after the new value is created and before the row points to it."""
    if first:
        put(engine, "first value")
    create = engine.secrets_manager.create_secret

    def meanwhile(**request: Any) -> Any:
        monkeypatch.setattr(engine.secrets_manager, "create_secret", create)
        made = create(**request)
        if first:
            engine.secrets.delete(engine.workspace_id, NAME)
        else:
            with pytest.raises(NotFoundError):
                engine.secrets.delete(engine.workspace_id, NAME)
        return made

    monkeypatch.setattr(engine.secrets_manager, "create_secret", meanwhile)
    put(engine, "second value")
    assert read(engine) == "second value"
    assert held(engine) == ["second value"]


def test_one_of_two_concurrently_set_values_is_kept(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = engine.secrets_manager.create_secret

    def meanwhile(**request: Any) -> Any:
        monkeypatch.setattr(engine.secrets_manager, "create_secret", create)
        put(engine, "other value")
        return create(**request)

    monkeypatch.setattr(engine.secrets_manager, "create_secret", meanwhile)
    put(engine, "last value")
    assert read(engine) == "last value"
    assert held(engine) == ["last value"]


def test_a_value_deleted_as_abandoned_is_created_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = engine.secrets_manager.create_secret

    def slow(**request: Any) -> Any:
        monkeypatch.setattr(engine.secrets_manager, "create_secret", create)
        made = create(**request)
        engine.clock.advance(ABANDONED_AFTER + MINUTE)
        assert engine.due_work.settle_due(10) == 1
        assert held(engine) == []
        return made

    monkeypatch.setattr(engine.secrets_manager, "create_secret", slow)
    put(engine, "the value")
    assert held(engine) == ["the value"]
    assert read(engine) == "the value"


# ── every call broken in turn ───────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    with open_simulation() as opened:
        opened.records.clear()
        yield opened


def value_of(simulation: Simulation, name: str = NAME) -> str | None:
    """Returns the value that a process without a cache reads."""
    reader = SecretValues(
        services().stores.secrets,
        simulation.client("secretsmanager"),
        "runledger",
        simulation.clock,
    )
    try:
        return reader.get(WORKSPACE, name)
    except NodeError:
        return None


def set_value(simulation: Simulation) -> tuple[int, set[str | None]]:
    answer = simulation.request("api", "PUT", PATH, {"value": "second value"})
    return answer["status"], {"second value"}


def delete_value(simulation: Simulation) -> tuple[int, set[str | None]]:
    answer = simulation.request("api", "DELETE", PATH, None)
    # If the first answer was lost, the second try finds no secret.
    return (204 if answer["status"] == 404 else answer["status"]), {None}


def delete_and_set_value(simulation: Simulation) -> tuple[int, set[str | None]]:
    delete_value(simulation)
    return set_value(simulation)


@pytest.mark.parametrize("story", [set_value, delete_value, delete_and_set_value])
@pytest.mark.parametrize("is_set", [True, False])
@pytest.mark.parametrize("patient", [True, False])
def test_after_any_fault_the_name_points_to_its_value_and_nothing_else_is_left(
    simulation: Simulation,
    story: Callable[[Simulation], tuple[int, set[str | None]]],
    is_set: bool,
    patient: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not patient:
        # Somebody who does not try again, so that the tick alone can tidy up.
        monkeypatch.setattr("tests.support.simulation.PERSON_WAITS", (0,))
    if is_set:
        assert simulation.request("api", "PUT", PATH, {"value": "first value"})["status"] == 200
    restore = simulation.snapshot()
    before = value_of(simulation)
    assert before == ("first value" if is_set else None)
    unbroken = FaultyCall(simulation)
    simulation.boundary.around = unbroken
    story(simulation)
    simulation.boundary.around = straight
    name = f"{story.__name__} {is_set} {patient}"
    points = kill_points(name, unbroken.made, lambda call: Fault)
    for point, fault in points:
        restore()
        simulation.boundary.around = FaultyCall(simulation, point, fault)
        status, after = story(simulation)
        told = f"{unbroken.made[point]}: {fault}"
        if status in (200, 204):
            # Acknowledged, so in force for every process within half a minute.
            assert value_of(simulation) in after, told
        simulation.boundary.around = straight
        simulation.clock.advance(2 * ABANDONED_AFTER)
        while simulation.next_tick() is not None:
            simulation.clock.now = max(simulation.clock.now, simulation.next_tick() or 0)
            simulation.tick()
        found = value_of(simulation)
        assert found in ({*after, before} | {None}), told
        if status in (200, 204):
            assert found in after, told
        # Every value that is there is the one that its name points to.
        assert list(simulation.secrets.values.values()) == ([found] if found else []), told
        row = simulation.table.get(keys.secret(WORKSPACE, NAME))
        assert (row is not None) is (found is not None), told
        assert row is None or "dueKey" not in row, told
    restore()
    simulation.request("api", "DELETE", PATH, None)
    print(f"{story.__name__}: {len(points)} kill points")
    assert len(points) >= 2 * len(Fault)


def test_an_old_value_is_deleted_later_if_secrets_manager_refuses(simulation: Simulation) -> None:
    """The new value counts at once."""
    assert simulation.request("api", "PUT", PATH, {"value": "first value"})["status"] == 200

    def refuse(self: SecretsManager, **request: Any) -> Any:
        raise TransientError("away")

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(SecretsManager, "delete_secret", refuse)
        assert simulation.request("api", "PUT", PATH, {"value": "second value"})["status"] == 200
        assert value_of(simulation) == "second value"
        assert len(simulation.secrets.values) == 2
        simulation.clock.advance(HOUR)
        simulation.tick()
        assert len(simulation.secrets.values) == 2
    simulation.clock.advance(HOUR)
    simulation.tick()
    assert list(simulation.secrets.values.values()) == ["second value"]
    assert simulation.next_tick() is None


def test_the_api_lists_names_but_no_values(simulation: Simulation) -> None:
    secrets = Secrets(
        services().stores.secrets,
        simulation.client("secretsmanager"),
        "runledger",
        simulation.clock,
    )
    secrets.put(WORKSPACE, "OTHER_KEY", "value of the other")
    answer = simulation.request("query", "GET", "/v1/secrets", None)
    assert answer["status"] == 200, simulation.unforeseen
    other = next(each for each in answer["body"]["items"] if each["name"] == "OTHER_KEY")
    assert set(other) == {"name", "allowedHosts", "updatedAt", "lastUsedAt"}
    assert other["lastUsedAt"] is None
    assert value_of(simulation, "OTHER_KEY") == "value of the other"
    answer = simulation.request("query", "GET", "/v1/secrets", None)
    other = next(each for each in answer["body"]["items"] if each["name"] == "OTHER_KEY")
    assert other["lastUsedAt"] is not None
    assert "value of the other" not in str(answer)
