"""Objects of S3: reading, linking and deleting them, and the base of the stores of files."""

import hashlib
from typing import TYPE_CHECKING, Any

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import NotFoundError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_s3 import S3Client

# The most objects that one call of DeleteObjects takes, and that one call of ListObjectsV2 returns.
MOST_AT_ONCE = 1_000


def read_object(s3: "S3Client", bucket: str, key: str) -> bytes:
    """Returns an object's content. Raises NotFoundError if it does not exist."""
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except AWS_ERRORS as error:
        found = domain_error(error)
        # Without the permission to list the bucket, S3 answers AccessDenied for a missing object.
        if isinstance(found, ServiceError) and found.code == "AccessDenied":
            found = NotFoundError("the stored object no longer exists")
        raise found from error


def object_link(s3: "S3Client", bucket: str, key: str, seconds: int, file_name: str) -> str:
    """Returns a link for downloading an object as a file, valid for `seconds`. It needs no other
    credentials."""
    return s3.generate_presigned_url(
        ClientMethod="get_object",
        Params={
            "Bucket": bucket,
            "Key": key,
            # Never shown as a page: the content comes from strangers.
            "ResponseContentDisposition": f'attachment; filename="{file_name}"',
            "ResponseCacheControl": "no-store",
        },
        ExpiresIn=seconds,
    )


def delete_objects(s3: "S3Client", bucket: str, object_keys: "Iterable[str]") -> None:
    """Deletes at most `MOST_AT_ONCE` objects. Those that do not exist are ignored. Raises
    ServiceError if one of them is left."""
    try:
        answer = s3.delete_objects(
            Bucket=bucket,
            Delete={"Objects": [{"Key": key} for key in object_keys], "Quiet": True},
        )
    except AWS_ERRORS as error:
        raise domain_error(error) from error
    for left in answer.get("Errors", ()):
        raise ServiceError(f"S3 did not delete {left.get('Key')}", left.get("Code", "Unknown"))


class Files:
    """The files of one kind of work in the body bucket."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, beginning: str, data: bytes, content_type: str) -> str:
        """Stores an object and returns its key: `beginning` and a hash of the content. So no other
        content is overwritten, even if the caller's conditional write of the row then fails."""
        key = f"{beginning}{hashlib.sha256(data).hexdigest()[:20]}"
        self._call("put_object", Key=key, Body=data, ContentType=content_type)
        return key

    def read(self, key: str) -> bytes:
        """Returns an object's content. Raises NotFoundError if it was deleted."""
        return read_object(self._s3, self._bucket, key)

    def link(self, key: str, seconds: int, file_name: str) -> str:
        """Returns a link for downloading the object, valid for `seconds`. It needs no other
        credentials."""
        return object_link(self._s3, self._bucket, key, seconds, file_name)

    def _delete_below(self, folder: str, before: str | None, most: int) -> int:
        """Looks at the first `most` objects of a folder. Deletes those whose names sort before
        `before` (None: all), and returns how many it deleted."""
        listed = self._call("list_objects_v2", Prefix=folder, MaxKeys=most)
        names = [each["Key"] for each in listed.get("Contents", ())]
        # S3 lists keys in order, so the wanted ones come first.
        found = [key for key in names if before is None or key < f"{folder}{before}"]
        if found:
            delete_objects(self._s3, self._bucket, found)
        return len(found)

    def _call(self, operation: str, **request: Any) -> Any:
        try:
            return getattr(self._s3, operation)(Bucket=self._bucket, **request)
        except AWS_ERRORS as error:
            raise domain_error(error) from error
