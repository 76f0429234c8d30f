"""How a call authenticates. Each way sets one header."""

import base64
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints

from runledger.errors import NodeError
from runledger.nodes.fields import check_liquid
from runledger.nodes.variants import VariantConfig

HeaderName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=100)
]
ShortLiquid = Annotated[str, StringConstraints(max_length=4_000), AfterValidator(check_liquid)]
Credential = Annotated[
    str, StringConstraints(min_length=1, max_length=4_000), AfterValidator(check_liquid)
]


class Auth(VariantConfig):
    """How the call authenticates. Its credentials are removed from the history, also those that
    are not stored as secrets."""

    discriminator: ClassVar[str] = "type"
    # The fields whose values nobody may read later.
    credentials: ClassVar[tuple[str, ...]]

    @property
    def kind(self) -> str:
        return str(getattr(self, self.discriminator))

    @property
    def header_name(self) -> str:
        return "Authorization"

    @abstractmethod
    def header_value(self, rendered: Mapping[str, str]) -> str:
        """Returns the value of the header. `rendered` has this config's texts with their variables
        filled in."""

    def texts(self) -> dict[str, str]:
        """The fields that hold Liquid."""
        fields: dict[str, str] = self.model_dump(exclude={"type", "name"})
        return fields


class BasicAuth(Auth):
    """A user name and a password, sent by HTTP Basic authentication."""

    credentials: ClassVar[tuple[str, ...]] = ("password",)

    type: Literal["BASIC"] = Field(description="How the call authenticates.")
    username: ShortLiquid = Field(description="The user name. Liquid.")
    password: ShortLiquid = Field(description="The password, e.g. {{secret.PASSWORD}}. Liquid.")

    def header_value(self, rendered: Mapping[str, str]) -> str:
        if ":" in rendered["username"]:
            raise NodeError("INVALID_REQUEST", "a user name cannot contain a colon (`:`)")
        pair = f"{rendered['username']}:{rendered['password']}"
        return f"Basic {base64.b64encode(pair.encode(errors='replace')).decode()}"


class BearerAuth(Auth):
    """A token in the Authorization header."""

    credentials: ClassVar[tuple[str, ...]] = ("token",)

    type: Literal["BEARER"] = Field(description="How the call authenticates.")
    token: Credential = Field(description="The token, e.g. {{secret.TOKEN}}. Liquid.")

    def header_value(self, rendered: Mapping[str, str]) -> str:
        return f"Bearer {rendered['token']}"


class HeaderAuth(Auth):
    """A value in a header that the service defines, such as X-Api-Key."""

    credentials: ClassVar[tuple[str, ...]] = ("value",)

    type: Literal["HEADER"] = Field(description="How the call authenticates.")
    name: HeaderName = Field(description="The name of the header, e.g. X-Api-Key.")
    value: Credential = Field(description="The header's value, e.g. {{secret.API_KEY}}. Liquid.")

    @property
    def header_name(self) -> str:
        return self.name

    def header_value(self, rendered: Mapping[str, str]) -> str:
        return rendered["value"]
