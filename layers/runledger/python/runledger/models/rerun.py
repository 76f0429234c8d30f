"""Reruns: runs that repeat another run, and what the user chose for its effects."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from runledger.ids import derived_id
from runledger.models.base import WireModel

START = "START"


class RerunVersion(StrEnum):
    """Which version of the graph a rerun uses: the original run's or the active one."""

    SAME = "SAME"
    ACTIVE = "ACTIVE"


class EffectState(StrEnum):
    """What is known about an effect. FAILED: it certainly did not happen. RETRYING: it is still
    being tried. UNKNOWN: it may have happened."""

    HAPPENED = "HAPPENED"
    FAILED = "FAILED"
    RETRYING = "RETRYING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class RecordedEffect:
    """An effect that a step records: the method of a call or the name of a channel, its target, its
    status as the record has it, its state, and its time (epoch milliseconds)."""

    kind: str
    to: str | None
    status: str
    state: EffectState
    at: int


class EffectChoice(StrEnum):
    """What a rerun does at a node with effects: reuse the recorded step, repeat the effect, or skip
    the node."""

    REUSE = "REUSE"
    REPEAT = "REPEAT"
    SUPPRESS = "SUPPRESS"


class RerunFacts(WireModel):
    """The facts of a rerun, stored in its event. `from_node` is a node id or START. `request` is a
    hash of the request.

    An effect is identified by a run and a node. The run is normally the root run. If a node's
    effect was repeated on purpose, `effect_runs` names another run for this node. For each node
    that sends messages, `continues` names the runs whose messages are not sent again, newest first.
    """

    of: str
    root: str
    from_node: str
    version: RerunVersion
    by: str
    reason: str | None = None
    recovery_id: str | None = None
    effect_runs: dict[str, str] = Field(default_factory=dict)
    continues: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    fires_downstream: bool = False
    request: str = ""

    def effect_run(self, node_id: str) -> str:
        """Returns the run whose id identifies the node's effects."""
        return self.effect_runs.get(node_id, self.root)


def rerun_id(workspace_id: str, run_id: str, key: str) -> str:
    """Returns the id of the rerun that a recovery opens for a run. The recovery's id is the
    idempotency key."""
    return derived_id("run", workspace_id, run_id, "rerun", key)
