"""Secrets as the API shows and takes them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from runledger.models.base import WireModel


class SecretDocument(WireModel):
    """A secret as a client writes it."""

    value: str | None = Field(
        default=None,
        description="The value. No answer ever shows it. Without one, that of a secret that is set "
        "stays as it is.",
    )
    allowed_hosts: list[Annotated[str, StringConstraints(min_length=1, max_length=300)]] | None = (
        Field(
            default=None,
            max_length=50,
            description="The hosts that the value may be sent to, such as `api.partner.example` or "
            "`*.partner.example`, with a port where only that is meant. Without the field they "
            "stay as they are. An empty list leaves the hosts that automations name themselves.",
        )
    )


class SecretNameView(WireModel):
    """A secret without its value."""

    name: str = Field(description="The name; an INTEGRATION uses the value as `{{secret.NAME}}`.")
    allowed_hosts: list[str] = Field(
        description="The hosts that the value may be sent to; where it is empty, those that "
        "automations name themselves, in addresses without Liquid in their host."
    )
    updated_at: str = Field(description="When the value was last set.")
    last_used_at: str | None = Field(
        description="When a run last read the value, to the hour; null where none did."
    )
