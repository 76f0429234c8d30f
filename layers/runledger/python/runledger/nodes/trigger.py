"""TRIGGER: opens a run."""

import json
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SerializeAsAny, StringConstraints, model_validator

from runledger.models.run import TriggerType
from runledger.nodes.base import NodeResult, NodeType, Operation, Visit
from runledger.nodes.date_rules import Repeat
from runledger.nodes.dates import KEY_CHARACTERS
from runledger.nodes.fields import EventPath, TimeOfDay, TimeZone, picks
from runledger.nodes.findings import ConfigWarning
from runledger.nodes.inputs import Place
from runledger.nodes.run_keys import KEYS_DESCRIPTION, RunKeyConfig, RunKeyConfigs
from runledger.nodes.variants import VariantConfig
from runledger.nodes.webhook_intake import WebhookIntake

MAX_SAMPLE_BYTES = 20_000


def _bounded_sample(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value, ensure_ascii=False).encode()) > MAX_SAMPLE_BYTES:
        raise ValueError(f"a sample event may have at most {MAX_SAMPLE_BYTES:,} bytes; shorten it")
    return value


SampleEvent = Annotated[dict[str, Any], AfterValidator(_bounded_sample)]


class TriggerConfig(VariantConfig):
    """What opens a run."""

    discriminator: ClassVar[str] = "triggerType"
    trigger_type: Any
    sample_event: SampleEvent | None = Field(
        default=None,
        # Only for the author: it stays out of what runs and fires load.
        exclude=True,
        description="A made-up example of the event. If a text reads a value that is not in the "
        "example, you get a warning when you save.",
    )

    @property
    def kind(self) -> TriggerType:
        return TriggerType(self.trigger_type)

    @property
    def intake(self) -> WebhookIntake | None:
        """How its events are received; None if they do not come from a webhook."""
        return None

    @property
    def run_keys(self) -> list[RunKeyConfig]:
        """The keys of its runs."""
        return [] if self.intake is None else self.intake.keys


class WebhookTrigger(TriggerConfig, WebhookIntake):
    """Another system posts JSON to the automation's own address."""

    trigger_type: Literal["WEBHOOK"] = Field(description="The kind of trigger.")

    @property
    def intake(self) -> WebhookIntake | None:
        return self


class ManualTrigger(TriggerConfig):
    """A person or a program starts a run for one contact."""

    trigger_type: Literal["MANUAL"] = Field(description="The kind of trigger.")
    keys: RunKeyConfigs = Field(default_factory=list, description=KEYS_DESCRIPTION)

    @property
    def run_keys(self) -> list[RunKeyConfig]:
        return self.keys


class DateSource(VariantConfig):
    """The source of the date."""

    discriminator: ClassVar[str] = "kind"
    kind: Any


class ContactMetadataDate(DateSource):
    """A date in the contact's metadata, e.g. a birthday."""

    kind: Literal["CONTACT_METADATA"] = Field(description="Where the date comes from.")
    key: Annotated[str, StringConstraints(min_length=1, max_length=KEY_CHARACTERS)] = Field(
        description="The metadata key that holds the date."
    )


class ContactCreatedDate(DateSource):
    """The day the contact was created."""

    kind: Literal["CONTACT_CREATED_AT"] = Field(description="Where the date comes from.")


class WebhookPayloadDate(DateSource, WebhookIntake):
    """A date in an inbound event, which schedules a run for that date."""

    kind: Literal["WEBHOOK_PAYLOAD"] = Field(description="Where the date comes from.")
    path: EventPath = Field(description="The path of the date in the payload.")


class DateTrigger(TriggerConfig):
    """A date arrives."""

    trigger_type: Literal["DATE"] = Field(description="The kind of trigger.")
    source: SerializeAsAny[DateSource] = Field(description="Where the date comes from.")
    offset_days: int = Field(
        default=0, ge=-364, le=364, description="Days after the date; negative for days before it."
    )
    time_of_day: TimeOfDay = Field(default="09:00", description="The time on that day, HH:MM.")
    time_zone: TimeZone = Field(
        default="UTC", description="The IANA zone of `timeOfDay`, e.g. Europe/Berlin."
    )
    repeat: Repeat = Field(
        default=Repeat.NEVER,
        description="How often the contact's date repeats; in a month that is too short, it falls "
        "on the last day.",
    )

    @model_validator(mode="after")
    def _may_repeat(self) -> "DateTrigger":
        if self.repeat is not Repeat.NEVER and not self.is_scheduled:
            raise ValueError("a date in an inbound event cannot repeat; set `repeat` to NEVER")
        return self

    @property
    def is_scheduled(self) -> bool:
        """Whether the trigger searches every day for contacts with a matching date. Otherwise it
        reads the date from an event."""
        return self.intake is None

    @property
    def intake(self) -> WebhookIntake | None:
        return self.source if isinstance(self.source, WebhookPayloadDate) else None


class UpstreamTrigger(TriggerConfig):
    """A run of another automation ends."""

    trigger_type: Literal["UPSTREAM"] = Field(description="The kind of trigger.")
    automation_id: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        description="The automation whose runs open runs here.",
        json_schema_extra=picks("AUTOMATION"),
    )
    on: Annotated[
        list[Literal["COMPLETED", "FAILED", "CANCELED"]], Field(min_length=1, max_length=3)
    ] = Field(
        default=["COMPLETED"], description="The final statuses of a watched run that open a run."
    )
    keys: RunKeyConfigs = Field(default_factory=list, description=KEYS_DESCRIPTION)

    @property
    def run_keys(self) -> list[RunKeyConfig]:
        return self.keys

    @model_validator(mode="after")
    def _no_doubles(self) -> "UpstreamTrigger":
        if len(set(self.on)) != len(self.on):
            raise ValueError("`on` lists a status twice; remove one")
        return self


class TriggerNode(NodeType[TriggerConfig]):
    """Opens a run when a webhook receives an event, when a person starts it, when a date arrives,
    or when a run of another automation ends. Every automation has exactly one trigger."""

    name = "TRIGGER"
    title = "Trigger"
    icon = "zap"
    example: ClassVar[dict[str, Any]] = {
        "triggerType": "WEBHOOK",
        "contactLookup": {"by": "email", "path": "customer.email"},
        "createIfMissing": True,
        "dedupePath": "orderId",
    }
    operation = Operation.OWN
    is_start = True
    config_model = TriggerConfig

    def places(self, config: TriggerConfig) -> list[tuple[Place, str]]:
        """Returns no places: text that looks like Liquid in a sample event belongs to the
        sender."""
        return []

    def sources(self, config: TriggerConfig) -> list[tuple[str, str]]:
        """Returns only the Liquid texts of the trigger's filter. The filter is read before there is
        a run, so no step records its texts."""
        intake = config.intake
        if intake is None:
            return []
        outer = ("filter",) if isinstance(config, WebhookIntake) else ("source", "filter")
        return [(".".join((*outer, *place)), text) for place, text in intake.filter_places()]

    def warnings(self, config: TriggerConfig) -> list[ConfigWarning]:
        intake = config.intake
        if intake is None or intake.dedupe == "ON":
            return []
        place = "dedupe" if isinstance(config, WebhookIntake) else "source.dedupe"
        message = (
            "Every delivery opens a run: an event that its sender repeats, or that an attacker "
            "replays, opens another one."
        )
        return [ConfigWarning("REPLAY_POSSIBLE", place, message)]

    def run(self, config: TriggerConfig, visit: Visit) -> NodeResult:
        return NodeResult()
