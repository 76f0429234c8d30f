"""Unsubscribe links: what a message carries, what a link does, and what it never does."""

import base64
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from runledger.api.resends import ResendDocument
from runledger.clock import DAY, MINUTE, iso, now_ms
from runledger.composition import services
from runledger.errors import GoneError, NotFoundError, SetupError
from runledger.models.consent import ConsentChannel, ConsentOrigin, ConsentPurpose
from runledger.models.contact import ContactDocument
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.template import UNSUBSCRIBE_PLACE, TemplateDocument
from runledger.services.messages.unsubscribe import MAX_BODY_BYTES, MOST_PER_MINUTE
from runledger.services.messages.unsubscribe_links import (
    CACHED_SECONDS,
    LIFETIME,
    PATH,
    UNKNOWN_KEY_SECONDS,
    LinkKeys,
    UnsubscribeLinks,
    UnsubscribeTokens,
)
from runledger.services.messages.unsubscribe_page import offer_page
from runledger.services.secrets.names import link_secret_id
from runledger.services.workspaces.workspaces import create_workspace

from tests.functional.test_api_handlers import CONTEXT, deployed, sample
from tests.functional.test_delivery_life import ask
from tests.support.engine import CONSOLE_URL, LINK_KEY, Engine, StoredText, stored
from tests.support.environment import STACK
from tests.support.scripted_channel import LATER, TAKEN, script
from tests.support.template import load_template

__all__ = ["deployed"]

ROOT = Path(__file__).parents[2]
ADA = {"email": "ada@example.com"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
ONE_CLICK = urlencode({"List-Unsubscribe": "One-Click"})
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
MULTIPART = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
    "One-Click\r\n"
    f"--{BOUNDARY}--\r\n"
)
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
OTHER_KEY = "another-key-of-unsubscribe-links-of-these-tests"


@pytest.fixture
def person(engine: Engine) -> str:
    """A contact who gave the marketing consent."""
    engine.clock.follow_the_machine()
    consents = {"marketing": True, "transactional": True}
    document = ContactDocument.model_validate({**ADA, "consents": consents})
    return engine.contacts.create(engine.workspace_id, document).id


@pytest.fixture
def ready(deployed: Engine, person: str) -> Engine:
    """The deployed handlers, with the key that signs the engine's links."""
    deployed.secrets_manager.create_secret(Name=link_secret_id(STACK), SecretString=LINK_KEY)
    return deployed


def mailing(
    engine: Engine,
    consent: str,
    body: str = "News. Stop: {{unsubscribeUrl}}",
    template_id: str | None = None,
) -> str:
    trigger = {"triggerType": "WEBHOOK", "contactLookup": {"by": "email", "path": "email"}}
    message = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": template_id or engine.template(body)}],
        "consent": consent,
    }
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": trigger},
        {"id": "mail", "type": "SEND_MESSAGE", "config": message},
        {"id": "done", "type": "END"},
    ]
    edges = [{"source": "start", "target": "mail"}, {"source": "mail", "target": "done"}]
    return engine.activate({"name": "News", "nodes": nodes, "edges": edges})


def sent_by(engine: Engine, automation_id: str) -> DeliveryAttempt:
    run_id = engine.fire(automation_id, ADA)
    engine.walk(run_id)
    (link,) = engine.detail(run_id)["deliveries"]
    return engine.stores.deliveries.get(link["id"])


def link_in(text: str) -> str:
    """Returns the token of the link in a text."""
    found = re.search(re.escape(CONSOLE_URL + PATH) + r"([A-Za-z0-9._-]+)", text)
    assert found is not None, text
    return found[1]


def a_link(engine: Engine) -> str:
    """Sends a marketing message and returns the token of its link."""
    sent_by(engine, mailing(engine, "MARKETING"))
    return link_in(engine.mailbox()[-1].body)


def asked(
    method: str, token: str, body: str | bytes = "", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    from functions.webhook_in.handler import handler

    event = sample("webhook_in")
    data = body.encode() if isinstance(body, str) else body
    event["rawPath"] = event["requestContext"]["http"]["path"] = PATH + token
    event["requestContext"]["http"]["method"] = method
    event["headers"] = {"host": "console.example.com", "accept": BROWSER, **(headers or {})}
    # API Gateway passes the body of a form as base64.
    event["body"], event["isBase64Encoded"] = base64.b64encode(data).decode(), True
    answer: dict[str, Any] = handler(event, CONTEXT)
    return answer


def one_click(token: str, body: str | bytes = ONE_CLICK) -> dict[str, Any]:
    return asked("POST", token, body, FORM)


def marketing(engine: Engine, contact_id: str) -> bool:
    return engine.stores.contacts.get(engine.workspace_id, contact_id).consents.marketing


# ── What a message carries ──────────────────────────────────────────────────────────────────────
def test_a_marketing_email_offers_to_unsubscribe(engine: Engine, person: str) -> None:
    channel = script(engine, TAKEN)
    attempt = sent_by(engine, mailing(engine, "MARKETING"))
    (message,) = channel.asked
    token = link_in(message.body)
    assert message.unsubscribe_url == f"{CONSOLE_URL}{PATH}{token}"
    assert re.fullmatch(r"[A-Za-z0-9._-]+", token)
    # No list, no step and no log can show what may be used.
    assert attempt.body == f"News. Stop: {UNSUBSCRIBE_PLACE}"
    assert token not in str(engine.rows())


def test_a_transactional_email_may_have_the_link_but_no_header(engine: Engine, person: str) -> None:
    channel = script(engine, TAKEN)
    sent_by(engine, mailing(engine, "TRANSACTIONAL"))
    sent_by(engine, mailing(engine, "TRANSACTIONAL", "Your receipt"))
    with_link, without = channel.asked
    assert link_in(with_link.body) and with_link.unsubscribe_url is None
    assert (without.body, without.unsubscribe_url) == ("Your receipt", None)


def test_each_message_has_its_own_link_and_each_try_the_same(engine: Engine, person: str) -> None:
    channel = script(engine, LATER, TAKEN)
    attempt = sent_by(engine, mailing(engine, "MARKETING"))
    assert attempt.status is DeliveryStatus.RETRYING
    assert not ask(engine, attempt, 2).goes_on
    engine.clock.advance(DAY)
    resent = engine.resends.resend(
        engine.workspace_id, attempt.id, ResendDocument(), "ada@example.com"
    )
    ask(engine, resent.attempt, 1)
    first, second, third = (link_in(each.body) for each in channel.asked)
    assert first == second != third
    assert resent.attempt.id in third


def test_a_message_without_its_link_is_not_sent_and_tried_again(
    engine: Engine, person: str
) -> None:
    channel = script(engine, TAKEN)
    engine.link_keys = LinkKeys(stored("too short"), STACK, engine.seconds)
    attempt = sent_by(engine, mailing(engine, "MARKETING"))
    assert attempt.status is DeliveryStatus.RETRYING
    assert attempt.tries_log[0].message == "the unsubscribe link could not be made"
    assert channel.asked == []


def test_each_part_of_an_html_email_has_the_link(engine: Engine, person: str) -> None:
    channel = script(engine, TAKEN)
    html = '<!doctype html><title>News</title><p>News. <a href="{{unsubscribeUrl}}">Stop</a></p>'
    document = TemplateDocument(name="News", channel="EMAIL", subject="News", html=html)
    template_id = engine.templates.create(engine.workspace_id, document).id
    attempt = sent_by(engine, mailing(engine, "MARKETING", template_id=template_id))
    (message,) = channel.asked
    assert message.html is not None
    assert f'href="{message.unsubscribe_url}"' in message.html
    assert str(message.unsubscribe_url) in message.body
    assert UNSUBSCRIBE_PLACE in str(attempt.html) and UNSUBSCRIBE_PLACE in str(attempt.body)


# ── What a link does ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (ONE_CLICK, FORM),
        (MULTIPART, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}),
    ],
    ids=["urlencoded", "multipart"],
)
def test_one_click_stops_marketing_and_nothing_else(
    ready: Engine, person: str, body: str, headers: dict[str, str]
) -> None:
    token = a_link(ready)
    answer = asked("POST", token, body, headers)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (
        200,
        "text/html; charset=utf-8",
    )
    assert "You are unsubscribed" in answer["body"] and "Demo" in answer["body"]
    # RFC 8058, section 3.1: no redirect, no cookie.
    assert not {"location", "set-cookie"} & {name.lower() for name in answer["headers"]}
    assert sent_by(ready, mailing(ready, "MARKETING")).status is DeliveryStatus.SUPPRESSED
    assert sent_by(ready, mailing(ready, "TRANSACTIONAL")).status is DeliveryStatus.SENT


def test_the_record_names_the_message(ready: Engine, person: str) -> None:
    attempt = sent_by(ready, mailing(ready, "MARKETING"))
    token = link_in(ready.mailbox()[-1].body)
    for _ in range(3):
        assert one_click(token)["statusCode"] == 200
    *older, newest = ready.stores.contacts.consent_record(ready.workspace_id, person)
    assert (newest.source.origin, newest.source.detail) == (ConsentOrigin.UNSUBSCRIBE, attempt.id)
    assert not newest.is_given and newest.channel is None
    # A repeated click records nothing.
    assert not any(each.source.origin is ConsentOrigin.UNSUBSCRIBE for each in older)


def test_a_link_ends_the_consent_of_every_channel(ready: Engine, person: str) -> None:
    one_click(a_link(ready))
    consents = ready.stores.contacts.get(ready.workspace_id, person).consents
    assert not any(consents.allows(ConsentPurpose.MARKETING, each) for each in ConsentChannel)
    assert consents.transactional


def test_a_link_of_an_erased_contact_does_nothing(ready: Engine, person: str) -> None:
    token = a_link(ready)
    contact = ready.stores.contacts.get(ready.workspace_id, person)
    ready.erasing.erase(ready.workspace_id, contact.id, "a request", "ada@example.com")
    assert one_click(token)["statusCode"] == 200
    with pytest.raises(NotFoundError):
        ready.stores.contacts.get(ready.workspace_id, person)


# ── What changes nothing ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_a_link_changes_nothing(ready: Engine, person: str, method: str) -> None:
    token = a_link(ready)
    before = ready.stores.contacts.get(ready.workspace_id, person)
    answer = asked(method, token)
    assert answer["statusCode"] == 200
    assert '<form method="post">' in answer["body"]
    assert 'name="List-Unsubscribe" value="One-Click"' in answer["body"]
    assert ready.stores.contacts.get(ready.workspace_id, person) == before
    assert one_click(token)["statusCode"] == 200
    assert not marketing(ready, person)


def changed_tokens(token: str, other_contact: str) -> list[str]:
    parts = token.split(".")
    expiry = str(int(parts[6]) + 1)
    swapped = [
        [*parts[:place], value, *parts[place + 1 :]]
        for place, value in [
            (0, parts[0][::-1]),
            (0, ""),
            (0, parts[0][:-1]),
            (1, "2"),
            (2, "00000000"),
            (3, "ws_other"),
            (4, other_contact),
            (5, "dlv_other"),
            (6, expiry),
            (6, ""),
        ]
    ]
    return [
        *(".".join(each) for each in swapped),
        "",
        "no-token",
        f"{token}.1",
        f".{token}",
        token.upper(),
        f"{token}%00",
        "é" * 40,
        "." * 6,
    ]


def test_a_forged_link_changes_nothing(ready: Engine, person: str) -> None:
    token = a_link(ready)
    grace = ContactDocument.model_validate(
        {"email": "grace@example.com", "consents": {"marketing": True}}
    )
    other = ready.contacts.create(ready.workspace_id, grace).id
    rows = len(ready.rows())
    for forged in changed_tokens(token, other):
        assert one_click(forged)["statusCode"] == 404, forged
    assert marketing(ready, person) and marketing(ready, other)
    # Nothing is counted for links that are not ours.
    assert len(ready.rows()) == rows


def test_a_link_of_another_stack_changes_nothing(ready: Engine, person: str) -> None:
    attempt = sent_by(ready, mailing(ready, "MARKETING"))
    keys = LinkKeys(stored(OTHER_KEY), STACK)
    foreign = UnsubscribeLinks(keys, ready.console_address).of(attempt)
    answer = one_click(link_in(foreign))
    assert answer["statusCode"] == 404 and "Nothing was changed" in answer["body"]
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert marketing(ready, person)


def test_a_link_reaches_only_the_contact_of_its_workspace(ready: Engine, person: str) -> None:
    """A link names the workspace and the contact, in case contacts of two workspaces have the same
    id by mistake."""
    create_workspace(
        ready.stores.workspaces, ready.clock, workspace_id="ws_other", name="Other", shards=1
    )
    attempt = sent_by(ready, mailing(ready, "MARKETING"))
    strayed = attempt.changed(workspace_id="ws_other")
    assert one_click(link_in(ready.unsubscribe_links.of(strayed)))["statusCode"] == 200
    assert marketing(ready, person)


def test_an_expired_link_changes_nothing(ready: Engine, person: str) -> None:
    attempt = sent_by(ready, mailing(ready, "MARKETING"))
    old = attempt.changed(created_at=now_ms() - LIFETIME - MINUTE)
    answer = one_click(link_in(ready.unsubscribe_links.of(old)))
    assert answer["statusCode"] == 410 and "expired" in answer["body"]
    assert marketing(ready, person)
    nearly = attempt.changed(created_at=now_ms() - LIFETIME + MINUTE)
    assert one_click(link_in(ready.unsubscribe_links.of(nearly)))["statusCode"] == 200
    assert not marketing(ready, person)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"List-Unsubscribe=", 422),
        (b"List-Unsubscribe=One-Click-Maybe", 422),
        (b"list-unsubscribe=One-Click", 422),
        (b"a=List-Unsubscribe%3DOne-Click", 422),
        (b"{}", 422),
        (b"\xff\xfe", 422),
        (b"List-Unsubscribe=One-Click&" + b"a=1&" * MAX_BODY_BYTES, 413),
    ],
)
def test_another_form_changes_nothing(ready: Engine, person: str, body: bytes, status: int) -> None:
    assert one_click(a_link(ready), body)["statusCode"] == status
    assert marketing(ready, person)


def test_a_link_can_be_used_only_so_often(ready: Engine, person: str) -> None:
    token = a_link(ready)
    other = a_link(ready)
    answers = [asked("GET", token) for _ in range(MOST_PER_MINUTE + 2)]
    # The minute may turn meanwhile; then the count begins again.
    refused = [each for each in answers if each["statusCode"] == 429]
    if refused:
        assert 1 <= int(refused[0]["headers"]["Retry-After"]) <= 60
    counted = [row for row in ready.rows() if row["pk"].startswith("RATE#unsubscribe#")]
    assert sum(int(row["events"]) for row in counted) == len(answers)
    assert len(counted) > 1 or len(refused) == 2
    assert asked("GET", other)["statusCode"] == 200


def test_a_page_says_what_to_do_and_nothing_of_our_faults(ready: Engine, person: str) -> None:
    token = a_link(ready)
    forged = asked("GET", f"{token}x")
    assert "use the link in a newer message" in forged["body"]
    secret = link_secret_id(STACK)
    ready.secrets_manager.put_secret_value(SecretId=secret, SecretString="too short")
    services.cache_clear()
    failed = asked("GET", token)
    assert failed["statusCode"] == 503
    assert "Something went wrong on our side" in failed["body"]
    assert "Try it again in a few minutes" in failed["body"]
    assert "secret" not in failed["body"] and "newer message" not in failed["body"]


def test_a_program_gets_an_error_as_a_problem(ready: Engine, person: str) -> None:
    answer = asked("POST", "no-token", ONE_CLICK, {**FORM, "accept": "*/*"})
    assert answer["statusCode"] == 404
    assert answer["headers"]["Content-Type"] == "application/problem+json"


def test_the_routes_need_no_token() -> None:
    events = load_template()["Resources"]["WebhookIn"]["Properties"]["Events"].values()
    routes = [each["Properties"] for each in events]
    ours = [each for each in routes if each["Path"] == f"{PATH}{{token}}"]
    assert {each["Method"] for each in ours} == {"POST", "GET", "HEAD"}
    assert all(each["Auth"] == {"Authorizer": "NONE"} for each in ours)


# ── Keys ────────────────────────────────────────────────────────────────────────────────────────
def test_a_link_of_an_earlier_key_stays_valid_while_the_secret_keeps_it(
    engine: Engine, person: str
) -> None:
    attempt = sent_by(engine, mailing(engine, "MARKETING"))
    secret = StoredText(LINK_KEY)
    keys = LinkKeys(secret, STACK, engine.seconds)  # type: ignore[arg-type]
    links = UnsubscribeLinks(keys, engine.console_address)
    tokens = UnsubscribeTokens(keys, engine.clock)
    old = link_in(links.of(attempt))
    secret.text = f"{OTHER_KEY}\n{LINK_KEY}\n"
    engine.clock.advance(CACHED_SECONDS * 1_000)
    new = link_in(links.of(attempt))
    assert old != new
    assert tokens.read(old) == tokens.read(new)
    secret.text = OTHER_KEY
    engine.clock.advance(CACHED_SECONDS * 1_000)
    assert tokens.read(new).contact_id == person
    with pytest.raises(NotFoundError):
        tokens.read(old)


def test_a_new_key_is_known_at_once_and_invented_ones_cost_little(
    engine: Engine, person: str
) -> None:
    attempt = sent_by(engine, mailing(engine, "MARKETING"))
    secret = StoredText(LINK_KEY)
    keys = LinkKeys(secret, STACK, engine.seconds)  # type: ignore[arg-type]
    tokens = UnsubscribeTokens(keys, engine.clock)
    tokens.read(link_in(engine.unsubscribe_links.of(attempt)))
    assert secret.reads == 1
    rotated = LinkKeys(stored(OTHER_KEY), STACK, engine.seconds)
    new = link_in(UnsubscribeLinks(rotated, engine.console_address).of(attempt))
    secret.text = f"{OTHER_KEY}\n{LINK_KEY}"
    engine.clock.advance(UNKNOWN_KEY_SECONDS * 1_000)
    assert tokens.read(new).contact_id == person
    assert secret.reads == 2
    for _ in range(50):
        with pytest.raises(NotFoundError):
            tokens.read(f"x.1.{'0' * 8}.a.b.c.1")
    assert secret.reads == 2


def test_the_first_link_makes_the_key_once(engine: Engine, person: str) -> None:
    attempt = sent_by(engine, mailing(engine, "MARKETING"))
    processes = [LinkKeys(engine.secrets_manager, STACK, engine.seconds) for _ in range(2)]
    tokens = UnsubscribeTokens(processes[1], engine.clock)
    with pytest.raises(NotFoundError):
        tokens.read(link_in(engine.unsubscribe_links.of(attempt)))
    first, second = (
        UnsubscribeLinks(each, engine.console_address).of(attempt) for each in processes
    )
    assert first == second
    assert tokens.read(link_in(first)).contact_id == person
    kept = engine.secrets_manager.describe_secret(SecretId=link_secret_id(STACK))
    assert {"Key": "stack", "Value": STACK} in kept["Tags"]


@pytest.mark.parametrize("text", ["", "\n", "short", f"{LINK_KEY}\nshort"])
def test_a_secret_without_good_keys_signs_nothing(engine: Engine, text: str) -> None:
    keys = LinkKeys(stored(text), STACK, engine.seconds)
    with pytest.raises(SetupError):
        keys.signing()


def test_a_link_expires_to_the_second(engine: Engine, person: str) -> None:
    attempt = sent_by(engine, mailing(engine, "MARKETING"))
    token = link_in(engine.unsubscribe_links.of(attempt))
    tokens = UnsubscribeTokens(engine.link_keys, engine.clock)
    ends = int(token.rpartition(".")[2]) * 1_000
    assert attempt.created_at + LIFETIME - ends < 1_000, iso(ends)
    engine.clock.now = ends - 2
    assert tokens.read(token).delivery_id == attempt.id
    with pytest.raises(GoneError):
        tokens.read(token)


def test_the_pages_styles_are_a_file_of_the_console() -> None:
    (path,) = re.findall(r'<link rel="stylesheet" href="(/[^"]+)">', offer_page("Demo"))
    assert (ROOT / "console" / "public" / path.removeprefix("/")).is_file()
    # The Content-Security-Policy allows no others.
    assert "<style" not in offer_page("Demo") and "style=" not in offer_page("Demo")


def test_a_page_shows_a_hostile_name_as_text() -> None:
    page = offer_page('<script>alert("x")</script> & Co')
    assert "<script>" not in page
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; Co" in page
