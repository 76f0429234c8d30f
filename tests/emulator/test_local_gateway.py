"""The local gateway serves the console and the API from one address, and answers as the deployed
HTTP API does."""

import re

import httpx
import pytest

from local.gateway import SECURITY_HEADERS
from tests.support.stack import Stack

MEMBER = "member@demo.example"


def _tampered(token: str) -> str:
    """Returns the token with one character of its signature changed."""
    at = len(token) - 20
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


def test_config_json_names_the_user_pool_client_and_the_cognito_path(stack: Stack) -> None:
    config = httpx.get(f"{stack.url}/config.json").json()
    assert config["region"] == stack.region
    assert config["cognitoEndpoint"] == "/cognito"
    pools = stack.aws("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
    clients = stack.aws("cognito-idp").list_user_pool_clients(UserPoolId=pools[0]["Id"])
    assert config["userPoolClientId"] in [
        client["ClientId"] for client in clients["UserPoolClients"]
    ]


def test_a_deep_link_serves_the_console_and_a_missing_file_is_404(stack: Stack) -> None:
    page = httpx.get(f"{stack.url}/runs/run_01")
    assert page.headers["content-type"].startswith("text/html")
    assert page.text == httpx.get(f"{stack.url}/").text
    assert httpx.get(f"{stack.url}/assets/missing.js").status_code == 404


def test_health_needs_no_token(stack: Stack) -> None:
    for path in ("/health", "/v1/health"):
        answer = httpx.get(stack.url + path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/v1", "/v2", "/v2/runs"])
def test_an_unknown_api_version_is_a_404_problem_and_not_a_page(stack: Stack, path: str) -> None:
    answer = httpx.get(stack.url + path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert path in answer.json()["detail"]


def test_every_answer_has_the_security_headers(stack: Stack) -> None:
    for path in ("/", "/config.json", "/v1/me"):
        answer = httpx.get(stack.url + path)
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value, path


def test_long_answers_are_compressed(stack: Stack) -> None:
    [script] = re.findall(r'src="(/assets/[^"]+\.js)"', httpx.get(stack.url).text)
    for path in ("/v1/openapi.json", script):
        expect_compression(stack, path)


def expect_compression(stack: Stack, path: str) -> None:
    plain = httpx.get(stack.url + path, headers={"Accept-Encoding": "identity"})
    packed = httpx.get(stack.url + path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert packed.text == plain.text
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_every_method_without_a_token_is_401(stack: Stack, method: str) -> None:
    answer = httpx.request(method, f"{stack.url}/v1/automations")
    assert answer.status_code == 401


def test_a_path_with_a_line_break_reaches_the_api(stack: Stack) -> None:
    with stack.api(MEMBER) as api:
        for path in ("/v1/runs/run_%0A1", "/v1/runs/run_1%0A", "/v1/nothing/%0A/here"):
            answer = api.get(path)
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "application/problem+json", path


def test_the_api_accepts_a_token_but_not_a_tampered_one(stack: Stack) -> None:
    token = stack.token(MEMBER)
    good = httpx.get(f"{stack.url}/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert good.status_code == 200, good.text
    bad = httpx.get(f"{stack.url}/v1/me", headers={"Authorization": f"Bearer {_tampered(token)}"})
    assert bad.status_code == 401


def test_a_token_of_another_client_of_the_pool_is_401(stack: Stack) -> None:
    cognito = stack.aws("cognito-idp")
    pool_id = cognito.list_user_pools(MaxResults=10)["UserPools"][0]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="stranger", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]
    try:
        user = stack.local["workspaces"][0]["users"][0]
        token = cognito.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=client["ClientId"],
            AuthParameters={"USERNAME": user["email"], "PASSWORD": user["password"]},
        )["AuthenticationResult"]["AccessToken"]
        answer = httpx.get(f"{stack.url}/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    finally:
        cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=client["ClientId"])


def test_the_webhook_route_needs_no_token(stack: Stack) -> None:
    answer = httpx.post(f"{stack.url}/v1/webhooks/in/{'x' * 30}", json={})
    assert answer.status_code == 404


def test_the_cognito_path_accepts_only_cognito_calls(stack: Stack) -> None:
    answer = httpx.post(f"{stack.url}/cognito", headers={"X-Amz-Target": "DynamoDB.ListTables"})
    assert answer.status_code == 400
