"""Reads objects of S3."""

from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import NotFoundError, ServiceError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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
