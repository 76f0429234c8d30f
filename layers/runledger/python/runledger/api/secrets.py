"""Secrets as the API shows and takes them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from runledger.models.base import WireModel


class SecretDocument(WireModel):
    """A secret as a client writes it."""

    value: str | None = Field(
        default=None,
        description=(
            "The value. No answer ever shows it. If left out, an existing secret keeps its value."
        ),
    )
    allowed_hosts: list[Annotated[str, StringConstraints(min_length=1, max_length=300)]] | None = (
        Field(
            default=None,
            max_length=50,
            description=(
                "The hosts that the value may be sent to, such as `api.partner.example` or "
                "`*.partner.example`, with a port if only that port is meant. If left out, the "
                "hosts do not change. With an empty list, the value may be sent to any host that "
                "is written in the URL of a node without Liquid."
            ),
        )
    )


class SecretNameView(WireModel):
    """A secret without its value."""

    name: str = Field(
        description="The secret's name. An INTEGRATION uses its value as `{{secret.NAME}}`."
    )
    allowed_hosts: list[str] = Field(
        description=(
            "The hosts that the value may be sent to. If empty, it may be sent to any host that is "
            "written in the URL of a node without Liquid."
        )
    )
    updated_at: str = Field(description="When the value was last set.")
    last_used_at: str | None = Field(
        description=(
            "When a run last read the value; null if none did. Updated once an hour at most."
        )
    )
