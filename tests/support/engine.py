"""The engine in one process: real services over moto's AWS, a machine walked by hand."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from runledger.channels.registry import CHANNEL_NAMES, make_channels
from runledger.clock import from_iso
from runledger.compiler.compile import FunctionArns
from runledger.compiler.graph import GraphView
from runledger.composition import (
    contexts_over,
    date_fires_over,
    gatekeeper_over,
    list_snapshots_over,
    opener_over,
)
from runledger.models.automation import AutomationDocument
from runledger.models.run import RunStatus
from runledger.models.template import TemplateDocument
from runledger.nodes.base import HttpRequest, HttpResponse, Operation, Tools
from runledger.services.automations.activations import Activations, Activator
from runledger.services.automations.automations import Automations
from runledger.services.automations.stopping import Stopping
from runledger.services.automations.templates import Templates
from runledger.services.bulk.bulk_cancel import BulkCancels
from runledger.services.bulk.due_exports import DueExports
from runledger.services.bulk.export_pages import ExportPages
from runledger.services.bulk.export_removal import ExportRemoval
from runledger.services.bulk.exports import ExportMachine, ExportRequests
from runledger.services.contacts.contacts import Contacts
from runledger.services.contacts.recipients import Recipients
from runledger.services.contacts.segments import Segments
from runledger.services.due_work import DueWork
from runledger.services.erasure.erasing_wiring import make_erasing
from runledger.services.execution.cancel import Canceler
from runledger.services.execution.integration_tools import IntegrationTools
from runledger.services.execution.machines import MachineRemover, Machines, MachineThrottle
from runledger.services.execution.settle import Closer, Settler
from runledger.services.execution.start import Starter
from runledger.services.execution.superseded_machines import SupersededMachines
from runledger.services.execution.walk import Walker
from runledger.services.execution.walk_contract import WalkAnswer, WalkEvent
from runledger.services.execution.watchdog import Watchdog
from runledger.services.lists.cursors import Cursors
from runledger.services.lists.queries import Queries
from runledger.services.messages.deliver import Delivery
from runledger.services.messages.due_deliveries import DueDeliveries
from runledger.services.messages.orphaned_messages import OrphanedMessages
from runledger.services.messages.retry_delivery import RetryDelivery
from runledger.services.messages.retry_machine import RetryMachine
from runledger.services.retry_budget import RetryBudget
from runledger.services.runs.run_context import RunContext
from runledger.services.schedules.missed_fires import MissedFires
from runledger.services.schedules.schedules import Schedules, ScheduleTarget
from runledger.services.secrets.secrets import Secrets
from runledger.services.secrets.signing import SigningSecrets
from runledger.services.secrets.values import SecretValues
from runledger.services.triggers.manual import ManualRuns
from runledger.services.triggers.upstream import UpstreamRuns
from runledger.services.triggers.webhooks import InboundEvent, Webhooks
from runledger.services.workspaces.workspaces import create_workspace
from runledger.settings import ChannelSettings
from runledger.store.bodies import Bodies
from runledger.store.export_files import ExportFiles
from runledger.store.rates import RateStore
from runledger.store.stores import Stores
from runledger.store.table import DynamoTable, Table

ACCOUNT = "123456789012"
REGION = "us-east-1"
PREFIX = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:runledger-"
FAN_OUT = f"{PREFIX}fan-out"
DELIVERY_RETRY = f"{PREFIX}delivery-retry"
EXPORT = f"{PREFIX}export"
SCHEDULE_GROUP = "runledger-schedules"
TABLE = "runledger"
BUCKET = "runledger-bodies"
SENDER = "no-reply@example.com"
START = 1_700_000_000_000


class Clock:
    """Time that passes only when told to, but for a millisecond a look."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        self.now += 1
        return self.now

    def advance(self, milliseconds: int) -> None:
        self.now += milliseconds


@dataclass
class StubHttp:
    """Answers every call with one JSON document, and remembers the calls."""

    answer: Any = field(default_factory=lambda: {"data": {"score": 42}})
    status: int = 200
    calls: list[HttpRequest] = field(default_factory=list)

    def call(self, request: HttpRequest) -> HttpResponse:
        self.calls.append(request)
        return HttpResponse(
            status=self.status,
            headers=(("content-type", "application/json"),),
            body=json.dumps(self.answer).encode(),
            truncated=False,
            duration_ms=5,
        )


@cache
def client_of(service: str) -> Any:
    """One client of a service for all worlds: making one takes longer than most tests, and moto
    hears whatever any client asks."""
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


def create_table(dynamodb: Any) -> None:
    """The table as template.yaml describes it."""
    from tests.support.template import load_template

    properties = load_template()["Resources"]["Table"]["Properties"]
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode=properties["BillingMode"],
        AttributeDefinitions=properties["AttributeDefinitions"],
        KeySchema=properties["KeySchema"],
        GlobalSecondaryIndexes=properties["GlobalSecondaryIndexes"],
        StreamSpecification={"StreamEnabled": True, **properties["StreamSpecification"]},
    )


class Engine:
    """One workspace, `ws_demo`, and everything that works in it; its rows are in moto's DynamoDB
    unless another table is given."""

    workspace_id = "ws_demo"

    def __init__(self, shards: int = 1, table: Table | None = None) -> None:
        self.clock = Clock()
        self.http = StubHttp()
        self.dynamodb = client_of("dynamodb")
        self.stepfunctions = client_of("stepfunctions")
        self.secrets = client_of("secretsmanager")
        self.ses = client_of("sesv2")
        s3 = client_of("s3")
        create_table(self.dynamodb)
        s3.create_bucket(Bucket=BUCKET)
        self.ses.create_email_identity(EmailIdentity=SENDER)
        self.table: Table = table or DynamoTable(self.dynamodb, TABLE)
        self.stores = Stores(self.table, Bodies(s3, BUCKET))
        create_workspace(
            self.stores.workspaces,
            self.clock,
            workspace_id=self.workspace_id,
            name="Demo",
            shards=shards,
        )
        self.contexts = contexts_over(self.stores)
        self.workspace_secrets = Secrets(self.stores.secrets, self.secrets, "runledger", self.clock)
        self.secret_values = SecretValues(
            self.stores.secrets, self.secrets, "runledger", self.clock
        )
        self.contacts = Contacts(self.stores.contacts, self.clock)
        settings = ChannelSettings.model_validate({"RUNLEDGER_SENDER_EMAIL": SENDER})
        channels = make_channels(lambda service: self.ses, settings)
        self.channels = dict(channels)
        self.segments = Segments(self.stores.segments, self.stores.contacts, self.clock)
        self.templates = Templates(self.stores.templates, self.channels, self.clock)
        self.automations = Automations(
            self.stores.automations,
            self.stores.templates,
            self.stores.segments,
            self.stores.schedules,
            self.stores.fires,
            self.stores.activations,
            self.clock,
            "https://api.example.com",
            self.stores.secrets,
        )
        role = f"arn:aws:iam::{ACCOUNT}:role/machine"
        logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:machines"
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
        self.throttle = MachineThrottle(self.stores.throttle, self.clock)
        self.scheduler = client_of("scheduler")
        self.scheduler.create_schedule_group(Name=SCHEDULE_GROUP)
        self.schedules = Schedules(
            self.stores.schedules,
            self.scheduler,
            ScheduleTarget(SCHEDULE_GROUP, FAN_OUT, role, f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost"),
            self.clock,
        )
        self.date_fires = date_fires_over(self.stores, self.clock)
        self.missed_fires = MissedFires(
            self.table,
            self.stores.automations,
            self.schedules,
            self.stores.fires,
            self.stores.workspaces,
            self.stepfunctions,
            FAN_OUT,
            self.clock,
        )
        self.activator = Activator(
            self.stores.automations,
            self.stores.activations,
            Machines(self.stepfunctions, PREFIX, self.throttle, role, logs),
            FunctionArns(f"{arn}logic", f"{arn}message", f"{arn}integration"),
            self.clock,
            self.schedules,
        )
        self.activations = Activations(
            self.automations, self.activator, SigningSecrets(self.secrets, "runledger"), self.clock
        )
        self.webhooks = Webhooks(
            self.stores.automations,
            self.contacts,
            opener_over(self.stores, self.clock),
            RateStore(self.table),
            SigningSecrets(self.secrets, "runledger").read,
            self.clock,
        )
        self.upstream = UpstreamRuns(
            self.stores.automations, self.contexts, opener_over(self.stores, self.clock)
        )
        self.starter = Starter(self.stores.runs, self.stepfunctions, PREFIX, self.clock)
        execution_prefix = PREFIX.replace(":stateMachine:", ":execution:")
        self.canceler = Canceler(self.stores.runs, self.stepfunctions, execution_prefix, self.clock)
        self.stopping = Stopping(
            self.table,
            self.stores.automations,
            self.stores.workspaces,
            self.canceler,
            self.clock,
            self.schedules,
            self.stores.activations,
        )
        self.manual = ManualRuns(
            self.stores.automations, self.contacts, opener_over(self.stores, self.clock)
        )
        self.watchdog = Watchdog(
            self.stores.runs,
            self.stores.automations,
            self.contexts,
            self.starter,
            self.stepfunctions,
            execution_prefix,
            self.clock,
        )
        self.run_settler = Settler(
            self.stores.runs,
            self.starter,
            OrphanedMessages(
                self.stores.runs,
                self.stores.deliveries,
                self.stores.workspaces,
                self.contexts,
                CHANNEL_NAMES,
                self.clock,
            ),
            self.watchdog,
            self.clock,
        )
        self.superseded = SupersededMachines(
            self.stores.machines,
            MachineRemover(self.stepfunctions, PREFIX, self.throttle),
            self.stores.workspaces,
            self.clock,
        )
        self.retries = RetryMachine(self.stepfunctions, DELIVERY_RETRY)
        self.retrier = RetryDelivery(
            self.stores.deliveries,
            self.stores.contacts,
            self.stores.suppressions,
            self.stores.workspaces,
            self.channels,
            self.clock,
        )
        self.export_files = ExportFiles(s3, BUCKET)
        self.list_snapshots = list_snapshots_over(self.stores, self.clock)
        self.export_machine = ExportMachine(self.stepfunctions, EXPORT)
        self.export_requests = ExportRequests(
            self.stores.exports, self.list_snapshots, self.export_machine, self.clock
        )
        self.export_pages = ExportPages(
            self.stores.exports, self.export_files, self.list_snapshots, self.clock
        )
        exports = DueExports(
            self.stores.exports, self.export_files, self.export_machine, self.clock
        )
        self.bulk_cancels = BulkCancels(
            self.stores.bulk_cancels,
            self.list_snapshots,
            self.stores.runs,
            self.canceler,
            self.clock,
        )
        deliveries = DueDeliveries(
            self.stores.deliveries, self.stores.workspaces, self.retries, self.clock
        )
        removal = ExportRemoval(self.stores.exports, self.export_files)
        self.erasing = make_erasing(self.stores, self.canceler, removal, self.clock)
        kinds = {
            "dlv": deliveries.settle,
            "run": self.run_settler.settle,
            "aut": self.stopping.drain,
            "act": self.activator.settle,
            "mch": self.superseded.settle,
            "sch": self.missed_fires.settle,
            "fire": self.missed_fires.resume,
            "can": self.bulk_cancels.settle,
            "exp": exports.settle,
            "sec": self.workspace_secrets.settle,
            "era": self.erasing.settle,
        }
        self.settler = DueWork(self.stores.due, kinds, self.clock)
        self.closer = Closer(self.stores.runs, self.contexts, self.clock)
        self.queries = Queries(
            self.stores,
            self.contexts,
            self.contacts,
            Cursors(lambda: b"a key of this test", self.clock),
            self.clock,
        )

    # Tools are lent as the functions would lend them.
    def tools(self, context: RunContext, node_id: str, retry_budget: RetryBudget) -> Tools:
        begun: list[str] = []
        integration = IntegrationTools(
            http=self.http,
            secrets=self.secret_values,
            runs=self.stores.runs,
            bodies=self.stores.bodies,
            clock=self.clock,
            sleep=self.sleep,
        )
        return replace(
            integration.tools(context, node_id, retry_budget),
            begun=begun,
            contacts=Recipients(
                self.stores.contacts, context.workspace.id, context.version.segments
            ),
            messenger=Delivery(
                run=context.run,
                node_id=node_id,
                templates=context.version.templates,
                channels=self.channels,
                deliveries=self.stores.deliveries,
                contacts=self.stores.contacts,
                gatekeeper=gatekeeper_over(self.stores, self.clock),
                retries=self.retries,
                shards=context.workspace.shards,
                retention=context.workspace.retention,
                clock=self.clock,
                begun=begun,
                retry_budget=retry_budget,
            ),
        )

    def sleep(self, seconds: float) -> None:
        self.clock.advance(round(seconds * 1_000))

    def retry_budget(self, milliseconds: int = 300_000) -> RetryBudget:
        """What an invocation has that may take so long."""
        return RetryBudget(self.clock.now + milliseconds, self.clock, self.sleep)

    def walker(self, request_id: str = "request-1") -> Walker:
        return Walker(
            self.stores.runs,
            self.stores.automations,
            self.contexts,
            self,
            self.clock,
            request_id,
            self.retry_budget(),
        )

    def template(self, body: str = "Hello {{contact.email}}", subject: str = "Hi") -> str:
        document = TemplateDocument(name="Mail", channel="EMAIL", subject=subject, body=body)
        return self.templates.create(self.workspace_id, document).id

    def activate(self, document: dict[str, Any]) -> str:
        """The id of a new, active automation."""
        parsed = AutomationDocument.model_validate(document)
        automation = self.automations.create(self.workspace_id, parsed, "ada@example.com")
        self.activations.activate(self.workspace_id, automation.id, "ada@example.com")
        return automation.id

    def fire(self, automation_id: str, payload: Any, **headers: str) -> str:
        """The id of the run that a webhook opened."""
        automation = self.stores.automations.get(self.workspace_id, automation_id)
        assert automation.webhook_token is not None
        event = InboundEvent(
            token=automation.webhook_token,
            headers={"content-type": "application/json", **headers},
            body=json.dumps(payload).encode(),
            source="203.0.113.9",
        )
        return self.webhooks.receive(event).run.id

    def execution(self, run_id: str) -> str:
        """The ARN of the execution that the run's current attempt is started as."""
        run = self.stores.runs.get(run_id)
        name = f"{run.automation_id}-v{run.version}:{run_id}-{run.attempt}"
        return PREFIX.replace(":stateMachine:", ":express:") + f"{name}:9d1f"

    def visit(
        self,
        run_id: str,
        node_id: str,
        operation: Operation = Operation.VISIT,
        *,
        state: dict[str, Any] | None = None,
        request_id: str = "request-1",
        execution: str | None = None,
    ) -> WalkAnswer:
        event = WalkEvent(
            contract=1,
            workspace_id=self.workspace_id,
            run_id=run_id,
            execution=execution or self.execution(run_id),
            operation=operation,
            node_id=node_id,
            state=state,
        )
        return self.walker(request_id).walk(event)

    def graph(self, run_id: str) -> GraphView:
        return self.contexts.graph(self.stores.runs.get(run_id))

    def walk(self, run_id: str, *, until: str | None = None) -> list[str]:
        """Walks a graph without forks as its machine would, waits and failure state included; the
        nodes visited. Stops before `until`."""
        graph = self.graph(run_id)
        node_id = graph.starts[0]
        visited: list[str] = []
        last: dict[str, Any] = {}
        waits_until = 0
        while node_id != until:
            # Not before: who stops here wants to see the run while it waits.
            self.clock.now = max(self.clock.now, waits_until)
            node_type, _ = graph.parsed(node_id)
            visited.append(node_id)
            try:
                answer = self.visit(run_id, node_id, node_type.operation)
            except Exception as error:
                caught = {"Error": type(error).__name__, "Cause": str(error)}
                state = {"error": caught, **({"last": last} if last else {})}
                self.visit(run_id, graph.starts[0], Operation.FAIL, state=state)
                return visited
            last = answer.model_dump(by_alias=True)
            if answer.more:
                continue
            if answer.wait_until is not None:
                waits_until = from_iso(answer.wait_until)
            ways = [
                edge.target
                for edge in graph.out(node_id)
                if edge.label is None or edge.label == answer.outcome
            ]
            if not ways:
                return visited
            (node_id,) = ways
        return visited

    def status(self, run_id: str) -> RunStatus:
        return self.stores.runs.get(run_id).status

    def detail(self, run_id: str) -> dict[str, Any]:
        view = self.queries.run(self.workspace_id, run_id)
        document: dict[str, Any] = view.model_dump(mode="json", by_alias=True)
        return document

    def mailbox(self) -> list[Any]:
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.ses.models import ses_backends

        return list(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages)


@contextmanager
def open_engine(shards: int = 1, table: Table | None = None) -> Iterator[Engine]:
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    with patch.dict("os.environ", environment), mock_aws():
        yield Engine(shards, table)
