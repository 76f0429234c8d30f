"""Messages with unsubscribe links are sent, refused and bounced, and the links are used. Then
everything that was stored, logged, published, exported and answered is searched for the links and
their key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from runledger.channels.link_signatures import without_link_signatures
from runledger.clock import DAY, HOUR
from runledger.services.messages.unsubscribe_links import PATH
from runledger.services.secrets.names import link_secret_id

from tests.support.boundary import Call
from tests.support.engine import client_of
from tests.support.environment import BUCKET, STACK
from tests.support.provider_events import email_event
from tests.support.secret_search import Searched, open_searched
from tests.support.unsubscribing import ADA, Reader, make_reader

# The lists whose exports could have a link.
EXPORTED = ("RUNS", "DELIVERIES", "CONTACTS")
LISTS = (
    "/v1/runs",
    "/v1/deliveries",
    "/v1/contacts",
    "/v1/suppressions",
    "/v1/failure-groups",
    "/v1/secrets",
    "/v1/automations",
)


@dataclass(frozen=True)
class Ready:
    found: Searched
    reader: Reader
    s3: Any

    def send(self, number: int) -> str:
        """Has a marketing message sent; returns the delivery's id. From then on, searches for
        secrets also look for the link in this message."""
        run_id = self.reader.ask_for("MARKETING", number)
        simulation = self.found.simulation
        simulation.settle()
        rows = [row for row in simulation.deliveries() if row["runId"] == run_id]
        ((delivery_id, link),) = [
            each for each in self.reader.links().items() if each[0] in str(rows[0]["pk"])
        ]
        token = link.removeprefix(PATH)
        self.found.secrets[f"link {number}"] = token
        self.found.secrets[f"signature {number}"] = token.partition(".")[0]
        return delivery_id

    def link(self, number: int) -> str:
        return PATH + self.found.secrets[f"link {number}"]

    def read_everything(self) -> None:
        """Reads lists and pages, exports the lists, and keeps every answer and file."""
        call, simulation = self.found.call, self.found.simulation
        paths = [*LISTS, f"/v1/contacts/{self.reader.contact_id}"]
        paths += [f"/v1/runs/{row['pk'].removeprefix('RUN#')}" for row in simulation.runs()]
        paths += [
            f"/v1/deliveries/{row['pk'].removeprefix('DELIVERY#')}"
            for row in simulation.deliveries()
        ]
        for path in paths:
            assert call("query", "GET", path)["status"] == 200, path
        for name in EXPORTED:
            asked = {"list": name, "format": "JSONL"}
            assert call("api", "POST", "/v1/exports", asked)["status"] == 202, name
        simulation.settle()
        for each in self.s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
            data = self.s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
            simulation.s3.objects[each["Key"]] = data
        files = [key for key in simulation.s3.objects if "export" in key]
        assert len(files) >= len(EXPORTED), simulation.s3.objects.keys()


@pytest.fixture
def ready() -> Iterator[Ready]:
    with mock_aws(), open_searched() as found:
        s3 = client_of("s3")
        s3.create_bucket(Bucket=BUCKET)
        found.simulation.serve("s3", s3)
        found.simulation.make_export()
        yield Ready(found, make_reader(found.simulation), s3)


def look_for_the_key(ready: Ready) -> None:
    key = ready.found.simulation.secrets.values[link_secret_id(STACK)]
    ready.found.secrets["key"] = key


def test_a_link_that_is_used_is_found_nowhere(
    ready: Ready, capsys: pytest.CaptureFixture[str]
) -> None:
    found, simulation = ready.found, ready.found.simulation
    ready.send(1)
    look_for_the_key(ready)
    path = ready.link(1)
    forged = f"{PATH}{path.removeprefix(PATH)[::-1]}"
    for answer, status in (
        (simulation.request("webhook_in", "GET", path, None), 200),
        (simulation.request("webhook_in", "DELETE", path, None), 405),
        (simulation.send_form(path, {"List-Unsubscribe": "no"}), 422),
        (ready.reader.click(path), 200),
        (ready.reader.click(path), 200),
        (ready.reader.click(f"{path}x"), 404),
        (ready.reader.click(forged), 404),
    ):
        assert answer["status"] == status, answer
        found.keep(answer)
    ready.reader.ask_for("MARKETING", 2)
    simulation.settle()
    ready.read_everything()
    simulation.clock.advance(401 * DAY)
    expired = ready.reader.click(path)
    assert expired["status"] == 410
    found.keep(expired)
    metrics = capsys.readouterr().out
    assert "CloudWatchMetrics" in metrics
    found.answers.append(metrics)
    assert found.find() == []
    # Only the message has it.
    assert path in str(simulation.ses.contents)


def test_a_link_that_a_mail_server_quotes_is_found_nowhere(ready: Ready) -> None:
    """Servers that block a link say which one."""
    delivery_id = ready.send(1)
    look_for_the_key(ready)
    simulation = ready.found.simulation
    said = f"smtp; 554 5.7.1 https://console.example{ready.link(1)} is on a block list"
    recipient = {"emailAddress": ADA["email"], "diagnosticCode": said}
    reported: dict[str, dict[str, Any]] = {
        "Email Delivery Delayed": {"delayedRecipients": [recipient]},
        "Email Bounced": {"bouncedRecipients": [recipient]},
        "Email Complaint Received": {"userAgent": said},
        "Email Delivered": {"smtpResponse": said},
        "Email Rejected": {"reason": said},
        "Email Rendering Failed": {"errorMessage": said},
    }
    for number, (kind, part) in enumerate(reported.items()):
        event = email_event(kind, delivery_id, event_id=f"event-{number}", **part)
        simulation.asynchronously("delivery_feedback", event)
    simulation.settle()
    (row,) = simulation.deliveries()
    assert len(row["reports"]) == 6
    ready.read_everything()
    assert "is on a block list" in str(ready.found.answers)
    assert ready.found.find() == []


def test_a_link_that_the_provider_quotes_is_found_nowhere(ready: Ready) -> None:
    simulation = ready.found.simulation
    ready.send(1)
    look_for_the_key(ready)

    def quote(call: Call, act: Any) -> Any:
        if call.operation != "SendEmail":
            return act()
        act()
        # The link of the message that is refused.
        (*_, last) = ready.reader.links().values()
        ready.found.secrets["refused"] = last.removeprefix(PATH).partition(".")[0]
        said = f"Invalid header value: <https://console.example{last}>"
        error = {"Error": {"Code": "BadRequestException", "Message": said}}
        raise ClientError({**error, "ResponseMetadata": {"HTTPStatusCode": 400}}, "SendEmail")  # type: ignore[typeddict-item]

    simulation.boundary.around = quote
    ready.reader.ask_for("MARKETING", 2)
    simulation.settle()
    assert ready.found.secrets["refused"] != ready.found.secrets["signature 1"]
    assert "Invalid header value" in ready.found.log.getvalue()
    ready.read_everything()
    assert ready.found.find() == []


@pytest.mark.parametrize("operation", ["CreateSecret", "GetSecretValue"])
def test_an_error_of_aws_that_quotes_the_key_is_not_kept(ready: Ready, operation: str) -> None:
    simulation = ready.found.simulation
    secret = ready.found.new("quoted")

    def quote(call: Call, act: Any) -> Any:
        if call.operation != operation:
            return act()
        error = {"Error": {"Code": "InvalidRequestException", "Message": f"not valid: {secret}"}}
        raise ClientError({**error, "ResponseMetadata": {"HTTPStatusCode": 400}}, operation)  # type: ignore[typeddict-item]

    simulation.boundary.around = quote
    ready.reader.ask_for("MARKETING", 1)
    simulation.run_until(simulation.clock.now + HOUR)
    assert simulation.ses.sent == []
    assert "the unsubscribe link could not be made" in ready.found.log.getvalue()
    ready.read_everything()
    assert ready.found.find() == []


def test_each_link_in_a_text_loses_its_signature(ready: Ready) -> None:
    ready.send(1)
    link = f"https://console.example{ready.link(1)}"
    shown = without_link_signatures(f"see {link} and <{link}>, not {'a' * 43}.1.x")
    assert ready.found.secrets["signature 1"] not in shown
    assert shown.count("/v1/unsubscribe/….1.") == 2 and shown.endswith(f"{'a' * 43}.1.x")
