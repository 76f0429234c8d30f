"""Editing contacts, templates, segments and automations: replacing a whole document, changing parts
of it, and never overwriting a newer change."""

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.functional.test_api_handlers import call, deployed
from tests.support.depth import examples
from tests.support.engine import Engine

__all__ = ["deployed"]


class Kind(NamedTuple):
    """A resource: its path, a document that creates it, a partial change and a replacement."""

    path: str
    document: dict[str, Any]
    part: dict[str, Any]
    whole: dict[str, Any]


GRAPH: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
        {"id": "done", "type": "END", "config": {}},
    ],
    "edges": [{"source": "start", "target": "done"}],
}
KINDS = [
    Kind(
        "/v1/contacts",
        {"email": "ada@example.com", "firstName": "Ada", "tags": ["vip"], "metadata": {"a": 1}},
        {"lastName": "Lovelace"},
        {"email": "ada@example.com", "tags": []},
    ),
    Kind(
        "/v1/templates",
        {"name": "Hello", "channel": "EMAIL", "subject": "Hi", "body": "Hi {{contact.firstName}}"},
        {"body": "Bye"},
        {"name": "Bye", "channel": "SMS", "body": "Bye"},
    ),
    Kind(
        "/v1/segments",
        {"name": "All VIP", "match": "ALL", "rules": [{"kind": "HAS_TAG", "tag": "vip"}]},
        {"name": "VIPs"},
        {"name": "Gold", "rules": [{"kind": "HAS_TAG", "tag": "gold"}]},
    ),
    Kind(
        "/v1/automations",
        {"name": "Greet", **GRAPH, "layout": {"start": {"x": 0, "y": 0}}},
        {"name": "Greet twice"},
        {"name": "Greet once", "reentry": "ONCE", **GRAPH},
    ),
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.path.rpartition("/")[2])
MERGE_PATCH = {"content-type": "application/merge-patch+json"}


def made(kind: Kind) -> tuple[str, dict[str, Any]]:
    """Creates a resource of this kind; returns its path and the answer."""
    answer = call("POST", kind.path, kind.document)
    assert answer["status"] == 201, answer
    return f"{kind.path}/{answer['body']['id']}", answer


def tag_of(answer: dict[str, Any]) -> str:
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    tag: str = headers["etag"]
    return tag


# ── one document a request ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        *(("POST", kind.path, kind.document) for kind in KINDS),
        ("POST", "/v1/automations/validate", KINDS[3].document),
        ("POST", "/v1/runs/cancel", {"reason": "x", "filter": {}, "dryRun": True}),
        ("POST", "/v1/templates/preview", KINDS[1].document),
        ("POST", "/v1/suppressions", {"address": "a@example.com"}),
        ("POST", "/v1/exports", {"kind": "RUNS", "format": "CSV"}),
        ("PUT", "/v1/secrets/KEY", {"value": "x"}),
        ("PUT", "/v1/settings", {"name": "x", "retentionDays": 30}),
    ],
)
@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.sampled(8)
def test_a_list_instead_of_one_document_is_refused(
    deployed: Engine, method: str, path: str, document: dict[str, Any], count: int
) -> None:
    answer = call(method, path, [document] * count)
    assert answer["status"] == 422
    assert "one JSON object" in answer["body"]["detail"]
    for kind in KINDS:
        assert call("GET", kind.path)["body"]["items"] == []


@every_kind
def test_a_list_is_refused_in_a_change_too(deployed: Engine, kind: Kind) -> None:
    path, first = made(kind)
    for method, body in (("PUT", kind.whole), ("PATCH", kind.part)):
        assert call(method, path, [body])["status"] == 422
    assert tag_of(call("GET", path)) == tag_of(first)


# ── revisions ──────────────────────────────────────────────────────────────────────────────────


@every_kind
def test_every_answer_with_a_document_has_its_etag(deployed: Engine, kind: Kind) -> None:
    path, first = made(kind)
    tags = [tag_of(first)]
    assert tag_of(call("GET", path)) == tags[0] == f'"{first["body"]["revision"]}"'
    for method, body in (("PUT", kind.whole), ("PATCH", kind.part)):
        answer = call(method, path, body)
        assert answer["status"] == 200, answer
        tags.append(tag_of(answer))
        assert tag_of(call("GET", path)) == tags[-1]
    assert len(set(tags)) == 3


@every_kind
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"0", {}', "*"])
def test_a_change_with_a_matching_etag_is_accepted(
    deployed: Engine, kind: Kind, method: str, form: str
) -> None:
    path, first = made(kind)
    body = kind.whole if method == "PUT" else kind.part
    answer = call(method, path, body, headers={"if-match": form.format(tag_of(first))})
    assert answer["status"] == 200, answer


@every_kind
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_stale_etag_is_refused_with_the_current_revision(
    deployed: Engine, kind: Kind, method: str
) -> None:
    path, first = made(kind)
    second = call("PATCH", path, kind.part, role="admin")
    body = kind.whole if method == "PUT" else kind.part
    answer = call(method, path, body, headers={"if-match": tag_of(first)})
    assert answer["status"] == 412
    assert answer["body"]["revision"] == second["body"]["revision"]
    assert tag_of(answer) == tag_of(second)
    assert tag_of(call("GET", path)) == tag_of(second)


@every_kind
@pytest.mark.parametrize("header", ["12", '"12', "W/12", '"1""2"', ""])
@pytest.mark.sampled(6)
def test_an_invalid_if_match_is_refused(deployed: Engine, kind: Kind, header: str) -> None:
    path, first = made(kind)
    answer = call("PATCH", path, kind.part, headers={"if-match": header})
    assert (answer["status"], answer["body"]["field"]) == (422, "If-Match")
    assert tag_of(call("GET", path)) == tag_of(first)


@every_kind
def test_put_accepts_the_answer_of_get(deployed: Engine, kind: Kind) -> None:
    path, _ = made(kind)
    read = call("GET", path)["body"]
    answer = call("PUT", path, read)
    assert answer["status"] == 200, answer
    volatile = {"revision", "updatedAt", "updatedBy"}
    same = {name: value for name, value in read.items() if name not in volatile}
    assert {name: answer["body"][name] for name in same} == same


@every_kind
def test_the_second_of_two_concurrent_changes_is_refused(deployed: Engine, kind: Kind) -> None:
    path, _ = made(kind)
    mine, theirs = (call("GET", path)["body"] for _ in range(2))
    assert call("PUT", path, {**theirs, **kind.part}, role="admin")["status"] == 200
    refused = call("PUT", path, mine)
    assert (refused["status"], refused["body"]["state"]) == (409, "CHANGED")
    assert refused["body"]["revision"] == call("GET", path)["body"]["revision"]
    patched = call("PATCH", path, {**kind.part, "revision": mine["revision"]})
    assert patched["status"] == 409


@every_kind
def test_a_body_with_another_id_is_refused(deployed: Engine, kind: Kind) -> None:
    path, _ = made(kind)
    answer = call("PUT", path, {**kind.whole, "id": "x_1"})
    assert (answer["status"], answer["body"]["field"]) == (422, "id")


# ── merge patches ──────────────────────────────────────────────────────────────────────────────


@every_kind
@pytest.mark.parametrize("headers", [{}, MERGE_PATCH])
def test_a_patch_changes_only_its_fields(
    deployed: Engine, kind: Kind, headers: dict[str, str]
) -> None:
    path, first = made(kind)
    answer = call("PATCH", path, kind.part, headers=headers)
    assert answer["status"] == 200, answer
    volatile = {"revision", "updatedAt", "updatedBy"}
    expected = {**first["body"], **kind.part}
    assert {n: v for n, v in answer["body"].items() if n not in volatile} == {
        n: v for n, v in expected.items() if n not in volatile
    }
    assert call("GET", path)["body"] == answer["body"]


@every_kind
def test_a_patch_of_a_read_only_or_unknown_field_is_refused(deployed: Engine, kind: Kind) -> None:
    path, first = made(kind)
    for name in ("createdAt", "nickname"):
        answer = call("PATCH", path, {name: "2026-01-01T00:00:00Z"})
        assert (answer["status"], answer["body"]["field"]) == (422, name)
    assert tag_of(call("GET", path)) == tag_of(first)


@every_kind
def test_viewers_and_members_may_not_patch(deployed: Engine, kind: Kind) -> None:
    path, first = made(kind)
    for role in ("viewer", "member"):
        assert call("PATCH", path, kind.part, role=role)["status"] == 403
    assert tag_of(call("GET", path)) == tag_of(first)


def test_a_name_cannot_be_removed(deployed: Engine) -> None:
    for kind in KINDS[1:]:
        path, _ = made(kind)
        answer = call("PATCH", path, {"name": None})
        assert (answer["status"], answer["body"]["field"]) == (422, "name")


def test_null_removes_a_field_of_a_contact(deployed: Engine) -> None:
    path, _ = made(KINDS[0])
    patch = {"firstName": None, "tags": None, "metadata": {"a": None, "b": {"c": [1]}}}
    body = call("PATCH", path, patch)["body"]
    assert (body["firstName"], body["tags"], body["metadata"]) == (None, [], {"b": {"c": [1]}})
    assert body["email"] == "ada@example.com"


def test_a_removed_address_can_be_used_again(deployed: Engine) -> None:
    path, _ = made(KINDS[0])
    assert call("POST", "/v1/contacts", {"email": "ada@example.com"})["status"] == 409
    assert call("PATCH", path, {"email": None})["body"]["email"] is None
    assert call("POST", "/v1/contacts", {"email": "ada@example.com"})["status"] == 201


def test_patching_a_graph_reports_all_its_problems(deployed: Engine) -> None:
    path, first = made(KINDS[3])
    answer = call("PATCH", path, {"edges": [], "nodes": [{"id": "a", "type": "END"}]})
    assert answer["status"] == 422
    assert {each["code"] for each in answer["body"]["problems"]} >= {"NO_TRIGGER"}
    assert tag_of(call("GET", path)) == tag_of(first)


# ── consents ───────────────────────────────────────────────────────────────────────────────────

CONSENTS = ("marketing", "transactional")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_withdrawn_consent_stays_until_it_is_given_again(deployed: Engine, method: str) -> None:
    withdrawn = {"marketing": False, "transactional": False}
    made_ = call("POST", "/v1/contacts", {"email": "ada@example.com", "consents": withdrawn})
    path = f"/v1/contacts/{made_['body']['id']}"
    for body in (
        {"tags": ["x"]},
        {"tags": ["x"], "consents": {}},
        {"consents": {"marketing": True}},
    ):
        answer = call(method, path, body)
        assert answer["body"]["consents"]["transactional"] is False
    assert answer["body"]["consents"]["marketing"] is True
    back = call(method, path, {"consents": {"transactional": True}})
    assert back["body"]["consents"] == {"marketing": True, "transactional": True, "channels": {}}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("consents", [None, {"transactional": None}, [], {"transactional": "yes"}])
def test_a_consent_other_than_true_or_false_is_refused(
    deployed: Engine, method: str, consents: Any
) -> None:
    made_ = call(
        "POST", "/v1/contacts", {"email": "a@example.com", "consents": {"transactional": False}}
    )
    path = f"/v1/contacts/{made_['body']['id']}"
    assert call(method, path, {"consents": consents})["status"] == 422
    assert call("GET", path)["body"]["consents"]["transactional"] is False


_some_consents = st.dictionaries(st.sampled_from(CONSENTS), st.booleans())
_edits = st.lists(
    st.tuples(
        st.sampled_from(["PUT", "PATCH"]),
        st.fixed_dictionaries({}, optional={"consents": _some_consents, "firstName": st.just("A")}),
    ),
    max_size=6,
)


@given(first=_some_consents, edits=_edits)
@settings(
    max_examples=examples(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_each_consent_has_its_last_sent_value(
    deployed: Engine, first: dict[str, bool], edits: list[tuple[str, dict[str, Any]]]
) -> None:
    made_ = call("POST", "/v1/contacts", {"consents": first})["body"]
    path = f"/v1/contacts/{made_['id']}"
    expected = {"marketing": False, "transactional": True, **first}
    for method, body in edits:
        answer = call(method, path, json.loads(json.dumps(body)))
        assert answer["status"] == 200, answer
        expected.update(body.get("consents", {}))
    assert call("GET", path)["body"]["consents"] == {**expected, "channels": {}}
