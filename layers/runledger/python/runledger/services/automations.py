"""Writing, checking and activating automations."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from runledger.clock import Clock, iso
from runledger.compiler.checks import credential_problems, problems_of
from runledger.compiler.compile import FunctionArns, compile_graph
from runledger.compiler.graph import GraphView
from runledger.compiler.warnings import warnings_of
from runledger.errors import ConflictError, InvalidGraphError, RateLimitedError, RunledgerError
from runledger.ids import new_id, new_token
from runledger.models.automation import (
    ActiveVersion,
    Automation,
    AutomationDocument,
    AutomationStatus,
    Graph,
    Problem,
    SegmentSnapshot,
    TemplateSnapshot,
    Version,
)
from runledger.models.automation_views import (
    AutomationView,
    ProblemsView,
    ScheduleView,
    WebhookView,
)
from runledger.models.documents import merge_patch, validated
from runledger.nodes.trigger import TriggerConfig
from runledger.observability import logger
from runledger.services.fire_views import schedule_view
from runledger.services.revisions import ANY_REVISION, Expected, edit
from runledger.services.schedules import scheduled_trigger
from runledger.services.upstream_checks import upstream_problems
from runledger.services.views import (
    automation_summary_view,
    machine_view,
    without_credentials,
)
from runledger.store.machines import supersede

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.compiler.compile import Compiled
    from runledger.models.schedule import Schedule
    from runledger.services.machines import Machines
    from runledger.services.schedules import Schedules
    from runledger.services.signing import SigningSecrets
    from runledger.store.automations import AutomationStore
    from runledger.store.fires import FireStore
    from runledger.store.schedules import ScheduleStore
    from runledger.store.secrets import SecretStore
    from runledger.store.segments import SegmentStore
    from runledger.store.table import Write
    from runledger.store.templates import TemplateStore

# Automations whose names a new one is compared with.
_NAMES_COMPARED = 200
# Numbers without a version that one activation looks back on.
_DEAD_VERSIONS = 40


@dataclass(frozen=True, slots=True)
class Automations:
    """`public_url` is where webhooks are posted, without a path."""

    store: "AutomationStore"
    templates: "TemplateStore"
    segments: "SegmentStore"
    schedules: "ScheduleStore"
    fires: "FireStore"
    clock: Clock
    public_url: str
    secrets: "SecretStore | None" = None

    def create(self, workspace_id: str, document: AutomationDocument, by: str) -> Automation:
        """A DRAFT; InvalidGraphError with every problem, and nothing is written."""
        graph = self._checked(workspace_id, document)
        now = self.clock()
        automation = Automation(
            workspace_id=workspace_id,
            id=new_id("aut"),
            name=document.name,
            reentry=document.reentry,
            status=AutomationStatus.DRAFT,
            active=None,
            last_version=0,
            draft_revision=1,
            active_revision=None,
            webhook_token=None,
            created_at=now,
            updated_at=now,
            updated_by=by,
        )
        self.store.create(automation, graph)
        return automation

    def update(
        self,
        workspace_id: str,
        automation_id: str,
        document: AutomationDocument,
        by: str,
        expected: Expected = ANY_REVISION,
    ) -> Automation:
        """Changes the draft only; an active version stays as it is. InvalidGraphError with every
        problem; a stale edit fails as in `Expected`."""
        return self._edit(workspace_id, automation_id, lambda before: document, by, expected)

    def patch(
        self,
        workspace_id: str,
        automation_id: str,
        changes: dict[str, Any],
        by: str,
        expected: Expected = ANY_REVISION,
    ) -> Automation:
        """As `update`, with the draft as it is and `changes` applied as a JSON merge patch."""

        def patched(before: Automation) -> AutomationDocument:
            now = AutomationDocument(
                **dict(self.store.draft(before)), name=before.name, reentry=before.reentry
            ).model_dump(mode="json", by_alias=True)
            return validated(AutomationDocument, merge_patch(now, changes))

        return self._edit(workspace_id, automation_id, patched, by, expected)

    def _edit(
        self,
        workspace_id: str,
        automation_id: str,
        document_of: "Callable[[Automation], AutomationDocument]",
        by: str,
        expected: Expected,
    ) -> Automation:
        def change(before: Automation) -> Automation:
            if before.status is AutomationStatus.ARCHIVED:
                raise ConflictError("the automation is archived", status=before.status.value)
            document = document_of(before)
            graph = self._checked(workspace_id, document)
            after = before.model_copy(
                update={
                    "name": document.name,
                    "reentry": document.reentry,
                    "draft_revision": before.draft_revision + 1,
                    "updated_at": self.clock(),
                    "updated_by": by,
                }
            )
            self.store.save_draft(after, graph)
            return after

        read = partial(self.store.get, workspace_id, automation_id)
        return edit(
            read,
            change,
            lambda automation: automation.draft_revision,
            expected,
            changed_by=lambda automation: automation.updated_by,
        )

    def check(self, workspace_id: str, graph: Graph) -> ProblemsView:
        """Every problem and warning of a graph, without saving it."""
        view, problems = self._view(workspace_id, graph)
        return ProblemsView(problems=problems, warnings=warnings_of(view))

    def saved_view(self, automation: Automation) -> AutomationView:
        """As `view`, with what the one who saved it should know besides."""
        view = self.view(automation)
        taken = self.name_warnings(automation.workspace_id, automation.name, automation.id)
        return view.model_copy(update={"warnings": [*view.warnings, *taken]})

    def name_warnings(
        self, workspace_id: str, name: str, automation_id: str | None = None
    ) -> list[Problem]:
        """A warning where another automation, of the newest in the workspace, has this name."""
        newest, _ = self.store.newest(workspace_id, _NAMES_COMPARED, None)
        twins = [
            each.id
            for each in newest
            if _same_name(each.name, name)
            and each.id != automation_id
            and each.status is not AutomationStatus.ARCHIVED
        ]
        if not twins:
            return []
        message = f"Another automation has this name too: {', '.join(twins[:3])}."
        return [Problem(code="NAME_TAKEN", message=message, field="name")]

    def view(self, automation: Automation, *, hides_webhook: bool = False) -> AutomationView:
        """`hides_webhook` for those who may not trigger: the address is all it takes."""
        draft = self.store.draft(automation)
        version = None
        if automation.active is not None:
            version = self.store.version(automation.id, automation.active.version)
        schedule = self._schedule(automation)
        checked = self.check(automation.workspace_id, draft)
        return AutomationView(
            **dict(automation_summary_view(automation, schedule)),
            revision=automation.draft_revision,
            nodes=without_credentials(draft).nodes,
            edges=draft.edges,
            layout=draft.layout,
            webhook=None if hides_webhook else self._webhook_view(automation),
            schedule=self._schedule_view(schedule),
            machine=machine_view(version) if version else None,
            problems=checked.problems,
            warnings=checked.warnings,
        )

    def credential_problems(self, workspace_id: str, graph: Graph) -> list[Problem]:
        """What a draft from before may hold that no version is taken up with."""
        hosts = self.secret_hosts(workspace_id, graph)
        return credential_problems(GraphView(graph, {}, secret_hosts=hosts))

    def _schedule(self, automation: Automation) -> "Schedule | None":
        if scheduled_trigger(automation) is None:
            return None
        schedule = self.schedules.get(automation.id)
        return schedule if schedule and schedule.is_enabled else None

    def _schedule_view(self, schedule: "Schedule | None") -> ScheduleView | None:
        if schedule is None:
            return None
        fires, _ = self.fires.newest(schedule.automation_id, 1, None)
        return schedule_view(schedule, fires[0] if fires else None)

    def _webhook_view(self, automation: Automation) -> WebhookView | None:
        if automation.webhook_token is None or automation.active is None:
            return None
        intake = TriggerConfig.model_validate(automation.active.trigger).intake
        if intake is None:
            return None
        path = f"/v1/webhooks/in/{automation.webhook_token}"
        rotation = automation.rotation
        is_overlap = rotation is not None and rotation.valid_until > self.clock()
        return WebhookView(
            path=path,
            url=f"{self.public_url}{path}",
            signed=intake.signed,
            previous_valid_until=iso(rotation.valid_until) if rotation and is_overlap else None,
        )

    def _checked(self, workspace_id: str, document: AutomationDocument) -> Graph:
        graph = Graph(nodes=document.nodes, edges=document.edges, layout=document.layout)
        _, problems = self._view(workspace_id, graph)
        _refuse(problems)
        return graph

    def _view(self, workspace_id: str, graph: Graph) -> tuple[GraphView, list[Problem]]:
        templates = self.known_templates(workspace_id, graph)
        view = GraphView(
            graph,
            templates,
            segments=self.known_segments(workspace_id, graph),
            secret_hosts=self.secret_hosts(workspace_id, graph),
        )
        return view, problems_of(view)

    def secret_hosts(self, workspace_id: str, graph: Graph) -> dict[str, tuple[str, ...]] | None:
        """Where those of the secrets that the graph sends somewhere may go; None without `secrets`,
        which takes all of it on trust."""
        if self.secrets is None:
            return None
        named = {use.name for use in GraphView(graph, {}).secret_uses}
        return self.secrets.hosts_of(workspace_id, sorted(named)) if named else {}

    def known_segments(self, workspace_id: str, graph: Graph) -> dict[str, SegmentSnapshot]:
        """Those of the segments the graph names that the workspace has."""
        named = {use.segment_id for use in GraphView(graph, {}).segment_uses}
        if not named:
            return {}
        found = self.segments.get_many(workspace_id, sorted(named))
        return {
            segment.id: SegmentSnapshot(id=segment.id, name=segment.name, query=segment.query)
            for segment in found.values()
        }

    def known_templates(self, workspace_id: str, graph: Graph) -> dict[str, TemplateSnapshot]:
        """Those of the templates the graph names that the workspace has."""
        named = {use.template_id for use in GraphView(graph, {}).template_uses}
        if not named:
            return {}
        found = self.templates.get_many(workspace_id, sorted(named))
        return {
            template.id: TemplateSnapshot(
                id=template.id,
                name=template.name,
                channel=template.channel,
                subject=template.subject,
                body=template.body,
            )
            for template in found.values()
        }


@dataclass(frozen=True, slots=True)
class Activations:
    """Freezing versions."""

    automations: Automations
    machines: "Machines"
    signing: "SigningSecrets"
    functions: FunctionArns
    clock: Clock
    schedules: "Schedules"

    def activate(self, workspace_id: str, automation_id: str, by: str) -> AutomationView:
        """Makes the draft the active version and its machine. Activating what is active already
        changes nothing; a failure leaves the automation as it was and no machine behind."""
        after = self._activate(workspace_id, automation_id, by)
        view = self.automations.view(after)
        if view.webhook is None or not view.webhook.signed:
            return view
        # Minted last: a secret that exists was shown, unless this very answer is lost.
        shown = view.webhook.model_copy(update={"secret": self.signing.mint(automation_id)})
        return view.model_copy(update={"webhook": shown})

    def _activate(self, workspace_id: str, automation_id: str, by: str) -> Automation:
        store = self.automations.store
        before = store.get(workspace_id, automation_id)
        if before.status is AutomationStatus.ARCHIVED:
            raise ConflictError("the automation is archived", status=before.status.value)
        is_current = before.active_revision == before.draft_revision
        if is_current and before.status is AutomationStatus.ACTIVE:
            return before
        graph = store.draft(before)
        _refuse(upstream_problems(store, before, graph))
        if is_current:
            _refuse(self.automations.credential_problems(workspace_id, graph))
            after = self._touched(before, by, {"status": AutomationStatus.ACTIVE})
            schedule = self.schedules.writes(after)
            store.activate(before, after, None, also=schedule)
            self._scheduled(after, schedule)
            return after
        templates = self.automations.known_templates(workspace_id, graph)
        segments = self.automations.known_segments(workspace_id, graph)
        hosts = self.automations.secret_hosts(workspace_id, graph)
        compiled = compile_graph(graph, self.functions, templates, segments, hosts)
        trigger = _trigger_of(graph, templates)
        number = store.reserve_version(before)
        before = before.model_copy(update={"last_version": number})
        version = self._version(before, number, graph, templates, segments, compiled, by)
        active = ActiveVersion(
            version=number,
            trigger=trigger.model_dump(mode="json", by_alias=True),
            machine_type=compiled.machine_type,
            run_seconds=compiled.run_seconds,
            reentry=before.reentry,
        )
        token = before.webhook_token or (new_token() if trigger.intake else None)
        changes = {
            "status": AutomationStatus.ACTIVE,
            "active": active,
            "last_version": number,
            "active_revision": before.draft_revision,
            "webhook_token": token,
        }
        after = self._touched(before, by, changes)
        schedule = self.schedules.writes(after)
        try:
            self.machines.create(automation_id, number, compiled)
            also = [*_superseded(before, after), *schedule]
            store.activate(before, after, version, also=also)
        except RateLimitedError:
            # Its turn never came, so there is no machine.
            raise
        except RunledgerError:
            self._unmake(before, number)
            raise
        self._scheduled(after, schedule)
        return after

    def _scheduled(self, after: Automation, schedule: "list[Write]") -> None:
        """Its schedule is wanted as of now; Scheduler is told where that is something new."""
        if schedule:
            self.schedules.sync_soon(after.id)

    def _unmake(self, before: Automation, number: int) -> None:
        """Deletes the machine of an activation that failed; where that fails too, the next
        activation marks it as superseded."""
        try:
            # Written all the same, and only the answer was lost: then its machine is needed.
            now = self.automations.store.get(before.workspace_id, before.id).active
            if now is None or now.version != number:
                self.machines.delete(before.id, number)
        except RunledgerError as error:
            logger.warning("machine left", extra={"version": number, "reason": error.for_log()})

    def _touched(self, before: Automation, by: str, changes: dict[str, Any]) -> Automation:
        return before.model_copy(update={**changes, "updated_at": self.clock(), "updated_by": by})

    def _version(
        self,
        automation: Automation,
        number: int,
        graph: Graph,
        templates: dict[str, TemplateSnapshot],
        segments: dict[str, SegmentSnapshot],
        compiled: "Compiled",
        by: str,
    ) -> Version:
        return Version(
            workspace_id=automation.workspace_id,
            automation_id=automation.id,
            version=number,
            name=automation.name,
            reentry=automation.reentry,
            graph=graph,
            templates=templates,
            segments=segments,
            machine_type=compiled.machine_type,
            machine_reason=compiled.reason,
            run_seconds=compiled.run_seconds,
            activated_at=self.clock(),
            activated_by=by,
        )


def _same_name(one: str, other: str) -> bool:
    return normalize("NFC", one).casefold() == normalize("NFC", other).casefold()


def _superseded(before: Automation, after: Automation) -> "list[Write]":
    """Marks the machines that `after` leaves without a purpose: the one that was active until now,
    and those of activations that died between making theirs and committing it."""
    assert after.active is not None
    last = before.active.version if before.active else 0
    # A failed activation unmakes its own machine; there are many numbers only after many failures,
    # and a transaction is bounded.
    dead = range(max(last + 1, after.active.version - _DEAD_VERSIONS), after.active.version)
    numbers = [*([last] if last else []), *dead]
    return [supersede(after.workspace_id, after.id, number, after.updated_at) for number in numbers]


def _trigger_of(graph: Graph, templates: dict[str, TemplateSnapshot]) -> TriggerConfig:
    view = GraphView(graph, templates)
    _, config = view.parsed(view.starts[0])
    trigger: Any = config
    return trigger  # type: ignore[no-any-return]


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InvalidGraphError(
            [problem.model_dump(mode="json", exclude_none=True) for problem in problems]
        )
