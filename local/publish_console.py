"""Uploads the built console to the bucket of its distribution: `python -m local.publish_console`.

`make deploy` runs it after the stack is deployed, for the same stack and region. Vite puts a hash
of the content into file names, so browsers cache these files for a year. The page that refers to
them, and `/config.json`, are checked for changes each time.
"""

import argparse
import json
import mimetypes
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from local.settings import ROOT, LocalError
from local.target import Target, add_options, target_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LASTING = "public, max-age=31536000, immutable"
FRESH = "no-cache"
# Tabs opened before a release still request that release's files.
KEPT_AFTER_RELEASE = timedelta(days=7)
_TYPES = {".js": "text/javascript", ".map": "application/json", ".woff2": "font/woff2"}
_TEXTS = ("text/", "application/json")


@dataclass(frozen=True, slots=True)
class Deployment:
    """The place to which the console is uploaded, with its configuration."""

    bucket: str
    distribution_id: str
    user_pool_client_id: str
    region: str

    def config(self) -> dict[str, str]:
        """The content of the console's `/config.json`."""
        return {
            "region": self.region,
            "userPoolClientId": self.user_pool_client_id,
            "cognitoEndpoint": f"https://cognito-idp.{self.region}.amazonaws.com/",
        }


def cache_control(path: str) -> str:
    """Returns the Cache-Control header of a file of the console, by its path from the root."""
    return LASTING if path.startswith("assets/") else FRESH


def content_type(path: str) -> str:
    suffix = Path(path).suffix
    found = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    return f"{found}; charset=utf-8" if found.startswith(_TEXTS) else found


def publish(
    s3: "S3Client",
    cloudfront: Any,
    deployment: Deployment,
    dist: Path,
    *,
    source_maps: bool = False,
) -> int:
    """Uploads everything below `dist`, and `/config.json`; source maps only on request. Returns the
    number of objects.

    Files are uploaded before the page that names them.
    """
    paths = sorted(
        str(path.relative_to(dist))
        for path in dist.rglob("*")
        if path.is_file() and (source_maps or path.suffix != ".map")
    )
    lasting = [path for path in paths if path.startswith("assets/")]
    fresh = sorted(set(paths) - set(lasting), key=lambda path: path == "index.html")
    if "index.html" not in fresh:
        raise FileNotFoundError(f"{dist} has no built console; build it with `npm run build`")

    def put(path: str, body: bytes) -> None:
        s3.put_object(
            Bucket=deployment.bucket,
            Key=path,
            Body=body,
            ContentType=content_type(path),
            CacheControl=cache_control(path),
        )

    for path in lasting:
        put(path, (dist / path).read_bytes())
    put("config.json", json.dumps(deployment.config()).encode())
    for path in fresh:
        put(path, (dist / path).read_bytes())
    _forget(s3, deployment.bucket, set(lasting))
    changed = [f"/{path}" for path in (*fresh, "config.json")]
    cloudfront.create_invalidation(
        DistributionId=deployment.distribution_id,
        InvalidationBatch={
            "Paths": {"Quantity": len(changed), "Items": changed},
            "CallerReference": str(time.time_ns()),
        },
    )
    return len(paths) + 1


def _forget(s3: "S3Client", bucket: str, current: set[str]) -> None:
    """Deletes assets of old releases, if they are too old to be used by an open tab."""
    before = datetime.now(UTC) - KEPT_AFTER_RELEASE
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="assets/"):
        gone = [
            found["Key"]
            for found in page.get("Contents", [])
            if found["Key"] not in current and found["LastModified"] < before
        ]
        if gone:
            s3.delete_objects(
                Bucket=bucket, Delete={"Objects": [{"Key": key} for key in gone], "Quiet": True}
            )


def _outputs(target: Target) -> Iterator[tuple[str, str]]:
    client = boto3.client("cloudformation", region_name=target.region)
    found = client.describe_stacks(StackName=target.stack)["Stacks"][0]
    for output in found["Outputs"]:
        yield output["OutputKey"], output["OutputValue"]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="local.publish_console", description=__doc__)
    add_options(parser)
    parser.add_argument("--source-maps", action="store_true", help="publish the source maps too")
    options = parser.parse_args(arguments)
    try:
        target = target_of(options)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    outputs = dict(_outputs(target))
    s3 = boto3.client("s3", region_name=target.region)
    deployment = Deployment(
        bucket=outputs["ConsoleBucketName"],
        distribution_id=outputs["DistributionId"],
        user_pool_client_id=outputs["UserPoolClientId"],
        region=target.region,
    )
    count = publish(
        s3,
        boto3.client("cloudfront"),
        deployment,
        ROOT / "console" / "dist",
        source_maps=options.source_maps,
    )
    print(f"{count} files published; the console answers at {outputs['ConsoleUrl']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
