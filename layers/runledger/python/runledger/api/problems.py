"""Error answers."""

from typing import Literal

from pydantic import Field

from runledger.models.automation import Problem
from runledger.models.base import WireModel
from runledger.models.erasure import ErasureStatus


class ProblemDetail(WireModel):
    """An error in the format of RFC 9457, with additional members."""

    type: Literal["about:blank"] = Field(
        description="Always about:blank, because the HTTP status shows the kind of problem."
    )
    title: str = Field(description="The kind of problem, in a few words.")
    status: int = Field(ge=400, le=599, description="The HTTP status.")
    detail: str = Field(description="What is wrong with this request, and what to do.")
    field: str | None = Field(
        default=None,
        description="The path of the wrong value; absent if the request as a whole is wrong.",
    )
    problems: list[Problem] | None = Field(
        default=None,
        description="Every problem with the request or its graph. Only with status 422.",
    )
    code: str | None = Field(
        default=None,
        description=(
            "The kind of refusal, for programs. `MFA_REQUIRED` (with 403): the workspace "
            "requires a second factor, which the account does not have."
        ),
    )
    state: str | None = Field(
        default=None,
        description="The current state, which does not allow the request. Only with status 409.",
    )
    revision: int | None = Field(
        default=None,
        description=(
            "The current revision. Only with status 412, and with 409 if the edit is based on an "
            "old revision."
        ),
    )
    expired_at: str | None = Field(
        default=None, description="When the resource expired. Only with status 410."
    )
    erasure: ErasureStatus | None = Field(
        default=None, description="The progress of erasing the contact. Only with status 410."
    )
    erased_at: str | None = Field(
        default=None, description="When the contact was erased. Only with status 410."
    )


class GatewayMessage(WireModel):
    """An error that API Gateway itself returns, without calling a function or instead of the
    function's answer."""

    message: str | None = Field(description="A short message, such as Unauthorized.")
