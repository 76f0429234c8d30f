"""The headers that a call may have, and the characters allowed in its headers and address."""

from typing import Any

import pytest
from pydantic import ValidationError
from runledger.errors import NodeError
from runledger.nodes.http_auth import HeaderAuth
from runledger.nodes.http_exchange import build_request
from runledger.nodes.integration import IntegrationConfig

from tests.support.visits import run_node, visit
from tests.unit.test_node_integration import FakeHttp, FakeSecrets

CONTROL = [chr(code) for code in (*range(9), *range(10, 32), 127)]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "snowman ☃", *CONTROL])
@pytest.mark.parametrize(
    "config",
    [
        {"headers": {"X-A": "a{{trigger.x}}b"}},
        {"auth": {"type": "HEADER", "name": "X-A", "value": "a{{trigger.x}}b"}},
    ],
    ids=["headers", "auth"],
)
def test_a_header_that_http_cannot_carry_is_an_error(config: dict[str, Any], value: str) -> None:
    http = FakeHttp()
    where = visit({"trigger": {"x": value}}, http=http, secrets=FakeSecrets())
    with pytest.raises(NodeError) as caught:
        run_node("INTEGRATION", {"url": "https://x.example", **config}, where)
    assert caught.value.kind == "INVALID_REQUEST"
    assert "the header X-A" in str(caught.value)
    assert http.requests == []


@pytest.mark.parametrize("character", CONTROL)
def test_an_address_with_a_control_character_is_an_error(character: str) -> None:
    http = FakeHttp()
    where = visit({"trigger": {"x": character}}, http=http, secrets=FakeSecrets())
    with pytest.raises(NodeError) as caught:
        run_node("INTEGRATION", {"url": "https://x.example/{{trigger.x}}/b"}, where)
    assert caught.value.kind == "INVALID_REQUEST"
    # Liquid writes every kind of line break as one.
    code = ord(character if character != "\r" else "\n")
    assert f"the address contains the control character U+{code:04X}" in str(caught.value)
    assert http.requests == []


def test_a_header_may_hold_tabs_and_latin_letters() -> None:
    http = FakeHttp()
    where = visit({"trigger": {"x": "é\tü"}}, http=http, secrets=FakeSecrets())
    run_node(
        "INTEGRATION", {"url": "https://x.example", "headers": {"X-A": "{{trigger.x}}"}}, where
    )
    assert http.requests[0].headers["X-A"] == "é\tü"


NOT_TO_SET = [
    *(
        "Connection",
        "keep-alive",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "HTTP2-Settings",
    ),
    *("Host", "HOST", "Content-Length", "Expect", "Proxy", "PROXY", "Proxy-Authorization"),
    *("Proxy-Authenticate", "proxy-connection", "Proxy-"),
]


@pytest.mark.parametrize("name", NOT_TO_SET)
@pytest.mark.parametrize("place", ["headers", "auth"])
def test_a_header_of_the_connection_or_of_proxies_cannot_be_set(name: str, place: str) -> None:
    part: dict[str, Any] = {"headers": {name: "x"}}
    if place == "auth":
        part = {"auth": {"type": "HEADER", "name": name, "value": "{{secret.A}}"}}
    config = {"url": "https://x.example", **part}
    with pytest.raises(ValidationError, match=f"the header {name} "):
        IntegrationConfig.model_validate(config)
    # Nor by a config that was never checked.
    rendered: dict[str, Any] = {
        "url": "https://x.example",
        "headers": {},
        "query": {},
        "body": None,
    }
    unchecked: Any = IntegrationConfig.model_validate({"url": "https://x.example"})
    if place == "headers":
        rendered["headers"] = {name: "x"}
    else:
        auth = HeaderAuth.model_construct(type="HEADER", name=name, value="x")
        unchecked = unchecked.changed(auth=auth)
        rendered["auth"] = {"value": "x"}
    with pytest.raises(NodeError) as caught:
        build_request(unchecked, rendered, "key")
    assert (caught.value.kind, name in str(caught.value)) == ("INVALID_REQUEST", True)


@pytest.mark.parametrize("name", ["X-Proxy", "Proxied-By", "X-Forwarded-For", "Upgrade-Insecure"])
def test_other_headers_can_be_set(name: str) -> None:
    config = {"url": "https://x.example", "headers": {name: "x"}}
    assert name in IntegrationConfig.model_validate(config).headers
