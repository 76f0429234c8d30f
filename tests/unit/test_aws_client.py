"""What a client of AWS sends, caught before it leaves."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from runledger import aws

from tests.support.lambda_processes import new_process

__all__ = ["new_process"]
pytestmark = pytest.mark.usefixtures("new_process")


class Body:
    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield b"{}"


def test_a_request_is_signed_whole_and_repeated_after_a_fault() -> None:
    sent: list[dict[str, str]] = []
    statuses = [500, 200]

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append({name.lower(): str(value) for name, value in request.headers.items()})
        return AWSResponse(request.url, statuses[len(sent) - 1], HTTPHeaders(), Body())

    client = aws.client("dynamodb")
    client.meta.events.register("before-send", answer)
    client.get_item(TableName="table", Key={"pk": {"S": "a"}})
    assert len(sent) == 2
    for headers in sent:
        signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
        # The transport fills in the host and the length, the user agent may be changed on the way.
        assert set(headers) - {"authorization", "content-length", "user-agent"} == (
            set(signed.split(";")) - {"host"}
        )
