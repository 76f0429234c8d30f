"""The edges of a process: its clock, its settings, its clients for AWS and the internet, and its
stores."""

import os
import time
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from runledger import aws, clock
from runledger.clock import Clock
from runledger.settings import (
    IntegrationSettings,
    QuerySettings,
    SenderSettings,
    StoreSettings,
    read_settings,
)

if TYPE_CHECKING:
    from runledger.channels.base import Channel
    from runledger.metrics import MetricLog
    from runledger.nodes.tools import HttpCaller
    from runledger.services.in_parallel import Gather
    from runledger.settings import Settings
    from runledger.sources.base import CertificateReader
    from runledger.store.bodies import Bodies
    from runledger.store.export_files import ExportFiles
    from runledger.store.import_files import ImportFiles
    from runledger.store.rates import RateStore
    from runledger.store.stores import Stores
    from runledger.store.table import Table

SettingsT = TypeVar("SettingsT", bound="Settings")


class Edges:
    """The clock, settings, clients and stores that all services are built from. Tests override
    this class."""

    @cached_property
    def clock(self) -> Clock:
        return clock.now_ms

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def settings(self, model: type[SettingsT]) -> SettingsT:
        found: SettingsT = read_settings(model)
        return found

    def client(self, service: str) -> Any:
        """Returns a client that retries automatically."""
        return aws.client(service)

    def effect_client(self, service: str) -> Any:
        """Returns a client for calls that must not happen twice. It tries once."""
        return aws.effect_client(service)

    @cached_property
    def gather(self) -> "Gather":
        from runledger.services.in_parallel import in_parallel

        return in_parallel

    @cached_property
    def metrics(self) -> "MetricLog":
        from runledger.metrics import MetricLog

        return MetricLog(self.settings(StoreSettings).stack, self.clock)

    @cached_property
    def table(self) -> "Table":
        from runledger.store.table import DynamoTable

        return DynamoTable(self.client("dynamodb"), self.settings(StoreSettings).table)

    @cached_property
    def bodies(self) -> "Bodies":
        from runledger.store.bodies import Bodies

        return Bodies(self.client("s3"), self.settings(StoreSettings).bucket)

    @cached_property
    def http(self) -> "HttpCaller":
        from runledger.outbound.client import OutboundClient

        runtime = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
        allowed = self.settings(IntegrationSettings).allow_hosts
        return OutboundClient(allow_hosts=allowed, never_hosts=(runtime,))

    @cached_property
    def strict_http(self) -> "HttpCaller":
        """Makes calls to addresses that a sender names. Unlike `http`, it refuses private addresses
        even if the operator allowed them."""
        from runledger.outbound.client import OutboundClient

        return OutboundClient(never_hosts=(os.environ.get("AWS_LAMBDA_RUNTIME_API", ""),))

    @cached_property
    def certificates(self) -> "CertificateReader":
        """Reads certificates of Amazon SNS."""
        from runledger.sources.schemes.certificates import Certificates

        return Certificates(self.strict_http, self.clock)

    @cached_property
    def channels(self) -> "Mapping[str, Channel]":
        """Every channel, with the clients for sending."""
        from runledger.channels.registry import make_channels

        return make_channels(self.effect_client, self.settings(SenderSettings))

    @cached_property
    def described_channels(self) -> "Mapping[str, Channel]":
        """Every channel without the clients for sending. Used for checks and for reading
        reports."""
        from runledger.channels.registry import describe_channels

        return describe_channels()

    @cached_property
    def cursor_key(self) -> Callable[[], bytes]:
        @cache
        def read() -> bytes:
            arn = self.settings(QuerySettings).cursor_secret_arn
            return aws.read_secret(self.client("secretsmanager"), arn).encode()

        return read

    # ── Stores ────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def stores(self) -> "Stores":
        from runledger.store.stores import Stores

        return Stores(self.table, self.bodies)

    @cached_property
    def rates(self) -> "RateStore":
        from runledger.store.rates import RateStore

        return RateStore(self.table)

    @cached_property
    def export_files(self) -> "ExportFiles":
        from runledger.store.export_files import ExportFiles

        return ExportFiles(self.client("s3"), self.settings(StoreSettings).bucket)

    @cached_property
    def import_files(self) -> "ImportFiles":
        from runledger.store.import_files import ImportFiles

        return ImportFiles(self.client("s3"), self.settings(StoreSettings).bucket)
