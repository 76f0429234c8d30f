"""What the function that reaches the internet lends its nodes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.nodes.base import Tools
from runledger.services.body_links import kept_body_key
from runledger.services.secret_values import SecretValues, WorkspaceSecrets

if TYPE_CHECKING:
    from runledger.models.run import Run
    from runledger.nodes.base import HttpCaller
    from runledger.services.frames import Frame
    from runledger.store.bodies import Bodies


@dataclass(frozen=True, slots=True)
class StepBodies:
    """Keeps long texts of one step."""

    bodies: "Bodies"
    run: "Run"
    node_id: str

    def keep(self, name: str, text: str, content_type: str) -> str:
        return self.bodies.keep(text, kept_body_key(self.run, self.node_id, name), content_type)


@dataclass(frozen=True, slots=True)
class IntegrationTools:
    """HTTP, the workspace's secrets, and time to try again; `sleep` takes seconds."""

    http: "HttpCaller"
    secrets: SecretValues
    bodies: "Bodies"
    clock: Clock
    sleep: Callable[[float], None]

    def tools(self, frame: "Frame", node_id: str) -> Tools:
        return Tools(
            http=self.http,
            secrets=WorkspaceSecrets(self.secrets, frame.workspace.id),
            bodies=StepBodies(self.bodies, frame.run, node_id),
            clock=self.clock,
            sleep=self.sleep,
        )
