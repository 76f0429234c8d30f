"""Secrets: written once, read for half a minute, and never left behind, whatever breaks."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from runledger import composition
from runledger.clock import HOUR, MINUTE
from runledger.errors import NodeError, NotFoundError, TransientError
from runledger.services.secrets.secrets import ABANDONED_AFTER, Secrets
from runledger.services.secrets.values import CACHED_FOR, SecretValues
from runledger.store import keys

from tests.support.boundary import straight
from tests.support.fakes import Secrets as SecretsManager
from tests.support.faults import Fault, FaultyCall
from tests.support.stage import WORKSPACE, Stage, open_stage
from tests.support.world import World

NAME = "SCORE_KEY"
PATH = f"/v1/secrets/{NAME}"


def held(world: World) -> list[str]:
    """The values that Secrets Manager holds, in order."""
    found = world.secrets.list_secrets()["SecretList"]
    ids = sorted(each["Name"] for each in found if "/workspaces/" in each["Name"])
    return [world.secrets.get_secret_value(SecretId=each)["SecretString"] for each in ids]


def put(world: World, value: str) -> None:
    world.workspace_secrets.put(world.workspace_id, NAME, value)


def read(world: World) -> str:
    return world.secret_values.get(world.workspace_id, NAME)


def test_a_value_is_set_replaced_and_leaves_nothing_behind(world: World) -> None:
    put(world, "first value")
    assert read(world) == "first value"
    put(world, "second value")
    assert held(world) == ["second value"]
    world.workspace_secrets.delete(world.workspace_id, NAME)
    assert held(world) == []
    assert world.table.get(keys.secret(world.workspace_id, NAME)) is None
    with pytest.raises(NotFoundError):
        world.workspace_secrets.delete(world.workspace_id, NAME)


def test_a_rotation_is_seen_within_a_minute_and_read_once_until_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world, "first value")
    asked: list[str] = []
    get = world.secrets.get_secret_value

    def counted(**request: Any) -> Any:
        asked.append(request["SecretId"])
        return get(**request)

    monkeypatch.setattr(world.secrets, "get_secret_value", counted)
    assert [read(world) for _ in range(5)] == ["first value"] * 5
    assert len(asked) == 1
    put(world, "second value")
    world.clock.advance(CACHED_FOR)
    assert CACHED_FOR <= MINUTE // 2
    assert read(world) == "second value"
    assert len(asked) == 2


def test_a_process_that_never_read_it_sees_the_new_value_at_once(world: World) -> None:
    put(world, "first value")
    read(world)
    put(world, "second value")
    other = SecretValues(world.stores.secrets, world.secrets, "runledger", world.clock)
    assert other.get(world.workspace_id, NAME) == "second value"


def test_a_deleted_name_is_missing_soon_and_can_be_set_again_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world, "first value")
    read(world)
    # As on AWS, where a deleted secret goes in the background and blocks its name meanwhile.
    monkeypatch.setattr(world.secrets, "delete_secret", lambda **request: {})
    world.workspace_secrets.delete(world.workspace_id, NAME)
    put(world, "second value")
    world.clock.advance(CACHED_FOR)
    assert read(world) == "second value"
    world.workspace_secrets.delete(world.workspace_id, NAME)
    world.clock.advance(CACHED_FOR)
    with pytest.raises(NodeError, match="no secret named SCORE_KEY"):
        read(world)


def test_a_value_that_is_replaced_while_it_is_read_is_read_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world, "first value")
    get = world.secrets.get_secret_value

    def late(**request: Any) -> Any:
        monkeypatch.setattr(world.secrets, "get_secret_value", get)
        put(world, "second value")
        return get(**request)

    monkeypatch.setattr(world.secrets, "get_secret_value", late)
    assert read(world) == "second value"


def test_a_value_that_somebody_deleted_by_hand_is_said_to_be_gone(world: World) -> None:
    put(world, "first value")
    (found,) = world.secrets.list_secrets()["SecretList"]
    world.secrets.delete_secret(SecretId=found["Name"], ForceDeleteWithoutRecovery=True)
    with pytest.raises(NodeError, match="is gone; set it again"):
        read(world)
    put(world, "second value")
    assert read(world) == "second value"


def test_the_last_use_is_written_down_once_an_hour(world: World) -> None:
    put(world, "first value")

    def last_used() -> int | None:
        (found,) = world.stores.secrets.names(world.workspace_id)
        return found.last_used_at

    assert last_used() is None
    read(world)
    first = last_used()
    assert first is not None
    for _ in range(20):
        world.clock.advance(2 * MINUTE)
        read(world)
    assert last_used() == first
    world.clock.advance(HOUR)
    read(world)
    assert (last_used() or 0) >= first + HOUR
    # A rotation does not forget it, a deletion does.
    put(world, "second value")
    assert last_used() is not None
    world.workspace_secrets.delete(world.workspace_id, NAME)
    put(world, "third value")
    assert last_used() is None


def test_a_use_that_cannot_be_written_down_holds_up_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world, "first value")

    def away(*arguments: Any) -> None:
        raise TransientError("throttled")

    monkeypatch.setattr(world.stores.secrets, "touch", away)
    assert read(world) == "first value"


def test_a_secret_stays_in_its_workspace(world: World) -> None:
    put(world, "first value")
    with pytest.raises(NodeError, match="no secret named"):
        world.secret_values.get("ws_other", NAME)


@pytest.mark.parametrize("first", [True, False])
def test_of_a_set_and_a_delete_at_once_one_comes_last(
    world: World, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    """The delete falls between the making of a value and the row that points to it."""
    if first:
        put(world, "first value")
    create = world.secrets.create_secret

    def meanwhile(**request: Any) -> Any:
        monkeypatch.setattr(world.secrets, "create_secret", create)
        made = create(**request)
        if first:
            world.workspace_secrets.delete(world.workspace_id, NAME)
        else:
            with pytest.raises(NotFoundError):
                world.workspace_secrets.delete(world.workspace_id, NAME)
        return made

    monkeypatch.setattr(world.secrets, "create_secret", meanwhile)
    put(world, "second value")
    assert read(world) == "second value"
    assert held(world) == ["second value"]


def test_of_two_values_set_at_once_one_stays_and_the_other_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = world.secrets.create_secret

    def meanwhile(**request: Any) -> Any:
        monkeypatch.setattr(world.secrets, "create_secret", create)
        put(world, "other value")
        return create(**request)

    monkeypatch.setattr(world.secrets, "create_secret", meanwhile)
    put(world, "last value")
    assert read(world) == "last value"
    assert held(world) == ["last value"]


def test_a_value_taken_for_abandoned_is_made_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = world.secrets.create_secret

    def slow(**request: Any) -> Any:
        monkeypatch.setattr(world.secrets, "create_secret", create)
        made = create(**request)
        world.clock.advance(ABANDONED_AFTER + MINUTE)
        assert world.settler.settle_due(10) == 1
        assert held(world) == []
        return made

    monkeypatch.setattr(world.secrets, "create_secret", slow)
    put(world, "the value")
    assert held(world) == ["the value"]
    assert read(world) == "the value"


# ── every call broken in turn ───────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        opened.records.clear()
        yield opened


def value_of(stage: Stage, name: str = NAME) -> str | None:
    """What a process reads that has cached nothing."""
    reader = SecretValues(
        composition.stores().secrets, stage.client("secretsmanager"), "runledger", stage.clock
    )
    try:
        return reader.get(WORKSPACE, name)
    except NodeError:
        return None


def sets_it(stage: Stage) -> tuple[int, set[str | None]]:
    answer = stage.request("api", "PUT", PATH, {"value": "second value"})
    return answer["status"], {"second value"}


def deletes_it(stage: Stage) -> tuple[int, set[str | None]]:
    answer = stage.request("api", "DELETE", PATH, None)
    # Where the first answer was lost, the second try finds it gone.
    return (204 if answer["status"] == 404 else answer["status"]), {None}


def deletes_and_sets_it_again(stage: Stage) -> tuple[int, set[str | None]]:
    deletes_it(stage)
    return sets_it(stage)


@pytest.mark.parametrize("story", [sets_it, deletes_it, deletes_and_sets_it_again])
@pytest.mark.parametrize("is_set", [True, False])
@pytest.mark.parametrize("patient", [True, False])
def test_whatever_call_breaks_the_name_points_to_its_value_and_nothing_is_left(
    stage: Stage,
    story: Callable[[Stage], tuple[int, set[str | None]]],
    is_set: bool,
    patient: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not patient:
        # Somebody who does not try again, so that the tick alone can tidy up.
        monkeypatch.setattr("tests.support.stage.PERSON_WAITS", (0,))
    if is_set:
        assert stage.request("api", "PUT", PATH, {"value": "first value"})["status"] == 200
    restore = stage.snapshot()
    before = value_of(stage)
    assert before == ("first value" if is_set else None)
    unbroken = FaultyCall(stage)
    stage.boundary.around = unbroken
    story(stage)
    stage.boundary.around = straight
    tried = 0
    for point in range(len(unbroken.made)):
        for fault in Fault:
            restore()
            stage.boundary.around = FaultyCall(stage, point, fault)
            status, after = story(stage)
            told = f"{unbroken.made[point]}: {fault}"
            if status in (200, 204):
                # Acknowledged, so in force for every process within half a minute.
                assert value_of(stage) in after, told
            stage.boundary.around = straight
            stage.clock.advance(2 * ABANDONED_AFTER)
            while stage.next_tick() is not None:
                stage.clock.now = max(stage.clock.now, stage.next_tick() or 0)
                stage.tick()
            found = value_of(stage)
            assert found in ({*after, before} | {None}), told
            if status in (200, 204):
                assert found in after, told
            # Every value that is there is the one that its name points to.
            assert list(stage.secrets.values.values()) == ([found] if found else []), told
            row = stage.table.get(keys.secret(WORKSPACE, NAME))
            assert (row is not None) is (found is not None), told
            assert row is None or "dueKey" not in row, told
            tried += 1
    restore()
    stage.request("api", "DELETE", PATH, None)
    print(f"{story.__name__}: {tried} kill points")
    assert tried >= 2 * len(Fault)


def test_secrets_manager_refuses_to_delete_for_a_while(stage: Stage) -> None:
    """The new value counts at once, and the old one goes when it can."""
    assert stage.request("api", "PUT", PATH, {"value": "first value"})["status"] == 200

    def refuse(self: SecretsManager, **request: Any) -> Any:
        raise TransientError("away")

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(SecretsManager, "delete_secret", refuse)
        assert stage.request("api", "PUT", PATH, {"value": "second value"})["status"] == 200
        assert value_of(stage) == "second value"
        assert len(stage.secrets.values) == 2
        stage.clock.advance(HOUR)
        stage.tick()
        assert len(stage.secrets.values) == 2
    stage.clock.advance(HOUR)
    stage.tick()
    assert list(stage.secrets.values.values()) == ["second value"]
    assert stage.next_tick() is None


def test_the_api_lists_names_and_never_values(stage: Stage) -> None:
    secrets = Secrets(
        composition.stores().secrets, stage.client("secretsmanager"), "runledger", stage.clock
    )
    secrets.put(WORKSPACE, "OTHER_KEY", "value of the other")
    answer = stage.request("query", "GET", "/v1/secrets", None)
    assert answer["status"] == 200, stage.unforeseen
    other = next(each for each in answer["body"]["items"] if each["name"] == "OTHER_KEY")
    assert set(other) == {"name", "allowedHosts", "updatedAt", "lastUsedAt"}
    assert other["lastUsedAt"] is None
    assert value_of(stage, "OTHER_KEY") == "value of the other"
    answer = stage.request("query", "GET", "/v1/secrets", None)
    other = next(each for each in answer["body"]["items"] if each["name"] == "OTHER_KEY")
    assert other["lastUsedAt"] is not None
    assert "value of the other" not in str(answer)
