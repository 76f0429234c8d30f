"""The console as a deployment publishes it, requested through the distribution itself."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.gateway import SECURITY_HEADERS
from local.publish_console import Deployment, publish
from local.settings import STACK_NAME
from tests.support.stack import Stack


@pytest.fixture
def viewer(stack: Stack, tmp_path: Path) -> Iterator[httpx.Client]:
    """An HTTP client of the distribution, which serves a console of two files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>The console</title>")
    (tmp_path / "assets" / "index-1.js").write_text("'the script'")
    found = stack.aws("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    deployment = Deployment(
        bucket=outputs["ConsoleBucketName"],
        distribution_id=outputs["DistributionId"],
        user_pool_client_id=outputs["UserPoolClientId"],
        region=stack.region,
    )
    assert publish(stack.aws("s3"), stack.aws("cloudfront"), deployment, tmp_path) == 3
    host = outputs["ConsoleUrl"].removeprefix("https://")
    # The emulator takes this header for what the viewer speaks.
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    with httpx.Client(base_url=stack.aws_endpoint, headers=headers) as client:
        yield client


def test_the_distribution_serves_console_and_api(viewer: httpx.Client, stack: Stack) -> None:
    page = viewer.get("/runs/run_01")
    assert page.text == "<title>The console</title>"
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    script = viewer.get("/assets/index-1.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    config = viewer.get("/config.json").json()
    assert config["cognitoEndpoint"] == f"https://cognito-idp.{stack.region}.amazonaws.com/"
    assert viewer.get("/assets/missing.js").status_code in (403, 404)
    for answer in (page, script):
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value
