"""Signed addresses by which a recipient withdraws the marketing consent, without signing in.

An address ends with a token of seven parts with dots between them: the signature, the version of
this format, the key's id, the ids of workspace, contact and delivery, and the expiry in seconds
since 1970. Everything after the signature is signed with HMAC-SHA256. The token needs no escaping
in a path, a header or HTML.

The keys are the lines of one secret, the newest first. New links are signed with the first, and
links of every key are accepted. The first link makes the secret, because a secret costs money and
many stacks send no marketing. docs/deliveries.md describes how to change the key.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runledger.aws import read_secret
from runledger.clock import DAY, SECOND, Clock
from runledger.errors import (
    GoneError,
    MissingResourceError,
    NotFoundError,
    ServiceError,
    SetupError,
    TransientError,
)
from runledger.ids import new_token
from runledger.models.base import Model
from runledger.services.secrets.names import link_secret_id, secret_tags
from runledger.services.secrets.signing import called

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from runledger.models.delivery import DeliveryAttempt
    from runledger.services.workspaces.console_address import ConsoleAddress

PATH = "/v1/unsubscribe/"
# How long after its message a link is accepted. Laws ask for 30 days (CAN-SPAM) and 60 days (CASL);
# people also unsubscribe from last year's message.
LIFETIME = 400 * DAY
_VERSION = "1"
# The signature is only about links: no other text that the key may sign one day is one.
_CONTEXT = b"unsubscribe\n"
_PARTS = 6
_LEAST_KEY_CHARACTERS = 32
_KEY_CHARACTERS = 48
_EXISTS = "ResourceExistsException"
_KEY_ID_CHARACTERS = 8
# How long a process keeps the keys, and how soon it reads them again for a link whose key it does
# not know. In seconds.
CACHED_SECONDS = 300
UNKNOWN_KEY_SECONDS = 60


class Recipient(Model):
    """What a link is about: the contact of a message."""

    workspace_id: str
    contact_id: str
    delivery_id: str


@dataclass(slots=True)
class LinkKeys:
    """Reads the keys that sign the links, and keeps them in this process. `age` returns seconds on
    a clock that only goes forward."""

    secrets: "SecretsManagerClient"
    stack: str
    age: Callable[[], float] = time.monotonic
    _known: dict[str, bytes] = field(default_factory=dict, repr=False)
    _read_at: float = field(default=float("-inf"))

    def signing(self) -> tuple[str, bytes]:
        """Returns the key for new links, with its id. Makes the first key if there is none."""
        self._refresh(CACHED_SECONDS)
        if not self._known:
            self._create()
            self._refresh(0)
        if not self._known:
            raise TransientError("the key of unsubscribe links is not ready yet")
        return next(iter(self._known.items()))

    def find(self, key_id: str) -> bytes | None:
        """Returns the key with this id, or None. Invented ids cause at most one read a minute."""
        self._refresh(CACHED_SECONDS)
        if key_id not in self._known:
            self._refresh(UNKNOWN_KEY_SECONDS)
        return self._known.get(key_id)

    def _refresh(self, seconds: float) -> None:
        if self.age() - self._read_at < seconds:
            return
        try:
            lines = read_secret(self.secrets, link_secret_id(self.stack)).split()
        except MissingResourceError:
            self._known, self._read_at = {}, self.age()
            return
        if not lines or min(map(len, lines)) < _LEAST_KEY_CHARACTERS:
            raise SetupError(
                "each line of the secret of unsubscribe links must be a key of at least "
                f"{_LEAST_KEY_CHARACTERS} characters",
                "InvalidSecret",
            )
        self._known = {_key_id(line): line.encode() for line in lines}
        self._read_at = self.age()

    def _create(self) -> None:
        """Creates the secret, unless another process was faster."""
        try:
            called(
                lambda: self.secrets.create_secret(
                    Name=link_secret_id(self.stack),
                    Description="Signs the links by which recipients of messages unsubscribe.",
                    ClientRequestToken=new_token(_KEY_CHARACTERS),
                    SecretString=new_token(_KEY_CHARACTERS),
                    Tags=secret_tags(self.stack),
                )
            )
        except ServiceError as error:
            if error.code != _EXISTS:
                raise


def _key_id(key: str) -> str:
    return hashlib.sha256(_CONTEXT + key.encode()).hexdigest()[:_KEY_ID_CHARACTERS]


@dataclass(frozen=True, slots=True)
class UnsubscribeTokens:
    """Reads the tokens of links."""

    keys: LinkKeys
    clock: Clock

    def read(self, token: str) -> Recipient:
        """Returns the recipient of a link. Raises NotFoundError if the link is not one of this
        stack, or was changed; GoneError if it has expired."""
        signature, _, signed = token.partition(".")
        parts = signed.split(".")
        key = self.keys.find(parts[1]) if len(parts) == _PARTS and parts[0] == _VERSION else None
        if key is None or not hmac.compare_digest(signature.encode(), _signature(key, signed)):
            raise NotFoundError("this is not an unsubscribe link of ours; check the address")
        _, _, workspace_id, contact_id, delivery_id, expiry = parts
        if self.clock() >= int(expiry) * SECOND:
            raise GoneError("this unsubscribe link has expired")
        return Recipient(workspace_id=workspace_id, contact_id=contact_id, delivery_id=delivery_id)


@dataclass(frozen=True, slots=True)
class UnsubscribeLinks:
    """Makes the link of a message."""

    keys: LinkKeys
    console: "ConsoleAddress"

    def of(self, attempt: "DeliveryAttempt") -> str:
        """Returns the address at which the contact of this message withdraws the consent. The
        address is the same for every try, unless the key changes in between. Raises AWS's errors as
        our own."""
        assert attempt.contact_id is not None, "only a contact can withdraw consent"
        key_id, key = self.keys.signing()
        expiry = (attempt.created_at + LIFETIME) // SECOND
        signed = ".".join(
            [
                _VERSION,
                key_id,
                attempt.workspace_id,
                attempt.contact_id,
                attempt.id,
                str(expiry),
            ]
        )
        return f"{self.console.read()}{PATH}{_signature(key, signed).decode()}.{signed}"


def _signature(key: bytes, signed: str) -> bytes:
    digest = hmac.new(key, _CONTEXT + signed.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=")
