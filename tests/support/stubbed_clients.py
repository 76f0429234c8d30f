"""Clients of AWS that answer from a list. Botocore checks that each answer has the shape that AWS
documents."""

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.stub import Stubber

REGION = "eu-central-1"


@dataclass
class StubbedClients:
    """`stub` prepares the next answer of a service in a region."""

    _clients: dict[tuple[str, str], tuple[Any, Stubber]] = field(default_factory=dict)

    def __call__(self, service: str, region: str | None = None) -> Any:
        return self._of(service, region)[0]

    def stub(
        self, service: str, operation: str, answer: dict[str, Any], region: str | None = None
    ) -> None:
        self._of(service, region)[1].add_response(operation, answer)

    def refuse(self, service: str, operation: str, code: str, region: str | None = None) -> None:
        self._of(service, region)[1].add_client_error(
            operation, service_error_code=code, service_message="AWS says no"
        )

    def _of(self, service: str, region: str | None) -> tuple[Any, Stubber]:
        key = service, region or REGION
        if key not in self._clients:
            client: Any = boto3.client(  # type: ignore[call-overload]
                service,
                region_name=key[1],
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            stubber = Stubber(client)
            stubber.activate()
            self._clients[key] = client, stubber
        return self._clients[key]
