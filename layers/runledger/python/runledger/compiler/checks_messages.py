"""Checks of messages: everybody who gets a marketing e-mail must be able to unsubscribe."""

from collections import defaultdict
from collections.abc import Iterator

from runledger.compiler.graph import GraphView
from runledger.compiler.references import Place, TemplateUse, template_texts
from runledger.models.automation import Problem
from runledger.models.template import UNSUBSCRIBE_VARIABLE
from runledger.nodes.recipients import AdHocRecipients
from runledger.nodes.send_message import SendMessageConfig

_LINK = f"{{{{{UNSUBSCRIBE_VARIABLE}}}}}"
_EMAIL, _MARKETING = "EMAIL", "MARKETING"


def unsubscribe_links(view: GraphView) -> Iterator[Problem]:
    """Reports each e-mail with marketing consent whose template has no link to unsubscribe, or that
    goes to addresses without a contact: only a contact has a consent to withdraw."""
    read = _read_roots(view)
    for use in view.template_uses:
        config = view.nodes[use.node_id].config
        if not isinstance(config, SendMessageConfig) or config.consent != _MARKETING:
            continue
        if not any(
            choice.channel == _EMAIL and choice.template_id == use.template_id
            for choice in config.channels
        ):
            continue
        if isinstance(config.recipients, AdHocRecipients):
            yield Problem(
                code="NOBODY_TO_UNSUBSCRIBE",
                message="The addresses written in the node do not belong to contacts, so the "
                "recipients could not unsubscribe; send marketing messages to contacts, or set "
                "`consent` to TRANSACTIONAL.",
                node_id=use.node_id,
                field="consent",
            )
        else:
            yield from _without_link(view, use, read)


def _without_link(
    view: GraphView, use: TemplateUse, read: dict[Place, set[str]]
) -> Iterator[Problem]:
    template = view.templates.get(use.template_id)
    if template is None:
        return
    broken = {fault.place for fault in view.syntax_faults}
    # A person sees one part of a message, so each has the link.
    for place, text in template_texts(use, template):
        is_judged = text != template.subject and place not in broken
        if is_judged and UNSUBSCRIBE_VARIABLE not in read[place]:
            yield Problem(
                code="NO_UNSUBSCRIBE_LINK",
                message=place.says(
                    f"Marketing e-mails need a link to unsubscribe; write {_LINK} where it belongs."
                ),
                node_id=use.node_id,
                field=use.field,
            )


def _read_roots(view: GraphView) -> dict[Place, set[str]]:
    """Returns the roots of the variables that each text reads. The root of `contact.firstName` is
    `contact`."""
    found: defaultdict[Place, set[str]] = defaultdict(set)
    for reference in view.references:
        found[reference.place].add(reference.root)
    return found
