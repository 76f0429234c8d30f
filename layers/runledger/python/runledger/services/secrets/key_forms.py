"""The keys that senders of webhooks need: who makes them, and whether given ones are usable.

`sources` are those that an automation has, the preferred one first: its draft and its active
version may have different ones."""

from typing import TYPE_CHECKING

from runledger.errors import ConflictError, InvalidInputError
from runledger.ids import new_token
from runledger.nodes.source_config import Handshake
from runledger.sources.base import SourceKeys
from runledger.sources.facts import ChosenBy
from runledger.sources.samples import sign_sample
from runledger.sources.schemes.public_key import PublicKeyScheme, parse_public_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runledger.services.secrets.signing import StoredKeys
    from runledger.sources.source import Source

# Letters and digits only, so any sender takes it; 48 of them are also valid Base64, of 36 bytes.
# Standard Webhooks asks for 24 to 64 bytes.
_SECRET_CHARACTERS = 48


def can_make(source: "Source") -> bool:
    """Whether the sender takes a secret that we make."""
    secret = source.facts.secret
    return secret is not None and secret.chosen_by is ChosenBy.RUNLEDGER


def make_secret(sources: "Sequence[Source]") -> str:
    """Returns a new secret, in the form of the first sender that takes a secret of ours. Raises
    InvalidInputError if no sender takes one."""
    for source in sources:
        if can_make(source) and source.facts.secret is not None:
            return source.facts.secret.prefix + new_token(_SECRET_CHARACTERS)
    facts = sources[0].facts
    if facts.secret is not None:
        raise InvalidInputError(
            f"{facts.title} makes its own secret: copy the {facts.secret.name} from there and send "
            "it as `secret`",
            field="secret",
        )
    name = facts.public_key.name if facts.public_key else "public key"
    raise InvalidInputError(
        f"{facts.title} signs with its private key: send its {name} as `publicKey`",
        field="publicKey",
    )


def check_given(sources: "Sequence[Source]", given: "StoredKeys") -> None:
    """Raises InvalidInputError for a key that no sender uses, or that cannot be used."""
    title = sources[0].facts.title
    if given.public_key is not None:
        schemes = [each.scheme for each in sources if isinstance(each.scheme, PublicKeyScheme)]
        if not schemes:
            raise InvalidInputError(
                f"{title} does not use a public key; leave out `publicKey`", field="publicKey"
            )
        parse_public_key(given.public_key, schemes[0].rule.algorithm)
    if given.secret is not None:
        users = [each for each in sources if each.facts.secret is not None]
        if not users:
            raise InvalidInputError(
                f"{title} does not use a secret; leave out `secret`", field="secret"
            )
        _check_secret(users[0], given.secret)
    has_token = any(
        each.facts.verify_token is not None or Handshake.META in each.handshakes for each in sources
    )
    if given.verify_token is not None and not has_token:
        raise InvalidInputError(
            f"{title} does not use a verify token; leave out `verifyToken`", field="verifyToken"
        )


def _check_secret(source: "Source", secret: str) -> None:
    """Raises InvalidInputError if nothing can be signed with the secret."""
    if not source.can_sign_samples or not source.facts.samples:
        return
    keys = SourceKeys(secrets=(secret,))
    try:
        sign_sample(source, keys, source.facts.samples[0], 0, "https://example.com/")
    except ConflictError as error:
        raise InvalidInputError(str(error), field="secret") from error
    except InvalidInputError:
        # The sample has no place for the signature of this rule. It says nothing of the secret.
        return
