"""A sender that proves its events in one of several ways, told apart by a header."""

from dataclasses import dataclass

from runledger.sources.base import Proof, Received, Scheme, Signer, SourceKeys
from runledger.sources.schemes.refusing import MISSING, has_header, refuse


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Verifies an event by the first of the `ways` whose header is in the request, and tries no
    other. A way is a header and the scheme that goes with it. Samples are signed in the first way.
    """

    ways: tuple[tuple[str, Scheme], ...]
    sender: str

    def verify(self, received: Received, keys: SourceKeys) -> Proof:
        for header, scheme in self.ways:
            if has_header(received, header):
                return scheme.verify(received, keys)
        names = " and ".join(header for header, _ in self.ways)
        refuse(MISSING, self.sender, f"the headers {names} are both missing; one of them is needed")

    def sign(self, unsigned: Received, secret: str) -> Received:
        scheme = self.ways[0][1]
        if not isinstance(scheme, Signer):
            raise TypeError(f"{type(scheme).__name__} cannot sign")
        return scheme.sign(unsigned, secret)
