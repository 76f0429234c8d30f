"""Unpacks a compressed body piece by piece, within limits. It never returns part of a damaged body.

Supports gzip, possibly with several members (RFC 9110, 8.4.1, and RFC 1952, 2.2), and deflate. The
RFC defines deflate as zlib's format, but many senders send a raw stream. Both forms are accepted.
"""

import zlib
from collections.abc import Iterable
from typing import Protocol

_ZLIB, _RAW, _GZIP = 15, -15, 31
# A compressed body may be longer than its content, but only by this much.
_SLACK = 64 * 1024
_PADDING = b"\0 \t\r\n"


_KNOWN = frozenset({"", "identity", "gzip", "deflate"})
# If a body is damaged, at most this many bytes before the damage are lost.
_SALVAGED_PIECE = 64


class CompressionError(ValueError):
    """A compressed body cannot be read. `encoding` is the encoding that its header names."""

    def __init__(self, encoding: str) -> None:
        super().__init__(f"the body cannot be read as {encoding}")
        self.encoding = encoding


class UnknownEncodingError(CompressionError):
    """The encoding is not supported."""


class DamagedBodyError(CompressionError):
    """The bytes do not have the declared encoding."""


class CutBodyError(DamagedBodyError):
    """The body ends too early."""


class _Unpacker(Protocol):
    def feed(self, data: bytes, room: int) -> bytes:
        """Returns at most `room` bytes of the unpacked data."""

    @property
    def is_over(self) -> bool:
        """Whether the body could end here."""


class _Plain:
    is_over = True

    def feed(self, data: bytes, room: int) -> bytes:
        return data[:room]


class _Members:
    """Unpacks one zlib stream, or several members of gzip in a row. Each is checked to its end."""

    def __init__(self, name: str, window: int) -> None:
        self._name = name
        self._window = window
        self._stream = zlib.decompressobj(window)
        self._has_begun = False
        self._is_between = False

    @property
    def is_over(self) -> bool:
        return self._is_between or not self._has_begun

    def feed(self, data: bytes, room: int) -> bytes:
        made = bytearray()
        while data and len(made) < room:
            if self._is_between:
                data = data.lstrip(_PADDING)
                if not data:
                    break
                if self._name != "gzip":
                    raise DamagedBodyError(self._name)
                self._stream = zlib.decompressobj(self._window)
                self._is_between = False
            self._has_begun = True
            try:
                made += self._stream.decompress(data, room - len(made))
            except zlib.error as error:
                raise DamagedBodyError(self._name) from error
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                self._is_between = True
                data = self._stream.unused_data
        return bytes(made)


class _Deflate:
    """zlib's format or a raw stream, recognized by the first two bytes (RFC 1950, 2.2)."""

    def __init__(self) -> None:
        self._head = b""
        self._members: _Members | None = None

    @property
    def is_over(self) -> bool:
        return not self._head if self._members is None else self._members.is_over

    def feed(self, data: bytes, room: int) -> bytes:
        if self._members is None:
            self._head += data
            if len(self._head) < 2:
                return b""
            method, checked = self._head[0] & 0x0F, int.from_bytes(self._head[:2], "big")
            is_zlib = method == 8 and checked % 31 == 0
            self._members = _Members("deflate", _ZLIB if is_zlib else _RAW)
            data = self._head
        return self._members.feed(data, room)


def _unpacker(name: str) -> _Unpacker:
    match name:
        case "gzip":
            return _Members(name, _GZIP)
        case "deflate":
            return _Deflate()
    return _Plain()


def unpack(chunks: Iterable[bytes], encoding: str, most: int) -> tuple[bytes, bool]:
    """Returns the first `most` bytes of the body, and whether there are more.

    `encoding` is the header Content-Encoding. Raises UnknownEncodingError, DamagedBodyError or
    CutBodyError. Each piece is unpacked when it arrives, so that a small body that unpacks to a
    huge one does no harm.
    """
    name = encoding.strip().lower().removeprefix("x-")
    unpacker = _unpacker(name)
    is_known = name in _KNOWN
    body = bytearray()
    received = 0
    for chunk in chunks:
        if chunk and not is_known:
            raise UnknownEncodingError(name)
        received += len(chunk)
        body += unpacker.feed(chunk, most + 1 - len(body))
        if len(body) > most or received > most + _SLACK:
            return bytes(body[:most]), True
    if not unpacker.is_over:
        raise CutBodyError(name)
    return bytes(body), False


def salvage(body: bytes, encoding: str, most: int) -> tuple[bytes, bool]:
    """Returns what can be read of a body, up to `most` bytes, and whether that is all of it. For
    looking at a body that was refused; use `unpack` for everything else."""
    name = encoding.strip().lower().removeprefix("x-")
    if name not in _KNOWN:
        return body[:most], False
    unpacker, made = _unpacker(name), bytearray()
    for start in range(0, len(body), _SALVAGED_PIECE):
        try:
            piece = unpacker.feed(body[start : start + _SALVAGED_PIECE], most + 1 - len(made))
        except DamagedBodyError:
            return bytes(made), False
        made += piece
        if len(made) > most:
            return bytes(made[:most]), False
    return bytes(made), unpacker.is_over
