"""The demo's e-mails, as they are sent, pass a validator that we did not write."""

import json
import subprocess
from typing import Any

import pytest
from runledger.html_mail.checks import size_warning, source_findings
from runledger.models.automation import TemplateSnapshot
from runledger.models.template import UNSUBSCRIBE_PLACE, UNSUBSCRIBE_VARIABLE
from runledger.services.messages.rendering import RenderedParts, rendered_parts

from local import demo
from tests.support.local_stepfunctions import FOLDER, node

MAILS = [each for each in demo.TEMPLATES if each["channel"] == "EMAIL"]
WITH_HTML = [each for each in MAILS if "html" in each]
VALUES = ["Ada", "\"><script>alert(1)</script> & ' <!--", "Zoë ☕"]


def named(value: Any) -> str | None:
    return value["name"] if isinstance(value, dict) else None


def sent(template: dict[str, Any], value: str) -> RenderedParts:
    snapshot = TemplateSnapshot(
        id="tpl_1", **{"subject": None, "body": None, "html": None, **template}
    )
    scope = {
        "contact": {"firstName": value, "email": value},
        "trigger": {
            **dict.fromkeys(("orderId", "total", "plan", "ticketId", "subject"), value),
            "trigger": {"plan": value},
        },
        "steps": {"score": {"score": value}},
        "workspace": {"name": value},
        UNSUBSCRIBE_VARIABLE: UNSUBSCRIBE_PLACE,
    }
    return rendered_parts(snapshot, scope)


def objections(html: str) -> list[str]:
    """Returns what html-validate says about a document."""
    done = subprocess.run(
        [
            node(),
            str(FOLDER / "node_modules/html-validate/bin/html-validate.mjs"),
            "--config",
            str(FOLDER / "html-validate.json"),
            "--formatter",
            "json",
            "--stdin",
        ],
        input=html,
        capture_output=True,
        text=True,
        cwd=FOLDER,
    )
    assert done.returncode in (0, 1), done.stderr
    return [
        f"{message['line']}: {message['ruleId']}: {message['message']}"
        for result in json.loads(done.stdout)
        for message in result["messages"]
    ]


def test_the_validator_sees_mistakes() -> None:
    found = objections("<!doctype html><html lang=en><title>x</title><p><div></b></p>")
    assert len(found) >= 2


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("template", WITH_HTML, ids=named)
def test_a_mail_of_the_demo_is_valid_html(template: dict[str, Any], value: str) -> None:
    html = sent(template, value).html
    assert html is not None
    assert objections(html) == []
    assert size_warning(html) is None


@pytest.mark.parametrize("template", MAILS, ids=named)
def test_a_mail_of_the_demo_has_no_findings_and_a_plain_text(template: dict[str, Any]) -> None:
    assert source_findings(template.get("html", "")) == ()
    parts = sent(template, "<Ada>")
    assert "<Ada>" in parts.body
    assert not any(mark in parts.body for mark in ("</", "{{", "&lt;", "padding:"))
