"""The channels there are. Adding one is a file and a line here.

A channel is imported when channels are made: most functions need no more than their names.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from runledger.settings import ChannelSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runledger.channels.base import Channel, ClientOf

# Module and class of each, by name.
_CHANNELS = {
    "EMAIL": ("email", "EmailChannel"),
    "SMS": ("sms", "SmsChannel"),
    "WHATSAPP": ("whatsapp", "WhatsAppChannel"),
}

CHANNEL_NAMES: tuple[str, ...] = tuple(_CHANNELS)


def make_channels(client: "ClientOf", settings: ChannelSettings) -> "Mapping[str, Channel]":
    """Every channel by name. A client is asked for at a channel's first send."""
    return {name: _class_of(name)(client, settings) for name in _CHANNELS}


def _class_of(name: str) -> "Callable[[ClientOf, ChannelSettings], Channel]":
    module, class_name = _CHANNELS[name]
    found: type[Channel] = getattr(import_module(f"runledger.channels.{module}"), class_name)
    return found


def describe_channels() -> "Mapping[str, Channel]":
    """The channels for checking templates and addresses, and for reading feedback; these cannot
    send."""
    return make_channels(_no_client, ChannelSettings())


def _no_client(service: str) -> object:
    raise RuntimeError(f"{service} is not to be called here")
