"""The files of exports in the body bucket, under `exports/<workspace>/<export>/`."""

import base64
import hashlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from runledger.aws import AWS_ERRORS, domain_error
from runledger.models.export import Part
from runledger.store.objects import Files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# S3's limit for one upload.
MAX_PARTS = 10_000
# The most objects that one call of `delete_some` looks at.
_PAGE = 500
# The most uploads that it looks at: aborting each takes a call.
_UPLOADS = 25


class ExportFiles(Files):
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
        """Makes the object from these parts. Does nothing if the object exists: an earlier call has
        made it, because each upload has its own key."""
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

    def delete_some(self, workspace_id: str, before: str | None = None) -> int:
        """Deletes some of the objects and uploads that belong to the workspace's exports: to those
        exports whose ids sort before `before`, or to all exports if `before` is None. Returns how
        many objects and uploads it found."""
        whole = _folder_of(workspace_id)
        found = self._delete_below(whole, before, _PAGE)
        uploads = self._call("list_multipart_uploads", Prefix=whole, MaxUploads=_UPLOADS)
        # S3 lists uploads in the order of their keys, as it does objects.
        begun = [
            each
            for each in uploads.get("Uploads", ())
            if before is None or each["Key"] < f"{whole}{before}"
        ]
        for each in begun:
            self.abort(each["Key"], each["UploadId"])
        return found + len(begun)

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


def folder(workspace_id: str, export_id: str) -> str:
    """Returns the key prefix of an export's objects."""
    return f"{_folder_of(workspace_id)}{export_id}/"


def _folder_of(workspace_id: str) -> str:
    return f"exports/{workspace_id}/"


def _is(error: ClientError, *codes: str) -> bool:
    return error.response.get("Error", {}).get("Code") in codes
