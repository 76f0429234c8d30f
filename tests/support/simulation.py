"""The deployed functions in one process, with fakes of AWS in memory, and in virtual time.

The real handlers are called as AWS calls them. Streams, machines, status events, ticks and people
are simulated, and each of them retries as AWS (or a person) would. Every call of a handler to AWS
crosses one boundary, where a test can delay or break it.
"""

import base64
import json
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import runledger.aws
import runledger.clock
import runledger.composition
import runledger.http
import runledger.ids
import runledger.settings
import runledger.store.table
from runledger.clock import DAY, MINUTE
from runledger.composition import Composition, services
from runledger.models.workspace import Membership, Role
from runledger.observability import logger
from runledger.services.in_parallel import Gather, in_turn
from runledger.services.stream.follow import Followers
from runledger.services.workspaces.workspaces import create_workspace
from runledger.store.freshness import FreshnessStore
from runledger.store.table import Table
from runledger.store.values import Item
from ulid import ULID

from tests.support.boundary import Boundary
from tests.support.engine import Clock
from tests.support.environment import (
    CLIENT_ID,
    DELIVERY_RETRY,
    EXPORT,
    FAN_OUT,
    IMPORT,
    LAMBDA,
    REGION,
    SENDERS,
    START,
    USER_POOL,
    environment,
)
from tests.support.fakes import S3, Anything, Bus, Client, Http, Scheduler, Secrets, Ses
from tests.support.lambda_processes import forget, forget_clients, module_of
from tests.support.machine import StepFunctions
from tests.support.memory_table import MemoryTable
from tests.support.states_language import FunctionError
from tests.support.stream_records import CONSUMERS, Record

EVENTS = Path(__file__).parents[2] / "events"
WORKSPACE = "ws_demo"
OPERATOR = "operator@example.com"
# How often AWS delivers a stream record.
STREAM_TRIES = 6
STREAM_WAIT = 2_000
# After each try of an asynchronous invocation (AWS Lambda Developer Guide, "How Lambda handles
# errors and retries with asynchronous invocation").
ASYNC_WAITS = (60_000, 120_000, 0)
QUEUE_TRIES = 10
# The visibility timeout that template.yaml sets.
QUEUE_WAIT = 180_000
WALKING = ("run_logic", "run_message", "run_integration")
# After each try of a sender or an operator who gets no answer, or a 5xx.
PERSON_WAITS = (1_000, 5_000, 15_000, 0)
PERSON_TRIES = len(PERSON_WAITS)


class ProcessDied(BaseException):  # not an error that anyone may catch
    """The process is gone: nothing that it was about to do happens."""


class Context:
    """Lambda's context of an invocation."""

    function_name = "function"

    def __init__(self, number: int) -> None:
        # A claim keeps its first characters, so they must be different for each invocation.
        self.aws_request_id = f"{number:08d}-request"

    def get_remaining_time_in_millis(self) -> int:
        return 55_000


class Simulation:
    """One workspace, `ws_demo`, with an operator who may do everything."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.boundary = Boundary()
        self.table = MemoryTable(self.boundary)
        self.table.listeners.append(self._stream)
        self.ses, self.secrets, self.s3, self.bus = Ses(), Secrets(), S3(), Bus()
        self.http, self.scheduler = Http(self.boundary), Scheduler()
        self.step_functions = StepFunctions(self.clock, self._task)
        self.records: list[Record] = []
        self.consumers = dict(CONSUMERS)
        # The followers of the stream, out of "publisher", "marker" and "expiry". Totals only follow
        # what happens and change none of it, so marking and pulses run only if a test requests
        # them.
        self.followers = {"publisher"}
        # The functions that lose the stream, and how much of the bus was delivered.
        self.deaf: set[str] = set()
        self.heard = 0
        # The function that runs now, if any.
        self.function: str | None = None
        # How often Lambda has no capacity for a function that a machine calls.
        self.no_room: Counter[str] = Counter()
        self.requests = 0
        # The errors that a handler answered with 500, with their origin.
        self.unforeseen: list[str] = []
        self.ids = 0
        self.last_tick = 0
        self._backends: dict[str, Any] = {
            "sesv2": self.ses,
            "secretsmanager": self.secrets,
            "s3": self.s3,
            "events": self.bus,
            "scheduler": self.scheduler,
            "stepfunctions": self.step_functions,
        }

    def sleep(self, seconds: float) -> None:
        """Advances the clock by the time that a function sleeps."""
        self.clock.advance(round(seconds * 1_000))

    # ── the functions ──────────────────────────────────────────────────────────────────────────

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Makes one invocation. Raises ProcessDied if the process died before the invocation
        ended."""
        self.requests += 1
        self.function = function
        try:
            # Each function gets a separate copy of the document, as from Lambda.
            given = json.loads(json.dumps(event))
            return module_of(function).handler(given, Context(self.requests))
        except ProcessDied:
            forget()
            raise
        finally:
            self.function = None

    def _task(self, resource: str, payload: dict[str, Any]) -> Any:
        """Invokes a function as Step Functions does, with Lambda's error names."""
        function = resource.rpartition(":")[2]
        if self.no_room[function] > 0:
            self.no_room[function] -= 1
            raise FunctionError("Lambda.TooManyRequestsException", "Rate exceeded")
        try:
            return self.invoke(function, payload)
        except ProcessDied:
            raise FunctionError("Runtime.ExitError", "exit status 1") from None
        except Exception as error:
            cause = {"errorType": type(error).__name__, "errorMessage": str(error)}
            raise FunctionError(type(error).__name__, json.dumps(cause)) from error

    def asynchronously(self, function: str, event: dict[str, Any]) -> None:
        """Invokes as Lambda does for EventBridge: retries a failure, then gives up."""
        for wait in ASYNC_WAITS:
            try:
                self.invoke(function, event)
            except (Exception, ProcessDied):
                self.clock.advance(wait)
                continue
            return

    def queued(self, function: str, body: dict[str, Any]) -> None:
        """Gives a function one message of a queue as Lambda does. Retries a failure, then gives
        up."""
        record = {"messageId": "1", "eventSource": "aws:sqs", "body": json.dumps(body)}
        for _ in range(QUEUE_TRIES):
            try:
                answer = self.invoke(function, {"Records": [record]})
            except (Exception, ProcessDied):
                answer = {"batchItemFailures": [record]}
            if not answer["batchItemFailures"]:
                return
            self.clock.advance(QUEUE_WAIT)

    def request(
        self, function: str, method: str, path: str, body: Any, workspace: str = WORKSPACE
    ) -> dict[str, Any]:
        """Sends an HTTP request to a function as a patient client does: sends the request again, a
        few times at most, if the answer is a 5xx or missing. Returns the last answer, with its body
        parsed."""
        event = json.loads((EVENTS / f"{function}.json").read_text())
        event.update(rawPath=path, rawQueryString="", isBase64Encoded=False)
        event["body"] = json.dumps(body)
        event["headers"] = {"content-type": "application/json", "x-workspace-id": workspace}
        return self._requested(function, method, path, event)

    def send_form(self, path: str, fields: Mapping[str, str]) -> dict[str, Any]:
        """Sends a POST request with a form to the function that receives webhooks, as a mail
        provider's program does. Like `request`, sends the request again if the answer is a 5xx or
        missing, and returns the last answer."""
        event = json.loads((EVENTS / "webhook_in.json").read_text())
        event.update(rawPath=path, rawQueryString="", isBase64Encoded=True)
        event["body"] = base64.b64encode(urlencode(fields).encode()).decode()
        event["headers"] = {"content-type": "application/x-www-form-urlencoded", "accept": "*/*"}
        return self._requested("webhook_in", "POST", path, event)

    def send_bytes(self, path: str, content: bytes) -> dict[str, Any]:
        """Sends a PUT request with bytes to the API. Like `request`, sends the request again if the
        answer is a 5xx or missing, and returns the last answer."""
        event = json.loads((EVENTS / "api.json").read_text())
        event.update(rawPath=path, rawQueryString="", isBase64Encoded=True)
        event["body"] = base64.b64encode(content).decode()
        event["headers"] = {
            "content-type": "application/octet-stream",
            "x-workspace-id": WORKSPACE,
        }
        return self._requested("api", "PUT", path, event)

    def _requested(
        self, function: str, method: str, path: str, event: dict[str, Any]
    ) -> dict[str, Any]:
        event["requestContext"]["http"].update(method=method, path=path)
        claims = {
            "sub": "user-operator",
            "token_use": "access",
            "client_id": CLIENT_ID,
            "iss": f"https://cognito-idp.{REGION}.amazonaws.com/{USER_POOL}",
            "auth_time": "1700000000",
        }
        event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
        answer: dict[str, Any] = {}
        for wait in PERSON_WAITS:
            try:
                answer = self.invoke(function, event)
            except ProcessDied:
                answer = {"statusCode": 502, "body": "null"}
            if answer["statusCode"] < 500:
                break
            self.clock.advance(wait)
        return {
            "status": int(answer["statusCode"]),
            "headers": answer.get("headers", {}),
            "body": _document(answer),
        }

    # ── what AWS does by itself ────────────────────────────────────────────────────────────────

    def deliver(self, function: str, records: list[Record]) -> None:
        """Reads a stream for a function as Lambda does: retries what failed, then gives up."""
        left = dict(enumerate(records, 1))
        for _ in range(STREAM_TRIES):
            batch = [record.to_event(number) for number, record in left.items()]
            if not batch:
                return
            try:
                answer = self.invoke(function, {"Records": batch})
            except (Exception, ProcessDied):
                self.clock.advance(STREAM_WAIT)
                continue
            failed = [int(each["itemIdentifier"]) for each in answer["batchItemFailures"]]
            # Everything from the first failed record on is delivered again.
            first = min(failed, default=len(records) + 1)
            self.clock.advance(STREAM_WAIT if failed else 0)
            left = {number: record for number, record in left.items() if number >= first}

    def deliver_stream(self) -> bool:
        """Delivers the stream's records; returns whether there were any."""
        records, self.records = self.records, []
        for function, accepts in self.consumers.items():
            accepted = [record for record in records if accepts(record)]
            if accepted and function not in self.deaf:
                self.deliver(function, accepted)
        return bool(records)

    def deliver_status_events(self) -> bool:
        events, self.step_functions.status_events = self.step_functions.status_events, []
        for event in events:
            self.asynchronously("close_runs", event)
        return bool(events)

    def deliver_bus(self) -> bool:
        """Delivers the events on the bus to the functions whose rules match them."""
        entries = self.bus.entries[self.heard :]
        self.heard = len(self.bus.entries)
        for entry in entries:
            detail = json.loads(entry["Detail"])
            if detail.get("hasDownstream"):
                self.asynchronously("upstream_trigger", {"detail": detail})
            if entry["DetailType"] == "run.failed":
                self.queued("group_failures", {"detail": detail})
        return bool(entries)

    def tick(self) -> None:
        self.last_tick = self.clock.now
        self.asynchronously("tick", {})

    def next_tick(self) -> int | None:
        """Returns the moment of the next tick that has work: on a whole minute."""
        due = [item["dueKey"] for item in self.table.items() if "gsi4pk" in item]
        if not due:
            return None
        moment = max(int(min(due)[:13]) + 1, self.last_tick + 1, self.clock.now)
        return -(-moment // MINUTE) * MINUTE

    def run_until(self, moment: int) -> None:
        """Does everything that is due until this moment."""
        while self._happen(moment):
            continue
        self.clock.now = max(self.clock.now, moment)

    def run_while(self, condition: Callable[[], bool]) -> None:
        """Does one thing after the other while the condition holds, for a day at most."""
        end = self.clock.now + DAY
        while condition():
            assert self._happen(end), "nothing more happens"

    def _happen(self, before: int) -> bool:
        """Does the next thing that is due. Returns False if nothing is due before that moment."""
        if self.deliver_stream() or self.deliver_status_events() or self.deliver_bus():
            return True
        tick, step = self.next_tick(), self.step_functions.next_moment()
        following = min((each for each in (tick, step) if each is not None), default=before)
        if following >= before:
            return False
        if following == step:
            self.step_functions.step()
        else:
            self.clock.now = max(self.clock.now, following)
            self.tick()
        return True

    def settle(self) -> None:
        """Does everything until nothing is left. Fails if the system is not at rest within a
        week."""
        end = self.clock.now + 7 * DAY
        while self._happen(end):
            assert len(self.records) < 10_000, f"no rest: {self.open_runs()}"
        assert self.open_runs() == [], "a run that nothing will ever end"

    def lend(self, followers: Followers) -> Followers:
        """Returns the given followers of the stream, some of them replaced. The publisher, the
        marker and the expiry are replaced by objects that do nothing, unless `self.followers`
        contains their names."""
        idle: dict[str, Any] = {
            "publisher": SimpleNamespace(publish=lambda changes: None),
            "marker": SimpleNamespace(mark=lambda marked: None),
            "expiry": SimpleNamespace(bury=lambda row: None),
        }
        return replace(
            followers, **{name: idle[name] for name in idle if name not in self.followers}
        )

    def _stream(self, before: Item | None, after: Item | None) -> None:
        self.records.append(Record(before, after))

    # ── the stage's content ────────────────────────────────────────────────────────────────────

    def runs(self) -> list[Item]:
        return [item for item in self.table.items() if item["sk"] == "RUN"]

    def deliveries(self) -> list[Item]:
        return [item for item in self.table.items() if item["sk"] == "DELIVERY"]

    def open_runs(self) -> list[str]:
        return [row["pk"] for row in self.runs() if row["status"] in ("PENDING", "RUNNING")]

    def steps(self, run_key: str) -> dict[str, Item]:
        """Returns the step rows of a run, by node id."""
        rows = [item for item in self.table.items() if item["pk"] == run_key]
        found = {row["sk"]: row for row in rows if row["sk"].startswith("STEP#")}
        return {sk.removeprefix("STEP#"): row for sk, row in found.items()}

    def snapshot(self) -> Callable[[], None]:
        """Returns a function that restores the state of this moment: rows, clock, secrets, files,
        schedules and machines. It forgets all executions, messages and events."""
        rows, now, ids, requests = self.table.snapshot(), self.clock.now, self.ids, self.requests
        secrets, objects = dict(self.secrets.secrets), dict(self.s3.objects)
        schedules, machines = dict(self.scheduler.schedules), dict(self.step_functions.machines)

        def restore() -> None:
            forget()
            self.table.restore(rows)
            self.clock.now, self.ids, self.requests = now, ids, requests
            self.last_tick = 0
            self.secrets.secrets, self.s3.objects = dict(secrets), dict(objects)
            self.scheduler.schedules = dict(schedules)
            # The next scenario's automations have the same ids, but other machines.
            self.step_functions.machines = dict(machines)
            self.ses.sent, self.http.calls, self.bus.entries = [], [], []
            self.ses.refusals, self.ses.contents = [], {}
            self.step_functions.forget()
            self.step_functions.refuses = lambda workspace_id: None
            self.records, self.deaf, self.heard = [], set(), 0
            self.unforeseen = []
            self.no_room.clear()

        return restore

    def note(self, message: str, error: Exception, **ids: str) -> None:
        """Keeps what would go to the log."""
        self.unforeseen.append("".join(traceback.format_exception(error)[-3:]))

    # ── setup ──────────────────────────────────────────────────────────────────────────────────

    def client(self, service: str, config: Any = None, **more: Any) -> Any:
        """Returns the client that a simulated function gets from `boto3.client`."""
        retries: dict[str, int] = getattr(config, "retries", None) or {}
        backend = self._backends.setdefault(service, Anything())
        return Client(service, backend, self.boundary, retries.get("total_max_attempts", 1))

    def serve(self, service: str, backend: Any) -> None:
        """Sets an AWS service for the clients that are created from now on."""
        self._backends[service] = backend
        forget_clients()

    def new_ulid(self) -> ULID:
        """Returns the next id. Each play of a scenario gets the same ids, so that a failure can be
        replayed."""
        self.ids += 1
        return ULID.from_bytes(self.clock.now.to_bytes(6, "big") + self.ids.to_bytes(10, "big"))

    def open_workspace(self, workspace_id: str) -> None:
        workspaces = services().stores.workspaces
        create_workspace(workspaces, self.clock, workspace_id=workspace_id, name="A", shards=1)
        member = Membership(
            user_id="user-operator",
            email=OPERATOR,
            workspace_id=workspace_id,
            role=Role.OWNER,
            created_at=self.clock(),
        )
        workspaces.put_member(member)

    def activate(self, document: dict[str, Any]) -> str:
        """Returns the id of a new, active automation; runs ticks if its activation waits for
        them."""
        made = self.request("api", "POST", "/v1/automations", document)
        assert made["status"] == 201, (made, self.unforeseen)
        path = f"/v1/automations/{made['body']['id']}"
        active = self.request("api", "POST", f"{path}/activate", None)
        assert active["status"] in (200, 202), (active, self.unforeseen)
        if active["status"] == 202:
            self.run_while(lambda: self.activation(made["body"]["id"])["status"] == "PENDING")
            assert self.activation(made["body"]["id"])["status"] == "ACTIVE"
        return str(made["body"]["id"])

    def activation(self, automation_id: str) -> Item:
        """Returns the row of the automation's newest activation."""
        rows = [
            item
            for item in self.table.items()
            if item["pk"] == f"AUTOMATION#{automation_id}" and item["sk"].startswith("ACTIVATION#")
        ]
        return max(rows, key=lambda row: str(row["sk"]))

    def make_fan_out(self) -> None:
        """Creates the static machine that fires date automations."""
        self._make_machine("contact_fan_out", FAN_OUT, DateTriggerArn="date_trigger")

    def make_delivery_retry(self) -> None:
        """Creates the static machine that retries deliveries."""
        self._make_machine("delivery_retry", DELIVERY_RETRY, RetryDeliveryArn="retry_delivery")

    def make_export(self) -> None:
        """Creates the state machine `export` of the template, which writes exports."""
        self._make_machine("export", EXPORT, ExportPageArn="export_page")

    def make_import(self) -> None:
        """Creates the state machine `contact_import` of the template."""
        self._make_machine("contact_import", IMPORT, ImportContactsArn="import_contacts")

    def _make_machine(self, file: str, arn: str, **functions: str) -> None:
        text = (EVENTS.parent / "statemachines" / f"{file}.asl.json").read_text()
        for name, function in functions.items():
            text = text.replace(f"${{{name}}}", f"{LAMBDA}{function}")
        self.step_functions.create_state_machine(name=arn.rpartition(":")[2], definition=text)

    def webhook_path(self, automation_id: str) -> str:
        for row in self.table.items():
            if row["sk"] == automation_id and row.get("webhookToken"):
                return f"/v1/webhooks/in/{row['webhookToken']}"
        raise LookupError(automation_id)


def _document(answer: dict[str, Any]) -> Any:
    """Returns the body of an answer: a page as text, everything else parsed."""
    if answer.get("headers", {}).get("Content-Type", "").startswith("text/html"):
        return answer["body"]
    return json.loads(answer["body"] or "null")


@contextmanager
def open_simulation() -> Iterator[Simulation]:
    """Yields a simulation of the deployed functions, with fakes for everything that they call."""
    simulation = Simulation()
    clock = SimpleNamespace(time_ns=lambda: simulation.clock() * 1_000_000)

    class Ulid:
        """Stands in for the class ULID. A call returns the next id."""

        from_bytes = staticmethod(ULID.from_bytes)

        @staticmethod
        def from_timestamp(moment: int) -> ULID:
            return simulation.new_ulid()

        def __new__(cls) -> Any:
            return simulation.new_ulid()

    write_pulses = FreshnessStore.write_pulses

    def send_pulses(store: FreshnessStore, moment: int) -> None:
        if "marker" in simulation.followers:
            write_pulses(store, moment)

    class Services(Composition):
        """The services of every function, with fakes for everything outside the process."""

        def sleep(self, seconds: float) -> None:
            simulation.sleep(seconds)

        @cached_property
        def table(self) -> Table:
            return simulation.table

        @cached_property
        def http(self) -> Any:
            return simulation.http

        @cached_property
        def gather(self) -> Gather:
            """Makes the calls one after the other, because threads would make them in a different
            order each time."""
            return in_turn

        @property
        def followers(self) -> Followers:
            return simulation.lend(super().followers)

    patches: list[Any] = [
        patch.dict("os.environ", {**environment(), **SENDERS}),
        patch.object(runledger.clock, "time", clock),
        patch.object(runledger.ids, "ULID", Ulid),
        patch.object(runledger.aws, "boto3", SimpleNamespace(client=simulation.client)),
        patch.object(runledger.http, "log_failure", simulation.note),
        patch.object(runledger.composition, "Composition", Services),
        patch.object(FreshnessStore, "write_pulses", send_pulses),
    ]
    level = logger.log_level
    for each in patches:
        each.start()
    logger.setLevel("CRITICAL")
    forget_clients()
    try:
        simulation.clock.now = START
        simulation.open_workspace(WORKSPACE)
        simulation.make_delivery_retry()
        yield simulation
    finally:
        logger.setLevel(level)
        for each in reversed(patches):
            each.stop()
        forget_clients()
