"""The errors that prevent saving a template, and its missing variables."""

from typing import Any

import pytest
from runledger.channels.registry import describe_channels
from runledger.errors import InvalidInputError
from runledger.models.consent import Consents
from runledger.models.contact import Contact
from runledger.models.event import EVENT_FIELDS, event_scope
from runledger.models.template import TemplateDocument
from runledger.services.automations.template_variables import VARIABLES, variable_problem
from runledger.services.automations.templates import Templates
from runledger.services.runs.run_context import contact_scope
from runledger.templating import missing_variables

NO_STORE: Any = None


def problem_of(channel: str = "EMAIL", subject: str | None = "Hi", body: str = "Hello") -> Any:
    """Returns (field, message) of the refusal, or None."""
    templates = Templates(NO_STORE, lambda: 0, describe_channels())
    document = TemplateDocument(name="Mail", channel=channel, subject=subject, body=body)
    try:
        templates.check(document)
    except InvalidInputError as error:
        return error.field, str(error)
    return None


@pytest.mark.parametrize(
    "body",
    [
        "{{ contact.firstName | default: 'there' }}",
        "{{ contact.metadata.plan.name }} {{ contact.metadata['any thing'] }}",
        "{{ contact.tags[0] }} {{ contact.tags.size }} {{ contact.tags | join: ', ' }}",
        "{{ contact.consents.marketing }} {{ contact | json }}",
        "{{ trigger.a.b.c }} {{ steps.any.thing }} {{ vars.x }} {{ trigger[vars.key] }}",
        "{{ workspace.name }} {{ workspace.id }} {{ contact.email.size }}",
        "{% for item in trigger.items %}{{ item.sku }} {{ forloop.index }}{% endfor %}",
        "{% assign foo = vars.y %}{{ foo.z }}",
    ],
)
def test_a_template_may_read_known_and_open_variables(body: str) -> None:
    assert problem_of(body=body) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{{ contact.foo }}", "there is no variable `contact.foo`; `contact` has consents, email"),
        ("{{ contact.first_name }}", "`contact.first_name`"),
        ("{{ contact['first name'] }}", "`contact.first name`"),
        ("{{ contact.email.domain }}", "`contact.email.domain`; `contact.email` has size"),
        ("{{ contact.tags.vip }}", "`contact.tags.vip`; `contact.tags` has first, last, size"),
        ("{{ contact.consents.sms }}", "`contact.consents.sms`"),
        ("{{ workspace.owner }}", "`workspace.owner`; `workspace` has id, name"),
        (
            "{{ secret.KEY }}",
            "there is no variable `secret`; a template reads contact, event, steps",
        ),
        ("{% if customer.vip %}{% endif %}", "there is no variable `customer`"),
        ("Hello\n{{ name | shout }}", "there is no filter `shout` (line 2, column 11)"),
        ("Hello\n\n  {{ a b }}", "(line 3, column 8)"),
        ("Hi\n{% if trigger.x %}", "the tag `{% if %}` has no `{% endif %}` (line 2"),
        (
            "{% if vars.a %}{% endif %}\n{% if vars.b %}{% for i in vars.c %}\n{% endfor %}",
            "(line 2, column 1)",
        ),
        (
            "{% if vars.a %}\n {{ vars.b | }}{% endif %}",
            "the name of a filter is missing after `|`",
        ),
        ("{% if vars.a %}\n {{ vars.b | }}{% endif %}", "(line 2, column 2)"),
        ("{% include 'other' %}", "there is no tag `include` (line 1, column 4)"),
    ],
)
def test_a_mistake_is_named_with_its_field(body: str, words: str) -> None:
    field, message = problem_of(body=body)
    assert field == "body"
    assert words in message
    field, message = problem_of(subject=body)
    assert field == "subject"
    assert words in message


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"channel": "PIGEON"}, "channel", "there is no channel 'PIGEON'; use one of EMAIL"),
        ({"subject": None}, "subject", "an e-mail needs a subject"),
        ({"channel": "SMS"}, "subject", "an SMS has no subject"),
    ],
)
def test_a_channel_checks_its_templates(changes: dict[str, Any], field: str, words: str) -> None:
    found = problem_of(**changes)
    assert found[0] == field
    assert words in found[1]


def test_the_known_fields_are_those_of_a_run() -> None:
    person = Contact(
        workspace_id="ws_1",
        id="con_1",
        email=None,
        phone=None,
        external_ids={},
        first_name=None,
        last_name=None,
        tags=(),
        consents=Consents(),
        metadata={},
        created_at=0,
        updated_at=0,
    )
    given = contact_scope(person)
    known = VARIABLES["contact"]
    assert isinstance(known, dict)
    assert set(known) == set(given)
    assert set(known["consents"]) == set(given["consents"])
    assert variable_problem(("contact", "consents", "marketing")) is None
    event = VARIABLES["event"]
    assert isinstance(event, dict)
    assert set(event) == set(event_scope({}, {}, None)) == set(EVENT_FIELDS)


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("plain", []),
        ("{{ trigger.total }}", []),
        ("{{ trigger.a }} {{ contact.email }} {{ trigger.b.c }}", ["trigger.a", "contact.email"]),
        ("{{ trigger.b.c }}{{ trigger.b.d }}{{ trigger.b.c }}", ["trigger.b.c", "trigger.b.d"]),
        ("{{ trigger.a | default: 'x' }}{% if trigger.b %}{{ trigger.c }}{% endif %}", []),
        ("{% unless trigger.b %}{{ trigger.c }}{% endunless %}", ["trigger.c"]),
        ("{{ trigger.a }}{{ 1 | divided_by: 0 }}", ["trigger.a"]),
        ("{% for item in trigger.items %}{{ item.sku }}{% endfor %}", ["item.sku"]),
        ("{{ trigger.total.deep }}{{ trigger.z }}", ["trigger.total.deep"]),
        ("".join(f"{{{{ vars.v{n} }}}}" for n in range(30)), [f"vars.v{n}" for n in range(20)]),
    ],
)
def test_every_missing_variable_is_found(source: str, missing: list[str]) -> None:
    scope = {"trigger": {"total": 3, "items": [{"name": "a"}]}}
    before = repr(scope)
    found = missing_variables(source, scope)
    assert found[: len(missing)] == missing
    assert bool(found) == bool(missing)
    assert repr(scope) == before
