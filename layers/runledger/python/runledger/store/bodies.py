"""JSON values kept beside rows: compressed in the row, over a bound in S3."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import ServiceError, UnreadableError
from runledger.store.objects import read_object
from runledger.store.table import ttl
from runledger.texts import clean, clean_text, decode_utf8

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Compressed bytes a row may carry: far below DynamoDB's 400 KB, so that one page of a partition
# (1 MB) holds many of them.
INLINE_BYTES = 64_000


def run_objects(run_id: str, expires_at: int) -> str:
    """What the keys of a run's objects begin with. The expiry keeps them apart from those of a
    later run of the same id: what expires is deleted by this prefix."""
    return f"runs/{run_id}/{ttl(expires_at)}/"


def delivery_objects(delivery_id: str, expires_at: int) -> str:
    """As `run_objects`, of a delivery."""
    return f"deliveries/{delivery_id}/{ttl(expires_at)}/"


def is_object(packed: bytes | Mapping[str, str] | None) -> bool:
    """Whether what was packed lies in S3."""
    return isinstance(packed, Mapping)


class Bodies:
    """Packs a JSON value into an attribute (bytes, or `{"s3": key}`) and back."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def pack(self, value: Any, object_key: str, words: bytes = b"") -> bytes | dict[str, str]:
        """`object_key` begins the name of the S3 object, where one is needed. The name ends in
        what the object holds: whoever loses the conditional write that follows has overwritten
        nothing. `words` as for `compress`."""
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
        """Keeps a text as a file for people; its key, which begins with `object_key` and ends in
        what the file holds."""
        data = clean_text(text).encode()
        object_key = f"{object_key}-{hashlib.sha256(data).hexdigest()[:20]}"
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=object_key,
                # The same bytes for the same text.
                Body=gzip.compress(data, 6, mtime=0),
                ContentType=content_type,
                ContentEncoding="gzip",
            )
        except AWS_ERRORS as error:
            raise domain_error(error) from error
        return object_key

    def link(self, object_key: str, seconds: int) -> str:
        """An address under which whoever has it may download that file for so long."""
        name = object_key.rpartition("/")[2]
        return self._s3.generate_presigned_url(
            ClientMethod="get_object",
            Params={
                "Bucket": self._bucket,
                "Key": object_key,
                # Never shown as a page: what it holds is a stranger's.
                "ResponseContentDisposition": f'attachment; filename="{name}"',
                "ResponseCacheControl": "no-store",
            },
            ExpiresIn=seconds,
        )

    def delete_all(self, prefix: str) -> int:
        """Deletes the objects whose keys begin so; how many there were."""
        deleted = 0
        try:
            while True:
                page = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=prefix)
                found = page.get("Contents", [])
                if not found:
                    return deleted
                answer = self._s3.delete_objects(
                    Bucket=self._bucket,
                    Delete={"Objects": [{"Key": each["Key"]} for each in found], "Quiet": True},
                )
                for left in answer.get("Errors", []):
                    raise ServiceError(f"S3 kept {left.get('Key')}", left.get("Code", "Unknown"))
                deleted += len(found)
        except AWS_ERRORS as error:
            raise domain_error(error) from error

    def unpack(self, attribute: bytes | Mapping[str, str], words: bytes = b"") -> Any:
        """NotFoundError where it lay in S3 and is gone, UnreadableError where it is damaged."""
        data = attribute
        if not isinstance(data, bytes):
            if not isinstance(data, Mapping) or not isinstance(data.get("s3"), str):
                raise UnreadableError("a stored value is neither bytes nor the name of an object")
            data = read_object(self._s3, self._bucket, data["s3"])
        return decompress(data, words)


def compress(value: Any, words: bytes = b"") -> bytes:
    """`words` are what such values often hold: they need no room. What was compressed with them can
    only be read with them, so they must never change."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    packer = zlib.compressobj(6, zdict=words) if words else zlib.compressobj(6)
    # What JSON writes for half of a pair, the text holds as it is.
    return packer.compress(clean_text(text).encode()) + packer.flush()


def decompress(data: bytes, words: bytes = b"") -> Any:
    """Also of what was compressed without any words. UnreadableError where it is damaged."""
    unpacker = zlib.decompressobj(zdict=words)
    try:
        text = unpacker.decompress(data) + unpacker.flush()
        if not unpacker.eof:
            raise UnreadableError("a stored value is cut off")
        # Rows that were written before texts were cleaned may hold surrogates, as bytes.
        return clean(json.loads(decode_utf8(text)))
    except (zlib.error, ValueError, RecursionError) as error:
        raise UnreadableError("a stored value is damaged") from error
