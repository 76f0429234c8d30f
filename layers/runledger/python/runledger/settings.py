"""Environment of the functions: validated models, read at first use and never at import."""

import os
from functools import cache
from typing import Annotated, TypeVar

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


class Settings(BaseModel):
    """Field `table` is read from RUNLEDGER_TABLE, and so on."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        # Each function reads a few of these.
        defer_build=True,
        alias_generator=AliasGenerator(
            validation_alias=lambda field: f"RUNLEDGER_{field.upper()}",
        ),
    )


class StoreSettings(Settings):
    """What every function has: its table, its bucket and the stack's name."""

    table: str = Field(min_length=3)
    bucket: str = Field(min_length=3)
    stack: str = Field(min_length=1)
    index_shards: int = Field(default=1, ge=1, le=64)


class EdgeSettings(StoreSettings):
    """The secret by which the distribution's requests are told from others."""

    edge_secret_arn: str


class StartSettings(StoreSettings):
    """`machine_prefix` is the ARN of a state machine up to its automation id."""

    machine_prefix: str = Field(pattern=r"^arn:[^:]+:states:.*:stateMachine:.+-$")


class ScheduleSettings(StartSettings):
    """The stack's group of schedules, the state machine they start, their role, and the queue of
    what could not be delivered."""

    schedule_group: str = Field(min_length=1)
    schedule_role_arn: str
    fan_out_arn: str
    lost_events_arn: str


class IdentitySettings(Settings):
    """The Cognito user pool that operators sign in with, and the one client of it whose tokens
    are taken."""

    user_pool_id: str = Field(min_length=1)
    user_pool_client_id: str = Field(min_length=1)


class InvitationSettings(Settings):
    """The address that invitations are sent from."""

    sender_email: str = Field(min_length=3)


class MachineSettings(StartSettings):
    """What state machines are made with: their role, their log, and the functions they invoke."""

    machine_role_arn: str
    machine_log_group_arn: str
    logic_arn: str
    message_arn: str
    integration_arn: str


class ApiSettings(ScheduleSettings, MachineSettings):
    """What the API changes things with."""


class PublishSettings(StoreSettings):
    """`bus` is the name of the event bus."""

    bus: str = Field(min_length=1)


class QuerySettings(StoreSettings):
    cursor_secret_arn: str


class ChannelSettings(Settings):
    """Whom each channel sends as, by address or ARN, and the configuration sets that events are
    published through. Empty where the stack has no such sender."""

    sender_email: str = ""
    email_configuration_set: str = ""
    sms_origination_identity: str = ""
    sms_configuration_set: str = ""
    whatsapp_phone_number_id: str = ""
    whatsapp_api_version: str = "v20.0"


class RetrySettings(Settings):
    """The state machine that tries deliveries again."""

    delivery_retry_arn: str


class ExportSettings(Settings):
    """The state machine that writes exports."""

    export_arn: str


class SenderSettings(ChannelSettings):
    """What a function needs that sends."""

    sender_email: str = Field(min_length=3)


class IntegrationSettings(StoreSettings):
    """`allow_hosts` (host or host:port) are exempt from the private-address guard."""

    allow_hosts: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()


SettingsT = TypeVar("SettingsT", bound=Settings)


@cache
def read_settings(model: type[SettingsT]) -> SettingsT:
    """The environment as `model`; pydantic's ValidationError names what is missing or wrong."""
    return model.model_validate(dict(os.environ))
