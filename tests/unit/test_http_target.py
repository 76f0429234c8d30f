"""The address of a failed call, as the call's failure group shows the address: with the fixed parts
of the address, and without the values in it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.models.failure import failure_group_id, group_names
from runledger.models.run import ErrorDetail
from runledger.nodes.http_target import failed_call

BASE = "https://api.partner.example"


def text(template: str, url: str, status: int | None = 503) -> str:
    call = failed_call("POST", template, url, status)
    assert call is not None
    return call.text.removeprefix("POST ")


@pytest.mark.parametrize(
    ("template", "url", "shown"),
    [
        ("/score/{{id}}", "/score/17", "/score/{id}"),
        ("/score/{{id}}", "/score/ada", "/score/{id}"),
        ("/score/{{id}}/", "/score/17/", "/score/{id}"),
        ("/score//{{id}}", "/score//17", "/score/{id}"),
        ("/score/{{id}}?at={{x}}#{{y}}", "/score/17?at=/a/b/c#/d", "/score/{id}"),
        ("/score?path=/{{id}}", "/score?path=/1/2/3", "/score"),
        ("/score/a-{{id}}.json", "/score/a-17.json", "/score/{id}"),
        ("/{{kind}}/{{id}}", "/orders/17", "/{id}/{id}"),
        # A value with several segments: its words stay.
        ("/{{path}}", "/orders/17", "/orders/{id}"),
        ("{{path}}", "", ""),
        ("/score/{{id}}", "/score/", "/score"),
        ('/a/{{ x | split: "/" | first }}', "/a/b", "/a/{id}"),
        ("/a{% if x %}/b{% endif %}/c", "/a/b/c", "/{id}/{id}/c"),
        # In an address that is the same in every call, digits may stay, but tokens may not.
        (
            "/v2/api/2024-10/orders/1001",
            "/v2/api/2024-10/orders/1001",
            "/v2/api/2024-10/orders/1001",
        ),
        ("/hooks/" + "aB3" * 12, "/hooks/" + "aB3" * 12, "/hooks/{id}"),
        ("/hooks/deadbeefcafe", "/hooks/deadbeefcafe", "/hooks/{id}"),
        ("/to/{{secret.KEY}}", "/to/{{secret.KEY}}", "/to/{id}"),
        ("/user;sid={{x}}/orders", "/user;sid=1/orders", "/user/orders"),
        ("/ünï/{{x}}", "/ünï/1", "/ünï/{id}"),
        ("", "", ""),
    ],
)
def test_a_path_keeps_only_its_fixed_parts(template: str, url: str, shown: str) -> None:
    assert text(f"{BASE}{template}", f"{BASE}{url}") == f"api.partner.example{shown} answered 503"


@pytest.mark.parametrize(
    "value",
    [
        "17",
        "A-1001",
        "7b6dbb50-1ce8-4d0c-a7c2-a1a2544148f9",
        "ada@customer.example",
        "ada%40customer.example",
        "2026-11-29",
        "deadbeef",
        "%C3%BC",
        "x" * 40,
        "a=b",
    ],
)
def test_values_are_removed_if_the_whole_address_is_a_variable(value: str) -> None:
    found = text("{{steps.find.link}}", f"{BASE}/v1/orders/{value}/lines")
    assert found == "api.partner.example/v1/orders/{id}/lines answered 503"


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://API.Partner.Example./x", "api.partner.example"),
        ("https://api.partner.example:443/x", "api.partner.example"),
        ("http://api.partner.example:443/x", "api.partner.example:443"),
        ("http://127.0.0.1:9100/x", "127.0.0.1:9100"),
        ("https://[2001:DB8:0:0::1]/x", "[2001:db8::1]"),
        ("https://[2001:db8::1]:8443/x", "[2001:db8::1]:8443"),
        ("https://bücher.example/x", "bücher.example"),
        ("https://xn--bcher-kva.example/x", "bücher.example"),
        ("https://BÜCHER.example/x", "bücher.example"),
        ("  https://api.partner.example/x ", "api.partner.example"),
    ],
)
def test_the_host_is_shown(address: str, host: str) -> None:
    for template in (address, "{{address}}"):
        assert text(template, address.strip(), 401) == f"{host}/x answered 401"


@pytest.mark.parametrize("url", ["", "no address", "https://", "http://[::1", "https://a:b/x"])
def test_an_invalid_address_has_no_target(url: str) -> None:
    assert failed_call("GET", "{{url}}", url, None) is None


def group(kind: str, message: str, template: str, url: str, status: int | None) -> str:
    call = failed_call("POST", template, url, status)
    error = ErrorDetail(node_id="score", kind=kind, message=message, call=call)
    return failure_group_id("ws_a", "aut_a", error)


values = st.text(string.ascii_letters + string.digits + "-_.~@", min_size=1, max_size=40)


@given(values, values)
def test_groups_differ_by_the_call_and_not_by_values(one: str, other: str) -> None:
    template = BASE + "/score/{{id}}"

    def of(value: str, status: int, path: str = "/score/", host: str = BASE) -> str:
        message = f"POST {host}{path}{value} answered {status}; expected 2xx"
        asked = template.replace(BASE, host).replace("/score/", path)
        return group("HTTP_STATUS", message, asked, f"{host}{path}{value}", status)

    assert of(one, 503) == of(other, 503)
    others = {
        of(one, 401),
        of(one, 404),
        of(one, 503, "/rate/"),
        of(one, 503, host="https://api.other.example"),
    }
    assert len(others | {of(one, 503)}) == 5


def test_without_an_answer_groups_differ_by_kind_and_words() -> None:
    where = (BASE + "/score/{{id}}", BASE + "/score/17", None)
    timeout = group("TIMEOUT", "the call took longer than 10 s", *where)
    assert timeout == group("TIMEOUT", "the call took longer than 3 s", *where)
    assert timeout != group("CONNECTION_FAILED", "the call took longer than 3 s", *where)
    broken = "the connection to api.partner.example broke off"
    refused = "api.partner.example did not accept the connection"
    assert group("CONNECTION_FAILED", broken, *where) != group("CONNECTION_FAILED", refused, *where)


def test_a_group_has_a_title() -> None:
    call = failed_call("POST", BASE + "/score/{{id}}", BASE + "/score/17", 503)
    error = ErrorDetail(node_id="a", kind="HTTP_STATUS", message="POST …", call=call)
    title = "POST api.partner.example/score/{id} answered 503"
    assert group_names(error) == (title, title)
    no_answer = failed_call("GET", BASE + "/score/{{id}}", BASE + "/score/17", None)
    late = ErrorDetail(node_id="a", kind="TIMEOUT", message="it took 10 s", call=no_answer)
    took = "it took <number> s"
    assert group_names(late) == (f"GET api.partner.example/score/{{id}}: {took}", took)
    assert group_names(late.changed(call=None)) == (None, took)
