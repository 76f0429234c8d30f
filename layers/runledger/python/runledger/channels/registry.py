"""The channels there are. Adding one is a file and a line here."""

from typing import TYPE_CHECKING, Any

from runledger.channels.email import EmailChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runledger.channels.base import Channel

CHANNEL_NAMES: tuple[str, ...] = (EmailChannel.name,)


def make_channels(client: "Callable[[str], Any]", sender_email: str) -> "Mapping[str, Channel]":
    """Every channel by name. `client` gives an AWS client that makes one try a call: a send that
    is repeated underneath could reach a person twice."""
    channels: tuple[Channel, ...] = (EmailChannel(client("sesv2"), sender_email),)
    return {channel.name: channel for channel in channels}


def describe_channels() -> "Mapping[str, Channel]":
    """The channels for checking templates and addresses; these cannot send."""
    return make_channels(lambda service: None, "")
