"""The engine in one process: real services over moto's AWS; the test walks a machine itself."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, TypeVar
from unittest.mock import patch

import boto3
from moto import mock_aws
from runledger.channels.base import Channel
from runledger.clock import SECOND, from_iso, now_ms
from runledger.compiler.graph import GraphView
from runledger.composition import Composition
from runledger.models.automation import AutomationDocument
from runledger.models.run import RunStatus
from runledger.models.template import TemplateDocument
from runledger.nodes.base import Operation
from runledger.nodes.tools import HttpRequest, HttpResponse
from runledger.services.automations.activations import Activations
from runledger.services.automations.automations import Automations
from runledger.services.execution.lent_tools import LentTools
from runledger.services.execution.node_claims import NodeClaim
from runledger.services.execution.walk import Walker
from runledger.services.execution.walk_contract import WalkAnswer, WalkEvent
from runledger.services.in_parallel import Gather, in_turn
from runledger.services.messages.unsubscribe_links import LinkKeys
from runledger.services.retry_budget import MARGIN, RetryBudget
from runledger.services.runs.run_context import RunContext
from runledger.services.triggers.webhook_request import WebhookRequest
from runledger.services.workspaces.console_address import ConsoleAddress
from runledger.services.workspaces.workspaces import create_workspace
from runledger.settings import Settings
from runledger.store.table import Table
from runledger.store.values import Item, from_dynamo

from tests.support.environment import (
    BUCKET,
    PREFIX,
    REGION,
    SCHEDULE_GROUP,
    SENDER,
    STACK,
    START,
    TABLE,
    environment,
)
from tests.support.memory_table import MemoryTable
from tests.support.memory_values import copied

SettingsT = TypeVar("SettingsT", bound=Settings)
PUBLIC_URL = "https://api.example.com"
CONSOLE_URL = "https://console.example.com"
LINK_KEY = "the-key-of-unsubscribe-links-of-these-tests"


class Clock:
    """A clock that moves only on request, except for one millisecond at each reading."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        self.now += 1
        return self.now

    def follow_the_machine(self) -> None:
        """Sets this clock a second behind the computer's clock, which the handlers use. This clock
        moves on at each reading. The distance ensures that the engine writes no times that are
        in the future for a handler."""
        self.now = now_ms() - SECOND

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


class StoredText:
    """Secrets Manager and the parameter store with one text, which a test may replace."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.reads = 0

    def get_secret_value(self, SecretId: str) -> dict[str, str]:
        self.reads += 1
        return {"SecretString": self.text}

    def get_parameter(self, Name: str) -> dict[str, dict[str, str]]:
        self.reads += 1
        return {"Parameter": {"Value": self.text}}


def stored(text: str) -> Any:
    return StoredText(text)


@cache
def client_of(service: str) -> Any:
    """Returns one client per service for all engines: creating one takes longer than most tests,
    and moto receives the calls of every client."""
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


def create_table(dynamodb: Any) -> None:
    """Creates the table as template.yaml describes it."""
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


class Engine(Composition):
    """One workspace, `ws_demo`, and every service for it. The rows are in moto's DynamoDB, unless
    another table is given."""

    workspace_id = "ws_demo"

    def __init__(self, shards: int = 1, table: Table | None = None) -> None:
        self.clock = Clock()
        self.http = StubHttp()
        self.dynamodb = client_of("dynamodb")
        self.stepfunctions = client_of("stepfunctions")
        self.secrets_manager = client_of("secretsmanager")
        self.scheduler = client_of("scheduler")
        self.ses = client_of("sesv2")
        if table is None:
            create_table(self.dynamodb)
        else:
            self.table = table
        self.client("s3").create_bucket(Bucket=BUCKET)
        self.ses.create_email_identity(EmailIdentity=SENDER)
        self.scheduler.create_schedule_group(Name=SCHEDULE_GROUP)
        create_workspace(
            self.stores.workspaces,
            self.clock,
            workspace_id=self.workspace_id,
            name="Demo",
            shards=shards,
        )

    def rows(self) -> list[Item]:
        """Returns every row of the table, in plain values."""
        if isinstance(self.table, MemoryTable):
            return [copied(row) for row in self.table.items()]
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=TABLE)
        return [from_dynamo(raw) for page in pages for raw in page["Items"]]

    # The edges.
    clock: Clock
    http: StubHttp

    def settings(self, model: type[SettingsT]) -> SettingsT:
        return model.model_validate(environment())

    def client(self, service: str) -> Any:
        return client_of(service)

    def effect_client(self, service: str) -> Any:
        return client_of(service)

    def sleep(self, seconds: float) -> None:
        self.clock.advance(round(seconds * 1_000))

    @cached_property
    def gather(self) -> Gather:
        return in_turn

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """Every channel by name. The dict is a copy for this engine alone, so that a test may
        replace a channel."""
        return dict(super().channels)

    @cached_property
    def cursor_key(self) -> Any:
        return lambda: b"a key of this test"

    @cached_property
    def link_keys(self) -> LinkKeys:
        return LinkKeys(stored(LINK_KEY), STACK, self.seconds)

    @cached_property
    def console_address(self) -> ConsoleAddress:
        return ConsoleAddress(stored(CONSOLE_URL), "console-address", self.seconds)

    def seconds(self) -> float:
        return self.clock.now / 1_000

    # Values that requests would bring.
    @cached_property
    def automations(self) -> Automations:
        return self.automations_at(PUBLIC_URL)

    @cached_property
    def activations(self) -> Activations:
        return self.activations_at(PUBLIC_URL)

    def lend(self, context: RunContext, claim: NodeClaim, retry_budget: RetryBudget) -> LentTools:
        """Returns tools for nodes of every type: those of all functions together."""
        message = self.message_tools.lend(context, claim, retry_budget)
        integration = self.integration_tools.lend(context, claim, retry_budget)
        tools = replace(
            integration.tools,
            contact=self.contact_tools.lend(context, claim, retry_budget).tools.contact,
            begun=message.tools.begun,
            contacts=message.tools.contacts,
            messenger=message.tools.messenger,
        )
        return LentTools(tools, message.reads)

    def walker_of(self, request_id: str = "request-1", milliseconds: int = 300_000) -> Walker:
        """Returns a walker with all tools, for an invocation of at most `milliseconds`."""
        return self.walker(self, request_id, milliseconds + MARGIN)

    def template(
        self,
        body: str | None = "Hello {{contact.email}}",
        subject: str = "Hi",
        html: str | None = None,
    ) -> str:
        document = TemplateDocument(
            name="Mail", channel="EMAIL", subject=subject, body=body, html=html
        )
        return self.templates.create(self.workspace_id, document).id

    def activate(self, document: dict[str, Any]) -> str:
        """Returns the id of a new, active automation."""
        parsed = AutomationDocument.model_validate(document)
        automation = self.automations.create(self.workspace_id, parsed, "ada@example.com")
        self.activations.activate(self.workspace_id, automation.id, "ada@example.com")
        return automation.id

    def fire(self, automation_id: str, body: Any, **headers: str) -> str:
        """Returns the id of the run that a webhook opened."""
        automation = self.stores.automations.get(self.workspace_id, automation_id)
        assert automation.webhook_token is not None
        event = WebhookRequest(
            token=automation.webhook_token,
            headers={"content-type": "application/json", **headers},
            body=json.dumps(body).encode(),
            source="203.0.113.9",
        )
        return self.webhooks.receive(event).run.id

    def secret_of(self, automation_id: str) -> str:
        """Returns the signing secret that the automation's webhook accepts now."""
        automation = self.stores.automations.get(self.workspace_id, automation_id)
        return self.signing_keys.of(automation).secrets[0]

    def execution(self, run_id: str) -> str:
        """Returns the ARN of the execution of the run's current attempt."""
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
        return self.walker_of(request_id).walk(event)

    def graph(self, run_id: str) -> GraphView:
        return self.contexts.graph(self.stores.runs.get(run_id))

    def walk(self, run_id: str, *, until: str | None = None) -> list[str]:
        """Walks a graph without forks as its machine would, waits and failure state included, and
        returns the visited nodes. Stops before `until`."""
        graph = self.graph(run_id)
        node_id = graph.starts[0]
        visited: list[str] = []
        last: dict[str, Any] = {}
        waits_until = 0
        while node_id != until:
            # Not earlier: a test that stops here wants to see the run while it waits.
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
        view = self.details.run(self.workspace_id, run_id)
        document: dict[str, Any] = view.model_dump(mode="json", by_alias=True)
        return document

    def mailbox(self) -> list[Any]:
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.ses.models import ses_backends

        return list(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages)


# Takes the number of index shards.
EngineOpener = Callable[[int], AbstractContextManager[Engine]]


@contextmanager
def open_engine(shards: int = 1, table: Table | None = None) -> Iterator[Engine]:
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    # A new session would read the descriptions of its services again.
    config: Any = {"core": {"reset_boto3_session": False}}
    with patch.dict("os.environ", environment), mock_aws(config=config):
        yield Engine(shards, table)
