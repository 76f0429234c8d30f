"""Settings of the functions, from environment variables. They are validated when they are first
used, not at import."""

import os
from functools import cache
from typing import Annotated, Literal, TypeVar

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


class Settings(BaseModel):
    """The base class of settings. The field `table` is read from RUNLEDGER_TABLE, and so on."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        # Each function uses only a few of the models.
        defer_build=True,
        alias_generator=AliasGenerator(
            validation_alias=lambda field: f"RUNLEDGER_{field.upper()}",
        ),
    )


class StoreSettings(Settings):
    """The settings of every function: table, bucket, the stack's name, and whether it records
    traces."""

    table: str = Field(min_length=3)
    bucket: str = Field(min_length=3)
    stack: str = Field(min_length=1)
    index_shards: int = Field(default=1, ge=1, le=64)
    tracing: Literal["Active", "PassThrough"] = "PassThrough"


class EdgeSettings(StoreSettings):
    """The settings of a function behind the distribution. `edge_secret_arn` names the secret by
    which requests from the distribution are recognized."""

    edge_secret_arn: str


class CallSettings(Settings):
    """Whether the function also answers requests that do not come through the distribution."""

    direct_calls: Literal["Allowed", "Refused"] = "Allowed"


class StartSettings(StoreSettings):
    """The settings for starting runs. `machine_prefix` is the ARN of a state machine, up to the
    automation id."""

    machine_prefix: str = Field(pattern=r"^arn:[^:]+:states:.*:stateMachine:.+-$")


class ScheduleSettings(StartSettings):
    """The stack's schedule group, the state machine that schedules start, the role for starting it,
    and the queue for undelivered events."""

    schedule_group: str = Field(min_length=1)
    schedule_role_arn: str
    fan_out_arn: str
    lost_events_arn: str


class IdentitySettings(Settings):
    """The Cognito user pool in which operators sign in, and the only client whose tokens are
    accepted."""

    user_pool_id: str = Field(min_length=1)
    user_pool_client_id: str = Field(min_length=1)


class InvitationSettings(Settings):
    """The sender address of invitations."""

    sender_email: str = Field(min_length=3)


class ConsoleAddressSettings(Settings):
    """The name of the parameter that holds the console's address."""

    console_parameter: str = Field(min_length=1)


class MachineSettings(StartSettings):
    """The settings for creating state machines: their role, their log, and the functions that they
    invoke."""

    machine_role_arn: str
    machine_log_group_arn: str
    logic_arn: str
    message_arn: str
    integration_arn: str


class ApiSettings(ScheduleSettings, MachineSettings):
    """The settings of the function `api`."""


class PublishSettings(StoreSettings):
    """The settings for publishing events. `bus` is the name of the event bus."""

    bus: str = Field(min_length=1)


class QuerySettings(StoreSettings):
    cursor_secret_arn: str


class ChannelSettings(Settings):
    """For each channel, the sender's address or ARN and the configuration set that publishes
    events. Empty if the stack has no sender for the channel."""

    sender_email: str = ""
    email_configuration_set: str = ""
    sms_origination_identity: str = ""
    sms_configuration_set: str = ""
    whatsapp_phone_number_id: str = ""
    whatsapp_api_version: str = "v20.0"


class RetrySettings(Settings):
    """The state machine that retries deliveries."""

    delivery_retry_arn: str


class ExportSettings(Settings):
    """The state machine that writes exports."""

    export_arn: str


class ImportSettings(Settings):
    """The state machine that imports contacts."""

    import_arn: str


class SenderSettings(ChannelSettings):
    """The settings of a function that sends messages."""

    sender_email: str = Field(min_length=3)


class IntegrationSettings(StoreSettings):
    """The settings of the function that calls other services. It may call `allow_hosts` (host or
    host:port) although their addresses are private."""

    allow_hosts: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()


SettingsT = TypeVar("SettingsT", bound=Settings)


@cache
def read_settings(model: type[SettingsT]) -> SettingsT:
    """Returns the environment as a `model`. pydantic's ValidationError names missing or wrong
    values."""
    return model.model_validate(dict(os.environ))
