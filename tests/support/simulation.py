"""The deployed functions in one process, over AWS in memory and in virtual time.

The real handlers are called as AWS calls them: streams, machines, status events, ticks and people
are played here, and each of them tries again as AWS (or a person) would. Every call that a handler
makes to AWS crosses one boundary, where a test can hold it up or break it.
"""

import json
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

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
    LAMBDA,
    REGION,
    START,
    USER_POOL,
    environment,
)
from tests.support.fakes import S3, Anything, Bus, Client, Http, Scheduler, Secrets, Ses
from tests.support.lambda_processes import forget, forget_clients, module_of
from tests.support.machine import FunctionError, StepFunctions
from tests.support.memory_table import MemoryTable
from tests.support.stream_records import CONSUMERS, Record

EVENTS = Path(__file__).parents[2] / "events"
WORKSPACE = "ws_demo"
OPERATOR = "operator@example.com"
# As often as AWS delivers a stream record.
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


class ProcessDied(BaseException):  # it is no error that anyone may catch
    """The process is gone: nothing of what it was about to do happens."""


class Context:
    """What Lambda tells a function of its invocation."""

    function_name = "function"

    def __init__(self, number: int) -> None:
        # A claim keeps the first characters of it, so they have to tell invocations apart.
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
        # Who follows the stream, of "publisher", "marker" and "expiry". Totals follow what happens
        # and change nothing of it: they are marked, and pulses sent, where a test asks for it.
        self.followers = {"publisher"}
        # The functions to which the stream is lost, and how much of the bus was delivered.
        self.deaf: set[str] = set()
        self.heard = 0
        # The function at work, if any.
        self.function: str | None = None
        # How often Lambda has no room for a function that a machine asks for.
        self.no_room: Counter[str] = Counter()
        self.requests = 0
        # What a handler answered a 500 for, with where it came from.
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
        """Lets the time pass for which a function sleeps."""
        self.clock.advance(round(seconds * 1_000))

    # ── the functions ──────────────────────────────────────────────────────────────────────────

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """One invocation; ProcessDied where the process did not live to its end."""
        self.requests += 1
        self.function = function
        try:
            return module_of(function).handler(deepcopy(event), Context(self.requests))
        except ProcessDied:
            forget()
            raise
        finally:
            self.function = None

    def _task(self, resource: str, payload: dict[str, Any]) -> Any:
        """As Step Functions invokes a function, with errors as Lambda names them."""
        function = resource.rpartition(":")[2]
        if self.no_room[function] > 0:
            self.no_room[function] -= 1
            raise FunctionError("Lambda.TooManyRequestsException", "Rate exceeded")
        try:
            return self.invoke(function, payload)
        except ProcessDied:
            raise FunctionError("Runtime.ExitError", "exit status 1") from None
        except Exception as error:
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            raise FunctionError(type(error).__name__, json.dumps(told)) from error

    def asynchronously(self, function: str, event: dict[str, Any]) -> None:
        """As Lambda invokes for EventBridge: again where it fails, and then no more."""
        for wait in ASYNC_WAITS:
            try:
                self.invoke(function, event)
            except (Exception, ProcessDied):
                self.clock.advance(wait)
                continue
            return

    def queued(self, function: str, body: dict[str, Any]) -> None:
        """As Lambda reads a queue, one message at a time: again where it fails."""
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
        """One HTTP request, sent again by its caller while the answer is a 5xx or none at all.
        The last answer, its body parsed."""
        event = json.loads((EVENTS / f"{function}.json").read_text())
        event.update(rawPath=path, rawQueryString="", isBase64Encoded=False)
        event["body"] = json.dumps(body)
        event["headers"] = {"content-type": "application/json", "x-workspace-id": workspace}
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
            "body": json.loads(answer["body"] or "null"),
        }

    # ── what AWS does by itself ────────────────────────────────────────────────────────────────

    def deliver(self, function: str, records: list[Record]) -> None:
        """As Lambda reads a stream for a function: again what failed, and then no more."""
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
            # Everything from the first failed record on comes again.
            first = min(failed, default=len(records) + 1)
            self.clock.advance(STREAM_WAIT if failed else 0)
            left = {number: record for number, record in left.items() if number >= first}

    def deliver_stream(self) -> bool:
        """Whether there was anything to deliver."""
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
        """Gives what is on the bus to those whose rules match it."""
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
        """When the first tick comes that has something to do: on a whole minute."""
        due = [item["dueKey"] for item in self.table.items() if "gsi4pk" in item]
        if not due:
            return None
        moment = max(int(min(due)[:13]) + 1, self.last_tick + 1, self.clock.now)
        return -(-moment // MINUTE) * MINUTE

    def run_until(self, moment: int) -> None:
        """Lets everything happen that is to happen until then."""
        while self._happen(moment):
            continue
        self.clock.now = max(self.clock.now, moment)

    def run_while(self, condition: Callable[[], bool]) -> None:
        """Lets things happen one by one while the condition holds, for a day at most."""
        end = self.clock.now + DAY
        while condition():
            assert self._happen(end), "nothing happens any more"

    def _happen(self, before: int) -> bool:
        """Lets one thing happen; False where nothing is to happen before that moment."""
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
        """Lets everything happen until nothing is left to happen; a week is not enough for a
        system that never comes to rest."""
        end = self.clock.now + 7 * DAY
        while self._happen(end):
            assert len(self.records) < 10_000, f"no rest: {self.open_runs()}"
        assert self.open_runs() == [], "a run that nothing will ever end"

    def lend(self, followers: Followers) -> Followers:
        """Without those that no test has asked for."""
        idle: dict[str, Any] = {
            "publisher": SimpleNamespace(publish=lambda changes: None),
            "marker": SimpleNamespace(mark=lambda told: None),
            "expiry": SimpleNamespace(bury=lambda row: None),
        }
        return replace(
            followers, **{name: idle[name] for name in idle if name not in self.followers}
        )

    def _stream(self, before: Item | None, after: Item | None) -> None:
        self.records.append(Record(before, after))

    # ── what there is ──────────────────────────────────────────────────────────────────────────

    def runs(self) -> list[Item]:
        return [item for item in self.table.items() if item["sk"] == "RUN"]

    def deliveries(self) -> list[Item]:
        return [item for item in self.table.items() if item["sk"] == "DELIVERY"]

    def open_runs(self) -> list[str]:
        return [row["pk"] for row in self.runs() if row["status"] in ("PENDING", "RUNNING")]

    def steps(self, run_key: str) -> dict[str, Item]:
        """The step rows of a run, by node id."""
        rows = [item for item in self.table.items() if item["pk"] == run_key]
        found = {row["sk"]: row for row in rows if row["sk"].startswith("STEP#")}
        return {sk.removeprefix("STEP#"): row for sk, row in found.items()}

    def snapshot(self) -> Callable[[], None]:
        """What restores the stage as it is now, the executions left out."""
        rows, now, ids, requests = self.table.snapshot(), self.clock.now, self.ids, self.requests
        secrets, objects = dict(self.secrets.values), dict(self.s3.objects)
        schedules = dict(self.scheduler.schedules)

        def restore() -> None:
            forget()
            self.table.restore(rows)
            self.clock.now, self.ids, self.requests = now, ids, requests
            self.last_tick = 0
            self.secrets.values, self.s3.objects = dict(secrets), dict(objects)
            self.scheduler.schedules = dict(schedules)
            self.ses.sent, self.http.calls, self.bus.entries = [], [], []
            self.ses.refusals = []
            self.step_functions.forget()
            self.step_functions.refuses = lambda workspace_id: None
            self.records, self.deaf, self.heard = [], set(), 0
            self.unforeseen = []
            self.no_room.clear()

        return restore

    def note(self, message: str, error: Exception, **ids: str) -> None:
        """Keeps what would go to the log."""
        self.unforeseen.append("".join(traceback.format_exception(error)[-3:]))

    # ── making it ──────────────────────────────────────────────────────────────────────────────

    def client(self, service: str, config: Any = None, **more: Any) -> Any:
        """What `boto3.client` gives a function here."""
        retries: dict[str, int] = getattr(config, "retries", None) or {}
        backend = self._backends.setdefault(service, Anything())
        return Client(service, backend, self.boundary, retries.get("total_max_attempts", 1))

    def serve(self, service: str, backend: Any) -> None:
        """Puts a service of AWS behind the clients that are made from now on."""
        self._backends[service] = backend
        forget_clients()

    def new_ulid(self) -> ULID:
        """The same ids in the same order, so that a failure can be played again."""
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
        """The id of a new, active automation; ticks come where its activation waits for them."""
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
        """The row of the automation's newest activation."""
        rows = [
            item
            for item in self.table.items()
            if item["pk"] == f"AUTOMATION#{automation_id}" and item["sk"].startswith("ACTIVATION#")
        ]
        return max(rows, key=lambda row: str(row["sk"]))

    def make_fan_out(self) -> None:
        """The static machine that fires date automations."""
        self._make_machine("contact_fan_out", FAN_OUT, DateTriggerArn="date_trigger")

    def make_delivery_retry(self) -> None:
        """The static machine that tries deliveries again."""
        self._make_machine("delivery_retry", DELIVERY_RETRY, RetryDeliveryArn="retry_delivery")

    def make_export(self) -> None:
        """The static machine that writes exports."""
        self._make_machine("export", EXPORT, ExportPageArn="export_page")

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


@contextmanager
def open_simulation() -> Iterator[Simulation]:
    """The functions as deployed, with the stage for all that they reach."""
    simulation = Simulation()
    clock = SimpleNamespace(time_ns=lambda: simulation.clock() * 1_000_000)

    class Ulid:
        """Stands for the class: called it makes the next id."""

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
        """The edges of every function."""

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
            """In threads, calls would come in another order each time."""
            return in_turn

        @property
        def followers(self) -> Followers:
            return simulation.lend(super().followers)

    patches: list[Any] = [
        patch.dict("os.environ", environment()),
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
