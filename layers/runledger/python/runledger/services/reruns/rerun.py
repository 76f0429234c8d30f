"""Reruns one run: previews what would happen, and opens the new run."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import SECOND, Clock, iso
from runledger.errors import (
    AlreadyRerunError,
    ChoiceNeededError,
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidInputError,
    KeyReusedError,
    NotFoundError,
)
from runledger.ids import new_id
from runledger.models.automation import AutomationStatus, Problem, Reentry
from runledger.models.event import Event
from runledger.models.records import KEPT_FILE
from runledger.models.rerun import START, EffectState, RerunFacts, RerunVersion, rerun_id
from runledger.models.run import Run, RunStatus, Step
from runledger.services.reruns.effects import EffectReader, Member
from runledger.services.reruns.plans import Choice, Planner, RerunPlan, Target, changed_effects
from runledger.services.runs.body_links import kept_body_key
from runledger.services.triggers.open_run import FIRST_LOOK
from runledger.services.triggers.run_keys import keys_in_graph
from runledger.store import keys
from runledger.store.run_opening import RerunContents
from runledger.store.run_reads import FAMILY_SIZE

if TYPE_CHECKING:
    from runledger.api.reruns import RerunDocument
    from runledger.models.automation import Automation, Version
    from runledger.services.reruns.version_machines import VersionMachines
    from runledger.services.runs.run_context import RunContexts
    from runledger.store.run_reads import RunHistory
    from runledger.store.stores import Stores


@dataclass(frozen=True, slots=True)
class RerunBy:
    """The caller who requests a rerun. `may_repeat_messages` says whether the caller may repeat a
    message that was already sent. `recovery_id` is the recovery that requests it, if any."""

    email: str
    may_repeat_messages: bool
    recovery_id: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedRerun:
    """A plan with all data that opening the rerun needs."""

    run_id: str
    plan: RerunPlan
    original: "RunHistory"
    automation: "Automation"
    version: "Version"
    family: Mapping[str, Member]


@dataclass(frozen=True, slots=True)
class OpenedRerun:
    run: Run
    is_duplicate: bool


@dataclass(frozen=True, slots=True)
class Reruns:
    """Plans and opens reruns. `channels` are the names of all channels."""

    stores: "Stores"
    contexts: "RunContexts"
    effects: EffectReader
    machines: "VersionMachines"
    clock: Clock

    def preview(
        self, workspace_id: str, run_id: str, document: "RerunDocument", by: RerunBy
    ) -> PlannedRerun:
        """Returns what a rerun would do, and writes nothing.

        Raises NotFoundError if the run does not exist, and GoneError if it has expired or was
        erased. Raises ConflictError if the run is open or its automation is not ACTIVE, and
        AlreadyRerunError if any rerun of the run's family is open. Raises InvalidInputError, with
        the field, for an invalid request."""
        now = self.clock()
        original = self._original(workspace_id, run_id, now)
        automation = self.stores.automations.get(workspace_id, original.run.automation_id)
        if automation.status is not AutomationStatus.ACTIVE or automation.active is None:
            raise ConflictError(
                f"the automation is {automation.status}, so its runs cannot be rerun; activate it "
                "first",
                status=automation.status.value,
            )
        number = original.run.version
        if document.version is RerunVersion.ACTIVE:
            number = automation.active.version
        version = self.stores.automations.version(automation.id, number)
        new_run_id = self._new_id(original.run, document, by)
        family = self._family(original, now)
        _require_none_open(family, new_run_id)
        planner = Planner(
            run_id=new_run_id,
            original=family[original.run.id],
            family=family,
            target=Target(version, self.contexts.version_graph(automation.id, number)),
            records=self.effects.records(list(family.values()), now),
            choices={
                node_id: Choice(each.do, each.outcome, each.output)
                for node_id, each in document.effects.items()
            },
            now=now,
            by=by.email,
        )
        plan = planner.plan(document.from_)
        if document.body is not None and plan.from_node != START:
            raise InvalidInputError(
                f"a changed body needs `from: {START}`, because later nodes have read the old body",
                field="body",
            )
        return PlannedRerun(new_run_id, plan, original, automation, version, family)

    def checked(
        self, workspace_id: str, run_id: str, document: "RerunDocument", by: RerunBy
    ) -> PlannedRerun:
        """Returns a plan that can be opened now. Raises the same errors as `preview` and
        `require_openable`."""
        planned = self.preview(workspace_id, run_id, document, by)
        self.require_openable(planned, by)
        return planned

    def require_openable(self, planned: PlannedRerun, by: RerunBy) -> None:
        """Raises ChoiceNeededError, with every node that needs a choice; ForbiddenError if the
        rerun would send a message again and the caller may not. For a recovery, also
        AlreadyRerunError if another rerun has completed."""
        if by.recovery_id is not None:
            _require_none_completed(planned)
        plan = planned.plan
        if plan.undecided:
            raise ChoiceNeededError(
                [each.model_dump(mode="json", exclude_none=True) for each in problems_of(plan)]
            )
        self._require_may_repeat(plan, by)
        if len(planned.family) > FAMILY_SIZE:
            raise ConflictError(
                f"the run and its reruns were rerun {FAMILY_SIZE} times already, which is the limit"
            )

    def open(
        self, workspace_id: str, run_id: str, document: "RerunDocument", by: RerunBy
    ) -> OpenedRerun:
        """Opens the rerun. Raises the same errors as `checked`; KeyReusedError if the key was used
        for another request; ReentryBlockedError if the re-entry rule allows only one open run and
        the contact has another."""
        known = self._opened_before(workspace_id, run_id, document, by)
        if known is not None:
            return OpenedRerun(known, is_duplicate=True)
        planned = self.checked(workspace_id, run_id, document, by)
        plan = planned.plan
        self.machines.ensure(planned.automation, planned.version)
        workspace = self.stores.workspaces.cached(workspace_id)
        event = self._event(planned, document, by)
        run = self._run(planned, event, workspace.retention)
        contents = RerunContents(
            request=_digest(document),
            recorded=plan.steps(at_once=True),
            prepared=plan.steps(at_once=False),
            known=frozenset(planned.family),
            is_alone=document.idempotency_key is None and by.recovery_id is None,
            copied=self._copied,
            recovery_id=by.recovery_id,
        )
        reentry = planned.version.reentry
        stored, is_new = self.stores.runs.open_rerun(
            run,
            event,
            contents,
            workspace.shards,
            # ONCE does not count a rerun.
            Reentry.ALWAYS if reentry is Reentry.ONCE else reentry,
        )
        return OpenedRerun(stored, is_duplicate=not is_new)

    def _opened_before(
        self, workspace_id: str, run_id: str, document: "RerunDocument", by: RerunBy
    ) -> Run | None:
        if document.idempotency_key is None and by.recovery_id is None:
            return None
        new_run_id = _derived(workspace_id, run_id, document, by)
        try:
            known = self.stores.runs.history(new_run_id, self.clock())
        except NotFoundError:
            return None
        facts = known.event.rerun
        if facts is not None and facts.request != _digest(document):
            raise KeyReusedError(
                "this idempotency key was already used with another request", new_run_id
            )
        return known.run

    def _original(self, workspace_id: str, run_id: str, now: int) -> "RunHistory":
        try:
            history = self.stores.runs.history(run_id, now)
        except NotFoundError:
            expiry = self.stores.tombstones.find(keys.run(run_id), now)
            if expiry is None or expiry.workspace_id != workspace_id:
                raise
            expired_at = iso(expiry.expired_at)
            message = f"the run {run_id} expired at {expired_at}, so it cannot be rerun"
            raise GoneError(message, expiredAt=expired_at) from None
        run = history.run
        if run.workspace_id != workspace_id:
            raise NotFoundError(f"there is no run {run_id}")
        if run.erased_at is not None:
            erased_at = iso(run.erased_at)
            message = f"the contact of the run was erased at {erased_at}, so it cannot be rerun"
            raise GoneError(message, erasedAt=erased_at)
        if not run.status.is_terminal:
            raise ConflictError(
                f"the run is {run.status}; cancel it, or wait until it ends, before you rerun it",
                status=run.status.value,
            )
        return history

    def _family(self, original: "RunHistory", now: int) -> dict[str, Member]:
        """Returns, by id, the original run, the first run of its family, and all reruns that still
        exist."""
        root = original.run.root_run_id or original.run.id
        found = {original.run.id: self._member(original)}
        for run_id in [root, *self.stores.runs.family(root)]:
            if run_id in found:
                continue
            try:
                history = self.stores.runs.history(run_id, now)
            except NotFoundError:
                # It has expired, or the request that made it died.
                continue
            found[run_id] = self._member(history)
        return found

    def _member(self, history: "RunHistory") -> Member:
        run = history.run
        version = self.stores.automations.version(run.automation_id, run.version)
        return Member(history, self.contexts.graph(run), version)

    def _new_id(self, original: Run, document: "RerunDocument", by: RerunBy) -> str:
        if document.idempotency_key is None and by.recovery_id is None:
            return new_id("run")
        return _derived(original.workspace_id, original.id, document, by)

    def _require_may_repeat(self, plan: RerunPlan, by: RerunBy) -> None:
        repeated = [
            each
            for each in changed_effects(plan.nodes, EffectState.HAPPENED)
            if each.kind in self.effects.channels
        ]
        if repeated and not by.may_repeat_messages:
            raise ForbiddenError(
                "to repeat a message that was sent, you need the role ADMIN; choose REUSE or "
                "SUPPRESS instead"
            )

    def _run(self, planned: PlannedRerun, event: Event, retention: int) -> Run:
        now, before, version = self.clock(), planned.original.run, planned.version
        return Run(
            id=planned.run_id,
            workspace_id=before.workspace_id,
            automation_id=before.automation_id,
            automation_name=planned.automation.name,
            version=version.version,
            status=RunStatus.PENDING,
            attempt=1,
            execution=None,
            trigger_type=before.trigger_type,
            contact_id=before.contact_id,
            contact_email=before.contact_email,
            contact_phone=before.contact_phone,
            created_at=now,
            started_at=None,
            trigger_ms=None,
            finished_at=None,
            end_ms=None,
            end_node_id=None,
            due_at=now + FIRST_LOOK,
            sequence=1,
            expires_at=now + version.run_seconds * SECOND + retention,
            claimed=frozenset(),
            open_claims={},
            error=None,
            rerun_of=before.id,
            root_run_id=before.root_run_id or before.id,
            keys=keys_in_graph(version.graph, event.body),
        )

    def _event(self, planned: PlannedRerun, document: "RerunDocument", by: RerunBy) -> Event:
        before, plan = planned.original, planned.plan
        facts = RerunFacts(
            of=before.run.id,
            root=before.run.root_run_id or before.run.id,
            from_node=plan.from_node,
            version=document.version,
            by=by.email,
            reason=document.reason,
            recovery_id=by.recovery_id,
            effect_runs=plan.effect_runs,
            continues=plan.continues,
            fires_downstream=document.fire_downstream,
            request=_digest(document),
        )
        return Event(
            trigger_type=before.event.trigger_type,
            details={
                **before.event.details,
                "receivedAt": before.event.details.get("receivedAt") or iso(before.run.created_at),
                "rerun": facts.model_dump(mode="json", by_alias=True),
            },
            body=before.event.body if document.body is None else document.body,
        )

    def _copied(self, run: Run, step: Step) -> Step:
        """Returns the step with copies of its files, because the original's files expire with
        it."""
        if not step.keeps_files:
            return step
        request, response = step.request, step.response
        if request is not None and KEPT_FILE in request:
            key = kept_body_key(run, step.node_id, "request")
            request = request.copy()
            request[KEPT_FILE] = {
                **request[KEPT_FILE],
                "key": self.stores.bodies.copy(request[KEPT_FILE]["key"], key),
            }
        if response is not None and KEPT_FILE in response:
            key = kept_body_key(run, step.node_id, "response")
            response = response.copy()
            response[KEPT_FILE] = {
                **response[KEPT_FILE],
                "key": self.stores.bodies.copy(response[KEPT_FILE]["key"], key),
            }
        return step.changed(request=request, response=response)


def _require_none_open(family: Mapping[str, Member], new_run_id: str) -> None:
    """Raises AlreadyRerunError if another rerun of the family is open, because its effects are not
    known yet."""
    for run_id, member in family.items():
        if run_id != new_run_id and not member.history.run.status.is_terminal:
            raise AlreadyRerunError(
                f"the rerun {run_id} of this run is still open; wait until it ends, or cancel it",
                run_id,
                is_open=True,
            )


def _require_none_completed(planned: PlannedRerun) -> None:
    """Raises AlreadyRerunError if another rerun of the family has completed."""
    for run in (member.history.run for member in planned.family.values()):
        if run.id in (planned.original.run.id, planned.run_id) or run.rerun_of is None:
            continue
        if run.status is RunStatus.COMPLETED:
            raise AlreadyRerunError(
                f"the rerun {run.id} of this run has already completed", run.id, is_open=False
            )


def _derived(workspace_id: str, run_id: str, document: "RerunDocument", by: RerunBy) -> str:
    return rerun_id(workspace_id, run_id, by.recovery_id or f"key {document.idempotency_key}")


def _digest(document: "RerunDocument") -> str:
    return hashlib.sha256(document.model_dump_json(by_alias=True).encode()).hexdigest()[:20]


def problems_of(plan: RerunPlan) -> list[Problem]:
    """Returns a problem for each node that needs a choice."""
    return [
        Problem(
            code="CHOICE_NEEDED",
            message=each.problem or f"say what to do with the effects of {each.node_id}",
            node_id=each.node_id,
            field=f"effects.{each.node_id}",
        )
        for each in plan.undecided
    ]


def downstream_names(stores: "Stores", automation: "Automation") -> Mapping[str | None, str]:
    """Returns the names of the automations that start after this one's runs, by id."""
    waiting = stores.automations.downstream_ids(automation.id)
    return stores.automations.names(automation.workspace_id, waiting)
