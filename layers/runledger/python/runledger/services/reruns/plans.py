"""Decides what a rerun does at each node, before anything is written.

Nodes before `from` keep their recorded steps. Every other node is visited again. The state of each
of its effects decides what happens:

never happened         the node runs
certainly failed       the node runs, and the effect gets a new identity
happened               the recorded step is reused, unless the caller says REPEAT or SUPPRESS
is being retried       the same, but REPEAT is refused
may have happened      the caller must choose

A node that sends messages continues where it stopped: it sends nothing to recipients who got, or
may have got, their message. So a mailing that stopped half-way needs no choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.errors import ConflictError, InvalidInputError
from runledger.models.rerun import START, EffectChoice, EffectState, RecordedEffect
from runledger.models.run import Step, StepStatus
from runledger.nodes.base import Function
from runledger.services.reruns.effects import NodeRecords, Record

if TYPE_CHECKING:
    from runledger.compiler.graph import GraphView, NodeView
    from runledger.models.automation import Version
    from runledger.services.reruns.effects import Member

REUSED, RUN, SUPPRESSED, UNDECIDED = "REUSED", "RUN", "SUPPRESSED", "UNDECIDED"
CHOOSE = "CHOOSE"


@dataclass(frozen=True, slots=True)
class Choice:
    """The caller's choice for one node's effects. `outcome` and `output` are given with
    SUPPRESS."""

    do: EffectChoice
    outcome: str | None = None
    output: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PlannedEffect:
    """An effect of the family, and what the rerun does with it: REUSE, REPEAT, SUPPRESS or
    CHOOSE."""

    effect: RecordedEffect
    then: str


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What a rerun does at one node. `step` is taken from an earlier run if the node is REUSED or
    SUPPRESSED; with `at_once` it is recorded when the rerun is opened. `effect_run` is the run
    whose id identifies the node's effects; None means the first run of the family. `continues`
    names the runs whose messages are not sent again."""

    node_id: str
    type: str
    action: str
    effects: tuple[PlannedEffect, ...] = ()
    step: Step | None = None
    at_once: bool = False
    effect_run: str | None = None
    continues: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The version whose graph the rerun walks."""

    version: "Version"
    graph: "GraphView"


@dataclass(frozen=True, slots=True)
class RerunPlan:
    from_node: str
    nodes: tuple[NodePlan, ...] = ()

    @property
    def undecided(self) -> list[NodePlan]:
        return [node for node in self.nodes if node.action == UNDECIDED]

    def steps(self, *, at_once: bool) -> list[Step]:
        return [
            node.step for node in self.nodes if node.step is not None and node.at_once is at_once
        ]

    @property
    def effect_runs(self) -> dict[str, str]:
        return {each.node_id: each.effect_run for each in self.nodes if each.effect_run}

    @property
    def continues(self) -> dict[str, tuple[str, ...]]:
        return {each.node_id: each.continues for each in self.nodes if each.continues}


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans one rerun. `run_id` is the new run's id. `family` has the original and all its reruns
    by id, and `records` what these runs recorded, by node."""

    run_id: str
    original: "Member"
    family: "Mapping[str, Member]"
    target: Target
    records: Mapping[str, NodeRecords]
    choices: Mapping[str, Choice]
    now: int
    by: str

    def plan(self, from_node: str | None) -> RerunPlan:
        """Returns the plan. Raises InvalidInputError for an invalid `from` or choice, and
        ConflictError if the caller wants to repeat an effect that is still being retried."""
        steps = self.original.all_steps(self.now)
        start = self._start(from_node, steps)
        kept = self._kept(start, steps)
        self._check_choices(kept)
        graph = self.target.graph
        plans = []
        for node_id in graph.topology.order:
            node = graph.nodes[node_id]
            if node.is_start or node.is_end or node_id not in graph.reachable:
                continue
            if node_id in kept:
                plans.append(self._keep(node, kept[node_id]))
            else:
                plans.append(self._visit(node, is_from=node_id == start))
        return RerunPlan(start, tuple(plans))

    def _start(self, from_node: str | None, steps: Mapping[str, Step]) -> str:
        graph = self.target.graph
        if from_node is None:
            failed = [id_ for id_, step in steps.items() if step.status is StepStatus.FAILED]
            if len(failed) != 1:
                count = "no failed node" if not failed else f"{len(failed)} failed nodes"
                raise InvalidInputError(
                    f"the run has {count}, so say where to begin: at START, or at a node that the "
                    "run visited",
                    field="from",
                )
            from_node = failed[0]
        if from_node == START or from_node in graph.starts:
            return START
        if from_node not in steps:
            raise InvalidInputError(f"the run did not visit the node {from_node}", field="from")
        if from_node not in graph.nodes:
            raise InvalidInputError(
                f"the active version has no node {from_node}; begin elsewhere, or rerun the same "
                "version",
                field="from",
            )
        if graph.nodes[from_node].is_end:
            raise InvalidInputError(
                f"{from_node} ends the run, so there is nothing to rerun after it", field="from"
            )
        return from_node

    def _kept(self, start: str, steps: Mapping[str, Step]) -> dict[str, Step]:
        """Returns the steps that are recorded when the rerun is opened."""
        if start == START:
            return {}
        graph = self.target.graph
        again = {start} | graph.topology.descendants(start)
        return {
            node_id: step
            for node_id, step in steps.items()
            if step.status in (StepStatus.COMPLETED, StepStatus.SKIPPED)
            and node_id in graph.nodes
            and node_id not in again
            and self._is_same(step, self.original)
        }

    def _is_same(self, step: Step, source: "Member") -> bool:
        """Whether a step of the run `source` can be reused for its node in the target version."""
        if source.version.version == self.target.version.version:
            return True
        node_id = step.node_id
        before = source.graph.nodes.get(node_id)
        after = self.target.graph.nodes.get(node_id)
        if before is None or after is None or before.node.type != after.node.type:
            return False
        if before.config != after.config:
            return False
        if not _has_way(self.target.graph, node_id, step.outcome):
            return False
        return self._pinned(before, source.version) == self._pinned(after, self.target.version)

    def _pinned(self, node: "NodeView", version: "Version") -> list[Any]:
        if node.type is None or node.config is None:
            return []
        templates = sorted(node.type.template_ids(node.config))
        segments = sorted(node.type.segment_ids(node.config))
        return [
            *(version.templates.get(each) for each in templates),
            *(version.segments.get(each) for each in segments),
        ]

    def _check_choices(self, kept: Mapping[str, Step]) -> None:
        graph = self.target.graph
        for node_id, choice in self.choices.items():
            place = f"effects.{node_id}"
            if node_id not in graph.nodes:
                raise InvalidInputError(f"the version has no node {node_id}", field=place)
            node = graph.nodes[node_id]
            if node.type is None or not node.type.effect:
                raise InvalidInputError(
                    f"{node_id} is a {node.node.type} node, which has no effects; remove it from "
                    "`effects`",
                    field=place,
                )
            if node_id in kept and choice.do is not EffectChoice.REUSE:
                raise InvalidInputError(
                    f"this rerun does not visit {node_id} again; begin the rerun at {node_id}, or "
                    "at a node before it",
                    field=place,
                )

    def _keep(self, node: "NodeView", step: Step) -> NodePlan:
        found = self.records.get(node.id, NodeRecords())
        effects = tuple(PlannedEffect(each, "REUSE") for each in found.effects)
        return NodePlan(
            node.id,
            node.node.type,
            REUSED,
            effects,
            step=self._taken_over(step, self.original.history.run.id),
            at_once=True,
        )

    def _visit(self, node: "NodeView", *, is_from: bool) -> NodePlan:
        found = self.records.get(node.id, NodeRecords())
        choice = self.choices.get(node.id)
        if choice is not None:
            return self._chosen(node, found, choice)
        states = found.states
        is_unsure = EffectState.UNKNOWN in states
        is_done = bool(states & {EffectState.HAPPENED, EffectState.RETRYING})
        if not is_unsure and not is_done:
            return self._run(node, found)
        reusable = self._reusable(found)
        if self._continues(node, found):
            return self._run(node, found)
        if is_unsure or reusable is None:
            return NodePlan(
                node.id,
                node.node.type,
                UNDECIDED,
                tuple(PlannedEffect(each, self._then(each)) for each in found.effects),
                problem=_why(node.id, found, is_unsure=is_unsure),
            )
        return self._reuse(node, found, reusable)

    def _chosen(self, node: "NodeView", found: NodeRecords, choice: Choice) -> NodePlan:
        place = f"effects.{node.id}"
        if choice.do is EffectChoice.REPEAT:
            if EffectState.RETRYING in found.states:
                raise ConflictError(
                    f"an effect of {node.id} is still being retried; wait until it is settled, or "
                    "cancel it",
                    status="RETRYING",
                )
            return self._repeat(node, found)
        if choice.do is EffectChoice.SUPPRESS:
            return self._suppress(node, found, choice, place)
        reusable = self._reusable(found)
        if reusable is None:
            raise InvalidInputError(
                f"{node.id} has no result to reuse, because no earlier run passed this node with "
                "its current config; choose REPEAT or SUPPRESS",
                field=place,
            )
        return self._reuse(node, found, reusable)

    def _run(self, node: "NodeView", found: NodeRecords) -> NodePlan:
        """Plans to run the node. Messages that it sent before are not sent again."""
        is_message = node.type is not None and node.type.function is Function.MESSAGE
        had_effects = bool(found.states)
        effects = tuple(
            PlannedEffect(each, "REPEAT" if each.state is EffectState.FAILED else "REUSE")
            for each in found.effects
        )
        return NodePlan(
            node.id,
            node.node.type,
            RUN,
            effects,
            effect_run=self.run_id if had_effects else None,
            continues=found.effect_runs if is_message and had_effects else (),
        )

    def _repeat(self, node: "NodeView", found: NodeRecords) -> NodePlan:
        """Plans to run the node and repeat its effects. A call that may have been made keeps its
        Idempotency-Key, so that the partner can recognize it."""
        is_message = node.type is not None and node.type.function is Function.MESSAGE
        keeps_key = found.states == {EffectState.UNKNOWN} and not is_message
        effect_run = found.effect_runs[0] if keeps_key else self.run_id
        return NodePlan(
            node.id,
            node.node.type,
            RUN,
            tuple(PlannedEffect(each, "REPEAT") for each in found.effects),
            effect_run=effect_run if found.records else None,
        )

    def _reuse(self, node: "NodeView", found: NodeRecords, record: Record) -> NodePlan:
        return NodePlan(
            node.id,
            node.node.type,
            REUSED,
            tuple(PlannedEffect(each, "REUSE") for each in found.effects),
            step=self._taken_over(record.step, record.run_id),
        )

    def _suppress(
        self, node: "NodeView", found: NodeRecords, choice: Choice, place: str
    ) -> NodePlan:
        outcome, output = choice.outcome, choice.output
        if found.passed is not None:
            outcome = found.passed.step.outcome if outcome is None else outcome
            output = found.passed.step.output if output is None else output
        if output is None:
            raise InvalidInputError(
                f"{node.id} has no recorded output; write the output that later nodes will read",
                field=f"{place}.output",
            )
        graph = self.target.graph
        if not _has_way(graph, node.id, outcome):
            labels = ", ".join(edge.label for edge in graph.out(node.id) if edge.label)
            raise InvalidInputError(
                f"{node.id} has no edge for the outcome {outcome!r}; choose one of {labels}",
                field=f"{place}.outcome",
            )
        step = Step(
            node_id=node.id,
            type=node.node.type,
            status=StepStatus.SKIPPED,
            started_at=self.now,
            finished_at=self.now,
            outcome=outcome,
            output=output,
            reason=f"suppressed in this rerun by {self.by}",
        )
        effects = tuple(PlannedEffect(each, "SUPPRESS") for each in found.effects)
        return NodePlan(node.id, node.node.type, SUPPRESSED, effects, step=step)

    def _reusable(self, found: NodeRecords) -> Record | None:
        record = found.passed
        if record is None or not self._is_same(record.step, self.family[record.run_id]):
            return None
        return record

    def _continues(self, node: "NodeView", found: NodeRecords) -> bool:
        """Whether the node sends messages, has not finished, and needs no choice. The rerun then
        sends only the missing messages. A node that sends to one recipient needs a choice if the
        outcome of its message is unknown."""
        if node.type is None or node.config is None or node.type.function is not Function.MESSAGE:
            return False
        is_unfinished = not any(record.is_passed for record in found.records)
        is_of_many = node.type.max_visits(node.config) > 1
        return is_unfinished and (is_of_many or EffectState.UNKNOWN not in found.states)

    def _then(self, effect: RecordedEffect) -> str:
        if effect.state is EffectState.FAILED:
            return "REPEAT"
        return CHOOSE

    def _taken_over(self, step: Step, run_id: str) -> Step:
        """Returns the step as the new run records it. In a chain of reruns, the step keeps naming
        the run that did the work."""
        return step.changed(reused_from=step.reused_from or run_id)


def _has_way(graph: "GraphView", node_id: str, outcome: str | None) -> bool:
    out = graph.out(node_id)
    return any(edge.label is None or edge.label == outcome for edge in out)


def _why(node_id: str, found: NodeRecords, *, is_unsure: bool) -> str:
    if is_unsure:
        return (
            f"an effect of {node_id} may have happened; choose REPEAT, SUPPRESS or, where a result "
            "was recorded, REUSE"
        )
    return (
        f"an effect of {node_id} happened, but no result can be reused; choose REPEAT or SUPPRESS"
    )


def changed_effects(nodes: Sequence[NodePlan], state: EffectState) -> list[RecordedEffect]:
    """Returns the effects in this state that the plan repeats."""
    return [
        planned.effect
        for node in nodes
        for planned in node.effects
        if planned.then == "REPEAT" and planned.effect.state is state
    ]
