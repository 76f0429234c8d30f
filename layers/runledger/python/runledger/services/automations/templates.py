"""Message templates, checked when they are saved."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from runledger.api.documents import merge_patch, validated
from runledger.clock import Clock
from runledger.errors import InvalidInputError
from runledger.ids import new_id
from runledger.models.template import Template, TemplateDocument
from runledger.services.automations.template_variables import variable_problem
from runledger.services.revisions import ANY_REVISION, Expected, edit
from runledger.templating import TemplateSyntaxError, references

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runledger.channels.base import Channel
    from runledger.store.templates import TemplateStore


@dataclass(frozen=True, slots=True)
class Templates:
    store: "TemplateStore"
    channels: "Mapping[str, Channel]"
    clock: Clock

    def create(self, workspace_id: str, document: TemplateDocument) -> Template:
        """InvalidInputError names the field and what is wrong with it."""
        self.check(document)
        now = self.clock()
        template = _template(workspace_id, new_id("tpl"), document, created_at=now, now=now)
        self.store.create(template)
        return template

    def replace(
        self,
        workspace_id: str,
        template_id: str,
        document: TemplateDocument,
        expected: Expected = ANY_REVISION,
    ) -> Template:
        """Versions that pinned the template as it was keep it so. InvalidInputError names the
        field and what is wrong with it; a stale edit fails as in `Expected`."""
        return self._edit(workspace_id, template_id, lambda before: document, expected)

    def patch(
        self,
        workspace_id: str,
        template_id: str,
        changes: dict[str, Any],
        expected: Expected = ANY_REVISION,
    ) -> Template:
        """As `replace`, with the template as it is and `changes` applied as a JSON merge patch."""

        def patched(before: Template) -> TemplateDocument:
            now = before.document().model_dump(mode="json", by_alias=True)
            return validated(TemplateDocument, merge_patch(now, changes))

        return self._edit(workspace_id, template_id, patched, expected)

    def _edit(
        self,
        workspace_id: str,
        template_id: str,
        document_of: "Callable[[Template], TemplateDocument]",
        expected: Expected,
    ) -> Template:
        def change(before: Template) -> Template:
            document = document_of(before)
            self.check(document)
            after = _template(
                workspace_id,
                template_id,
                document,
                created_at=before.created_at,
                now=max(self.clock(), before.updated_at + 1),
            )
            self.store.replace(before, after)
            return after

        read = partial(self.store.get, workspace_id, template_id)
        return edit(read, change, lambda template: template.revision, expected)

    def check(self, document: TemplateDocument) -> None:
        """InvalidInputError names the field and what is wrong with it."""
        channel = self.channels.get(document.channel)
        if channel is None:
            known = ", ".join(sorted(self.channels))
            raise InvalidInputError(
                f"there is no channel {document.channel!r}; there are: {known}", field="channel"
            )
        problem = channel.template_problem(document)
        if problem is not None:
            raise InvalidInputError(problem[1], field=problem[0])
        for field, text in (("subject", document.subject or ""), ("body", document.body)):
            try:
                paths = references(text)
            except TemplateSyntaxError as error:
                raise InvalidInputError(str(error), field=field) from error
            unknown = next(filter(None, map(variable_problem, paths)), None)
            if unknown is not None:
                raise InvalidInputError(unknown, field=field)


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
        created_at=created_at,
        updated_at=now,
    )
