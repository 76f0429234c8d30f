"""The forms in which a secret may appear in a text.

Escapes of single characters are decoded beforehand (redaction/decodings.py). The forms here are
encodings of the secret as a whole. A service may encode the secret together with the text around
it, so the first and the last characters of a form may depend on that text.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from runledger.redaction.decodings import lowered, unescape

MIN_SECRET_CHARACTERS = 4
# Forms found across blanks, or written in letters like words, must be longer, so that they do not
# match by chance.
_MIN_BROKEN = 8
_MIN_LETTERS = 6
_MIN_BASE85 = 4
_ESCAPE_LEVELS = 5


class MatchMode(Enum):
    """How a text is read when it is searched for a form."""

    # In lower case: unchanged, and without blanks.
    PLAIN = "PLAIN"
    BROKEN = "BROKEN"
    # Without blanks, with the signs of URL-safe base64 replaced by the standard ones.
    BLOCK = "BLOCK"
    HEXADECIMAL = "HEXADECIMAL"
    NUMBERS = "NUMBERS"


@dataclass(frozen=True, slots=True)
class SecretForm:
    """One form of a secret. `before` and `after` are the numbers of neighboring characters that
    also contain bits of the secret. `padded` says that padding signs may follow."""

    mode: MatchMode
    text: str
    before: int = 0
    after: int = 0
    padded: bool = False


@lru_cache(maxsize=256)
def secret_forms(secret: str) -> tuple[SecretForm, ...]:
    """Returns every encoding of `secret` that must be struck out, each once.

    `secret` has at least `MIN_SECRET_CHARACTERS` characters."""
    found = [*_plain(secret)]
    for data in _data(secret):
        found += _base64(data)
        found.append(SecretForm(MatchMode.HEXADECIMAL, data.hex()))
        found += _numbers(data)
    data = secret.encode(errors="surrogatepass")
    found += _base32(data)
    found += _base85(data)
    return tuple(dict.fromkeys(found))


def _plain(secret: str) -> Iterable[SecretForm]:
    """Yields the forms of the secret that are not encoded as a whole: the secret itself, and the
    secret after decoding everything in it that looks like an escape (`%41`). Each of these is also
    yielded with + instead of spaces, as in URL-encoded form data, and without white space."""
    text = secret
    for _ in range(_ESCAPE_LEVELS):
        for form in {text, text.replace(" ", "+")}:
            lower = lowered(form).replace("\xa0", " ")
            if len(lower) >= MIN_SECRET_CHARACTERS:
                yield SecretForm(MatchMode.PLAIN, lower)
            whole = "".join(lower.replace("\0", "").split())
            if len(whole) >= _MIN_BROKEN:
                yield SecretForm(MatchMode.BROKEN, whole)
        undone = unescape(text)
        if undone == text:
            return
        text = undone


def _data(secret: str) -> Iterable[bytes]:
    """Yields the secret's bytes in the encodings that services may use."""
    yield secret.encode(errors="surrogatepass")
    yield secret.encode("utf-16-le", errors="surrogatepass")
    yield secret.encode("utf-16-be", errors="surrogatepass")
    if not secret.isascii():
        yield secret.encode("latin-1", errors="replace")


def _numbers(data: bytes) -> Iterable[SecretForm]:
    """Yields the secret's bytes as lists of decimal numbers: as unsigned bytes (0 to 255) and, if
    that differs, as signed bytes (-128 to 127). Minus signs are left out, because they are also
    removed from a text before it is searched."""
    yield SecretForm(MatchMode.NUMBERS, ",".join(map(str, data)))
    if max(data) > 127:
        signed = (str(256 - byte if byte > 127 else byte) for byte in data)
        yield SecretForm(MatchMode.NUMBERS, ",".join(signed))


def _base64(data: bytes) -> Iterable[SecretForm]:
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        first = before + 1 if before else 0
        mixed_last = (before + len(data)) % 3 != 0
        inner = encoded[first : len(encoded) - mixed_last]
        # Forms decode + as a blank, and blanks are left out.
        for text in {inner, inner.replace("+", "")}:
            if len(text) >= MIN_SECRET_CHARACTERS:
                yield SecretForm(
                    MatchMode.BLOCK, text, int(before > 0), int(mixed_last), padded=True
                )


def _base32(data: bytes) -> Iterable[SecretForm]:
    """Yields the secret in both alphabets of RFC 4648, in upper and lower case."""
    for encode in (base64.b32encode, base64.b32hexencode):
        for before in range(5):
            encoded = encode(b"\0" * before + data).decode().rstrip("=")
            # The last of the neighbor's 8 * before bits may share a character with the secret.
            first = -(-8 * before // 5)
            mixed_last = 8 * (before + len(data)) % 5 != 0
            inner = encoded[first : len(encoded) - mixed_last]
            if len(inner) >= _MIN_LETTERS:
                mixed_first = int(8 * before % 5 != 0)
                for text in (inner, inner.lower()):
                    yield SecretForm(
                        MatchMode.BLOCK, text, mixed_first, int(mixed_last), padded=True
                    )


_RFC1924 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_TO_Z85 = str.maketrans(_RFC1924, _Z85)


def _base85(data: bytes) -> Iterable[SecretForm]:
    """Yields the secret in Ascii85, RFC 1924 and Z85. Four bytes become five characters, each of
    which depends on all four bytes. So a group that may contain neighboring bytes is not part of
    the form."""
    for before in range(4):
        whole = data[(4 - before) % 4 :]
        groups = len(whole) // 4
        ended = whole[: groups * 4]
        tail = len(whole) - len(ended)
        texts = [_ascii85(ended), base64.b85encode(ended).decode()]
        texts.append(texts[1].translate(_TO_Z85))
        if not before and tail:
            # If nothing stands before it and nothing after it.
            alone = [_ascii85(whole), base64.b85encode(whole).decode()]
            alone.append(alone[1].translate(_TO_Z85))
            texts += alone
        for text in texts:
            form = block_signs(text)
            if len(form) >= _MIN_BASE85:
                yield SecretForm(MatchMode.BLOCK, form, 5 if before else 0, 5 if tail else 0)


def _ascii85(data: bytes) -> str:
    return base64.a85encode(data).decode()


def block_signs(text: str) -> str:
    """Replaces the signs of URL-safe base64 by those of standard base64."""
    return text.translate(_BLOCK_SIGNS)


_BLOCK_SIGNS = str.maketrans("-_", "+/")
