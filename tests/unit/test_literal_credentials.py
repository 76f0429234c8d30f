"""Credentials in a config: exactly the refused ones are hidden."""

import json
from typing import Any

import pytest
from runledger.compiler.checks import find_problems
from runledger.models.automation import Graph
from runledger.nodes.literal_credentials import CredentialMasker, is_literal
from runledger.nodes.registry import with_credentials_masked
from runledger.redaction import is_credential_header, is_literal_credential_name

CREDENTIAL = "s3cr3t-Value-0815"
CALL: dict[str, Any] = {"method": "POST", "url": "https://api.example.com/a"}


def sift(config: dict[str, Any], kind: str = "INTEGRATION") -> tuple[dict[str, Any], list[str]]:
    masker = CredentialMasker()
    shown = with_credentials_masked(kind, config, masker)
    return shown, [".".join(place) for place in masker.places]


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"auth": {"type": "BEARER", "token": CREDENTIAL}}, "auth.token"),
        ({"auth": {"type": "BASIC", "username": "u", "password": CREDENTIAL}}, "auth.password"),
        ({"auth": {"type": "BASIC", "username": CREDENTIAL, "password": ""}}, "auth.username"),
        ({"auth": {"type": "BASIC", "username": CREDENTIAL, "password": "x"}}, "auth.username"),
        ({"auth": {"type": "HEADER", "name": "X-Shop", "value": CREDENTIAL}}, "auth.value"),
        ({"headers": {"Authorization": f"Bearer {CREDENTIAL}"}}, "headers.Authorization"),
        ({"headers": {"authorization": f"Basic {CREDENTIAL}"}}, "headers.authorization"),
        ({"headers": {"X-Api-Key": CREDENTIAL}}, "headers.X-Api-Key"),
        ({"headers": {"X-Shop-Key": CREDENTIAL}}, "headers.X-Shop-Key"),
        ({"headers": {"Cookie": f"session={CREDENTIAL}"}}, "headers.Cookie"),
        ({"headers": {"X-Shopify-Access-Token": CREDENTIAL}}, "headers.X-Shopify-Access-Token"),
        ({"headers": {"X-Forward": f"Bearer {CREDENTIAL}"}}, "headers.X-Forward"),
        ({"query": {"api_key": CREDENTIAL}}, "query.api_key"),
        ({"query": {"access_token": CREDENTIAL}}, "query.access_token"),
        ({"query": {"accesstoken": CREDENTIAL}}, "query.accesstoken"),
        ({"query": {"sig": CREDENTIAL}}, "query.sig"),
        ({"url": f"https://api.example.com/a?q=1&token={CREDENTIAL}#x"}, "url"),
        ({"url": f"https://api.example.com/a?api%5Fkey={CREDENTIAL}"}, "url"),
        ({"url": f"https://me:{CREDENTIAL}@api.example.com/"}, "url"),
        ({"url": f"https://{CREDENTIAL}@api.example.com/{{{{trigger.a}}}}"}, "url"),
        (
            {"url": f"https://a.example/{{{{trigger.a}}}}?b={{{{trigger.b}}}}&sig={CREDENTIAL}"},
            "url",
        ),
        ({"body": {"user": {"password": CREDENTIAL}}}, "body.user.password"),
        ({"body": {"list": [{"apiKey": CREDENTIAL}]}}, "body.list.0.apiKey"),
        ({"body": {"client_secret": [CREDENTIAL]}}, "body.client_secret.0"),
        ({"body": {"credentials": {"user": "u", "value": CREDENTIAL}}}, "body.credentials.value"),
        ({"body": {"otp": 123456}}, "body.otp"),
        ({"body": json.dumps({"a": {"password": f"a,{CREDENTIAL}"}})}, "body"),
        ({"body": json.dumps({"in": json.dumps({"password": CREDENTIAL})})}, "body"),
        ({"body": f'{{"n": {{{{trigger.n}}}}, "token": "{CREDENTIAL}"}}'}, "body"),
        ({"body": f"grant_type=password&username=u&password={CREDENTIAL}"}, "body"),
        ({"body": f"<soap:a><ns:Password>{CREDENTIAL}</ns:Password></soap:a>"}, "body"),
        ({"body": f'<login password="{CREDENTIAL}"/>'}, "body"),
        ({"body": f"To: x\nAuthorization: Bearer {CREDENTIAL}\n"}, "body"),
        ({"body": {"note": "sk_" + "live_0123456789abcdef"}}, "body.note"),
        ({"body": {"note": "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n"}}, "body.note"),
        ({"headers": {"X-Api-Key": f"{{{{ '{CREDENTIAL}' }}}}"}}, "headers.X-Api-Key"),
        (
            {"headers": {"X-Api-Key": f"{{{{ trigger.k | default: '{CREDENTIAL}' }}}}"}},
            "headers.X-Api-Key",
        ),
        (
            {"headers": {"Authorization": f"Bearer {CREDENTIAL}{{{{secret.X}}}}"}},
            "headers.Authorization",
        ),
        (
            {"headers": {"Cookie": f"a={CREDENTIAL}; b={{{{secret.B}}}}"}},
            "headers.Cookie",
        ),
        (
            {"headers": {"X-Token": f"{{% if trigger.a %}}{CREDENTIAL}{{% endif %}}"}},
            "headers.X-Token",
        ),
    ],
)
def test_a_literal_credential_is_refused_and_hidden(config: dict[str, Any], field: str) -> None:
    shown, places = sift({**CALL, **config})
    assert places == [field]
    core = CREDENTIAL if "123456" not in str(config) or CREDENTIAL in str(config) else "123456"
    assert core not in json.dumps(shown)
    assert "[redacted]" in json.dumps(shown)
    # What is shown and sent back is no credential, and must not be kept in the place of one.
    again, places = sift(shown)
    assert (again, places) == (shown, [field])


@pytest.mark.parametrize(
    "config",
    [
        {"auth": {"type": "BEARER", "token": "{{secret.TOKEN}}"}},
        {"auth": {"type": "BASIC", "username": "me", "password": "{{secret.PASSWORD}}"}},
        {"auth": {"type": "BASIC", "username": "{{secret.KEY}}", "password": ""}},
        {"auth": {"type": "BASIC", "username": "{{secret.KEY}}", "password": "x"}},
        {"auth": {"type": "BEARER", "token": "{{trigger.token}}"}},
        {"headers": {"Authorization": "Bearer {{secret.TOKEN}}"}},
        {"headers": {"Authorization": 'Token token="{{secret.TOKEN}}"'}},
        {"headers": {"Authorization": "Basic {{ secret.KEY | append: ':' | base64_encode }}"}},
        {"headers": {"Authorization": "Basic {{ 'me:' | append: secret.P | base64_encode }}"}},
        {"headers": {"Authorization": "Klaviyo-API-Key {{secret.K}}"}},
        {"headers": {"Cookie": "a={{secret.A}}; b={{secret.B}}"}},
        {"headers": {"X-Token": "{% if trigger.vip == 'gold' %}{{secret.A}}{% endif %}"}},
        {"headers": {"X-Api-Key": "{{contact.metadata['apiKey']}}"}},
        {"headers": {"Idempotency-Key": "order-1", "Content-Type": "application/json"}},
        {"headers": {"X-Cache-Key": "orders", "Accept": "text/plain"}},
        {"query": {"page_token_type": "a", "limit": 10, "key": "orders", "max_tokens": 100}},
        {"query": {"token": "{{secret.A}}", "signature": "{{trigger.sig}}"}},
        {"url": "https://api.example.com/tokens/{{trigger.id}}?q=token&token={{secret.A}}"},
        {"url": "https://api.example.com/?sig={{ secret.A | url_encode }}&x=1"},
        {"body": {"secretEncoding": "BASE64", "secretPrefix": "whsec_"}},
        {"body": {"token_type": "Bearer", "grant_type": "client_credentials", "password": ""}},
        {"body": {"password": None, "token": True, "secret": "false", "otp": "{{trigger.otp}}"}},
        {"body": {"text": "Forgot your password? Token: see below. Password: please reset"}},
        {"body": '{"password": "{{secret.P}}", "token": {{trigger.t}}, "n": 1}'},
        {"body": "grant_type=password&password={{ secret.P | url_encode }}"},
        {"body": "<a><password>{{secret.P}}</password></a>"},
        {"body": {"max_tokens": 100, "author": "me", "secretary": "you", "secretName": "a"}},
    ],
)
def test_other_texts_stay(config: dict[str, Any]) -> None:
    assert sift({**CALL, **config}) == ({**CALL, **config}, [])


def test_a_variable_with_a_credentials_name_is_not_a_literal_credential() -> None:
    def assigned(target: str, value: Any) -> dict[str, Any]:
        return {"assignments": [{"target": f"vars.{target}", "value": value}]}

    shown, places = sift(assigned("apiToken", CREDENTIAL), "SET")
    assert (shown, places) == (assigned("apiToken", "[redacted]"), ["assignments.0.value"])
    assert sift(assigned("user", {"password": CREDENTIAL}), "SET")[1] == [
        "assignments.0.value.password"
    ]
    for fine in (
        assigned("tier", "gold"),
        assigned("token", "{{trigger.token}}"),
        assigned("tokenType", "Bearer"),
    ):
        assert sift(fine, "SET") == (fine, [])


@pytest.mark.parametrize("config", [{}, {"auth": "x"}, {"headers": 5}, {"url": 5, "query": []}])
def test_an_invalid_config_is_shown_unchanged(config: dict[str, Any]) -> None:
    assert sift(config) == (config, [])
    assert sift({"token": CREDENTIAL}, "NO_SUCH_TYPE") == ({"token": "[redacted]"}, ["token"])


def test_the_problem_says_what_to_do() -> None:
    config = {**CALL, "auth": {"type": "BEARER", "token": CREDENTIAL}}
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
        {"id": "call", "type": "INTEGRATION", "config": config},
        {"id": "done", "type": "END"},
    ]
    edges = [{"source": "start", "target": "call"}, {"source": "call", "target": "done"}]
    graph = Graph.model_validate({"nodes": nodes, "edges": edges})
    (found,) = find_problems(graph, {})
    assert (found.code, found.node_id, found.field) == ("LITERAL_CREDENTIAL", "call", "auth.token")
    assert "Store it as a secret and write {{secret.NAME}} here" in found.message


@pytest.mark.parametrize("text", ["{{" * 2_000, "a=" * 2_000, "Bearer " * 500, '"' * 4_000])
def test_odd_texts_are_checked_quickly(text: str) -> None:
    sift({**CALL, "url": text, "headers": {"X-Token": text}, "body": text * 20})


def test_credential_names_are_recognized() -> None:
    assert not is_literal("x") and is_literal("xy") and not is_literal(" true ")
    assert is_credential_header("X-Auth-Key") and not is_credential_header("Idempotency-Key")
    assert is_literal_credential_name("secret_id") and not is_literal_credential_name("token_id")
