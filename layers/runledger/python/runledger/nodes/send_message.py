"""SEND_MESSAGE: sends messages to people."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SerializeAsAny, StringConstraints, model_validator

from runledger.clock import SECOND
from runledger.models.base import Config, Model
from runledger.models.run import ErrorDetail, Step, StepStatus
from runledger.nodes.base import Branching, Function, NodeResult, NodeType, Visit
from runledger.nodes.claiming import Claiming
from runledger.nodes.fields import picks
from runledger.nodes.inputs import VARIABLES, Record, places_of, recorded, variables
from runledger.nodes.message_rules import FrequencyCap, QuietHours
from runledger.nodes.recipients import Recipient, RecipientsConfig
from runledger.nodes.tally import OUTCOMES, Tally, is_over
from runledger.nodes.tools import (
    ContactFinder,
    ContactPage,
    ContactQuery,
    MessageOutcome,
    Messenger,
    OutboundMessage,
)

# A visit of a node with many recipients begins no new message after this long, so that the last
# message has time to finish.
PAGE_MILLISECONDS = 5 * SECOND
# Visits of one node; the first one sends nothing, and a page that takes too long needs several.
MAX_VISITS = 1_000


class ChannelChoice(Config):
    """A channel, and the template for its messages."""

    channel: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")] = Field(
        description="The channel, e.g. EMAIL.", json_schema_extra=picks("CHANNEL")
    )
    template_id: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        description="The template; it must be for the same channel.",
        json_schema_extra=picks("TEMPLATE"),
    )


class SendMessageConfig(Config):
    """Who gets which template, on which channels."""

    recipients: SerializeAsAny[RecipientsConfig] = Field(description="Who gets the message.")
    channels: list[ChannelChoice] = Field(
        min_length=1, max_length=3, description="The channels, in order of preference."
    )
    multi_channel_mode: Literal["CASCADE", "BROADCAST"] = Field(
        default="CASCADE",
        description="CASCADE: use the next channel only if the previous one was suppressed or "
        "permanently refused. BROADCAST: use every channel.",
    )
    consent: Literal["TRANSACTIONAL", "MARKETING"] = Field(
        default="TRANSACTIONAL", description="The consent that the contact must have given."
    )
    frequency_cap: FrequencyCap | None = Field(
        default=None,
        description="How many messages a recipient may get, counted over all automations whose "
        "messages have a cap.",
    )
    quiet_hours: QuietHours | None = Field(
        default=None, description="When no message is sent, in the contact's own time zone."
    )

    @model_validator(mode="after")
    def _channels_differ(self) -> "SendMessageConfig":
        channel, count = Counter(c.channel for c in self.channels).most_common(1)[0]
        if count > 1:
            raise ValueError(f"the channel {channel} is listed twice; remove one")
        return self


class _Progress(Model):
    """The progress of a node with many recipients. `planned` are the contacts that get the next
    messages. `cursor` is where the list of contacts continues after them; None if they are the last
    ones."""

    planned: tuple[str, ...]
    cursor: str | None
    pages: int = 1
    tally: dict[str, Any] = Field(default_factory=dict)


class SendMessageNode(NodeType[SendMessageConfig]):
    """Sends a template to the run's contact, to given addresses, or to all contacts that a query
    finds. Every message becomes a delivery with its own history. With CASCADE the next channel is
    used only if the previous one was suppressed or permanently refused.

    The outcome is `sent` (all messages are sent or on their way), `partly_sent`, `suppressed` (no
    recipient, or a gate refused every message) or `failed`. The node has an edge for each of the
    four outcomes, labeled with it, or one edge without a label. Without labels, a step that sent
    nothing is SKIPPED and shows the reason, and a step whose messages all failed fails the run.

    Contacts that a query finds get their messages page by page. Each contact gets the message once,
    with its data at that moment. An interrupted run continues where it stopped; a canceled run
    stops between two messages. If a template lacks a variable for one contact, only that contact's
    message is refused. The limit is 1,000 visits. Each sends to up to 50 contacts, and to fewer if
    that takes longer than five seconds.
    """

    name = "SEND_MESSAGE"
    title = "Send message"
    icon = "send"
    example: ClassVar[dict[str, Any]] = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": "tpl_01JZ5B8Q2M3N4P5Q6R7S8T9V0W"}],
        "multiChannelMode": "CASCADE",
        "consent": "TRANSACTIONAL",
    }
    function = Function.MESSAGE
    effect = True
    config_model = SendMessageConfig

    def branching(self, config: SendMessageConfig) -> Branching | None:
        return Branching(OUTCOMES, required=False)

    def outputs(self, config: SendMessageConfig) -> frozenset[str]:
        return frozenset(Tally().counts)

    def timeout_seconds(self, config: SendMessageConfig) -> int:
        return 12

    def is_express_safe(self, config: SendMessageConfig) -> bool:
        return not config.recipients.is_query

    def max_visits(self, config: SendMessageConfig) -> int:
        return MAX_VISITS if config.recipients.is_query else 1

    def claiming(self, config: SendMessageConfig) -> Claiming:
        # A mailing continues from visit to visit, so no two visits may work on one page.
        return Claiming.FIRST if config.recipients.is_query else Claiming.WITH_MESSAGE

    def reads_contact(self, config: SendMessageConfig) -> bool:
        return True

    def repeatable(self, config: SendMessageConfig) -> bool:
        # Every message has its own claim before it is sent.
        return True

    def template_ids(self, config: SendMessageConfig) -> frozenset[str]:
        return frozenset(choice.template_id for choice in config.channels)

    def segment_ids(self, config: SendMessageConfig) -> frozenset[str]:
        return config.recipients.segment_ids

    def planned_contacts(self, step: Step) -> tuple[str, ...]:
        if step.progress is None:
            return ()
        return _Progress.model_validate(step.progress).planned

    def input(self, config: SendMessageConfig, visit: Visit, record: Record) -> dict[str, Any]:
        """Adds the values that the templates read, as `variables`. The deliveries show the rendered
        texts. If a query found the recipients, `variables` has no values of contacts, because each
        message goes to a different contact; the deliveries show these values."""
        is_query = config.recipients.is_query
        read = variables(visit.texts, visit.scope, self.redactor(config, visit))
        kept = {
            name: value
            for name, value in read.items()
            if not (is_query and name.partition(".")[0] == "contact")
        }
        return {**super().input(config, visit, record), **recorded({VARIABLES: kept})}

    def is_input_known(
        self, config: SendMessageConfig, kept: Mapping[str, Any], record: Record
    ) -> bool:
        return VARIABLES in places_of(kept) and super().is_input_known(config, kept, record)

    def run(self, config: SendMessageConfig, visit: Visit) -> NodeResult:
        messenger = visit.tools.messenger
        if messenger is None:
            raise RuntimeError("SEND_MESSAGE cannot run in this function: it cannot send messages")
        if config.recipients.is_query:
            finder = visit.tools.contacts
            if finder is None:
                raise RuntimeError(
                    "SEND_MESSAGE cannot run in this function: it cannot search contacts"
                )
            query = config.recipients.query(finder)
            return _visit_page(config, visit, messenger, finder, query)
        tally = Tally()
        seen: set[str] = set()
        for recipient in config.recipients.find(visit):
            made = list(_deliver(config, recipient, messenger, visit))
            fresh = [(c, outcome) for c, outcome in made if outcome.delivery_id not in seen]
            seen.update(outcome.delivery_id for _, outcome in fresh)
            # Two spellings of one address are one recipient.
            if fresh:
                _add(config, tally, recipient, fresh)
        return _result(config, tally, visit)


def _visit_page(
    config: SendMessageConfig,
    visit: Visit,
    messenger: Messenger,
    finder: ContactFinder,
    query: ContactQuery,
) -> NodeResult:
    """Sends the messages that the previous visit planned, and plans the next ones. What a visit
    will do is stored before the visit begins, so a repeated visit does the same."""
    if visit.progress is None:
        return _goes_on(config, visit, finder.page(query, None), Tally(), pages=0)
    progress = _Progress.model_validate(visit.progress)
    tally = Tally.model_validate(progress.tally)
    contacts = finder.read(progress.planned)
    clock = visit.tools.clock
    for place, contact_id in enumerate(progress.planned):
        if place and clock() - visit.now >= PAGE_MILLISECONDS:
            rest = ContactPage(ids=progress.planned[place:], cursor=progress.cursor)
            return _goes_on(config, visit, rest, tally, pages=progress.pages)
        contact = contacts.get(contact_id)
        problem = None if contact is None else query.unreadable(contact)
        if problem is not None:
            tally.add_unreadable(contact_id, problem)
        elif contact is not None and query.matches(contact):
            recipient = Recipient(contact.id, contact, None)
            made = list(_deliver(config, recipient, messenger, visit, is_one_of_many=True))
            _add(config, tally, recipient, made)
    if progress.cursor is None:
        return _result(config, tally, visit)
    page = finder.page(query, progress.cursor)
    return _goes_on(config, visit, page, tally, pages=progress.pages)


def _goes_on(
    config: SendMessageConfig, visit: Visit, page: ContactPage, tally: Tally, *, pages: int
) -> NodeResult:
    if not page.ids and page.cursor is None:
        return _result(config, tally, visit)
    so_far = NodeResult(
        status=StepStatus.RUNNING,
        output=tally.counts,
        evidence=tally.evidence,
        delivery_ids=tuple(tally.delivery_ids),
    )
    if pages + 2 > MAX_VISITS:
        error = ErrorDetail(
            node_id=visit.node_id,
            kind="TOO_MANY_RECIPIENTS",
            message=f"the step reached its limit of {MAX_VISITS:,} visits after {tally.recipients} "
            "contacts; use a smaller segment",
        )
        return so_far.changed(status=StepStatus.FAILED, error=error)
    progress = _Progress(
        planned=page.ids,
        cursor=page.cursor,
        pages=pages + 1,
        tally=tally.model_dump(mode="json"),
    )
    return so_far.changed(progress=progress.model_dump(mode="json"))


def _add(
    config: SendMessageConfig,
    tally: Tally,
    recipient: Recipient,
    made: Iterable[tuple[str, MessageOutcome]],
) -> None:
    tally.add(recipient.key, made, each_counts=config.multi_channel_mode == "BROADCAST")


def _deliver(
    config: SendMessageConfig,
    recipient: Recipient,
    messenger: Messenger,
    visit: Visit,
    *,
    is_one_of_many: bool = False,
) -> Iterator[tuple[str, MessageOutcome]]:
    for choice in config.channels:
        message = OutboundMessage(
            recipient=recipient.key,
            contact=recipient.contact,
            address=recipient.address,
            channel=choice.channel,
            template_id=choice.template_id,
            consent=config.consent,
            frequency_cap=config.frequency_cap,
            quiet_hours=config.quiet_hours,
            is_one_of_many=is_one_of_many,
        )
        outcome = messenger.deliver(message, visit.scope)
        yield choice.channel, outcome
        if config.multi_channel_mode == "CASCADE" and not is_over(outcome):
            return


def _result(config: SendMessageConfig, tally: Tally, visit: Visit) -> NodeResult:
    status, reason, error = StepStatus.COMPLETED, None, None
    if tally.outcome == "failed":
        reason = f"no message could be sent; {tally.first_failure}"
        if not visit.labels:
            status = StepStatus.FAILED
            error = ErrorDetail(node_id=visit.node_id, kind="DELIVERY_FAILED", message=reason)
            reason = None
    elif tally.outcome == "suppressed":
        status = StepStatus.SKIPPED
        nobody = f"nothing was sent: {config.recipients.nobody}"
        refused = f"every message was suppressed; {tally.first_refusal}"
        reason = refused if tally.suppressed else nobody
    return NodeResult(
        status=status,
        outcome=tally.outcome,
        reason=reason,
        error=error,
        output=tally.counts,
        evidence=tally.evidence,
        delivery_ids=tuple(tally.delivery_ids),
    )
