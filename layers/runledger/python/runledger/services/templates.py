"""Message templates, checked when they are saved."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.errors import InvalidInputError
from runledger.ids import new_id
from runledger.models.template import Template, TemplateDocument
from runledger.templating import TemplateSyntaxError, references

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.channels.base import Channel
    from runledger.store.templates import TemplateStore

_ROOTS = frozenset({"contact", "trigger", "steps", "vars", "workspace"})


@dataclass(frozen=True, slots=True)
class Templates:
    store: "TemplateStore"
    channels: "Mapping[str, Channel]"
    clock: Clock

    def create(self, workspace_id: str, document: TemplateDocument) -> Template:
        """InvalidInputError names the field and what is wrong with it."""
        self._check(document)
        now = self.clock()
        template = _template(workspace_id, new_id("tpl"), document, created_at=now, now=now)
        self.store.create(template)
        return template

    def replace(self, workspace_id: str, template_id: str, document: TemplateDocument) -> Template:
        """Versions that pinned the template as it was keep it so."""
        self._check(document)
        before = self.store.get(workspace_id, template_id)
        after = _template(
            workspace_id,
            template_id,
            document,
            created_at=before.created_at,
            now=self.clock(),
        )
        self.store.replace(after)
        return after

    def _check(self, document: TemplateDocument) -> None:
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
            unknown = sorted({path[0] for path in paths} - _ROOTS)
            if unknown:
                raise InvalidInputError(
                    f"there is no variable `{unknown[0]}`; a template reads "
                    f"{', '.join(sorted(_ROOTS))}",
                    field=field,
                )


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
