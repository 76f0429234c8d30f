"""How many events a webhook's filter ignored."""

from pydantic import Field

from runledger.models.base import WireModel


class IgnoredMinuteView(WireModel):
    """The events that were ignored in one minute."""

    at: str = Field(description="When the minute began.")
    count: int = Field(
        description="How many events were ignored. Each element of a split event counts."
    )


class IgnoredEventsView(WireModel):
    """The events that the trigger's filter ignored in the last 24 hours."""

    total: int = Field(description="How many events were ignored.")
    minutes: list[IgnoredMinuteView] = Field(
        description="The minutes in which events were ignored, oldest first."
    )
