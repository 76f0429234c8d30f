"""The input of each step: its config with the values of that visit, stored without repetition."""

from itertools import pairwise
from typing import Any

import pytest
from runledger.clock import iso
from runledger.models.contact import ContactDocument
from runledger.nodes.condition import ConditionNode
from runledger.nodes.inputs import MAX_INPUT_BYTES
from runledger.nodes.send_message import SendMessageNode
from runledger.redaction import REDACTED

from tests.functional.test_run_detail import steps_of
from tests.support.engine import Engine
from tests.support.graphs import edge, end, integration, message, node, stop

EMAIL = "ada@example.com"


def run_of(engine: Engine, nodes: list[dict[str, Any]], event_body: Any, *ways: str) -> str:
    """Returns a walked run of these nodes, in a row or along these edges."""
    lookup = {"by": "email", "path": "email"}
    config = {"triggerType": "WEBHOOK", "contactLookup": lookup, "createIfMissing": True}
    names = ["start", *(each["id"] for each in nodes), "done"]
    edges = ways or [f"{one} > {other}" for one, other in pairwise(names)]
    ends = [end()] if any("done" in each for each in edges) else []
    document = {
        "name": "Row",
        "nodes": [{"id": "start", "type": "TRIGGER", "config": config}, *nodes, *ends],
        "edges": [edge(each) for each in edges],
    }
    run_id = engine.fire(engine.activate(document), {"email": EMAIL, **event_body})
    engine.walk(run_id)
    return run_id


def inputs_of(engine: Engine, run_id: str) -> dict[str, Any]:
    return {id_: step["input"] for id_, step in steps_of(engine.detail(run_id)).items()}


def stored_input(engine: Engine, run_id: str, node_id: str) -> dict[str, Any]:
    """Returns the part of its input that the step itself stores."""
    return engine.stores.runs.history(run_id).steps[node_id].input


def test_a_decision_shows_the_values_it_compared(engine: Engine) -> None:
    rules: list[dict[str, Any]] = [
        {"kind": "HAS_TAG", "tag": "{{trigger.tag}}"},
        {"kind": "COMPARE", "left": "{{trigger.n}}", "operator": "GREATER_THAN", "right": 10},
        {"kind": "FIELD_EQUALS", "field": "email", "value": "{{trigger.nothing}}"},
    ]
    plans = [
        {"field": "trigger.plan", "value": "{{trigger.best}}", "label": "best"},
        {"field": "trigger.never", "value": "x", "label": "x"},
    ]
    nodes = [
        node("any", "CONDITION", kind="ANY", conditions=rules),
        node("plan", "SWITCH", rules=plans),
    ]
    ways = ["start > any", "any > plan : true", "any > done : false"]
    ways += [f"plan > done : {label}" for label in ("best", "x", "otherwise")]
    run_id = run_of(engine, nodes, {"n": 20, "tag": "vip", "plan": "pro", "best": "pro"}, *ways)
    found = inputs_of(engine, run_id)
    # The last rule of each was not asked, and stays as it was written.
    assert found["any"]["conditions"] == [
        {"kind": "HAS_TAG", "tag": "vip"},
        {**rules[1], "left": 20},
        rules[2],
    ]
    assert found["plan"]["rules"] == [{**plans[0], "field": "pro", "value": "pro"}, plans[1]]
    # What the evidence tells is not stored a second time.
    assert stored_input(engine, run_id, "any") == {"/conditions/0/tag": "vip"}
    assert stored_input(engine, run_id, "plan") == {}
    assert found["start"] == engine.detail(run_id)["trigger"]
    assert found["done"] == {}


def test_a_call_shows_its_parameters_and_no_secret(engine: Engine) -> None:
    engine.secrets.put("ws_demo", "KEY", "s3cr3t-value")
    call = {
        "url": "https://api.example.com/{{trigger.id}}",
        "headers": {"X-Key": "{{secret.KEY}}", "X-Who": "{{contact.email}}"},
        "query": {"n": "{{trigger.n}}", "none": "{{trigger.gone}}", "out": None},
        "auth": {"type": "BEARER", "token": "{{trigger.token}}"},
        "body": {"a.b/c": ["{{trigger.n}}", {"password": "{{trigger.token}}"}]},
    }
    event_body = {"id": "o-1", "n": 7, "gone": None, "token": "t0ken-of-somebody"}
    run_id = run_of(engine, [integration("call", **call)], event_body)
    found = inputs_of(engine, run_id)["call"]
    assert found["url"] == "https://api.example.com/o-1"
    assert found["headers"] == {"X-Key": "{{secret.KEY}}", "X-Who": EMAIL}
    assert found["query"] == {"n": "7", "none": "", "out": None}
    assert found["auth"] == call["auth"]
    assert found["body"] == {"a.b/c": [7, {"password": REDACTED}]}
    assert stored_input(engine, run_id, "call") == {}


def test_a_call_that_could_not_be_made_shows_what_was_known(engine: Engine) -> None:
    engine.secrets.put("ws_demo", "KEY", "s3cr3t-value")
    headers = {
        "X-Key": "Key {{secret.KEY}}",
        "X-Echo": "{{trigger.echo}}",
        "X-No": "{{trigger.no}}",
    }
    body = {"a.b/c": "{{trigger.n}}", "apiKey": "{{trigger.n}}"}
    run_id = run_of(
        engine,
        [integration("call", headers=headers, body=body)],
        {"n": 7, "echo": "is s3cr3t-value"},
    )
    assert steps_of(engine.detail(run_id))["call"]["error"]["kind"] == "MISSING_VARIABLE"
    found = inputs_of(engine, run_id)["call"]
    assert found["headers"] == {**headers, "X-Echo": "is {{secret.KEY}}"}
    assert found["body"] == {"a.b/c": 7, "apiKey": REDACTED}


def test_no_credential_of_a_call_that_could_not_be_made_is_stored(engine: Engine) -> None:
    call = {
        "url": "https://u:{{trigger.password}}@api.example.com/?access_token={{trigger.password}}",
        "auth": {"type": "BEARER", "token": "{{trigger.token}}"},
        "headers": {"X-Echo": "as {{trigger.token}}"},
        "body": {
            "credentials": {"pin": "{{trigger.password}}"},
            "token": ["{{trigger.password}}"],
            "gone": "{{trigger.gone}}",
        },
    }
    text = {"body": '{"password": "{{trigger.password}}", "gone": "{{trigger.gone}}"}'}
    event_body = {"password": "hunter2-of-somebody", "token": "t0ken-of-somebody"}
    runs = [run_of(engine, [integration("call", **each)], event_body) for each in (call, text)]
    found, written = (inputs_of(engine, run_id)["call"] for run_id in runs)
    assert written["body"] == text["body"]
    assert found["url"] == call["url"]
    assert found["headers"] == {"X-Echo": f"as {REDACTED}"}
    assert found["body"] == {
        "credentials": {"pin": REDACTED},
        "token": [REDACTED],
        "gone": "{{trigger.gone}}",
    }
    for run_id in runs:
        stored = str(engine.stores.runs.history(run_id).steps["call"])
        assert not any(value in stored for value in event_body.values())


def test_a_call_without_its_secret_shows_the_config_as_written(engine: Engine) -> None:
    body = {"key": "{{secret.GONE}}", "n": "{{trigger.n}}"}
    run_id = run_of(engine, [integration("call", body=body)], {"n": 7})
    assert steps_of(engine.detail(run_id))["call"]["error"]["kind"] == "MISSING_SECRET"
    assert inputs_of(engine, run_id)["call"]["body"] == body


def test_variables_waits_and_errors_show_the_values_they_read(engine: Engine) -> None:
    due = iso(engine.clock() - 60_000)
    values = [
        {"target": "vars.text", "value": "{{trigger.n}} left", "type": "STRING"},
        {"target": "vars.number", "value": "{{trigger.n}}", "type": "NUMBER"},
        {"target": "vars.json", "value": {"deep": ["{{trigger.n}}"]}, "type": "JSON"},
    ]
    nodes = [
        node("set", "SET", assignments=values),
        node("nap", "WAIT", until={"field": "trigger.due"}),
        stop("bad", "Only {{vars.text}}"),
    ]
    ways = ["start > set", "set > nap", "nap > bad"]
    run_id = run_of(engine, nodes, {"n": "3", "due": due}, *ways)
    found = inputs_of(engine, run_id)
    shown = [each["value"] for each in found["set"]["assignments"]]
    assert shown == ["3 left", "3", {"deep": ["3"]}]
    assert stored_input(engine, run_id, "set") == {"/assignments/1/value": "3"}
    assert found["nap"] == {"until": {"field": due}}
    assert found["bad"] == {"message": "Only 3 left"}
    assert stored_input(engine, run_id, "bad") == stored_input(engine, run_id, "nap") == {}


def test_a_message_shows_its_recipients_and_the_values_of_its_templates(engine: Engine) -> None:
    template_id = engine.template("Dear {{contact.firstName | default: 'you'}}, {{trigger.total}}")
    mail = message("mail", template_id)
    mail["config"]["recipients"] = {
        "kind": "AD_HOC",
        "addresses": ["{{trigger.boss}}", "b@x.example"],
    }
    run_id = run_of(engine, [mail], {"total": 12.5, "boss": "a@x.example"})
    found = inputs_of(engine, run_id)["mail"]
    assert found["recipients"]["addresses"] == ["a@x.example", "b@x.example"]
    assert found["channels"] == mail["config"]["channels"]
    assert found["variables"] == {"trigger.total": 12.5}


def test_each_variable_of_a_message_is_cut_separately(engine: Engine) -> None:
    names = [f"v{number}" for number in range(12)]
    body = " ".join(f"{{{{trigger.{name}}}}}" for name in names)
    run_id = run_of(
        engine,
        [message("mail", engine.template(f"{{{{trigger.id}}}} {body}"))],
        {"id": 1, **dict.fromkeys(names, "x" * 900)},
    )
    shown = inputs_of(engine, run_id)["mail"]["variables"]
    assert len(shown) == 13
    assert shown["trigger.id"] == 1
    assert (shown["trigger.v0"], shown["trigger.v9"]) == ("x" * 900, "…")


def test_the_variables_of_a_message_are_empty_or_unknown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = message("mail", engine.template("The same for all", subject="News"))
    assert inputs_of(engine, run_of(engine, [mail], {}))["mail"]["variables"] == {}
    with monkeypatch.context() as patch:
        patch.setattr(SendMessageNode, "input", lambda *given: {})
        run_id = run_of(engine, [mail], {})
    assert inputs_of(engine, run_id)["mail"] is None


def test_an_input_with_too_many_paths_is_not_stored(engine: Engine) -> None:
    body = {f"{number:03}{'k' * 97}": "{{trigger.n}}" for number in range(100)}
    run_id = run_of(engine, [integration("call", body={**body, "x": "{{trigger.no}}"})], {"n": 7})
    assert stored_input(engine, run_id, "call") == {}
    assert inputs_of(engine, run_id)["call"] is None


def test_long_values_are_cut_and_their_total_is_limited(engine: Engine) -> None:
    tags = [{"kind": "HAS_TAG", "tag": "{{trigger.tag}}"} for _ in range(20)]
    ways = ["start > any", "any > done : true", "any > done : false"]
    nodes = [node("any", "CONDITION", kind="ANY", conditions=tags)]
    run_id = run_of(engine, nodes, {"tag": "x" * 5_000}, *ways)
    shown = [each["tag"] for each in inputs_of(engine, run_id)["any"]["conditions"]]
    assert shown[0] == "x" * 1_000 + "…"
    assert shown[-1] == "…"
    assert sum(len(each) for each in shown) < MAX_INPUT_BYTES


def test_an_input_that_was_not_recorded_is_unknown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.contacts.create("ws_demo", ContactDocument(email=EMAIL, tags=["vip"]))
    nodes = [
        node("vip", "CONDITION", kind="HAS_TAG", tag="{{trigger.tag}}"),
        node("nap", "WAIT", delayMinutes=5),
    ]
    ways = ["start > vip", "vip > nap : true", "vip > done : false", "nap > done"]

    def broken(*given: object) -> dict[str, Any]:
        raise RuntimeError("the input cannot be told")

    monkeypatch.setattr(ConditionNode, "input", broken)
    run_id = run_of(engine, nodes, {"tag": "vip"}, *ways)
    found = steps_of(engine.detail(run_id))
    assert (found["vip"]["outcome"], found["vip"]["input"]) == ("true", None)
    # Nothing in this one could differ from what was written.
    assert found["nap"]["input"] == {"delayMinutes": 5}
