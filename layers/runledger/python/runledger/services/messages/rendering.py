"""Renders a template into the parts of one message."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.errors import NodeError
from runledger.html_mail.checks import sent_findings
from runledger.html_mail.parts import text_of, with_inlined_css
from runledger.templating import render, render_html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.models.automation import TemplateSnapshot

_SUBJECT_CHARACTERS = 998


@dataclass(frozen=True, slots=True)
class RenderedParts:
    """The parts of a message; `html` only if the template has it. If they could not be rendered,
    `problem` says why."""

    subject: str | None
    body: str
    html: str | None = None
    problem: str | None = None


def rendered_parts(template: "TemplateSnapshot", scope: "Mapping[str, Any]") -> RenderedParts:
    """Renders every part of a template, and makes the plain text from the HTML if the template has
    none. Raises NodeError."""
    subject = one_line(render(template.subject, scope)) if template.subject else None
    html = rendered_html(template.html, scope) if template.html is not None else None
    if template.body is not None:
        body = render(template.body, scope)
    else:
        body = text_of(html) if html is not None else ""
    return RenderedParts(subject, body, html)


def rendered_html(source: str, scope: "Mapping[str, Any]") -> str:
    """Returns HTML as it is sent: with its values, and its CSS inlined. Raises NodeError, also if a
    value makes a link or image that no mail client opens."""
    html = render_html(source, scope)
    fault = next((each for each in sent_findings(html) if each.is_fault), None)
    if fault is not None:
        raise NodeError("TEMPLATE_ERROR", f"the HTML cannot be sent: {fault.message}")
    return with_inlined_css(html)


def one_line(subject: str) -> str:
    """Returns the subject as one header line of at most 998 characters (RFC 5322, 2.1.1)."""
    return " ".join(subject.split())[:_SUBJECT_CHARACTERS]
