"""How values are written for other systems: never in Python's form."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.models.run import StepStatus
from runledger.nodes.base import NodeResult
from runledger.nodes.http_exchange import FORM
from runledger.nodes.tools import HttpRequest, HttpResponse
from runledger.templating import evaluate, render, text_of

from tests.support.depth import examples
from tests.support.visits import run_node, visit

LISTED = ["a", "b c", "ü&="]
OBJECT = {"id": 7, "tags": ["x", None], "ok": True}
VALUES: dict[str, Any] = {
    "list": LISTED,
    "mixed": [1, True, None, 0.00001, "x", {"a": [1]}, ["y"]],
    "object": OBJECT,
    "yes": True,
    "no": False,
    "none": None,
    "tiny": 0.00001,
    "large": 1e21,
    "text": "['a', 'b']",
    "hollow": [],
}
COMPACT = '{"id":7,"tags":["x",null],"ok":true}'


class Http:
    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    def call(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        return HttpResponse(status=200, headers=(), body=b"", truncated=False, duration_ms=1)


class Secrets:
    def get(self, name: str) -> str:
        raise AssertionError(name)

    def hosts(self, name: str) -> tuple[str, ...]:
        raise AssertionError(name)


def sent(payload: Mapping[str, Any] = VALUES, **config: Any) -> tuple[HttpRequest, NodeResult]:
    http = Http()
    config = {"provider": "HTTP", "method": "POST", "url": "https://x.example/", **config}
    result = run_node(
        "INTEGRATION", config, visit({"trigger": payload}, http=http, secrets=Secrets())
    )
    assert result.status is StepStatus.COMPLETED, result.error
    return http.requests[0], result


WRITTEN = {
    "list": ["a", "b c", "ü&="],
    "mixed": ["1", "true", "", "0.00001", "x", '{"a":[1]}', '["y"]'],
    "object": [COMPACT],
    "yes": ["true"],
    "no": ["false"],
    "none": [""],
    "tiny": ["0.00001"],
    "large": ["1000000000000000000000.0"],
    "text": ["['a', 'b']"],
    "hollow": [],
}


@pytest.mark.parametrize("name", VALUES)
def test_a_query_and_a_form_repeat_lists_and_write_objects_as_json(name: str) -> None:
    values = {name: f"{{{{ trigger.{name} }}}}"}
    pairs = [(name, text) for text in WRITTEN[name]]
    request, _ = sent(query=values, body=values, headers={"Content-Type": FORM})
    assert list(request.query) == pairs
    assert request.body is not None
    assert parse_qsl(request.body.decode(), keep_blank_values=True) == pairs


def test_lists_that_are_written_in_the_config_repeat_too() -> None:
    values = {"id": ["{{ trigger.yes }}", 2, "{{ trigger.object }}"], "o": {"a": "{{trigger.no}}"}}
    request, result = sent(query=values)
    assert request.query == (("id", "true"), ("id", "2"), ("id", COMPACT), ("o", '{"a":false}'))
    assert result.request is not None
    assert result.request["query"] == {"id": ["true", "2", COMPACT], "o": '{"a":false}'}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ trigger.list }}", '["a","b c","ü&="]'),
        ("{{ trigger.object }}", COMPACT),
        ("ids {{ trigger.list }}!", 'ids ["a","b c","ü&="]!'),
        ("o={{ trigger.object }}", f"o={COMPACT}"),
        ("{{ trigger.yes }} {{ trigger.none }}{{ trigger.tiny }}", "true 0.00001"),
        ("{% echo trigger.object %}", COMPACT),
        ("{{ trigger.object | append: '!' }}", f"{COMPACT}!"),
        ("{{ 'x' | append: trigger.object }}", f"x{COMPACT}"),
        ("{{ trigger.mixed | last }}", '["y"]'),
        ("{{ trigger.text }}", "['a', 'b']"),
    ],
)
def test_a_header_and_a_longer_text_have_json(text: str, expected: str) -> None:
    request, _ = sent(headers={"X-A": text}, query={"q": f"<{text}>"}, body=f"<{text}>")
    assert request.headers["X-A"].replace(", ", ",") == expected.replace(", ", ",")
    assert b"None" not in (request.body or b"")
    assert b"True" not in (request.body or b"")


def test_an_address_has_json() -> None:
    request, _ = sent(
        url="https://x.example/{{ trigger.yes }}?a={{ trigger.list }}&n={{trigger.tiny}}"
    )
    assert request.url == 'https://x.example/true?a=["a","b c","ü&="]&n=0.00001'


def test_a_template_writes_a_list_as_liquid_does() -> None:
    assert render("{{ x }}", {"x": ["a", 1, True, None, 0.00001]}) == "a1true0.00001"
    assert render("{{ x | join: ',' }}", {"x": ["a", 1, True]}) == "a,1,true"


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(-1e6, 1e6)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
)
JSONS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abü ", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
# What Liquid's text filters take, each with its argument.
FILTERS = ["append: 'z'", "prepend: 'z'", "upcase", "strip", "url_encode", "join: ','", "escape"]


@settings(max_examples=examples(60), deadline=None)
@given(st.dictionaries(st.sampled_from("abcd"), JSONS, max_size=4))
def test_a_query_can_be_read_back(values: dict[str, Any]) -> None:
    request, _ = sent(
        {"all": values, "": 0},
        query={name: f"{{{{ trigger.all.{name} }}}}" for name in values},
        body="{{ trigger.all }}",
        headers={"Content-Type": FORM},
    )
    assert request.body is not None
    pairs = parse_qsl(request.body.decode(), keep_blank_values=True)
    assert pairs == list(request.query)
    for name, value in values.items():
        got = [text for key, text in pairs if key == name]
        wanted = value if isinstance(value, list) else [value]
        assert [read_back(text, each) for text, each in zip(got, wanted, strict=True)] == wanted


def read_back(text: str, like: Any) -> Any:
    if like is None:
        assert text == ""
        return None
    if isinstance(like, str):
        return text
    if isinstance(like, float):
        assert "e" not in text
    return json.loads(text)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(JSONS, max_size=3) | st.dictionaries(st.text("ab", max_size=2), JSONS, max_size=3))
def test_an_object_is_never_written_in_pythons_form(value: Any) -> None:
    assert json.loads(text_of(value)) == value
    whole = evaluate("<{{ x }}>", {"x": value}, as_json=True)
    assert json.loads(whole[1:-1]) == value


@pytest.mark.parametrize("filter_", FILTERS)
@pytest.mark.parametrize("value", [{"a": True}, [{"a": None}], [[{"a": True}]]])
def test_no_filter_writes_python(filter_: str, value: Any) -> None:
    text = render(f"{{{{ x | {filter_} }}}}", {"x": value})
    assert "True" not in text
    assert "None" not in text
    assert "'a'" not in text.lower()
