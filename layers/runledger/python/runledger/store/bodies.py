"""JSON values of rows: compressed in the row, or in S3 if they are too long."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import UnreadableError
from runledger.store.objects import delete_objects, object_link, read_object
from runledger.store.table import ttl
from runledger.texts import clean, clean_text, decode_utf8

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Compressed bytes a row may carry: far below DynamoDB's 400 KB, so that one page of a partition
# (1 MB) holds many of them.
INLINE_BYTES = 64_000


def run_objects(run_id: str, expires_at: int) -> str:
    """Returns the key prefix of a run's objects. It contains the expiry, because expired objects
    are deleted by prefix and a later run may have the same id."""
    return f"runs/{run_id}/{ttl(expires_at)}/"


def delivery_objects(delivery_id: str, expires_at: int) -> str:
    """Returns the key prefix of a delivery's objects, as `run_objects` does for a run."""
    return f"deliveries/{delivery_id}/{ttl(expires_at)}/"


def is_object(packed: bytes | Mapping[str, str] | None) -> bool:
    """Whether the packed value is in S3."""
    return isinstance(packed, Mapping)


class Bodies:
    """Packs a JSON value into an attribute (bytes, or `{"s3": key}`) and back."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def pack(self, value: Any, object_key: str, words: bytes = b"") -> bytes | dict[str, str]:
        """Packs a value. A long value is stored as an S3 object, whose name begins with
        `object_key` and ends with a hash of the content. So no other content is overwritten, even
        if the caller's conditional write of the row then fails. `words` are passed to
        `compress`."""
        data = compress(value, words)
        if len(data) <= INLINE_BYTES:
            return data
        object_key = f"{object_key}-{hashlib.sha256(data).hexdigest()[:20]}"
        try:
            self._s3.put_object(Bucket=self._bucket, Key=object_key, Body=data)
        except AWS_ERRORS as error:
            raise domain_error(error) from error
        return {"s3": object_key}

    def keep(self, text: str, object_key: str, content_type: str) -> str:
        """Stores a text as a file that people can download. Returns the file's key, which begins
        with `object_key` and ends with a hash of the content."""
        data = clean_text(text).encode()
        object_key = f"{object_key}-{hashlib.sha256(data).hexdigest()[:20]}"
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=object_key,
                # `mtime=0`: the same text gives the same bytes.
                Body=gzip.compress(data, 6, mtime=0),
                ContentType=content_type,
                ContentEncoding="gzip",
            )
        except AWS_ERRORS as error:
            raise domain_error(error) from error
        return object_key

    def copy(self, object_key: str, new_key: str) -> str:
        """Copies a file and returns the copy's key, which begins with `new_key` and ends with the
        same hash. Raises NotFoundError if the file is gone."""
        copied = f"{new_key}-{object_key.rpartition('-')[2]}"
        try:
            self._s3.copy_object(
                Bucket=self._bucket,
                Key=copied,
                CopySource={"Bucket": self._bucket, "Key": object_key},
            )
        except AWS_ERRORS as error:
            raise domain_error(error) from error
        return copied

    def link(self, object_key: str, seconds: int) -> str:
        """Returns a link for downloading the file, valid for `seconds`. It needs no other
        credentials."""
        name = object_key.rpartition("/")[2]
        return object_link(self._s3, self._bucket, object_key, seconds, name)

    def delete_all(self, prefix: str) -> int:
        """Deletes the objects with this key prefix and returns how many there were."""
        deleted = 0
        while found := self._first(prefix):
            delete_objects(self._s3, self._bucket, found)
            deleted += len(found)
        return deleted

    def _first(self, prefix: str) -> list[str]:
        try:
            page = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=prefix)
        except AWS_ERRORS as error:
            raise domain_error(error) from error
        return [each["Key"] for each in page.get("Contents", [])]

    def unpack(self, attribute: bytes | Mapping[str, str], words: bytes = b"") -> Any:
        """Returns the packed value. `words` are those that `pack` got. Raises NotFoundError if the
        S3 object of the value is gone, and UnreadableError if the value is damaged."""
        data = attribute
        if not isinstance(data, bytes):
            if not isinstance(data, Mapping) or not isinstance(data.get("s3"), str):
                raise UnreadableError(
                    "a stored value is damaged: it is neither bytes nor the name of an object"
                )
            data = read_object(self._s3, self._bucket, data["s3"])
        return decompress(data, words)


def compress(value: Any, words: bytes = b"") -> bytes:
    """Returns the value as compressed JSON. `words` is a preset dictionary of zlib: frequent parts
    of such values, which then take almost no space. The data can only be read with the same
    dictionary, so a dictionary must never change."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    packer = zlib.compressobj(6, zdict=words) if words else zlib.compressobj(6)
    # With `ensure_ascii=False` the text may hold lone surrogates, which cannot be encoded.
    return packer.compress(clean_text(text).encode()) + packer.flush()


def decompress(data: bytes, words: bytes = b"") -> Any:
    """Returns the value that `compress` compressed. `words` is the dictionary that `compress` got;
    data that was compressed without a dictionary can be read with any dictionary. Raises
    UnreadableError if the data is damaged."""
    unpacker = zlib.decompressobj(zdict=words)
    try:
        text = unpacker.decompress(data) + unpacker.flush()
        if not unpacker.eof:
            raise UnreadableError("a stored value is damaged: it is cut off")
        # Rows from before texts were cleaned may hold encoded surrogates.
        return clean(json.loads(decode_utf8(text)))
    except (zlib.error, ValueError, RecursionError) as error:
        raise UnreadableError("a stored value is damaged") from error
