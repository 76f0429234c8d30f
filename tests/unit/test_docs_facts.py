"""The docs state the same facts as the code."""

import re
from pathlib import Path

import pytest
from runledger import json_body, liquid_filters, template_errors, template_limits
from runledger.channels import sms, whatsapp
from runledger.clock import DAY
from runledger.compiler import checks, checks_nodes, forks, machine_checks, timing
from runledger.html_mail import checks as html_checks
from runledger.models import automation, contact, workspace
from runledger.models.attempt_transitions import MAX_TRIES
from runledger.nodes import http_capture, http_record, recipients, send_message, source_config
from runledger.outbound import client
from runledger.services.automations import templates
from runledger.services.automations.upstream_checks import MAX_DOWNSTREAM
from runledger.services.contacts.contacts import MAX_DATES
from runledger.services.counts.stats import LONGEST
from runledger.services.messages.resend import MAX_RESENDS
from runledger.services.triggers.event_dates import LONGEST_WAIT
from runledger.services.triggers.event_keys import MAX_KEY_CHARACTERS
from runledger.services.triggers.open_run import MAX_BODY_BYTES
from runledger.services.triggers.upstream import MAX_DEPTH
from runledger.services.workspaces.invitations import MAX_MEMBERS
from runledger.sources import parsing, splitting
from runledger.sources.formats import form

from local.api_page import TARGET, rendered
from local.openapi import document

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
COMPILER = Path(checks.__file__).parent
LIMITS = {
    "nodes": automation.MAX_NODES,
    "edges": automation.MAX_EDGES,
    "branches of a fork": forks.MAX_BRANCHES,
    "waits on one path together": timing.MAX_WAIT_SECONDS // timing.DAY,
    "visits for its messages to segments and tags, up to 50 contacts or five seconds each": (
        checks_nodes.MAX_VISITS
    ),
    "its compiled state machine": machine_checks.MAX_DEFINITION_BYTES,
    "automations that wait for the runs of one": MAX_DOWNSTREAM,
    "runs that follow one another by UPSTREAM": MAX_DEPTH,
    "body": MAX_BODY_BYTES,
    "body that `split` divides": parsing.MAX_SPLIT_BODY_BYTES,
    "the same, after it is inflated": parsing.MAX_SPLIT_BYTES,
    "elements of a split body": splitting.MAX_ELEMENTS,
    "fields of a form": form.MAX_FIELDS,
    "headers that a trigger keeps": source_config.MAX_HEADERS,
    "depth of its JSON": json_body.MAX_DEPTH,
    "`Idempotency-Key`": MAX_KEY_CHARACTERS,
    "days ahead that a date in it may schedule a run": LONGEST_WAIT // DAY,
    "metadata": contact.METADATA_BYTES,
    "source of a text": template_errors.MAX_SOURCE_CHARACTERS,
    "subject, plain text and HTML of a template together": templates.MAX_BYTES,
    "elements of HTML": html_checks.MAX_ELEMENTS,
    "elements of HTML inside each other": html_checks.MAX_DEPTH,
    "what a rendering writes": template_limits.MAX_OUTPUT_BYTES,
    "turns of loops in it": template_limits.MAX_LOOP_ITERATIONS,
    "its time": int(template_limits.MAX_SECONDS),
    "an SMS": sms._MAX_CHARACTERS,
    "a WhatsApp message": whatsapp._MAX_CHARACTERS,
    "answer; the rest is cut off": client.MAX_BODY_BYTES,
    "address": client.MAX_URL_CHARACTERS,
    "redirects": client.MAX_REDIRECTS,
    "what is captured from the answer": http_capture.MAX_OUTPUT_BYTES,
    "what is kept of a body in the history": http_record.MAX_STORED_BYTES,
    "tries of a message": MAX_TRIES,
    "times that it is sent again by hand": MAX_RESENDS,
    "addresses written into one node": recipients.MAX_ADDRESSES,
    "members and open invitations": MAX_MEMBERS,
    "a range of figures": LONGEST // DAY,
}


@pytest.mark.parametrize("of", LIMITS)
def test_a_limit_equals_the_one_in_the_code(of: str) -> None:
    rows = (DOCS / "limits.md").read_text().splitlines()
    (row,) = [row for row in rows if row.startswith(f"| {of} |")]
    assert row.split("|")[2].strip().split()[0].rstrip(",") == f"{LIMITS[of]:,}"


def test_further_limits_of_a_row_equal_those_in_the_code() -> None:
    limits = (DOCS / "limits.md").read_text()
    assert f"and {send_message.MAX_VISITS:,} of one node" in limits
    assert f"{MAX_DATES} of them dates" in limits
    assert (
        f"1 to {workspace.MAX_RETENTION_DAYS:,} days, {workspace.DEFAULT_RETENTION_DAYS}" in limits
    )


def test_the_page_of_the_api_is_the_generated_one() -> None:
    assert TARGET.read_text() == rendered(document()), "run: make generate"


def test_the_page_of_filters_lists_exactly_the_filters() -> None:
    text = (DOCS / "liquid.md").read_text().partition("\n## Filters\n")[2].partition("\n## ")[0]
    table = [line for line in text.splitlines() if line.startswith("| ")]
    named = [name for line in table for name in re.findall(r"`(\w+)`", line)]
    assert sorted(named) == sorted(liquid_filters.ARGUMENTS)


def test_every_code_of_the_compiler_is_explained() -> None:
    source = "".join(path.read_text() for path in COMPILER.glob("checks_*.py"))
    codes = set(re.findall(r'code="([A-Z_]+)"', source))
    explained = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", (DOCS / "graphs.md").read_text()))
    assert len(codes) > 30
    assert codes - explained == set()


def test_every_term_of_the_glossary_is_one_line_in_order() -> None:
    terms = re.findall(r"^\| \*\*(.+?)\*\*", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert terms == sorted(terms)
    needed = {"run", "visit", "claim", "lease", "due", "settle", "gate", "refusal", "effect"}
    assert needed | {"hand back"} <= set(terms)
