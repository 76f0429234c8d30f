"""Publishing the console: the order of uploads, caching, and the removal of old releases."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from local import publish_console
from local.publish_console import Deployment, publish
from tests.support.engine import client_of
from tests.support.environment import REGION

TARGET = Deployment("console", "E1", "client", REGION)


class Edge:
    """Remembers the invalidated paths."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def create_invalidation(self, **request: Any) -> None:
        assert request["DistributionId"] == "E1"
        self.paths += request["InvalidationBatch"]["Paths"]["Items"]


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def build(folder: Path, name: str) -> Path:
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / f"{name}.js").write_text(name)
    (folder / "index.html").write_text(f"<script src=/assets/{name}.js></script>")
    (folder / "favicon.svg").write_text("<svg/>")
    return folder


@pytest.mark.usefixtures("aws")
def test_files_are_uploaded_before_the_page_that_names_them(tmp_path: Path) -> None:
    s3 = client_of("s3")
    s3.create_bucket(Bucket="console")
    order: list[str] = []
    s3.meta.events.register(
        "before-parameter-build.s3.PutObject", lambda params, **_: order.append(params["Key"])
    )
    edge = Edge()
    assert publish(s3, edge, TARGET, build(tmp_path / "one", "one")) == 4
    assert order == ["assets/one.js", "config.json", "favicon.svg", "index.html"]
    assert sorted(edge.paths) == ["/config.json", "/favicon.svg", "/index.html"]
    script = s3.get_object(Bucket="console", Key="assets/one.js")
    assert script["CacheControl"] == "public, max-age=31536000, immutable"
    page = s3.get_object(Bucket="console", Key="index.html")
    assert (page["CacheControl"], page["ContentType"]) == ("no-cache", "text/html; charset=utf-8")
    config = json.loads(s3.get_object(Bucket="console", Key="config.json")["Body"].read())
    assert config == {
        "region": REGION,
        "userPoolClientId": "client",
        "cognitoEndpoint": f"https://cognito-idp.{REGION}.amazonaws.com/",
    }


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("kept", [timedelta(days=7), timedelta(days=-1)], ids=["young", "old"])
def test_an_old_release_is_removed_when_no_tab_can_still_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: timedelta
) -> None:
    monkeypatch.setattr(publish_console, "KEPT_AFTER_RELEASE", kept)
    s3 = client_of("s3")
    s3.create_bucket(Bucket="console")
    for name in ("one", "two"):
        publish(s3, Edge(), TARGET, build(tmp_path / name, name))
    found = {each["Key"] for each in s3.list_objects_v2(Bucket="console")["Contents"]}
    assert "assets/two.js" in found
    assert ("assets/one.js" in found) == (kept > timedelta(0))


@pytest.mark.usefixtures("aws")
def test_source_maps_are_published_only_on_request(tmp_path: Path) -> None:
    s3 = client_of("s3")
    s3.create_bucket(Bucket="console")
    dist = build(tmp_path, "one")
    (dist / "assets" / "one.js.map").write_text("{}")

    def published() -> set[str]:
        return {each["Key"] for each in s3.list_objects_v2(Bucket="console")["Contents"]}

    publish(s3, Edge(), TARGET, dist)
    assert "assets/one.js.map" not in published()
    publish(s3, Edge(), TARGET, dist, source_maps=True)
    assert "assets/one.js.map" in published()


def test_publishing_without_a_build_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="npm run build"):
        publish(None, Edge(), TARGET, tmp_path)  # type: ignore[arg-type]
