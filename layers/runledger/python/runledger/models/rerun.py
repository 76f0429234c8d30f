"""Reruns: runs that repeat another one, and their choices about its effects."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from runledger.models.base import WireModel

START = "START"


class RerunVersion(StrEnum):
    """Which version of the graph a rerun walks: that of the original, or the active one."""

    SAME = "SAME"
    ACTIVE = "ACTIVE"


class EffectState(StrEnum):
    """What is known of an effect. FAILED certainly did not happen; RETRYING is still being tried;
    UNKNOWN may have happened."""

    HAPPENED = "HAPPENED"
    FAILED = "FAILED"
    RETRYING = "RETRYING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class RecordedEffect:
    """An effect that a step records: a call's method or a channel's name, its target, its status in
    the record's own words, what is known of it, and when (epoch milliseconds)."""

    kind: str
    to: str | None
    status: str
    state: EffectState
    at: int


class EffectChoice(StrEnum):
    """What a rerun does with a node that has effects: take over its recorded step, let it happen
    again, or pass the node without the effect."""

    REUSE = "REUSE"
    REPEAT = "REPEAT"
    SUPPRESS = "SUPPRESS"


class RerunFacts(WireModel):
    """The facts of a rerun, as its event keeps them. `from_node` is a node id or START.

    An effect is identified by a run's id and its node. `effect_runs` names the run for each node
    whose effects do not belong to the root run: those that were repeated on purpose. `continues`
    names, for each node that sends messages, the runs whose messages count as sent, newest
    first. `request` is a hash of what was asked for."""

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
        """Returns the run that the node's effects are identified by."""
        return self.effect_runs.get(node_id, self.root)
