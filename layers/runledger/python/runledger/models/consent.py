"""Consents: which messages a contact agreed to, and the record of each change."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field, StrictBool

from runledger.models.base import Model, WireModel


class ConsentPurpose(StrEnum):
    """The purposes of messages. A message needs the consent for its purpose."""

    MARKETING = "MARKETING"
    TRANSACTIONAL = "TRANSACTIONAL"


class ConsentChannel(StrEnum):
    """The channels of messages. A contact's consent may differ from channel to channel."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    WHATSAPP = "WHATSAPP"


class ConsentOrigin(StrEnum):
    """Where a consent was changed."""

    CONSOLE = "CONSOLE"
    API = "API"
    IMPORT = "IMPORT"
    WEBHOOK = "WEBHOOK"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    MESSAGE = "MESSAGE"


class ConsentSetting(NamedTuple):
    """A value for one consent. `channel` is None for the consent of all channels."""

    purpose: ConsentPurpose
    channel: ConsentChannel | None
    is_given: bool


class ConsentSource(Model):
    """Who changed a consent, and where.

    - `by` is the member's e-mail address, or None if no member did it.
    - `detail` names the cause: a short text, or an id such as that of an import, an automation or a
      delivery.
    - `given_at` is when the contact agreed, in epoch milliseconds, if the consent is recorded later
      than it was given. A withdrawal that was recorded after `given_at` stays valid. If
      `given_at` is 0, the time is unknown, so every recorded withdrawal stays valid. If `given_at`
      is None, the contact agrees now.
    - `answered_at` is when the contact sent an answer to a message, in epoch milliseconds. Answers
      may arrive late, out of order and twice, so this time decides which of them counts. It is also
      the time of the recorded change.
    """

    origin: ConsentOrigin
    by: str | None = None
    detail: str | None = None
    given_at: int | None = None
    answered_at: int | None = None

    @property
    def is_contact(self) -> bool:
        """Whether the contact itself changed the consent."""
        return self.origin in (ConsentOrigin.UNSUBSCRIBE, ConsentOrigin.MESSAGE)


class ConsentChange(Model):
    """One recorded change. `channel` is None if it was for all channels; `at` is in epoch
    milliseconds."""

    purpose: ConsentPurpose
    channel: ConsentChannel | None
    is_given: bool
    at: int
    source: ConsentSource


class ChannelConsents(WireModel):
    """Consents that differ on one channel."""

    marketing: StrictBool | None = Field(
        default=None,
        description="Whether the contact agreed to marketing messages on this channel. null: the "
        "consent for all channels decides.",
    )
    transactional: StrictBool | None = Field(
        default=None,
        description="Whether the contact accepts transactional messages on this channel. null: the "
        "consent for all channels decides.",
    )

    def own(self, purpose: ConsentPurpose) -> bool | None:
        return self.marketing if purpose is ConsentPurpose.MARKETING else self.transactional


class Consents(WireModel):
    """What a contact agreed to: for all channels, and on the channels that differ.

    Equal consents always have the same stored form. So `channels` contains only two kinds of
    consents: those withdrawn on the channel, and those given on the channel but not for all
    channels."""

    marketing: StrictBool = Field(
        default=False,
        description="Whether the contact agreed to marketing messages. false withdraws the consent "
        "on every channel. true does not undo a withdrawal on a single channel.",
    )
    transactional: StrictBool = Field(
        default=True,
        description="Whether the contact accepts transactional messages; true unless withdrawn. It "
        "applies to the channels as `marketing` does.",
    )
    channels: dict[ConsentChannel, ChannelConsents] = Field(
        default_factory=dict,
        description="Consents that differ on a channel, by the channel's name. Any other "
        "channel has the consent for all channels. A change leaves channels that it does not name "
        "as they are.",
    )

    def allows(self, purpose: ConsentPurpose, channel: ConsentChannel | None = None) -> bool:
        """Whether the contact accepts messages of this purpose on the channel. If `channel` is
        None, returns the consent for all channels."""
        own = None if channel is None else self.own(purpose, channel)
        if own is not None:
            return own
        return self.marketing if purpose is ConsentPurpose.MARKETING else self.transactional

    def own(self, purpose: ConsentPurpose, channel: ConsentChannel) -> bool | None:
        """Returns the consent of this channel alone, or None if it has none."""
        own = self.channels.get(channel)
        return None if own is None else own.own(purpose)

    def sent(self) -> Iterator[ConsentSetting]:
        """Yields the consents that a client's document sets: first those for all channels."""
        for purpose in ConsentPurpose:
            if purpose.lower() in self.model_fields_set:
                yield ConsentSetting(purpose, None, self.allows(purpose))
        for channel, own in self.channels.items():
            for purpose in ConsentPurpose:
                is_given = own.own(purpose)
                if is_given is not None:
                    yield ConsentSetting(purpose, channel, is_given)

    def with_setting(self, setting: ConsentSetting) -> "Consents":
        """Returns the consents after the setting.

        A consent that is withdrawn for all channels is withdrawn on each of them. One that is given
        for all channels leaves a withdrawal on a single channel as it is."""
        purpose, channel, is_given = setting
        values = {(purpose, each): self.own(purpose, each) for each in ConsentChannel}
        general = self.allows(purpose)
        if channel is not None:
            values[purpose, channel] = is_given
        else:
            general = is_given
        for key, own in values.items():
            # A consent on one channel counts only if it is missing for all channels, and ends with
            # a withdrawal for all channels.
            is_redundant = own and (general or channel is None)
            values[key] = None if is_redundant else own
        other = next(each for each in ConsentPurpose if each is not purpose)
        values |= {(other, each): self.own(other, each) for each in ConsentChannel}
        kept = {
            each: ChannelConsents(
                marketing=values[ConsentPurpose.MARKETING, each],
                transactional=values[ConsentPurpose.TRANSACTIONAL, each],
            )
            for each in ConsentChannel
            if any(values[every, each] is not None for every in ConsentPurpose)
        }
        is_marketing = purpose is ConsentPurpose.MARKETING
        return Consents(
            marketing=general if is_marketing else self.marketing,
            transactional=self.transactional if is_marketing else general,
            channels=kept,
        )
