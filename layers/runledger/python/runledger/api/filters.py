"""A list's filters as the API shows and takes them."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from runledger.models.base import WireModel


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Several = Annotated[tuple[str, ...], BeforeValidator(_several)]


class FilterDocument(WireModel):
    """A list's filters, with the names of its query parameters."""

    status: Several = Field(
        default=(), description="One status or several; of runs and deliveries."
    )
    reason: Several = Field(default=(), description="One reason or several; of refusals.")
    automation_id: str | None = Field(default=None, description="The id of an automation.")
    contact: str | None = Field(default=None, description="A contact by id, e-mail or phone.")
    trigger_type: Several = Field(
        default=(), description="One trigger type or several; of runs and refusals."
    )
    error_group: str | None = Field(default=None, description="The id of a failure group; of runs.")
    channel: str | None = Field(default=None, description="A channel; of deliveries.")
    run_id: str | None = Field(default=None, description="The id of a run; of deliveries.")
    address: str | None = Field(
        default=None, description="An e-mail or a phone, as pasted; of deliveries."
    )
    range: str | None = Field(default=None, description="24h, 7d or 30d, counted back from now.")
    from_: str | None = Field(
        default=None,
        alias="from",
        description="The earliest creation: a date (from its first moment on), a date-time, or "
        "seconds or milliseconds since 1970.",
    )
    to: str | None = Field(
        default=None,
        description="The latest creation, written likewise: a date means the end of that day.",
    )
    time_zone: str | None = Field(
        default=None,
        description="The IANA zone in which dates and times without an offset are read; UTC "
        "unless given.",
    )


class FilterView(WireModel):
    """A list's filters at the time of the request: rows created later are not included."""

    status: list[str] = Field(description="The statuses; empty for all.")
    reason: list[str] = Field(description="The reasons; empty for all.")
    automation_id: str | None = Field(description="The id of an automation; null for all.")
    contact: str | None = Field(description="The id of a contact; null for all.")
    trigger_type: list[str] = Field(description="The trigger types; empty for all.")
    error_group: str | None = Field(description="The id of a failure group; null for all.")
    channel: str | None = Field(description="A channel; null for all.")
    run_id: str | None = Field(description="The id of a run; null for all.")
    address: str | None = Field(description="An e-mail or a phone, as pasted; null for all.")
    from_: str | None = Field(
        alias="from", description="The earliest creation time; null for no bound."
    )
    to: str = Field(description="The latest creation time.")
