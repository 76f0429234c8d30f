"""The available channels. To add one, write its file and add one line here.

A channel's module is imported when the channels are created, because most functions need only the
names.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from runledger.settings import ChannelSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runledger.channels.base import Channel, ClientOf

# Module and class of each channel, by name.
_CHANNELS = {
    "EMAIL": ("email", "EmailChannel"),
    "SMS": ("sms", "SmsChannel"),
    "WHATSAPP": ("whatsapp", "WhatsAppChannel"),
}

CHANNEL_NAMES: tuple[str, ...] = tuple(_CHANNELS)


def make_channels(client: "ClientOf", settings: ChannelSettings) -> "Mapping[str, Channel]":
    """Returns every channel by name. Each gets its client at its first send."""
    return {name: _class_of(name)(client, settings) for name in _CHANNELS}


def _class_of(name: str) -> "Callable[[ClientOf, ChannelSettings], Channel]":
    module, class_name = _CHANNELS[name]
    found: type[Channel] = getattr(import_module(f"runledger.channels.{module}"), class_name)
    return found


def describe_channels() -> "Mapping[str, Channel]":
    """Returns channels that check templates and addresses and read feedback, but cannot send."""
    return make_channels(_no_client, ChannelSettings())


def _no_client(service: str) -> object:
    raise RuntimeError(f"this function cannot send messages, so it has no client for {service}")
