"""Error answers."""

from typing import Literal

from pydantic import Field

from runledger.models.automation import Problem
from runledger.models.base import WireModel
from runledger.models.erasure import ErasureStatus


class ProblemDetail(WireModel):
    """An error in the format of RFC 9457, with additional members."""

    type: Literal["about:blank"] = Field(
        description="Always about:blank: the status says what kind of problem it is."
    )
    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(ge=400, le=599, description="The HTTP status.")
    detail: str = Field(description="What is wrong with this request.")
    field: str | None = Field(
        default=None,
        description="The path of the wrong value; absent where the whole request is wrong.",
    )
    problems: list[Problem] | None = Field(
        default=None, description="Every problem of the request or of its graph; with 422."
    )
    code: str | None = Field(
        default=None,
        description="Which kind of refusal it is, for programs: `MFA_REQUIRED` with 403, where the "
        "workspace asks for a second factor that the account does not have.",
    )
    state: str | None = Field(
        default=None, description="The present state that forbids the call; with 409."
    )
    revision: int | None = Field(
        default=None, description="The present revision; with 412, and with 409 of a stale edit."
    )
    expired_at: str | None = Field(
        default=None, description="Since when it is not kept any more; with 410."
    )
    erasure: ErasureStatus | None = Field(
        default=None, description="How far the erasing of the contact is; with 410."
    )
    erased_at: str | None = Field(
        default=None, description="When the contact was erased; with 410."
    )


class GatewayMessage(WireModel):
    """An error that API Gateway itself answers, before or instead of a function."""

    message: str | None = Field(description="A few words, such as Unauthorized.")
