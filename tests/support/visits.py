"""Builds visits of nodes as the walk would."""

from collections.abc import Callable, Mapping
from typing import Any

from runledger.clock import Clock
from runledger.models.consent import Consents
from runledger.models.contact import Contact
from runledger.nodes.base import NodeResult, Visit
from runledger.nodes.registry import node_type
from runledger.nodes.tools import (
    BodyKeeper,
    ContactEditor,
    ContactFinder,
    HttpCaller,
    Messenger,
    SecretReader,
    Tools,
)

# 2026-03-10T12:00:00Z
NOW = 1_773_144_000_000

CONTACT = Contact(
    workspace_id="ws_1",
    id="con_1",
    email="ada@example.com",
    phone="+4930901820",
    external_ids={"stripe": "cus_7"},
    first_name="Ada",
    last_name=None,
    tags=("vip", "beta"),
    consents=Consents(),
    metadata={"plan": "pro", "age": 36, "active": True},
    created_at=0,
    updated_at=0,
)


def visit(
    scope: Mapping[str, Any] | None = None,
    *,
    contact: Contact | None = CONTACT,
    now: int = NOW,
    http: HttpCaller | None = None,
    secrets: SecretReader | None = None,
    messenger: Messenger | None = None,
    contacts: ContactFinder | None = None,
    contact_editor: ContactEditor | None = None,
    bodies: BodyKeeper | None = None,
    clock: Clock | None = None,
    sleep: Callable[[float], None] | None = None,
    labels: frozenset[str] = frozenset(),
    progress: Mapping[str, Any] | None = None,
) -> Visit:
    return Visit(
        node_id="node",
        run_id="run_1",
        scope=scope or {},
        contact=contact,
        now=now,
        effect_key="effect-1",
        tools=Tools(
            http=http,
            secrets=secrets,
            messenger=messenger,
            contacts=contacts,
            contact=contact_editor,
            bodies=bodies,
            clock=clock or (lambda: now),
            sleep=sleep or _never,
        ),
        labels=labels,
        progress=progress,
    )


def _never(seconds: float) -> None:
    raise AssertionError(f"no wait was expected, but the node waits {seconds} s")


def run_node(name: str, config: Mapping[str, Any], where: Visit | None = None) -> NodeResult:
    """Makes one visit of a node of that type with that config, in wire form."""
    each = node_type(name)
    return each.run(each.config_model.model_validate(config), where or visit())


def evidence_of(result: NodeResult) -> dict[str, Any]:
    """Returns the evidence as the JSON object that is stored."""
    assert result.evidence is not None
    return dict(result.evidence)
