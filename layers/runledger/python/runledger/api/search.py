"""The answer of the search."""

from enum import StrEnum

from pydantic import Field

from runledger.models.base import WireModel


class FoundType(StrEnum):
    """The kinds of things that the search finds."""

    RUN = "RUN"
    DELIVERY = "DELIVERY"
    REFUSAL = "REFUSAL"
    CONTACT = "CONTACT"
    AUTOMATION = "AUTOMATION"
    FAILURE_GROUP = "FAILURE_GROUP"


class FoundView(WireModel):
    """One thing that was found."""

    type: FoundType = Field(description="What was found.")
    id: str = Field(description="Its id.")
    title: str = Field(description="Its name.")
    subtitle: str | None = Field(
        description="Further details, by which results with the same title can be told apart, "
        "such as `Failed · orderId A-1001`; null if there are none."
    )
    href: str = Field(description="The address of its page in the console, such as /runs/run_1.")
    status: str | None = Field(
        description="The status of a run, delivery, automation or failure group, or the reason of "
        "a refusal; null for a contact."
    )
    at: str | None = Field(
        description="When the run, delivery or refusal was created, or when the failure group last "
        "failed; null for a contact and an automation."
    )


class SearchView(WireModel):
    """What a search found."""

    items: list[FoundView] = Field(
        description="The best matches first: by id, key or address, then by name and by words. At "
        "most five of each `type`."
    )
