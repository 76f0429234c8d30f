"""Runledger's local stack, as `make run` starts it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from runledger.clock import now_ms
from runledger.store.keys import INDEX_ATTRIBUTES

from bench.history_rows import load, stop_stream_readers
from bench.peers.processes import processor_seconds
from bench.peers.sides import Ended, RunFailed
from bench.synthetic_table import SyntheticTable
from bench.units import attribute_size, item_size
from tests.emulator.orders import ADMIN, activate, five_nodes, template
from tests.support.stack import Launch, Stack

# Events a minute: more than a pass sends.
_RATE_LIMIT = 6_000
# A stack saves its rows when it stops.
_STOP_SECONDS = 300
# What DynamoDB adds to each item of a table or of an index.
_ITEM_OVERHEAD = 100
_OPEN = ("PENDING", "RUNNING")

Raw = Mapping[str, Any]


class RunledgerSide:
    """A running stack. The five-node automation is in its first workspace, and the history that is
    read is in its second workspace."""

    def __init__(self, launch: Launch, stack: Stack, runs: int) -> None:
        workspace = stack.local["workspaces"][1]
        self._launch = launch
        self._stack = stack
        self._api = stack.api(ADMIN)
        self._reader = stack.api(workspace["users"][0]["email"])
        self._table = SyntheticTable(runs, workspace_id=workspace["id"], newest=now_ms())
        self._written = 0
        self._automation_id = ""
        self.hook = ""

    def set_up(self, partner_url: str) -> None:
        """Activates the automation."""
        mail = template(self._api, "Your score: {{steps.score.score}}")
        document = five_nodes(f"{partner_url}/score", mail)
        document["nodes"][0]["config"]["rateLimitPerMinute"] = _RATE_LIMIT
        active = activate(self._api, document)
        self._automation_id = active["id"]
        self.hook = self._stack.url + active["webhook"]["path"]

    def ended(self, count: int) -> list[Ended]:
        query = {"automationId": self._automation_id, "limit": str(count)}
        return runs(self._api.get("/v1/runs", params=query).raise_for_status().json())

    def history_page(self, rows: int) -> float:
        begun = time.perf_counter()
        self._reader.get("/v1/runs", params={"limit": str(rows)}).raise_for_status()
        return (time.perf_counter() - begun) * 1_000

    def fill(self, runs: int) -> None:
        """Writes rows of a synthetic table until the history has `runs` rows. The first call writes
        the newest rows, and each later call writes the rows before them.

        The stack runs no automations after the first call. The functions that read the stream are
        stopped, because they must not process runs that were never opened.
        """
        stop_stream_readers(self._stack)
        there, self._written = self._written, runs
        end = self._table.rows
        load(self._stack, self._table, range(end - runs, end - there))

    def processor_seconds(self) -> float:
        return processor_seconds(self._launch.pid)

    def stored_bytes(self) -> int:
        """Returns the bytes that DynamoDB would store for the table and its indexes."""
        with closing(self._stack.aws("dynamodb")) as dynamodb:
            pages = dynamodb.get_paginator("scan").paginate(TableName=self._stack.table_name)
            return sum(stored_size(item) for page in pages for item in page["Items"])

    def close(self) -> None:
        self._api.close()
        self._reader.close()


def stored_size(item: Raw) -> int:
    """Returns how many bytes DynamoDB stores for an item and its entries in the indexes. `item` is
    in DynamoDB's typed form. The indexes hold only keys."""
    size = item_size(item) + _ITEM_OVERHEAD
    for names in INDEX_ATTRIBUTES.values():
        if all(name in item for name in names):
            keys = ("pk", "sk", *names)
            size += _ITEM_OVERHEAD
            size += sum(len(name) + attribute_size(item[name]) for name in keys)
    return size


def runs(answer: Raw) -> list[Ended]:
    """Returns the runs of a page, oldest first. Raises RunFailed if one failed or was canceled."""
    rows: Sequence[Raw] = answer["items"]
    return [_ended(row) for row in reversed(rows)]


def _ended(row: Raw) -> Ended:
    if row["status"] in _OPEN:
        return Ended(None)
    if row["status"] != "COMPLETED":
        raise RunFailed(f"{row['id']} of Runledger is {row['status']}")
    return Ended(datetime.fromisoformat(row["finishedAt"]).timestamp() * 1_000)


@contextmanager
def running_stack(folder: Path, runs: int) -> Iterator[RunledgerSide]:
    """Starts a stack with its data in `folder`, and stops it at the end. `runs` is the length
    of the longest history that the stack will have."""
    launch = Launch(folder, "--no-seed")
    try:
        stack = launch.start()
        side = RunledgerSide(launch, stack, runs)
        try:
            yield side
        finally:
            side.close()
    finally:
        launch.stop(_STOP_SECONDS)
