"""Answers requests to the AWS services that send messages, at the level of HTTP. So botocore
serializes, validates and signs each request by the service's own model, and parses the answer."""

import json
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config


class _Raw:
    """The part of urllib3's response that botocore uses."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self._body]


@dataclass
class ProviderStub:
    """Gives every call of its clients the same answer, and keeps the requests. `error` is raised
    instead of an answer, as if the network broke."""

    status: int = 200
    document: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    error: Exception | None = None
    requests: list[AWSPreparedRequest] = field(default_factory=list)

    def client(self, service: str) -> Any:
        """Returns a client with one try per call, like `runledger.aws.effect_client`."""
        made = boto3.client(  # type: ignore[call-overload]
            service,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        )
        made.meta.events.register_first("before-send", self._answer)
        return made

    def sent(self) -> dict[str, Any]:
        """Returns the document of the only request."""
        (request,) = self.requests
        assert isinstance(request.body, str | bytes)
        document: dict[str, Any] = json.loads(request.body)
        return document

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        body = self.body if self.body is not None else json.dumps(self.document).encode()
        return AWSResponse(
            request.url, self.status, HTTPHeaders.from_dict(self.headers), _Raw(body)
        )
