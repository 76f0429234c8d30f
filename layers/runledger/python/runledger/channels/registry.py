"""The channels there are. Adding one is a file and a line here."""

from typing import TYPE_CHECKING

from runledger.channels.email import EmailChannel
from runledger.channels.sms import SmsChannel
from runledger.channels.whatsapp import WhatsAppChannel
from runledger.settings import ChannelSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.channels.base import Channel, ClientOf

_CHANNELS = (EmailChannel, SmsChannel, WhatsAppChannel)

CHANNEL_NAMES: tuple[str, ...] = tuple(channel.name for channel in _CHANNELS)


def make_channels(client: "ClientOf", settings: ChannelSettings) -> "Mapping[str, Channel]":
    """Every channel by name. A client is asked for at a channel's first send."""
    return {channel.name: channel(client, settings) for channel in _CHANNELS}


def describe_channels() -> "Mapping[str, Channel]":
    """The channels for checking templates and addresses, and for reading feedback; these cannot
    send."""
    return make_channels(_no_client, ChannelSettings())


def _no_client(service: str) -> object:
    raise RuntimeError(f"{service} is not to be called here")
