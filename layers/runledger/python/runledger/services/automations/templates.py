"""Message templates, which are checked when they are saved."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.api.documents import merge_patch, validated
from runledger.errors import InvalidInputError
from runledger.html_mail.checks import source_findings
from runledger.ids import new_id
from runledger.models.template import Template, TemplateDocument
from runledger.services.automations.template_variables import variable_problem
from runledger.services.editing import Editing
from runledger.templating import TemplateSyntaxError, references

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.channels.base import Channel
    from runledger.store.templates import TemplateStore

# A row of the table holds 400 KB.
MAX_BYTES = 350_000


@dataclass(frozen=True, slots=True)
class Templates(Editing[Template, TemplateDocument]):
    """Creates and edits templates. A version of an automation keeps its templates as they were when
    the version was made. Raises InvalidInputError, with the field, if something is wrong with a
    template."""

    store: "TemplateStore"
    channels: "Mapping[str, Channel]"

    def create(self, workspace_id: str, document: TemplateDocument) -> Template:
        """Creates a template. Raises InvalidInputError, with the field, if something is wrong with
        it."""
        self.check(document)
        now = self.clock()
        template = _template(workspace_id, new_id("tpl"), document, created_at=now, now=now)
        self.store.create(template)
        return template

    def _patched(self, before: Template, changes: dict[str, Any]) -> TemplateDocument:
        now = before.document().model_dump(mode="json", by_alias=True)
        return validated(TemplateDocument, merge_patch(now, changes))

    def _changed(self, before: Template, document: TemplateDocument, now: int) -> Template:
        self.check(document)
        return _template(
            before.workspace_id, before.id, document, created_at=before.created_at, now=now
        )

    def check(self, document: TemplateDocument) -> None:
        """Raises InvalidInputError, which names the field, if the template is not valid."""
        channel = self.channels.get(document.channel)
        if channel is None:
            known = ", ".join(sorted(self.channels))
            raise InvalidInputError(
                f"there is no channel {document.channel!r}; use one of {known}", field="channel"
            )
        problem = channel.template_problem(document)
        if problem is not None:
            raise InvalidInputError(problem[1], field=problem[0])
        parts = {"subject": document.subject, "body": document.body, "html": document.html}
        for field, text in parts.items():
            _check_liquid(field, text or "")
        if document.html is not None:
            _check_html(document.html)
        size = sum(len((text or "").encode()) for text in parts.values())
        if size > MAX_BYTES:
            raise InvalidInputError(
                f"subject, body and HTML have {size} bytes together; at most {MAX_BYTES} are "
                "allowed",
                field="body" if document.html is None else "html",
            )


def _check_liquid(field: str, text: str) -> None:
    try:
        paths = references(text)
    except TemplateSyntaxError as error:
        raise InvalidInputError(str(error), field=field) from error
    unknown = next(filter(None, map(variable_problem, paths)), None)
    if unknown is not None:
        raise InvalidInputError(unknown, field=field)


def _check_html(html: str) -> None:
    fault = next((each for each in source_findings(html) if each.is_fault), None)
    if fault is not None:
        raise InvalidInputError(str(fault), field="html")


def _template(
    workspace_id: str, template_id: str, document: TemplateDocument, *, created_at: int, now: int
) -> Template:
    return Template(
        workspace_id=workspace_id,
        id=template_id,
        name=document.name,
        channel=document.channel,
        subject=document.subject,
        body=document.body,
        html=document.html,
        created_at=created_at,
        updated_at=now,
    )
