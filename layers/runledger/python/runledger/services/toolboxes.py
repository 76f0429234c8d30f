"""What each walking function lends its nodes: split by privilege, made for one visit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.aws import read_secret
from runledger.clock import Clock
from runledger.errors import NodeError, NotFoundError
from runledger.nodes.base import Tools
from runledger.services.deliver import Delivery
from runledger.services.secret_names import secret_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from runledger.channels.base import Channel
    from runledger.nodes.base import HttpCaller
    from runledger.services.frames import Frame
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.suppressions import SuppressionStore


@dataclass(frozen=True, slots=True)
class MessageTools:
    """For the function that may send."""

    channels: "Mapping[str, Channel]"
    deliveries: "DeliveryStore"
    suppressions: "SuppressionStore"
    clock: Clock

    def tools(self, frame: "Frame", node_id: str) -> Tools:
        begun: list[str] = []
        return Tools(
            begun=begun,
            messenger=Delivery(
                run=frame.run,
                node_id=node_id,
                templates=frame.version.templates,
                channels=self.channels,
                deliveries=self.deliveries,
                suppressions=self.suppressions,
                shards=frame.workspace.shards,
                clock=self.clock,
                begun=begun,
            ),
        )


@dataclass(frozen=True, slots=True)
class WorkspaceSecrets:
    """Reads the secrets of one workspace."""

    secrets: "SecretsManagerClient"
    stack: str
    workspace_id: str

    def get(self, name: str) -> str:
        try:
            return read_secret(self.secrets, secret_id(self.stack, self.workspace_id, name))
        except NotFoundError:
            raise NodeError("MISSING_SECRET", f"the workspace has no secret named {name}") from None


@dataclass(frozen=True, slots=True)
class IntegrationTools:
    """For the function that reaches the internet and the workspace's secrets."""

    http: "HttpCaller"
    secrets: "SecretsManagerClient"
    stack: str

    def tools(self, frame: "Frame", node_id: str) -> Tools:
        return Tools(
            http=self.http,
            secrets=WorkspaceSecrets(self.secrets, self.stack, frame.workspace.id),
        )
