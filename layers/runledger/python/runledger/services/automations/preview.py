"""Renders a template for a chosen contact and event, without sending anything."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.api.deliveries import GateView
from runledger.api.previews import PreviewProblem, PreviewView
from runledger.errors import NodeError, PayloadTooLargeError
from runledger.html_mail.checks import html_warnings
from runledger.html_mail.parts import text_of
from runledger.models.automation import TemplateSnapshot
from runledger.models.event import event_scope
from runledger.models.template import UNSUBSCRIBE_PLACE, UNSUBSCRIBE_VARIABLE
from runledger.nodes.tools import OutboundMessage
from runledger.services.contacts.named_contact import named_contact
from runledger.services.messages.gatekeeper import PreparedMessage
from runledger.services.messages.gates import address_of
from runledger.services.messages.rendering import RenderedParts, one_line, rendered_html
from runledger.services.runs.run_context import contact_scope
from runledger.services.triggers.open_run import MAX_BODY_BYTES
from runledger.templating import missing_variables, render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runledger.api.previews import DraftPreviewDocument, PreviewDocument
    from runledger.models.contact import Contact
    from runledger.models.template import TemplateDocument
    from runledger.services.automations.templates import Templates
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.messages.gatekeeper import Gatekeeper
    from runledger.store.workspaces import WorkspaceStore

_CONSENT = "TRANSACTIONAL"


@dataclass(frozen=True, slots=True)
class Previews:
    templates: "Templates"
    contacts: "Contacts"
    gatekeeper: "Gatekeeper"
    workspaces: "WorkspaceStore"

    def of_saved(
        self, workspace_id: str, template_id: str, document: "PreviewDocument"
    ) -> PreviewView:
        """Previews a saved template. Raises NotFoundError if the workspace has no such template,
        and InvalidInputError as `of_draft` does."""
        template = self.templates.store.get(workspace_id, template_id)
        return self._preview(workspace_id, template.document(), document)

    def of_draft(self, workspace_id: str, document: "DraftPreviewDocument") -> PreviewView:
        """Previews an unsaved template. Raises InvalidInputError if the template is not valid or no
        contact matches."""
        self.templates.check(document.template)
        return self._preview(workspace_id, document.template, document)

    def _preview(
        self, workspace_id: str, template: "TemplateDocument", document: "PreviewDocument"
    ) -> PreviewView:
        contact = self._contact(workspace_id, document)
        scope: dict[str, Any] = {
            "trigger": document.payload,
            "event": event_scope(document.payload, document.event.details(), self.contacts.clock()),
            "steps": document.steps,
            "vars": document.vars,
            "workspace": {
                "id": workspace_id,
                "name": self.workspaces.cached(workspace_id).name,
            },
            UNSUBSCRIBE_VARIABLE: UNSUBSCRIBE_PLACE,
        }
        if contact is not None:
            scope["contact"] = contact_scope(contact)
        problems: list[PreviewProblem] = []
        subject = None
        if template.subject is not None:
            subject = _rendered("subject", template.subject, scope, problems)
        subject = subject if subject is None else one_line(subject)
        html = body = None
        if template.html is not None:
            html = _rendered("html", template.html, scope, problems, rendered_html)
        if template.body is not None:
            body = _rendered("body", template.body, scope, problems)
        elif html is not None:
            body = text_of(html)
        channel = self.templates.channels[template.channel]
        if template.html is None and body is not None:
            html = channel.html_of(body)
        view = PreviewView(
            channel=template.channel,
            address=None,
            subject=subject,
            body=body,
            html=html,
            problems=problems,
            warnings=_warnings(template, html),
            gates=[],
        )
        return view if contact is None else self._addressed(view, workspace_id, template, contact)

    def _addressed(
        self,
        view: PreviewView,
        workspace_id: str,
        template: "TemplateDocument",
        contact: "Contact",
    ) -> PreviewView:
        """Adds the address the message would go to, and the verdicts of its gates."""
        channel = self.templates.channels[template.channel]
        message = OutboundMessage(
            recipient=contact.id,
            contact=contact,
            address=None,
            channel=template.channel,
            template_id="",
            consent=_CONSENT,
        )
        prepared = PreparedMessage(
            workspace_id,
            "",
            message,
            channel,
            TemplateSnapshot(
                id="",
                name=template.name,
                channel=template.channel,
                subject=template.subject,
                body=template.body,
                html=template.html,
            ),
            RenderedParts(
                view.subject,
                view.body or "",
                None if template.html is None else view.html,
                view.problems[0].message if view.problems else None,
            ),
        )
        gates = self.gatekeeper.check(prepared)
        return view.changed(
            address=address_of(message, channel)[0],
            gates=[
                GateView(name=gate.name, passed=gate.passed, reason=gate.reason) for gate in gates
            ],
        )

    def _contact(self, workspace_id: str, document: "PreviewDocument") -> "Contact | None":
        given = document.model_dump(mode="json", include={"payload", "event", "steps", "vars"})
        if len(json.dumps(given, ensure_ascii=False).encode()) > MAX_BODY_BYTES:
            raise PayloadTooLargeError(
                f"payload, event, steps and vars must be at most {MAX_BODY_BYTES} bytes together"
            )
        return named_contact(self.contacts, workspace_id, document)


def _rendered(
    field: str,
    source: str,
    scope: "Mapping[str, Any]",
    problems: list[PreviewProblem],
    render_part: "Callable[[str, Mapping[str, Any]], str]" = render,
) -> str | None:
    try:
        return render_part(source, scope)
    except NodeError as error:
        missing = missing_variables(source, scope)
        problems += [
            PreviewProblem(field=field, message=f"`{name}` has no value", variable=name)
            for name in missing
        ] or [PreviewProblem(field=field, message=str(error))]
        return None


def _warnings(template: "TemplateDocument", html: str | None) -> list[PreviewProblem]:
    if template.html is None:
        return []
    found = html_warnings(template.html, html)
    return [PreviewProblem(field="html", message=message) for message in found]
