"""Checks, at activation, whether an automation may start after another one's runs."""

from typing import TYPE_CHECKING

from runledger.compiler.graph import GraphView
from runledger.errors import NotFoundError
from runledger.models.automation import Automation, AutomationStatus, Graph, Problem
from runledger.nodes.trigger import UpstreamTrigger

if TYPE_CHECKING:
    from runledger.store.automations import AutomationStore

# One invocation opens the runs of all automations that wait for an upstream run.
MAX_DOWNSTREAM = 50


def upstream_problems(
    store: "AutomationStore", automation: Automation, graph: Graph
) -> list[Problem]:
    """Returns the problems with the automation that the graph's trigger names; empty if it names
    none.

    Two activations at the same time may not see each other. Then their automations may form a
    cycle, which ends at the limit on a chain's depth. Or an automation may get a few more
    downstream automations than `MAX_DOWNSTREAM`."""
    view = GraphView(graph, {})
    (start,) = view.starts
    _, config = view.parsed(start)
    if not isinstance(config, UpstreamTrigger):
        return []
    found = _problem(store, automation, config.automation_id)
    if found is None:
        return []
    code, message = found
    return [Problem(code=code, message=message, node_id=start, field="automationId")]


def _problem(
    store: "AutomationStore", automation: Automation, upstream_id: str
) -> tuple[str, str] | None:
    if upstream_id == automation.id:
        return "UPSTREAM_CYCLE", f"the automation would trigger itself: {_chain([automation] * 2)}"
    upstream = _find(store, automation.workspace_id, upstream_id)
    if upstream is None:
        return (
            "UPSTREAM_UNKNOWN",
            f"the automation {upstream_id} does not exist or is archived; choose another one",
        )
    above = _above(store, upstream, automation)
    if above[-1].id == automation.id:
        chain = _chain([automation, *above])
        return "UPSTREAM_CYCLE", f"the automation would trigger itself: {chain}"
    others = set(store.downstream_ids(upstream_id)) - {automation.id}
    if len(others) >= MAX_DOWNSTREAM:
        message = (
            f"this automation triggers {len(others)} others already; {MAX_DOWNSTREAM} is the limit"
        )
        return "UPSTREAM_CROWDED", message
    return None


def _above(
    store: "AutomationStore", upstream: Automation, automation: Automation
) -> list[Automation]:
    """Returns the chain of automations that begins with `upstream`: each starts after runs of the
    next one in the list. The last one starts after no other automation, or it is `automation`
    itself, which means a cycle. Paused automations count, because they may be resumed."""
    chain = [upstream]
    seen = {upstream.id}
    while (active := chain[-1].active) is not None and active.upstream_id is not None:
        next_id = active.upstream_id
        if next_id == automation.id:
            return [*chain, automation]
        above = _find(store, automation.workspace_id, next_id)
        if above is None or next_id in seen:
            break
        seen.add(next_id)
        chain.append(above)
    return chain


def _find(store: "AutomationStore", workspace_id: str, automation_id: str) -> Automation | None:
    try:
        found = store.get(workspace_id, automation_id)
    except NotFoundError:
        return None
    return None if found.status is AutomationStatus.ARCHIVED else found


def _chain(automations: list[Automation]) -> str:
    return " ← ".join(each.name for each in automations)
