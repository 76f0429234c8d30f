"""Finds the effects (calls and messages) of a run's family: the run and all its reruns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.rerun import EffectState, RecordedEffect
from runledger.models.run import Step, StepStatus
from runledger.nodes.base import Function
from runledger.services.messages.deliver import attempt_id, may_have_left
from runledger.services.runs.run_state import steps_of

if TYPE_CHECKING:
    from runledger.compiler.graph import GraphView
    from runledger.models.automation import Version
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.run_reads import RunHistory

_PASSED = (StepStatus.COMPLETED, StepStatus.SKIPPED)
_SENT = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)


@dataclass(frozen=True, slots=True)
class Record:
    """What one run of the family recorded of one node. `effects` are those that the preview lists.
    `states` are the states of all effects, including messages that the preview does not list."""

    run_id: str
    effect_run: str
    step: Step
    effects: tuple[RecordedEffect, ...] = ()
    states: frozenset[EffectState] = frozenset()

    @property
    def is_passed(self) -> bool:
        return self.step.status in _PASSED


@dataclass(frozen=True, slots=True)
class NodeRecords:
    """What all runs of a family recorded of one node, newest first."""

    records: tuple[Record, ...] = ()

    @property
    def effects(self) -> tuple[RecordedEffect, ...]:
        return tuple(effect for record in self.records for effect in record.effects)

    @property
    def states(self) -> frozenset[EffectState]:
        return frozenset(state for record in self.records for state in record.states)

    @property
    def passed(self) -> Record | None:
        """Returns the record to reuse: the newest one after which the run continued and whose
        effects happened. If there is none, the newest one after which the run continued."""
        passed = [record for record in self.records if record.is_passed]
        happened = [each for each in passed if EffectState.HAPPENED in each.states]
        return next(iter([*happened, *passed]), None)

    @property
    def effect_runs(self) -> tuple[str, ...]:
        """Returns the runs whose ids identify the node's effects, newest first."""
        return tuple(dict.fromkeys(record.effect_run for record in self.records))


@dataclass(frozen=True, slots=True)
class Member:
    """A run of a family, with its version and the version's graph."""

    history: "RunHistory"
    graph: "GraphView"
    version: "Version"

    def all_steps(self, now: int) -> dict[str, Step]:
        """Returns the run's steps with the states that the API shows, such as WAITING, derived for
        `now`."""
        return {step.node_id: step for step in steps_of(self.history, self.graph, now)}

    def effect_run(self, node_id: str) -> str:
        rerun = self.history.event.rerun
        return self.history.run.id if rerun is None else rerun.effect_run(node_id)


@dataclass(frozen=True, slots=True)
class EffectReader:
    """Reads effects. `channels` are the names of all channels."""

    deliveries: "DeliveryStore"
    channels: Sequence[str] = field(default_factory=tuple)

    def records(self, family: "Sequence[Member]", now: int) -> dict[str, NodeRecords]:
        """Returns the records of a family by node. Reads the messages that the steps name. Also
        reads those that a run may have sent to its own contact without recording it."""
        ids = {member.history.run.id for member in family}
        steps = [
            (member, step)
            for member in family
            for step in member.all_steps(now).values()
            # What a run took over from another counts there, unless that run has expired.
            if step.reused_from not in ids
        ]
        named = {
            (member.history.run.id, step.node_id): self._message_ids(member, step)
            for member, step in steps
        }
        attempts = self.deliveries.shown({id_ for ids in named.values() for id_ in ids})
        found: dict[str, list[Record]] = {}
        for member, step in steps:
            messages = named[member.history.run.id, step.node_id]
            mine = [attempts[id_] for id_ in messages if id_ in attempts]
            found.setdefault(step.node_id, []).append(_record(member, step, mine))
        return {
            node_id: NodeRecords(
                tuple(sorted(records, key=lambda each: each.step.started_at, reverse=True))
            )
            for node_id, records in found.items()
        }

    def _message_ids(self, member: Member, step: Step) -> tuple[str, ...]:
        node = member.graph.nodes.get(step.node_id)
        if node is None or node.type is None or node.type.function is not Function.MESSAGE:
            return ()
        if step.status in _PASSED:
            return step.delivery_ids
        # A request that died may have begun messages that the step does not name.
        own = member.history.run.contact_id
        contacts = [*node.type.planned_contacts(step), *([] if own is None else [own])]
        effect_run = member.effect_run(step.node_id)
        derived = [
            attempt_id(effect_run, step.node_id, contact_id, channel)
            for contact_id in contacts
            for channel in self.channels
        ]
        return tuple(dict.fromkeys([*step.delivery_ids, *derived]))


def _record(member: Member, step: Step, attempts: Sequence[DeliveryAttempt]) -> Record:
    run_id, effect_run = member.history.run.id, member.effect_run(step.node_id)
    node = member.graph.nodes.get(step.node_id)
    if node is None or node.type is None or node.config is None:
        return Record(run_id, effect_run, step)
    effects = [
        *node.type.recorded_effects(node.config, step),
        *(_message_effect(each) for each in attempts),
    ]
    states = {effect.state for effect in effects}
    if step.evidence and "attemptCount" in step.evidence:
        states |= set(_counted(step.output))
    return Record(run_id, effect_run, step, tuple(effects), frozenset(states))


def _counted(output: Mapping[str, object]) -> Iterable[EffectState]:
    """Returns the states of messages that a step only counts and does not list."""
    if output.get("sent"):
        yield EffectState.HAPPENED
    if output.get("unknown"):
        yield EffectState.UNKNOWN


def _message_effect(attempt: DeliveryAttempt) -> RecordedEffect:
    status = "OUTCOME_UNKNOWN" if _is_lost(attempt) else attempt.status.value
    at = attempt.settled_at or attempt.created_at
    return RecordedEffect(
        attempt.channel, masked(attempt.address), status, _message_state(attempt), at
    )


def _is_lost(attempt: DeliveryAttempt) -> bool:
    return attempt.is_unknown or (
        attempt.error is not None
        and attempt.error.kind == "OUTCOME_UNKNOWN"
        and attempt.status not in _SENT
    )


def _message_state(attempt: DeliveryAttempt) -> EffectState:
    if _is_lost(attempt):
        return EffectState.UNKNOWN
    if not attempt.status.is_settled:
        return EffectState.RETRYING
    return EffectState.HAPPENED if may_have_left(attempt) else EffectState.FAILED


def masked(address: str) -> str:
    """Returns an address as `a•••@…`: people who know the address recognize it."""
    if not address:
        return "no address"
    name, at, _ = address.partition("@")
    return f"{name[:1]}•••@…" if at else f"{address[:3]}•••{address[-2:]}"
