"""The services with a table in memory: nothing here calls AWS, not even moto."""

from functools import cached_property
from typing import Any, TypeVar, cast

from runledger.composition import Composition
from runledger.services.in_parallel import Gather, in_turn
from runledger.services.workspaces.workspaces import create_workspace
from runledger.settings import Settings
from runledger.store.bodies import Bodies

from tests.support.boundary import Boundary
from tests.support.engine import Clock
from tests.support.environment import BUCKET, environment
from tests.support.fakes import S3
from tests.support.memory_table import MemoryTable

SettingsT = TypeVar("SettingsT", bound=Settings)


class MemoryEngine(Composition):
    """One workspace, `ws_demo`; services that call AWS cannot be created."""

    workspace_id = "ws_demo"

    def __init__(self, shards: int = 1, boundary: Boundary | None = None) -> None:
        self.clock: Clock = Clock()
        self.table: MemoryTable = MemoryTable() if boundary is None else MemoryTable(boundary)
        self.bodies = Bodies(cast("Any", S3()), BUCKET)
        create_workspace(
            self.stores.workspaces,
            self.clock,
            workspace_id=self.workspace_id,
            name="Demo",
            shards=shards,
        )

    def settings(self, model: type[SettingsT]) -> SettingsT:
        return model.model_validate(environment())

    def client(self, service: str) -> Any:
        raise AssertionError(f"{service} was called")

    def effect_client(self, service: str) -> Any:
        return self.client(service)

    @cached_property
    def gather(self) -> Gather:
        return in_turn

    @cached_property
    def cursor_key(self) -> Any:
        return lambda: b"a key of this test"
