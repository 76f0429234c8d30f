"""What several reads are made with."""

from functools import cache
from typing import TYPE_CHECKING

from runledger.aws import client, read_secret
from runledger.clock import now_ms
from runledger.composition import contacts, contexts, stores
from runledger.services.in_parallel import in_parallel
from runledger.services.lists.cursors import Cursors
from runledger.settings import QuerySettings, read_settings

if TYPE_CHECKING:
    from runledger.services.counts.list_counts import Counts
    from runledger.services.lists.queries import Queries


@cache
def cursors() -> Cursors:
    return Cursors(_cursor_key, now_ms)


@cache
def _cursor_key() -> bytes:
    arn = read_settings(QuerySettings).cursor_secret_arn
    return read_secret(client("secretsmanager"), arn).encode()


@cache
def queries() -> "Queries":
    from runledger.services.lists.queries import Queries

    return Queries(stores(), contexts(), contacts(), cursors(), now_ms, in_parallel)


def counts() -> "Counts":
    from runledger.services.counts.list_counts import Counts

    return Counts(queries())
