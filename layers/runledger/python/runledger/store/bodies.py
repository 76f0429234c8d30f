"""JSON values kept beside rows: compressed in the row, over a bound in S3."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from runledger.aws import domain_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Compressed bytes a row may carry: far below DynamoDB's 400 KB, so that one page of a partition
# (1 MB) holds many of them.
INLINE_BYTES = 64_000


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
        except (ClientError, BotoCoreError) as error:
            raise domain_error(error) from error
        return {"s3": object_key}

    def keep(self, text: str, object_key: str, content_type: str) -> str:
        """Keeps a text as a file for people; its key, which begins with `object_key` and ends in
        what the file holds."""
        data = text.encode(errors="replace")
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
        except (ClientError, BotoCoreError) as error:
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
            },
            ExpiresIn=seconds,
        )

    def unpack(self, attribute: bytes | Mapping[str, str], words: bytes = b"") -> Any:
        if isinstance(attribute, bytes):
            return decompress(attribute, words)
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=attribute["s3"])
        except (ClientError, BotoCoreError) as error:
            raise domain_error(error) from error
        return decompress(answer["Body"].read(), words)


def compress(value: Any, words: bytes = b"") -> bytes:
    """`words` are what such values often hold: they need no room. What was compressed with them can
    only be read with them, so they must never change."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    packer = zlib.compressobj(6, zdict=words) if words else zlib.compressobj(6)
    return packer.compress(text.encode("utf-8", "surrogatepass")) + packer.flush()


def decompress(data: bytes, words: bytes = b"") -> Any:
    """Also of what was compressed without any words."""
    unpacker = zlib.decompressobj(zdict=words)
    text = unpacker.decompress(data) + unpacker.flush()
    if not unpacker.eof:
        raise ValueError("the compressed value is cut off")
    return json.loads(text.decode("utf-8", "surrogatepass"))
