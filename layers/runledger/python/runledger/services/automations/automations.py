"""Writes and checks automations."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from runledger.api.automations import (
    ActivationView,
    AutomationView,
    ProblemsView,
    ReleaseView,
    ScheduleView,
)
from runledger.api.documents import merge_patch, validated
from runledger.clock import Clock
from runledger.compiler.checks import credential_problems, problems_of
from runledger.compiler.graph import GraphView
from runledger.compiler.warnings import warnings_of
from runledger.errors import ConflictError, InvalidGraphError
from runledger.ids import new_id, new_token
from runledger.models.automation import (
    Automation,
    AutomationDocument,
    AutomationStatus,
    Graph,
    Problem,
    SegmentSnapshot,
    TemplateSnapshot,
)
from runledger.services.automations.webhook_address import (
    draft_intake,
    key_warnings,
    webhook_view,
)
from runledger.services.revisions import ANY_REVISION, ExpectedRevision, edit
from runledger.services.schedules.schedules import scheduled_trigger
from runledger.services.views.automations import (
    activation_view,
    automation_summary_view,
    machine_view,
    release_view,
    without_credentials,
)
from runledger.services.views.fires import schedule_view
from runledger.store import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.models.schedule import Schedule
    from runledger.store.activations import ActivationStore
    from runledger.store.automations import AutomationStore
    from runledger.store.fires import FireStore
    from runledger.store.holds import HoldStore
    from runledger.store.schedules import ScheduleStore
    from runledger.store.secrets import SecretStore
    from runledger.store.segments import SegmentStore
    from runledger.store.templates import TemplateStore

# How many automations' names a new name is compared with.
_NAMES_COMPARED = 200


@dataclass(frozen=True, slots=True)
class Automations:
    """Writes, checks and shows automations. `public_url` is where webhooks are posted, without a
    path."""

    store: "AutomationStore"
    templates: "TemplateStore"
    segments: "SegmentStore"
    schedules: "ScheduleStore"
    fires: "FireStore"
    activations: "ActivationStore"
    holds: "HoldStore"
    clock: Clock
    public_url: str
    secrets: "SecretStore | None" = None

    def create(self, workspace_id: str, document: AutomationDocument, by: str) -> Automation:
        """Creates a DRAFT. If the graph has problems, raises InvalidGraphError with all of them and
        writes nothing."""
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
            webhook_token=new_token() if draft_intake(graph) else None,
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
        expected: ExpectedRevision = ANY_REVISION,
    ) -> Automation:
        """Changes only the draft; an active version stays as it is. Raises InvalidGraphError with
        all problems. A stale edit fails as `ExpectedRevision` describes."""
        return self._edit(workspace_id, automation_id, lambda before: document, by, expected)

    def patch(
        self,
        workspace_id: str,
        automation_id: str,
        changes: dict[str, Any],
        by: str,
        expected: ExpectedRevision = ANY_REVISION,
    ) -> Automation:
        """Applies `changes` to the current draft as a JSON merge patch, then works as `update`."""

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
        expected: ExpectedRevision,
    ) -> Automation:
        def change(before: Automation) -> Automation:
            if before.status is AutomationStatus.ARCHIVED:
                raise ConflictError(
                    "the automation is archived and cannot be changed; create a new one",
                    status=before.status.value,
                )
            document = document_of(before)
            graph = self._checked(workspace_id, document)
            # The address exists from the first draft with a webhook on, so that a sender can be set
            # up before the activation.
            is_new_address = before.webhook_token is None and draft_intake(graph) is not None
            after = before.changed(
                name=document.name,
                reentry=document.reentry,
                draft_revision=before.draft_revision + 1,
                updated_at=self.clock(),
                updated_by=by,
                webhook_token=new_token() if is_new_address else before.webhook_token,
            )
            self.store.save_draft(after, graph, with_new_token=is_new_address)
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
        """Returns every problem and warning of a graph, without saving it."""
        view, problems = self._view(workspace_id, graph)
        return ProblemsView(problems=problems, warnings=warnings_of(view))

    def saved_view(self, automation: Automation) -> AutomationView:
        """Returns the automation's `view`, with the warnings that only the person who saves it
        sees."""
        view = self.view(automation)
        taken = self.name_warnings(automation.workspace_id, automation.name, automation.id)
        return view.changed(warnings=[*view.warnings, *taken])

    def name_warnings(
        self, workspace_id: str, name: str, automation_id: str | None = None
    ) -> list[Problem]:
        """Returns a warning if one of the workspace's newest automations has the same name."""
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
        message = f"Another automation has the same name: {', '.join(twins[:3])}."
        return [Problem(code="NAME_TAKEN", message=message, field="name")]

    def view(self, automation: Automation, *, hides_webhook: bool = False) -> AutomationView:
        """Shows an automation. `hides_webhook` leaves out the webhook's address, for users who may
        not start runs: the address alone is enough to start one."""
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
            webhook=(
                None
                if hides_webhook
                else webhook_view(automation, draft, self.public_url, self.clock())
            ),
            schedule=self._schedule_view(schedule),
            machine=machine_view(version) if version else None,
            activation=self._activation(automation),
            release=self._release(automation),
            problems=checked.problems,
            warnings=[*checked.warnings, *key_warnings(automation, draft)],
        )

    def credential_problems(self, workspace_id: str, graph: Graph) -> list[Problem]:
        """Returns a problem for each plain credential in the draft. A draft that was stored before
        plain credentials were forbidden may contain some; a new version may not."""
        hosts = self.secret_hosts(workspace_id, graph)
        return credential_problems(GraphView(graph, {}, secret_hosts=hosts))

    def _activation(self, automation: Automation) -> "ActivationView | None":
        """Returns the newest activation, unless it has expired."""
        if automation.last_version == 0:
            return None
        found = self.activations.get(automation.id, automation.last_version)
        return None if found is None or found.is_expired(self.clock()) else activation_view(found)

    def _release(self, automation: Automation) -> ReleaseView | None:
        if automation.active is None or automation.hold is not None:
            return None
        found = self.holds.at(keys.release(automation.id))
        return None if found is None else release_view(found)

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

    def _checked(self, workspace_id: str, document: AutomationDocument) -> Graph:
        graph = Graph(nodes=document.nodes, edges=document.edges, layout=document.layout)
        _, problems = self._view(workspace_id, graph)
        refuse(problems)
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
        """Returns the allowed hosts of each secret that the graph sends, by the secret's name.
        Returns None without a store of secrets: hosts are not checked then."""
        if self.secrets is None:
            return None
        named = {use.name for use in GraphView(graph, {}).secret_uses}
        return self.secrets.hosts_of(workspace_id, sorted(named)) if named else {}

    def known_segments(self, workspace_id: str, graph: Graph) -> dict[str, SegmentSnapshot]:
        """Returns the graph's segments that exist in the workspace."""
        named = {use.segment_id for use in GraphView(graph, {}).segment_uses}
        if not named:
            return {}
        found = self.segments.get_many(workspace_id, sorted(named))
        return {
            segment.id: SegmentSnapshot(id=segment.id, name=segment.name, query=segment.query)
            for segment in found.values()
        }

    def known_templates(self, workspace_id: str, graph: Graph) -> dict[str, TemplateSnapshot]:
        """Returns the graph's templates that exist in the workspace."""
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
                html=template.html,
            )
            for template in found.values()
        }


def _same_name(one: str, other: str) -> bool:
    return normalize("NFC", one).casefold() == normalize("NFC", other).casefold()


def refuse(problems: list[Problem]) -> None:
    """Raises InvalidGraphError with all problems, if there are any."""
    if problems:
        raise InvalidGraphError(
            [problem.model_dump(mode="json", exclude_none=True) for problem in problems]
        )
