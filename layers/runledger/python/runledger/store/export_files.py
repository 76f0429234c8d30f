"""The files of exports in the body bucket, under `exports/<workspace>/<export>/`."""

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import ServiceError
from runledger.models.export import Part
from runledger.store.objects import read_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# S3's limit for one upload.
MAX_PARTS = 10_000
# The most objects that one call of `delete_some` looks at.
_PAGE = 500
# The most uploads that it looks at: aborting each takes a call.
_UPLOADS = 25


class ExportFiles:
    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, folder: str, data: bytes, content_type: str) -> str:
        """Stores an object and returns its key, which ends with a hash of the content, so that a
        process that loses the conditional write afterwards has overwritten nothing."""
        key = f"{folder}{hashlib.sha256(data).hexdigest()[:20]}"
        self._call("put_object", Key=key, Body=data, ContentType=content_type)
        return key

    def read(self, key: str) -> bytes:
        """Returns an object's content. Raises NotFoundError if it was deleted."""
        return read_object(self._s3, self._bucket, key)

    def delete(self, key: str) -> None:
        self._call("delete_object", Key=key)

    def begin(self, key: str, content_type: str) -> str:
        """Begins a multipart upload of an object and returns its id."""
        begun = self._call(
            "create_multipart_upload",
            Key=key,
            ContentType=content_type,
        )
        return str(begun["UploadId"])

    def upload(self, key: str, upload_id: str, number: int, data: bytes) -> Part:
        done = self._call(
            "upload_part",
            Key=key,
            UploadId=upload_id,
            PartNumber=number,
            Body=data,
            ContentMD5=base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(),
        )
        return Part(number=number, etag=str(done["ETag"]).strip('"'))

    def complete(self, key: str, upload_id: str, parts: "Iterable[Part]") -> None:
        """Makes the object from these parts. A repeated call changes nothing, because no other
        upload makes an object with this name."""
        if self._exists(key):
            return
        completed: list[CompletedPartTypeDef] = [
            {"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts
        ]
        try:
            self._s3.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": completed},
            )
        except ClientError as error:
            # Another process may have just made it.
            if not _is(error, "NoSuchUpload") or not self._exists(key):
                raise domain_error(error) from error
        except AWS_ERRORS as error:
            raise domain_error(error) from error

    def abort(self, key: str, upload_id: str) -> None:
        """Deletes the parts of an upload. An upload that has ended is ignored."""
        try:
            self._s3.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if not _is(error, "NoSuchUpload"):
                raise domain_error(error) from error
        except AWS_ERRORS as error:
            raise domain_error(error) from error

    def link(self, key: str, seconds: int, file_name: str) -> str:
        """Returns a link for downloading the file, valid for `seconds`. It needs no other
        credentials."""
        return self._s3.generate_presigned_url(
            ClientMethod="get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                # Never shown as a page: the content comes from strangers.
                "ResponseContentDisposition": f'attachment; filename="{file_name}"',
                "ResponseCacheControl": "no-store",
            },
            ExpiresIn=seconds,
        )

    def delete_some(self, workspace_id: str, before: str | None = None) -> int:
        """Deletes some of the objects and uploads that belong to exports of the workspace with an
        id below `before` (None: all exports). Returns how many it found."""
        folder = _folder_of(workspace_id)

        def is_wanted(key: str) -> bool:
            # S3 lists keys in order, so the wanted ones come first.
            return before is None or key < f"{folder}{before}"

        listed = self._call("list_objects_v2", Prefix=folder, MaxKeys=_PAGE)
        names = [each["Key"] for each in listed.get("Contents", ())]
        found = [{"Key": key} for key in names if is_wanted(key)]
        if found:
            answer = self._call("delete_objects", Delete={"Objects": found, "Quiet": True})
            for left in answer.get("Errors", ()):
                raise ServiceError(
                    f"S3 did not delete {left.get('Key')}", left.get("Code", "Unknown")
                )
        uploads = self._call("list_multipart_uploads", Prefix=folder, MaxUploads=_UPLOADS)
        begun = [each for each in uploads.get("Uploads", ()) if is_wanted(each["Key"])]
        for each in begun:
            self.abort(each["Key"], each["UploadId"])
        return len(found) + len(begun)

    def _exists(self, key: str) -> bool:
        try:
            self._s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if _is(error, "404", "403"):
                return False
            raise domain_error(error) from error
        except AWS_ERRORS as error:
            raise domain_error(error) from error
        return True

    def _call(self, operation: str, **request: Any) -> Any:
        try:
            return getattr(self._s3, operation)(Bucket=self._bucket, **request)
        except AWS_ERRORS as error:
            raise domain_error(error) from error


def folder(workspace_id: str, export_id: str) -> str:
    """Returns the key prefix of an export's objects."""
    return f"{_folder_of(workspace_id)}{export_id}/"


def _folder_of(workspace_id: str) -> str:
    return f"exports/{workspace_id}/"


def _is(error: ClientError, *codes: str) -> bool:
    return error.response.get("Error", {}).get("Code") in codes
